package dev.mettle.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A long-lived process that measures: a {@link Worker} or {@code input_gradient.py}. All get the same number of threads, and
 * each waits while another one measures.
 */
final class Peer implements AutoCloseable {

    /** Begins a line that answers a request. */
    static final String ANSWER = "> ";

    /** Begins a line that tells why a request failed. */
    static final String ERROR = "! ";

    /** The median time of a call, and the bytes that it allocates on the Java heap. */
    record Timing(double nanos, long heapBytes) {}

    private final String name;
    private final Process process;
    private final Writer requests;
    private final BufferedReader answers;

    private Peer(String name, List<String> command, int threads) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        this.name = name;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new BenchmarkException("can't start " + name + ": " + e.getMessage(), e);
        }
        requests = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Start a JVM on a class path, with the arguments of this JVM. */
    static Peer java(String name, String classPath, int threads) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", classPath, Worker.class.getName()));
        return new Peer(name, command, threads);
    }

    /** Start the script in a Python. */
    static Peer python(Path python, Path script, int threads) {
        return new Peer("PyTorch", List.of(python.toString(), script.toString(), Integer.toString(threads)), threads);
    }

    String name() {
        return name;
    }

    String describe() {
        return ask("describe");
    }

    /** Prepare a network and a batch; a Python reads weights and inputs from the directory. */
    void load(BenchmarkNetwork network, int batch, Path directory) {
        ask("load", network.name(), Integer.toString(batch), directory.toString());
    }

    /** Write weights and inputs to files. */
    void export(Path directory) {
        ask("export", directory.toString());
    }

    Timing time(Contender contender, int calls, Clock clock) {
        String[] answer = ask("time", contender.name(), Integer.toString(calls), clock.name())
                .split("\t", -1);
        return new Timing(Double.parseDouble(answer[0]), Long.parseLong(answer[1]));
    }

    /** Return the gradient of the inputs, if the contender hands it out. */
    Optional<float[]> gradient(Contender contender, Path directory) {
        Path file = directory.resolve("gradient.f32");
        if (ask("gradient", contender.name(), file.toString()).equals("none")) {
            return Optional.empty();
        }
        try {
            FloatBuffer floats = ByteBuffer.wrap(Files.readAllBytes(file))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer();
            float[] values = new float[floats.remaining()];
            floats.get(values);
            return Optional.of(values);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Return the resident bytes of the process, or -1 if unknown. */
    long residentBytes() {
        return Long.parseLong(ask("memory"));
    }

    private String ask(String... request) {
        try {
            requests.write(String.join("\t", request) + "\n");
            requests.flush();
            String line;
            while ((line = answers.readLine()) != null) {
                if (line.startsWith(ANSWER)) {
                    return line.substring(ANSWER.length());
                }
                if (line.startsWith(ERROR)) {
                    throw new BenchmarkException(
                            name + " can't " + request[0] + ": " + line.substring(ERROR.length()), null);
                }
                System.err.println(line);
            }
        } catch (IOException e) {
            throw new BenchmarkException(name + " broke off: its reason stands above", e);
        }
        throw new BenchmarkException(name + " broke off: its reason stands above", null);
    }

    @Override
    public void close() {
        process.destroy();
    }
}
