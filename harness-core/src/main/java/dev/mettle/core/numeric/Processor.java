package dev.mettle.core.numeric;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The processor of this machine. */
final class Processor {

    private static final Path LINUX = Path.of("/proc/cpuinfo");
    private static final String NAME = found();

    private Processor() {}

    /** Name the processor; where the system doesn't tell, its architecture. */
    static String name() {
        return NAME;
    }

    private static String found() {
        return nameIn(linux())
                .or(() -> Optional.ofNullable(System.getenv("PROCESSOR_IDENTIFIER"))) // Windows sets it
                .orElse(System.getProperty("os.arch"));
    }

    private static List<String> linux() {
        try {
            return Files.isReadable(LINUX) ? Files.readAllLines(LINUX) : List.of();
        } catch (IOException e) {
            return List.of(); // a name is nice to have
        }
    }

    /** Find the name of the first processor in the lines of Linux' {@code /proc/cpuinfo}. ARM processors have none there. */
    static Optional<String> nameIn(List<String> cpuinfo) {
        return cpuinfo.stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).trim())
                .filter(name -> !name.isEmpty())
                .findFirst();
    }
}
