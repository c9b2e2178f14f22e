package dev.mettle.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The table of results. For every contender the median milliseconds of a call; for every gradient but Mettle's own, how many
 * times as long as Mettle's it takes: the median over the rounds, and the quartiles.
 */
final class BenchmarkTable {

    private final List<Contender> contenders;
    private final List<List<String>> rows = new ArrayList<>();

    BenchmarkTable(List<Contender> contenders) {
        this.contenders = contenders;
        List<String> header = new ArrayList<>(List.of("network", "batch"));
        contenders.forEach(contender -> header.add(contender.title() + " ms"));
        rivals().forEach(contender -> header.add(contender.title() + " : Mettle"));
        header.add("heap kB/call");
        rows.add(header);
    }

    private List<Contender> rivals() {
        return contenders.stream()
                .filter(contender -> contender.isGradient() && contender != Contender.METTLE_GRADIENT)
                .toList();
    }

    /** Add a row: for every contender the timings of all rounds. */
    void add(BenchmarkNetwork network, int batch, Map<Contender, List<Peer.Timing>> timings) {
        List<String> row = new ArrayList<>(List.of(network.toString(), Integer.toString(batch)));
        for (Contender contender : contenders) {
            row.add(milliseconds(Statistics.median(nanos(timings, contender))));
        }
        double[] mettle = nanos(timings, Contender.METTLE_GRADIENT);
        for (Contender rival : rivals()) {
            double[] nanos = nanos(timings, rival);
            double[] ratios = IntStream.range(0, nanos.length)
                    .mapToDouble(i -> nanos[i] / mettle[i])
                    .toArray();
            row.add(String.format(
                    Locale.ROOT,
                    "%.2f (%.2f-%.2f)",
                    Statistics.median(ratios),
                    Statistics.quantile(ratios, 0.25),
                    Statistics.quantile(ratios, 0.75)));
        }
        double heap = Statistics.median(timings.getOrDefault(Contender.METTLE_GRADIENT, List.of()).stream()
                .mapToDouble(Peer.Timing::heapBytes)
                .toArray());
        row.add(String.format(Locale.ROOT, "%.0f", heap / 1000));
        rows.add(row);
    }

    private static double[] nanos(Map<Contender, List<Peer.Timing>> timings, Contender contender) {
        return timings.getOrDefault(contender, List.of()).stream()
                .mapToDouble(Peer.Timing::nanos)
                .toArray();
    }

    /** Return the table with columns of equal width. */
    String text() {
        int[] widths = IntStream.range(0, rows.get(0).size())
                .map(column -> rows.stream()
                        .mapToInt(row -> row.get(column).length())
                        .max()
                        .orElse(0))
                .toArray();
        return rows.stream()
                .map(row -> IntStream.range(0, row.size())
                        .mapToObj(column -> String.format("%" + widths[column] + "s", row.get(column)))
                        .collect(Collectors.joining("  ", "", "\n")))
                .collect(Collectors.joining());
    }

    /** Return the table for a page of documentation. */
    String markdown() {
        List<List<String>> lines = new ArrayList<>(rows);
        String[] rule = new String[rows.get(0).size()];
        Arrays.fill(rule, "---:");
        rule[0] = "---";
        lines.add(1, List.of(rule));
        return lines.stream()
                .map(row -> row.stream().collect(Collectors.joining(" | ", "| ", " |\n")))
                .collect(Collectors.joining());
    }

    private static String milliseconds(double nanos) {
        double value = nanos / 1e6;
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
    }

    static String megabytes(long bytes) {
        return bytes < 0 ? "unknown" : Long.toString(Math.round(bytes / 1e6));
    }
}
