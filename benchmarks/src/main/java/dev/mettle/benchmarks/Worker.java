package dev.mettle.benchmarks;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Measures in a JVM of its own what {@link Peer} asks for on standard input, one line each, words separated by tabs:
 *
 * <ul>
 *   <li>{@code describe}: name versions and threads
 *   <li>{@code load, network, batch, directory}: prepare; files of {@code export} are ignored here
 *   <li>{@code export, directory}: write weights and inputs to files
 *   <li>{@code time, contender, calls, clock}: answer the median nanoseconds of a call, and its heap allocation in bytes
 *   <li>{@code gradient, contender, file}: write the gradient to a file, or answer {@code none}
 *   <li>{@code memory}: answer the resident bytes of this process
 * </ul>
 *
 * <p>Answers begin with {@link Peer#ANSWER} or {@link Peer#ERROR}. Anything else on standard output is noise of libraries.
 */
final class Worker {

    private final Map<Contender, Workload.Call> calls = new EnumMap<>(Contender.class);
    private @Nullable Workload workload;

    private Worker() {}

    /** Serve until standard input ends. */
    public static void main(String[] args) throws IOException {
        PrintStream answers = System.out;
        System.setOut(System.err);
        Worker worker = new Worker();
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String request;
        while ((request = requests.readLine()) != null) {
            String answer;
            try {
                answer = Peer.ANSWER + worker.answer(request.split("\t", -1));
            } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
                e.printStackTrace();
                answer = Peer.ERROR + String.valueOf(e).replace('\n', ' ');
            }
            answers.println(answer);
            answers.flush();
        }
        System.exit(0); // ND4J's threads would keep the JVM
    }

    private String answer(String[] request) throws IOException {
        return switch (request[0]) {
            case "describe" ->
                "Java " + System.getProperty("java.version") + ", "
                        + Nd4j.getEnvironment().maxThreads() + " threads, " + Backend.describe();
            case "load" -> {
                calls.clear();
                workload = new Workload(Enum.valueOf(BenchmarkNetwork.class, request[1]), Integer.parseInt(request[2]));
                yield "";
            }
            case "export" -> {
                loaded().export(Path.of(request[1]));
                yield "";
            }
            case "time" -> time(call(request[1]), Integer.parseInt(request[2]), Enum.valueOf(Clock.class, request[3]));
            case "gradient" -> gradient(call(request[1]), Path.of(request[2]));
            case "memory" -> Long.toString(Machine.residentBytes());
            default -> throw new IllegalArgumentException("unknown request " + request[0]);
        };
    }

    private static String gradient(Workload.Call call, Path file) throws IOException {
        INDArray gradient = call.run();
        if (gradient == null) {
            return "none";
        }
        Workload.write(file, gradient);
        Workload.release(gradient);
        return "";
    }

    private Workload loaded() {
        if (workload == null) {
            throw new IllegalStateException("nothing is loaded");
        }
        return workload;
    }

    private Workload.Call call(String contender) {
        return calls.computeIfAbsent(Enum.valueOf(Contender.class, contender), key -> loaded().prepare(key));
    }

    private static String time(Workload.Call call, int count, Clock clock) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long[] nanos = new long[count];
        long allocated = threads.getThreadAllocatedBytes(thread);
        for (int i = 0; i < count; i++) {
            long start = now(clock, threads);
            Workload.release(call.run());
            nanos[i] = now(clock, threads) - start;
        }
        allocated = threads.getThreadAllocatedBytes(thread) - allocated;
        return Statistics.median(Arrays.stream(nanos).asDoubleStream().toArray()) + "\t" + allocated / count;
    }

    private static long now(Clock clock, ThreadMXBean threads) {
        return clock == Clock.CPU ? threads.getCurrentThreadCpuTime() : System.nanoTime();
    }
}
