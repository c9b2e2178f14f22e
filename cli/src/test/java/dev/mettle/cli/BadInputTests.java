package dev.mettle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every wrong input ends with exit code 2 and one message that names the value and the mend. */
class BadInputTests {

    private static final String TRY_HELP = "Try 'mettle evaluate --help'.\n";

    @TempDir
    static Path directory;

    private static LinearFiles files;

    @BeforeAll
    static void saveModelAndData() throws IOException {
        files = LinearFiles.in(directory);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --attacks             | fgms                | there is no attack 'fgms': choose from noise, fgsm, bim, mi-fgsm, pgd, apgd-ce, apgd-dlr, apgd-t, deepfool, ddn, fmn, fab, fab-t, cw, cw-linf, cw-l0, ead, bb, sigma-zero, jsma, square, spsa, nes, simba, one-pixel, hsj, geoda, boundary, pointwise, spatial, corruption, uap, patch
                    --attacks             | pgd:stepps=3        | PGD has no option 'stepps': it knows steps, step, restarts, random-start, loss, optimizer
                    --attacks             | pgd:steps=many      | PGD: the option steps is 'many': give a whole number
                    --attacks             | pgd:steps=0         | PGD: steps is 0: give at least 1
                    --attacks             | pgd,cw              | CW is not defined for the norm L∞: use one of [L2]
                    --attacks             | fgsm,fgsm           | FGSM in L∞ is planned twice: name it once, with all its epsilons
                    --epsilon             | -0.1                | epsilon is -0.1: give a number of at least 0, in input units of the model
                    --epsilon             | NaN                 | epsilon is NaN: give a number of at least 0, in input units of the model
                    --epsilon             | 8                   | epsilon 8 is larger than the whole input range [0, 1] (L∞ at most 1): give it in input units of the model, for example 8/255
                    --epsilon             | Infinity            | FGSM needs an epsilon: it searches within a ball, not for the nearest adversarial example
                    --range               | 0                   | --range is '0': give the smallest and the largest valid input, such as 0,1
                    --range               | 0,one               | --range is '0,one': give the smallest and the largest valid input, such as 0,1
                    --range               | 1,0                 | the input range [1.0, 0.0] is not an interval: give two finite numbers, the smaller one first
                    --range               | 0,0.5               | sample #0 of x.npy lies outside the input range [0, 0.5] (feature 0 is 0.5049999952316284): scale the data, or declare the range the model was trained on
                    --min-robust-accuracy | 60                  | the required robust accuracy is 60: give a fraction above 0 and up to 1 (60% is 0.6)
                    --min-robust-accuracy | 0                   | the required robust accuracy is 0: give a fraction above 0 and up to 1
                    --min-robust-accuracy | 0.99                | 20 samples can never show a robust accuracy of 99.0%: even if all withstood every attack, the 95% lower confidence bound would be 86.1%; evaluate at least 299 samples
                    --min-robust-accuracy-per-class | 0.9       | 11 samples of class 0 can never show a robust accuracy of 90.0% per class: even if all withstood every attack, the 95% lower confidence bound would be 76.2%; evaluate at least 29 samples of each class
                    --confidence          | 95                  | the confidence is 95: give a fraction from 0.5 to below 1, such as 0.95
                    """)
    void badValues(String option, String value, String message) {
        assertRefused(files.evaluate(option, value), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --epsilon             | small | Invalid value for option '--epsilon' (EPS): 'small' is no number: give one such as 0.1, or a fraction such as 8/255
                    --norm                | l3    | Invalid value for option '--norm': 'l3' is no norm: choose from linf, l2, l1, l0
                    --samples             | 0     | Invalid value for option '--samples': '0' is no number of samples: give a whole number of at least 1
                    --samples             | all   | Invalid value for option '--samples': 'all' is no number of samples: give a whole number of at least 1
                    --batch               | -1    | Invalid value for option '--batch': '-1' is no number of samples: give a whole number of at least 1
                    --seed                | x     | Invalid value for option '--seed': 'x' is no whole number: give one such as 7
                    --decision            | quick | Invalid value for option '--decision': 'quick' is no way to decide: choose from fixed, curtailed, sequential, population
                    --thresholds          | 0.1   | Invalid value for option '--thresholds' (EPS=FRACTION): '0.1' is no threshold: give one such as 8/255=0.4
                    --thresholds          | 0.1=4 | Invalid value for option '--thresholds' (EPS=FRACTION): the required robust accuracy is 4: give a fraction above 0 and up to 1 (4% is 0.04)
                    --min-robust-accuracy | 60%   | Invalid value for option '--min-robust-accuracy': '60%' is no number: give one such as 0.1, or a fraction such as 8/255
                    """)
    void unreadableValues(String option, String value, String message) {
        assertMisused(files.evaluate(option, value), message);
    }

    @Test
    void missingOptionsAreNamed() {
        assertMisused(
                List.of("evaluate", "--norm", "linf"),
                "Missing required options: '--model=FILE', '--inputs=FILE', '--range=LOW,HIGH'");
    }

    @Test
    void attacksOrASuiteAreNeeded() {
        assertRefused(
                files.evaluateWithout("--attacks"), "--attacks is missing: name attacks, or a suite with --suite");
        List<String> unbounded = files.evaluateWithout("--attacks", "--suite", "quick", "--norm", "linf");
        int epsilon = unbounded.indexOf("--epsilon");
        unbounded.subList(epsilon, epsilon + 2).clear();
        assertRefused(
                unbounded, "--epsilon is missing: the suite quick needs both, such as --norm linf --epsilon 8/255");
        assertMisused(
                files.evaluate("--suite", "quik"),
                "Invalid value for option '--suite' (SUITES): there is no suite 'quik': choose from quick, auto-attack,"
                        + " auto-attack-plus, auto-attack-rand");
        assertMisused(
                files.evaluate("--goal", "worst"),
                "Invalid value for option '--goal': 'worst' is no goal: choose from untargeted, most-likely, least-likely,"
                        + " random, next, or give a class");
    }

    @Test
    void unknownOptionsAreNamed() {
        assertMisused(files.evaluate("--eps", "0.1"), "Unknown options: '--eps', '0.1'");
    }

    @Test
    void aMissingSubcommandIsMisuse() {
        CommandRun run = CommandRun.of();

        assertThat(run).isEqualTo(new CommandRun(2, "", "mettle: Missing required subcommand\nTry 'mettle --help'.\n"));
    }

    @Test
    void anAttackWithinABallNeedsAnEpsilon() {
        assertRefused(
                files.evaluateWithout("--epsilon", "--attacks", "cw,pgd", "--norm", "l2"),
                "--epsilon is missing: PGD searches within a ball; add one such as --epsilon 8/255, in input units of the model");
    }

    @Test
    void anAttackOfSeveralNormsNeedsOne() {
        assertRefused(
                files.evaluateWithout("--norm", "--attacks", "pgd"),
                "--norm is missing: choose one of linf, l2, l1 for PGD");
    }

    @Test
    void withoutABoundNoThresholdCanBeShown() {
        assertRefused(
                files.evaluateWithout("--epsilon", "--attacks", "cw", "--norm", "l2", "--min-robust-accuracy", "0.5"),
                "--min-robust-accuracy needs --epsilon: without a bound on the perturbation no model is robust");
    }

    @Test
    void aMissingFileIsNamed() {
        for (String option : List.of("--model", "--inputs", "--labels")) {
            Path missing = directory.resolve("missing.npy");

            assertRefused(files.evaluate(option, missing.toString()), option + ": there is no file " + missing);
        }
    }

    @Test
    void aDirectoryIsNoFile() {
        assertRefused(
                files.evaluate("--model", directory.toString()),
                "--model: " + directory + " is no file: name the file itself");
    }

    @Test
    void inputsNeedLabels() {
        assertRefused(
                files.evaluateWithout("--labels"),
                "--labels is missing: give the true labels of " + files.inputs()
                        + ", or an .npz archive with 'inputs' and 'labels'");
    }

    @Test
    void anArchiveTakesNoLabels() throws IOException {
        Path archive = files.archive("both.npz");

        assertRefused(
                files.evaluate("--inputs", archive.toString()),
                "--labels is given, but " + archive + " is an archive with labels of its own: leave one out");
    }

    @Test
    void anArchiveWithoutLabelsIsRefused() throws IOException {
        Path archive = directory.resolve("text.npz");
        Files.writeString(archive, "no archive");

        assertRefused(
                files.evaluateWithout("--labels", "--inputs", archive.toString()),
                "text.npz is no .npz archive: write it with np.savez(file, inputs=…, labels=…)");
    }

    @Test
    void inputsThatAreNoArrayAreRefused() throws IOException {
        Path text = directory.resolve("text.npy");
        Files.writeString(text, "0.5,0.5,0.5,0.5");

        assertRefused(files.evaluate("--inputs", text.toString()), "text.npy is no .npy file: write it with np.save");
    }

    @Test
    void truncatedInputsAreRefused() throws IOException {
        Path truncated = directory.resolve("truncated.npy");
        byte[] whole = Files.readAllBytes(files.inputs());
        Files.write(truncated, Arrays.copyOf(whole, whole.length - 4));

        assertRefused(
                files.evaluate("--inputs", truncated.toString()),
                "truncated.npy is truncated or damaged: shape [20, 2] of 4-byte numbers needs 160 bytes but 156 are there");
    }

    @Test
    void inputsMustFitTheModel() {
        assertRefused(
                files.evaluate("--inputs", array("wide.npy", Nd4j.zeros(20, 3))),
                "the samples of wide.npy have shape 3 but the model net.zip takes 2: bring the data into the model's layout");
    }

    @Test
    void inputsMustBeNumbers() {
        INDArray values = Nd4j.create(LinearFiles.values());
        values.putScalar(3, 1, Double.NaN);

        assertRefused(
                files.evaluate("--inputs", array("nan.npy", values)),
                "sample #3 of nan.npy holds NaN at feature 1: inputs must be finite numbers");
    }

    @Test
    void everyInputNeedsALabel() {
        assertRefused(
                files.evaluate("--labels", array("few.npy", Nd4j.zeros(19))),
                "x.npy has 20 inputs but 19 labels: give one label per input");
    }

    @Test
    void labelsMustBeClassesOfTheModel() {
        assertRefused(
                files.evaluate("--labels", array("large.npy", Nd4j.ones(20).mul(2))),
                "sample #0 of x.npy has label 2 but the model has 2 classes: labels are counted from 0 to 1");
    }

    @Test
    void aModelThatIsNoDl4jFileIsRefused() throws IOException {
        Path text = directory.resolve("text.zip");
        Files.writeString(text, "no network");

        CommandRun run = CommandRun.of(files.evaluate("--model", text.toString()));

        assertThat(run.err()).startsWith("mettle: ").contains("text.zip").doesNotContain("\tat ");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void aTruncatedModelIsRefused() throws IOException {
        Path truncated = directory.resolve("truncated.zip");
        byte[] whole = Files.readAllBytes(files.model());
        Files.write(truncated, Arrays.copyOf(whole, whole.length / 2));

        CommandRun run = CommandRun.of(files.evaluate("--model", truncated.toString()));

        assertThat(run.err()).startsWith("mettle: ").contains("truncated.zip").doesNotContain("\tat ");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void resultsNeedADirectory() {
        for (String option : List.of("--json", "--save-adversarial")) {
            Path target = directory.resolve("missing/out");

            assertRefused(
                    files.evaluate(option, target.toString()),
                    option + ": there is no directory " + target.getParent() + ": create it first");
        }
    }

    @Test
    void aResultIsNoDirectory() {
        assertRefused(
                files.evaluate("--json", directory.toString()),
                "--json: " + directory + " is a directory: name a file in it");
    }

    @Test
    void aResultNeverOverwritesAnInput() {
        assertRefused(
                files.evaluate("--save-adversarial", files.inputs().toString()),
                "--save-adversarial: " + files.inputs() + " is named by another option, too: name another file");
    }

    @Test
    void twoResultsNeedTwoFiles() {
        String out = directory.resolve("out").toString();

        assertRefused(
                files.evaluate("--json", out, "--save-adversarial", out),
                "--save-adversarial: " + out + " is named by another option, too: name another file");
        assertThat(directory.resolve("out")).doesNotExist();
    }

    @Test
    void savedExamplesAreThoseOfOneEpsilon() {
        assertRefused(
                files.evaluate(
                        "--epsilon",
                        "0.1,0.2",
                        "--save-adversarial",
                        directory.resolve("a.npy").toString()),
                "--save-adversarial takes the examples of one epsilon, but there are 2: run once for each");
    }

    private static String array(String name, INDArray values) {
        return files.array(name, values).toString();
    }

    private static void assertRefused(List<String> args, String message) {
        assertThat(CommandRun.of(args)).isEqualTo(new CommandRun(2, "", "mettle: " + message + "\n"));
    }

    private static void assertMisused(List<String> args, String message) {
        assertThat(CommandRun.of(args)).isEqualTo(new CommandRun(2, "", "mettle: " + message + "\n" + TRY_HELP));
    }
}
