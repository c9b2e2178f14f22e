package dev.mettle.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures input gradients: those of Mettle, of Deeplearning4j itself and of PyTorch, all on the same weights, inputs and
 * number of threads, and checks that they agree.
 *
 * <p>Every contender has a process of its own. They take turns within each round, so that whatever else the machine does hits
 * all alike; speeds are compared within a round, and the median over the rounds is told.
 */
@Command(
        name = "gradient-benchmark",
        description = "Measures input gradients of Mettle, Deeplearning4j and PyTorch.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli fills the fields
final class GradientBenchmark implements Callable<Integer> {

    /** Largest median relative error between two contenders' gradients. Single rows may differ more, at kinks. */
    static final double TOLERANCE = 1e-4;

    private static final int MEMORY_STEPS = 10;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--networks",
            split = ",",
            paramLabel = "NAME",
            description = "Which of: ${COMPLETION-CANDIDATES}. Default: all.")
    private List<BenchmarkNetwork> networks = List.of(BenchmarkNetwork.values());

    @Option(
            names = "--batches",
            split = ",",
            paramLabel = "N",
            description = "Sizes of batches. Default: 1,32,128; with --memory: 1.")
    private List<Integer> batches = List.of();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Rounds of each measurement. Default: ${DEFAULT-VALUE}.")
    private int rounds = 7;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of every contender. Default: OMP_NUM_THREADS, or the number of cores.")
    private int threads = defaultThreads();

    @Option(
            names = "--clock",
            paramLabel = "CLOCK",
            description = "wall, or cpu: the CPU time of the calling thread, for --threads 1 on a busy machine."
                    + " Default: wall.")
    private Clock clock = Clock.WALL;

    @Option(names = "--python", paramLabel = "FILE", description = "A Python that has torch. Default: no PyTorch.")
    private String python = "";

    @Option(
            names = "--script",
            paramLabel = "FILE",
            description = "Where input_gradient.py is. Default: ${DEFAULT-VALUE}.")
    private Path script = Path.of("benchmarks/src/main/python/input_gradient.py");

    @Option(
            names = "--stock-jar",
            paramLabel = "FILE",
            description = "The native jar of the stock backend, for Deeplearning4j in a JVM of its own. Default: none.")
    private @Nullable Path stockJar;

    @Option(names = "--markdown", description = "Print the table in Markdown.")
    private boolean markdown;

    @Option(
            names = "--memory",
            description = "Print the resident memory during --calls gradients of Mettle instead of times.")
    private boolean memory;

    @Option(names = "--calls", paramLabel = "N", description = "Calls of --memory. Default: ${DEFAULT-VALUE}.")
    private int calls = 10_000;

    private PrintWriter out;

    /** Run and exit: 0, 1 if the benchmark can't be run or gradients differ, 2 for bad options. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return BenchmarkException.reported(new CommandLine(new GradientBenchmark()));
    }

    private static int defaultThreads() {
        String declared = System.getenv().getOrDefault("OMP_NUM_THREADS", "");
        return declared.matches("[1-9]\\d{0,3}")
                ? Integer.parseInt(declared)
                : Runtime.getRuntime().availableProcessors();
    }

    @Override
    public Integer call() {
        out = spec.commandLine().getOut();
        if (batches.isEmpty()) {
            batches = memory ? List.of(1) : List.of(1, 32, 128);
        }
        batches.forEach(batch -> requirePositive("--batches", batch));
        requirePositive("--rounds", rounds);
        requirePositive("--threads", threads);
        requirePositive("--calls", calls);
        if (clock == Clock.CPU && threads != 1) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--clock cpu sees the calling thread only: use it with --threads 1, not " + threads);
        }
        if (!python.isBlank()) {
            requireFile("--python", Path.of(python));
            requireFile("--script", script);
        }
        if (stockJar != null) {
            requireFile("--stock-jar", stockJar);
        }
        Path directory = createDirectory();
        try {
            if (memory) {
                measureMemory(directory);
            } else {
                measureTimes(directory);
            }
        } finally {
            delete(directory);
        }
        out.flush();
        return CommandLine.ExitCode.OK;
    }

    private void requirePositive(String option, int value) {
        if (value < 1) {
            throw new ParameterException(spec.commandLine(), option + " must be 1 or more, not " + value);
        }
    }

    private void requireFile(String option, Path file) {
        if (!Files.isRegularFile(file)) {
            throw new ParameterException(
                    spec.commandLine(), "there is no file " + file + ", which " + option + " names");
        }
    }

    private void measureMemory(Path directory) {
        String classPath = System.getProperty("java.class.path");
        out.println(Machine.describe());
        for (BenchmarkNetwork network : networks) {
            for (int batch : batches) {
                try (Peer peer = Peer.java("Mettle", classPath, threads)) {
                    peer.load(network, batch, directory);
                    out.println(peer.describe());
                    out.printf(Locale.ROOT, "%s, batch %d: resident MB after so many gradients%n", network, batch);
                    int done = 0;
                    for (int step = 0; step <= MEMORY_STEPS; step++) {
                        int next = (int) ((long) calls * step / MEMORY_STEPS);
                        if (next > done) {
                            peer.time(Contender.METTLE_GRADIENT, next - done, Clock.WALL);
                            done = next;
                        }
                        out.printf(Locale.ROOT, "%8d  %s%n", done, BenchmarkTable.megabytes(peer.residentBytes()));
                        out.flush();
                    }
                }
            }
        }
    }

    private void measureTimes(Path directory) {
        Map<Contender, Peer> contenders = new EnumMap<>(Contender.class);
        List<Peer> peers = new ArrayList<>();
        try {
            start(contenders, peers);
            header(peers);
            Map<Peer, Long> before = residentBytes(peers);
            BenchmarkTable table = new BenchmarkTable(List.copyOf(contenders.keySet()));
            for (BenchmarkNetwork network : networks) {
                for (int batch : batches) {
                    prepare(network, batch, contenders, peers, directory);
                    table.add(network, batch, measure(contenders));
                    spec.commandLine().getErr().printf("measured %s, batch %d%n", network, batch);
                    spec.commandLine().getErr().flush();
                }
            }
            out.println(markdown ? table.markdown() : table.text());
            residentBytes(peers)
                    .forEach((peer, after) -> out.printf(
                            "resident MB of %s: %s at the start, %s at the end%n",
                            peer.name(),
                            BenchmarkTable.megabytes(before.getOrDefault(peer, -1L)),
                            BenchmarkTable.megabytes(after)));
        } finally {
            peers.forEach(Peer::close);
        }
    }

    private void start(Map<Contender, Peer> contenders, List<Peer> peers) {
        String classPath = System.getProperty("java.class.path");
        Peer mettle = start(peers, Peer.java("Mettle", classPath, threads));
        contenders.put(Contender.METTLE_GRADIENT, mettle);
        contenders.put(Contender.METTLE_LOGITS, mettle);
        contenders.put(Contender.DL4J, start(peers, Peer.java("DL4J", classPath, threads)));
        if (stockJar != null && !Backend.isOnly(classPath, stockJar)) {
            String stock = Backend.swap(classPath, stockJar);
            contenders.put(Contender.DL4J_STOCK, start(peers, Peer.java("DL4J stock", stock, threads)));
        }
        if (!python.isBlank()) {
            Peer torch = start(peers, Peer.python(Path.of(python), script, threads));
            contenders.put(Contender.PYTORCH_GRADIENT, torch);
            contenders.put(Contender.PYTORCH_LOGITS, torch);
        }
    }

    private static Peer start(List<Peer> peers, Peer peer) {
        peers.add(peer);
        return peer;
    }

    private void header(List<Peer> peers) {
        out.println(Machine.describe());
        out.println("threads " + threads + ", rounds " + rounds + ", clock " + clock + ", OMP_WAIT_POLICY "
                + System.getenv().getOrDefault("OMP_WAIT_POLICY", "not set"));
        peers.forEach(peer -> out.println(peer.name() + ": " + peer.describe()));
        out.println();
        out.flush();
    }

    private static Map<Peer, Long> residentBytes(List<Peer> peers) {
        Map<Peer, Long> bytes = new LinkedHashMap<>();
        peers.forEach(peer -> bytes.put(peer, peer.residentBytes()));
        return bytes;
    }

    /** Load a network and a batch everywhere, and make sure that all gradients agree with Mettle's. */
    private static void prepare(
            BenchmarkNetwork network, int batch, Map<Contender, Peer> contenders, List<Peer> peers, Path directory) {
        Peer mettle = peers.get(0);
        mettle.load(network, batch, directory);
        mettle.export(directory);
        peers.stream().skip(1).forEach(peer -> peer.load(network, batch, directory));
        float[] expected = mettle.gradient(Contender.METTLE_GRADIENT, directory).orElseThrow();
        contenders.forEach((contender, peer) -> {
            Optional<float[]> gradient =
                    contender.isGradient() ? peer.gradient(contender, directory) : Optional.empty();
            gradient.ifPresent(values -> {
                double error = Statistics.medianRelativeError(values, expected, batch);
                if (!(error <= TOLERANCE)) {
                    throw new BenchmarkException(
                            String.format(
                                    Locale.ROOT,
                                    "%s computes other gradients than Mettle on %s, batch %d: median relative error"
                                            + " %.1e, allowed %.0e",
                                    peer.name(),
                                    network,
                                    batch,
                                    error,
                                    TOLERANCE),
                            null);
                }
            });
        });
    }

    /** Measure all contenders in turn, round after round; each round begins with another one. */
    private Map<Contender, List<Peer.Timing>> measure(Map<Contender, Peer> contenders) {
        List<Lane> lanes = new ArrayList<>();
        contenders.forEach((contender, peer) -> lanes.add(Lane.warm(contender, peer, clock)));
        for (int round = 0; round < rounds; round++) {
            lanes.forEach(Lane::run);
            Collections.rotate(lanes, -1);
        }
        Map<Contender, List<Peer.Timing>> timings = new EnumMap<>(Contender.class);
        lanes.forEach(lane -> timings.put(lane.contender(), lane.timings()));
        return timings;
    }

    private static Path createDirectory() {
        try {
            return Files.createTempDirectory("gradient-benchmark");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
