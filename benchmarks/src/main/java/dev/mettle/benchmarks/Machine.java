package dev.mettle.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What Linux tells of machine and process; other systems tell less. */
final class Machine {

    private Machine() {}

    /** Return the resident memory of this process in bytes, or -1 where there is no {@code /proc}. */
    static long residentBytes() {
        String kibibytes = find(Path.of("/proc/self/status"), "VmRSS");
        return kibibytes.isEmpty() ? -1 : 1024 * Long.parseLong(kibibytes.replaceAll("\\D", ""));
    }

    /** Return processor, number of cores and operating system. */
    static String describe() {
        String model = find(Path.of("/proc/cpuinfo"), "model name");
        return (model.isEmpty() ? System.getProperty("os.arch") : model) + ", "
                + Runtime.getRuntime().availableProcessors() + " cores, " + System.getProperty("os.name");
    }

    private static String find(Path file, String key) {
        if (!Files.isReadable(file)) {
            return "";
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(key))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }
}
