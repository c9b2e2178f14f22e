package dev.mettle.cli;

import dev.mettle.core.attack.Query;
import dev.mettle.core.threat.Norm;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** The queries of an attack on one sample as aligned lines, thinned to those that tell most. */
final class TraceTable {

    private static final int[] WIDTHS = {-7, -9, 14, -11, -11, -11};

    private final Norm norm;
    private final List<Query> queries;

    TraceTable(Norm norm, List<Query> queries) {
        this.norm = norm;
        this.queries = queries;
    }

    /** Print at most so many queries, and how many they are. */
    void print(PrintWriter out, int limit) {
        out.println(line("pass", "restart", "asked", "margin", "gradient", norm.symbol()));
        int nearest = nearest();
        List<Integer> shown = shown(limit, nearest);
        for (int i : shown) {
            Query query = queries.get(i);
            String mark = i == nearest ? "  nearest adversarial" : query.reachesAim() ? "  adversarial" : "";
            out.println(line(
                            String.valueOf(i + 1),
                            String.valueOf(query.restart() + 1),
                            asked(query),
                            Double.isNaN(query.margin()) ? "-" : number(query.margin()),
                            query.backwards() == 0 ? "-" : number(query.gradientNorm()),
                            number(query.distance()))
                    + mark);
        }
        if (shown.size() < queries.size()) {
            out.println("  " + shown.size() + " of " + queries.size() + " passes");
        }
    }

    private static String asked(Query query) {
        return switch (query.asked()) {
            case LABELS -> "label";
            case LOGITS -> "logits";
            case GRADIENTS -> query.backwards() == 1 ? "gradient" : "gradient ×" + query.backwards();
        };
    }

    /** The query that is the nearest of those that are adversarial; −1 if none is. */
    private int nearest() {
        int nearest = -1;
        for (int i = 0; i < queries.size(); i++) {
            if (queries.get(i).reachesAim()
                    && (nearest < 0
                            || queries.get(i).distance() < queries.get(nearest).distance())) {
                nearest = i;
            }
        }
        return nearest;
    }

    /** Choose the first and the last query, where restarts begin, the first and the nearest adversarial one, and some in between. */
    private List<Integer> shown(int limit, int nearest) {
        int count = queries.size();
        TreeSet<Integer> shown = new TreeSet<>();
        List<Integer> wanted = new ArrayList<>();
        if (count > 0) {
            wanted.add(0);
            wanted.add(count - 1);
        }
        if (nearest >= 0) {
            wanted.add(nearest);
            wanted.add(first());
        }
        for (int i = 1; i < count; i++) {
            if (queries.get(i).restart() != queries.get(i - 1).restart()) {
                wanted.add(i);
            }
        }
        for (int parts = 1; parts < 2 * limit; parts *= 2) { // ever finer, so that what is added lies evenly
            for (int part = 1; part <= parts; part += 2) {
                wanted.add((int) ((long) part * (count - 1) / parts));
            }
        }
        if (count <= limit) {
            for (int i = 0; i < count; i++) {
                wanted.add(i);
            }
        }
        for (int i : wanted) {
            if (shown.size() < limit && i >= 0) {
                shown.add(i);
            }
        }
        return List.copyOf(shown);
    }

    private int first() {
        int first = 0;
        while (!queries.get(first).reachesAim()) {
            first++;
        }
        return first;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4g", value);
    }

    private static String line(String... cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            String space = " ".repeat(Math.max(0, Math.abs(WIDTHS[i]) - cells[i].length()));
            line.append(i == 0 ? "" : "  ").append(WIDTHS[i] < 0 ? space + cells[i] : cells[i] + space);
        }
        return line.toString();
    }
}
