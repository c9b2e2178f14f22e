package dev.mettle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every report that can't be reproduced ends with exit code 2 and one message that says why, and the mend. */
class ReproduceBadInputTests {

    private static final String GIVE =
            "give a report with the schema mettle-evaluation/1, as tests and 'mettle evaluate --json' write it";

    @TempDir
    static Path directory;

    private static LinearFiles files;
    private static Path report;

    @BeforeAll
    static void writeReport() throws IOException {
        files = LinearFiles.in(directory);
        report = directory.resolve("out.json");
        List<String> args = files.evaluate("--attacks", "bim:steps=5,uap", "--samples", "20");
        args.addAll(List.of("--json", report.toString()));
        assertThat(CommandRun.of(args).exitCode()).isZero();
    }

    @Test
    void theReportMustBeThere() {
        Path missing = directory.resolve("missing.json");

        assertRefused(missing, "REPORT: there is no file " + missing);
        assertThat(CommandRun.of("reproduce"))
                .isEqualTo(new CommandRun(
                        2, "", "mettle: Missing required parameter: 'REPORT'\nTry 'mettle reproduce --help'.\n"));
    }

    @Test
    void theReportMustBeJson() throws IOException {
        assertRefused(write("text.json", "no json"), "text.json is no JSON, from line 1 on: " + GIVE);
        assertRefused(write("cut.json", "{\n\"schema\": \"me"), "cut.json is no JSON, from line 2 on: " + GIVE);
        assertRefused(write("two.json", "{} {}"), "two.json is no JSON, from line 1 on: " + GIVE);
        assertRefused(write("empty.json", ""), "empty.json has no schema: " + GIVE);
    }

    @Test
    void theReportMustBeOneOfAnEvaluation() throws IOException {
        assertRefused(write("array.json", "[1]"), "array.json has no schema: " + GIVE);
        assertRefused(
                write("other.json", "{\"schema\": \"mettle-baselines/1\"}"),
                "other.json has the schema 'mettle-baselines/1': " + GIVE);
    }

    @Test
    void oldReportsLackWhatItTakes() throws IOException {
        Path old = edited("old.json", document -> ((ObjectNode) document.at("/attacks/0")).remove("broken"));
        Path older = edited("older.json", document -> ((ObjectNode) document.path("data")).remove("wrong"));
        Path constrained = edited(
                "constrained.json", document -> ((ObjectNode) document.at("/attacks/0")).put("constraints", "1"));

        assertRefused(
                old,
                "old.json lacks attacks[0].broken, which it takes to run an attack again: an earlier version of Mettle"
                        + " wrote it; evaluate again");
        assertRefused(
                older,
                "older.json lacks data.wrong, which it takes to run an attack again: an earlier version of Mettle wrote"
                        + " it; evaluate again");
        assertRefused(
                constrained,
                "constrained.json lacks constraints, which it takes to run an attack again: an earlier version of Mettle"
                        + " wrote it; evaluate again");
    }

    @Test
    void damagedFieldsAreNamed() throws IOException {
        assertRefused(
                edited("seed.json", document -> document.put("seed", "seven")),
                "seed.json: seed is \"seven\", not a number");
        assertRefused(
                edited("norm.json", document -> ((ObjectNode) document.at("/attacks/0")).put("norm", "l7")),
                "norm.json: attacks[0].norm is 'l7', which this version of Mettle doesn't know");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --sample  | 20    | out.json holds no sample #20: its 20 samples are #0 to #19
                    --sample  | 19    | the model gets sample #19 wrong without any attack, so none was run on it: choose another sample
                    --attack  | pgd   | out.json holds no attack 'pgd': choose from BIM-5 (L∞ ε=0.1), UAP-20 (L∞ ε=0.1)
                    --norm    | l2    | out.json holds no attack in L2: choose from BIM-5 (L∞ ε=0.1), UAP-20 (L∞ ε=0.1)
                    --epsilon | 0.3   | out.json holds no attack with the epsilon 0.3: choose from BIM-5 (L∞ ε=0.1), UAP-20 (L∞ ε=0.1)
                    --attack  | uap   | UAP-20 can't be run again on one sample: it makes one perturbation for all samples of the evaluation
                    """)
    void badValues(String option, String value, String message) {
        assertRefused(report, message, option, value);
    }

    @Test
    void unreadableValuesAreMisuse() {
        assertThat(CommandRun.of("reproduce", report.toString(), "--sample", "x"))
                .isEqualTo(new CommandRun(2, "", """
                        mettle: Invalid value for option '--sample': 'x' is no whole number: give one such as 7
                        Try 'mettle reproduce --help'.
                        """));
    }

    @Test
    void anAttackOfOnesOwnIsRefused() throws IOException {
        Path own = edited("own.json", document -> ((ObjectNode) document.at("/attacks/0")).put("name", "mine"));

        assertRefused(
                own, "BIM-5 can't be run again: Mettle has no attack 'mine' with the parameters {steps=5, step=auto}");
    }

    @Test
    void whereNothingIsBrokenASampleMustBeNamed() throws IOException {
        Path none = edited("none.json", document -> {
            ((ObjectNode) document.at("/attacks/0")).putArray("broken");
            ((ObjectNode) document.at("/attacks/1")).putArray("broken");
        });

        assertRefused(
                none, "none.json holds no sample that these attacks broke: choose one that withstood, with --sample");
    }

    @Test
    void whatWasNotRunIsNotRunAgain() throws IOException {
        Path before = edited(
                "before.json",
                document -> ((ObjectNode) document.at("/attacks/0"))
                        .putArray("brokenBefore")
                        .add(15));
        Path stopped = edited(
                "stopped.json",
                document -> ((ObjectNode) document.at("/attacks/0"))
                        .putArray("notEvaluated")
                        .add(15));
        Path carried = edited(
                "carried.json",
                document -> ((ObjectNode) document.at("/attacks/0/broken/0"))
                        .put("forward", 0)
                        .put("backward", 0));

        assertRefused(
                before,
                "BIM-5 (L∞ ε=0.1) was not run on sample #15: an attack before it broke it; leave --attack out to see which",
                "--sample",
                "15",
                "--attack",
                "bim");
        assertRefused(
                stopped,
                "BIM-5 (L∞ ε=0.1) was not run on sample #15: the evaluation stopped before; choose another sample",
                "--sample",
                "15",
                "--attack",
                "bim");
        assertRefused(
                carried,
                "BIM-5 broke sample #0 at a smaller epsilon already, which carried.json doesn't hold: give the report of"
                        + " that epsilon",
                "--sample",
                "0",
                "--attack",
                "bim");
    }

    @Test
    void filesMustBeThere() throws IOException {
        Path missing = directory.resolve("missing.zip");
        Path ofATest = edited("test.json", document -> document.remove("files"));

        assertRefused(report, "--model: there is no file " + missing, "--model", missing.toString());
        assertRefused(
                ofATest,
                "--model is missing: test.json names no such file, as it is with reports of tests; give the one that was"
                        + " used");
        assertRefused(
                ofATest,
                "--inputs is missing: test.json names no such file, as it is with reports of tests; give the one that was"
                        + " used",
                "--model",
                files.model().toString());
        assertRefused(
                ofATest,
                "--labels is missing: test.json names no such file, as it is with reports of tests; give the one that was"
                        + " used",
                "--model",
                files.model().toString(),
                "--inputs",
                files.inputs().toString());
    }

    @Test
    void fewerSamplesAreOtherData() {
        Path few = files.array("few.npy", org.nd4j.linalg.factory.Nd4j.create(Arrays.copyOf(LinearFiles.values(), 5)));
        Path labels = files.array(
                "few-labels.npy", org.nd4j.linalg.factory.Nd4j.create(Arrays.copyOf(LinearFiles.trueLabels(), 5)));

        CommandRun run = CommandRun.of(
                "reproduce", report.toString(), "--inputs", few.toString(), "--labels", labels.toString());

        assertThat(run.err())
                .startsWith(
                        "mettle: the data few.npy are not what the report is about: the sha256 of these samples is ");
        assertThat(run.exitCode()).isEqualTo(2);
        assertRefused(
                report,
                "few.npy holds no sample #8",
                "--inputs",
                few.toString(),
                "--labels",
                labels.toString(),
                "--anyway",
                "--sample",
                "8");
    }

    @Test
    void resultsNeverOverwriteWhatIsRead() {
        assertRefused(
                report,
                "--json: " + report + " is named by another option, too: name another file",
                "--json",
                report.toString());
        assertRefused(
                report,
                "--trace: there is no directory " + directory.resolve("missing") + ": create it first",
                "--trace",
                directory.resolve("missing/trace.csv").toString());
    }

    private static Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static Path edited(String name, Consumer<ObjectNode> edit) throws IOException {
        ObjectNode document = (ObjectNode) new ObjectMapper().readTree(report.toFile());
        edit.accept(document);
        return write(name, document.toString());
    }

    private static void assertRefused(Path file, String message, String... options) {
        List<String> args = new ArrayList<>(List.of("reproduce", file.toString()));
        args.addAll(Arrays.asList(options));
        CommandRun run = CommandRun.of(args);

        assertThat(run.err()).isEqualTo("mettle: " + message + "\n");
        assertThat(run.exitCode()).isEqualTo(2);
    }
}
