package dev.mettle.reports;

import dev.mettle.core.data.FileLocks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The folder in which tests leave their reports. */
final class ReportFolder {

    /** How the names of certifications end, which {@code mettle report} doesn't render. */
    static final String CERTIFICATION = ".certification.json";

    private static final int MOST_CHARACTERS = 150;

    private final Path directory;

    private ReportFolder(Path directory) {
        this.directory = directory;
    }

    /**
     * Find the folder.
     *
     * @param reproduce the command that runs a test again; empty outside of tests, which leave no reports
     * @return the folder; empty if no report is wanted
     */
    static Optional<ReportFolder> of(String reproduce) {
        String folder = System.getProperty(ReportFilesListener.FOLDER, "");
        if (reproduce.isEmpty() || folder.equals("off")) {
            return Optional.empty();
        }
        return Optional.of(new ReportFolder(folder.isEmpty() ? standard() : Path.of(folder)));
    }

    private static Path standard() {
        boolean gradle = Files.isDirectory(Path.of("build")) && !Files.isDirectory(Path.of("target"));
        return Path.of(gradle ? "build" : "target", "mettle-reports");
    }

    /** Return a name that any file system takes, such as {@code DigitsTests.withstands-PGD-40-Linf-8-255}. */
    static String name(String test, Object report) {
        String name = test + " " + report;
        String plain = name.replace("∞", "inf")
                .replace("ε=", "")
                .replaceAll("[^A-Za-z0-9._]+", "-")
                .replaceAll("^-+|-+$", "");
        return plain.length() <= MOST_CHARACTERS
                ? plain
                : plain.substring(0, MOST_CHARACTERS) + "-" + Integer.toHexString(name.hashCode());
    }

    /** Write a file; the next run of the test replaces it. */
    void write(String name, String content) {
        Path file = directory.resolve(name);
        FileLocks.locked(file, () -> {
            try {
                Files.createDirectories(directory);
                FileLocks.write(file, written -> Files.writeString(written, content, StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException("can't write " + file.toAbsolutePath() + ": " + e.getMessage(), e);
            }
        });
    }
}
