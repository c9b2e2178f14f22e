package dev.mettle.reports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.data.FileLocks;
import dev.mettle.core.evaluation.EvaluationListener;
import dev.mettle.core.evaluation.Reported;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes every report of a test as {@code report.json} and as an HTML page, for those who have no Allure: into
 * {@code target/mettle-reports} ({@code build/mettle-reports} where there is a folder {@code build} and none {@code target}), or the folder
 * that the system property {@value #FOLDER} names; {@code off} writes nothing.
 *
 * <p>A file is named after the test, the attacks and the threat model, so that the next run replaces it. Found by
 * {@link java.util.ServiceLoader}.
 */
public final class ReportFilesListener implements EvaluationListener {

    /** The system property that names the folder. */
    public static final String FOLDER = "mettle.reports.folder";

    private static final int MOST_CHARACTERS = 150;

    /** Create the listener. */
    public ReportFilesListener() {}

    @Override
    public void reported(Reported reported) {
        String folder = System.getProperty(FOLDER, "");
        if (reported.reproduce().isEmpty() || folder.equals("off")) { // no test, or nobody wants it
            return;
        }
        Path directory = folder.isEmpty() ? standard() : Path.of(folder);
        ObjectNode document = EvaluationJson.of(reported);
        String name = name(reported);
        write(directory, name + ".json", EvaluationJson.text(document));
        write(
                directory,
                name + ".html",
                ReportSet.of(ReportDocument.of(document)).html());
    }

    private static Path standard() {
        boolean gradle = Files.isDirectory(Path.of("build")) && !Files.isDirectory(Path.of("target"));
        return Path.of(gradle ? "build" : "target", "mettle-reports");
    }

    /** Returns a name that any file system takes, such as {@code DigitsTests.withstands-PGD-40-Linf-8-255}. */
    private static String name(Reported reported) {
        String name = reported.report().evaluation().name() + " " + reported.report();
        String plain = name.replace("∞", "inf")
                .replace("ε=", "")
                .replaceAll("[^A-Za-z0-9._]+", "-")
                .replaceAll("^-+|-+$", "");
        return plain.length() <= MOST_CHARACTERS
                ? plain
                : plain.substring(0, MOST_CHARACTERS) + "-" + Integer.toHexString(name.hashCode());
    }

    private static void write(Path directory, String name, String content) {
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
