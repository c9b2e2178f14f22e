package dev.mettle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTests {

    @TempDir
    static Path directory;

    private static Path report;
    private static Path weaker;

    @BeforeAll
    static void evaluate() throws IOException {
        LinearFiles files = LinearFiles.in(directory);
        report = evaluated(files, "before.json", "0.1");
        // the same network, attacked only half as far: as if it had become more robust
        weaker = evaluated(files, "after.json", "0.05,0.1");
    }

    private static Path evaluated(LinearFiles files, String name, String epsilon) {
        Path json = directory.resolve(name);
        CommandRun run = CommandRun.of(files.evaluate("--epsilon", epsilon, "--json", json.toString()));
        assertThat(run.exitCode()).isZero();
        return json;
    }

    @Test
    void everyFormIsWritten() throws IOException {
        Path html = directory.resolve("r.html");
        Path markdown = directory.resolve("r.md");
        Path junit = directory.resolve("r.xml");
        Path sarif = directory.resolve("r.sarif");
        Path card = directory.resolve("card.md");

        CommandRun run = CommandRun.of(
                "report",
                report.toString(),
                "--html",
                html.toString(),
                "--markdown",
                markdown.toString(),
                "--junit",
                junit.toString(),
                "--sarif",
                sarif.toString(),
                "--card",
                card.toString());

        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .isEqualTo(html + ": 1 report\n" + markdown + ": 1 report\n" + junit + ": 1 report\n" + sarif
                        + ": 1 report\n" + card + ": 1 report\n");
        assertThat(Files.readString(html)).startsWith("<!DOCTYPE html>");
        assertThat(Files.readString(markdown)).startsWith("# Adversarial robustness\n");
        assertThat(Files.readString(junit)).contains("<testcase classname=\"net.zip\"");
        assertThat(Files.readString(sarif)).contains("\"version\": \"2.1.0\"");
        assertThat(Files.readString(card)).contains("# Robustness card: net.zip");
    }

    @Test
    void thePageShowsHowAnAttackWentWhereThatCostsLittle() throws IOException {
        Path json = directory.resolve("long.json");
        Path html = directory.resolve("long.html");
        LinearFiles files = LinearFiles.in(directory);

        CommandRun.of(files.evaluate("--attacks", "pgd:steps=300", "--json", json.toString()));
        CommandRun.of("report", json.toString(), "--html", html.toString());

        assertThat(Files.readString(html)).contains("How attacks went, each on one sample", "PGD-300 on sample #");
    }

    @Test
    void aFolderStandsForItsReports() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("folder"));
        Files.copy(report, folder.resolve("a.json"));
        Files.copy(weaker, folder.resolve("b.json"));
        Path html = directory.resolve("folder.html");

        assertThat(CommandRun.of("report", folder.toString(), "--html", html.toString())
                        .out())
                .isEqualTo(html + ": 2 reports\n");
    }

    @Test
    void theSameModelIsNoWorse() {
        CommandRun run = CommandRun.of("compare", report.toString(), weaker.toString(), "--fail-if-worse");

        assertThat(run.out()).isEqualTo("""
                before.json → after.json, on x.npy

                L∞, ε = 0.1: robust accuracy 45.0% → 45.0% of the same 20 samples: no sample changed
                  robust accuracy   45.0% → 45.0%, +0.0 points (bounds -16.8 and +16.8; 0 gained, 0 lost)
                  clean accuracy    95.0% → 95.0%, +0.0 points (bounds -16.8 and +16.8; 0 gained, 0 lost)
                """);
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void aModelThatIsWorseFailsWhereThatIsAskedFor(@TempDir Path other) throws IOException {
        // as if the first model had withstood everything
        Path before = other.resolve("before.json");
        Files.writeString(
                before,
                Files.readString(report)
                        .replaceAll("(?s)\"broken\": \\[ \\{.*?\\} \\]", "\"broken\": []")
                        .replace("\"brokenCount\": 10", "\"brokenCount\": 0"));
        Path html = other.resolve("c.html");

        CommandRun run = CommandRun.of(
                "compare", before.toString(), report.toString(), "--fail-if-worse", "--html", html.toString());

        assertThat(run.out()).contains("less robust: ", "10 newly broken", "written: " + html);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(CommandRun.of("compare", before.toString(), report.toString())
                        .exitCode())
                .isZero();
        assertThat(Files.readString(html)).contains("Newly broken");
    }

    @Test
    void badInputIsNamedBeforeAnythingIsWritten() throws IOException {
        assertMessage(
                "there is nothing to write: give --html, --markdown, --junit, --sarif or --card", "report", report);
        assertMessage(
                "REPORT: there is no file " + directory.resolve("no.json").toAbsolutePath(),
                "report",
                directory.resolve("no.json"));
        Path text = directory.resolve("text.json");
        Files.writeString(text, "hello");
        assertMessage(
                "text.json is no JSON, from line 1 on: give a report with the schema mettle-evaluation/1, as tests and"
                        + " 'mettle evaluate --json' write it",
                "report",
                text,
                "--html",
                directory.resolve("text.html"));
        assertThat(directory.resolve("text.html")).doesNotExist();
        assertMessage(
                "--html: " + report.toAbsolutePath() + " is named by another option, too: name another file",
                "report",
                report,
                "--html",
                report);
        assertMessage(
                "--card: " + directory.resolve("x.md").toAbsolutePath()
                        + " is named by another option, too: name another file",
                "report",
                report,
                "--markdown",
                directory.resolve("x.md"),
                "--card",
                directory.resolve("x.md"));
        assertThat(directory.resolve("x.md")).doesNotExist();
    }

    private static void assertMessage(String message, Object... args) {
        String[] texts = new String[args.length];
        for (int i = 0; i < args.length; i++) {
            texts[i] = args[i].toString();
        }
        CommandRun run = CommandRun.of(texts);
        assertThat(run.err()).isEqualTo("mettle: " + message + "\n");
        assertThat(run.exitCode()).isEqualTo(2);
    }
}
