package dev.mettle.reports;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Some {@code report.json} files, to be rendered for people and programs that don't read JSON. */
public final class ReportSet {

    private final List<ReportDocument> documents;

    private ReportSet(List<ReportDocument> documents) {
        this.documents = List.copyOf(documents);
    }

    /** Take reports that have just been made, without a test or a file. */
    public static ReportSet of(RobustnessReport... reports) {
        return new ReportSet(Arrays.stream(reports)
                .map(report -> ReportDocument.of(EvaluationJson.of(Reported.of(report, Outcome.PASS, ""))))
                .toList());
    }

    static ReportSet of(ReportDocument... documents) {
        return new ReportSet(List.of(documents));
    }

    /**
     * Read reports.
     *
     * @param paths files, in the order in which they are to be shown, or folders, whose {@code .json} files are read in the order of
     *     their names
     * @throws ConfigurationException if one of the files is no report of an evaluation, or there is none
     */
    public static ReportSet read(List<Path> paths) {
        List<ReportDocument> documents = new ArrayList<>();
        for (Path path : paths) {
            for (Path file : files(path)) {
                documents.add(ReportDocument.read(file));
            }
        }
        if (documents.isEmpty()) {
            throw new ConfigurationException(
                    "there is no report in " + paths + ": give a file or a folder with files that end in .json");
        }
        return new ReportSet(documents);
    }

    private static List<Path> files(Path path) {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.filter(file -> file.toString().endsWith(".json")
                            && !file.toString().endsWith(ReportFolder.CERTIFICATION))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("can't read " + path.toAbsolutePath() + ": " + e.getMessage(), e);
        }
    }

    /** Return how many reports there are. */
    public int size() {
        return documents.size();
    }

    List<ReportDocument> documents() {
        return documents;
    }

    /** Render one HTML page that needs no other file and no network. */
    public String html() {
        return PageHtml.of(documents);
    }

    /** Render Markdown, for the summary of a CI job. */
    public String markdown() {
        return MarkdownText.of(documents);
    }

    /** Render the XML that CI servers know from JUnit, one test case per threat model. */
    public String junitXml() {
        return JunitXml.of(documents);
    }

    /** Render what fails its threshold, can't be trusted or remained undecided as SARIF 2.1.0. */
    public String sarif() {
        return SarifJson.of(documents);
    }

    /**
     * Render a card of the model for a model registry, in Markdown.
     *
     * @throws ConfigurationException if the reports are about several models
     */
    public String card() {
        return RobustnessCard.of(documents);
    }
}
