package dev.mettle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mettle.core.data.NumpyFiles;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.numeric.Rows;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class EvaluateCommandTests {

    @TempDir
    static Path directory;

    private static LinearFiles files;

    @BeforeAll
    static void saveModelAndData() throws IOException {
        files = LinearFiles.in(directory);
    }

    @Test
    void theConsoleShowsEveryAttackTheWorstCaseAndTheSentence() {
        CommandRun run = CommandRun.of(files.evaluate("--attacks", "fgsm,bim:steps=5", "--seed", "7"));

        assertThat(run.err()).isEqualTo(advice());
        assertThat(withoutChance(run.out())).isEqualTo(Backend.statement() + """

                        model  net.zip, sha256 ############, inputs 2 in [0, 1], 2 classes
                        data   x.npy, sha256 ############, 20 samples, seed 7
                        clean  95.0% [75.1%, 99.9%], 19 of 20

                        attack      threat    robust  95% CI            broken     median  fwd/sample  bwd/sample     seconds
                        FGSM        L∞ ε=0.1   45.0%  [23.1%, 68.5%]        10     0.1000         2.0         1.0         #.#
                        BIM-5       L∞ ε=0.1   45.0%  [23.1%, 68.5%]        10    0.08000         4.3         3.8         #.#
                        worst case  L∞ ε=0.1   45.0%  [23.1%, 68.5%]        10    0.08000         6.3         4.8         #.#

                        robust accuracy 45.0% under worst case of FGSM, BIM-5 (L∞, ε = 0.1)
                        worst class 1: 44.4%, 4 of 9, 95% CI [11.2%, 82.0%]
                        """);
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void aSingleAttackHasNoWorstCase() {
        CommandRun run = CommandRun.of(files.evaluate());

        assertThat(run.out())
                .doesNotContain("worst case")
                .endsWith(
                        "\nrobust accuracy 45.0% under FGSM (L∞, ε = 0.1)\nworst class 1: 44.4%, 4 of 9, 95% CI [11.2%, 82.0%]\n");
    }

    @Test
    void severalEpsilonsGiveOneLineAndOneSentenceEach() {
        CommandRun run = CommandRun.of(files.evaluate("--epsilon", "8/255, 0.02,0.1"));

        assertThat(run.out())
                .contains(
                        "\nFGSM        L∞ ε=0.02    85.0%",
                        "\nFGSM        L∞ ε=8/255   80.0%", "\nFGSM        L∞ ε=0.1     45.0%")
                .endsWith("""
                        robust accuracy 85.0% under FGSM (L∞, ε = 0.02)
                        worst class 0: 81.8%, 9 of 11, 95% CI [44.0%, 98.4%]
                        robust accuracy 80.0% under FGSM (L∞, ε = 8/255)
                        worst class 0: 72.7%, 8 of 11, 95% CI [35.1%, 95.4%]
                        robust accuracy 45.0% under FGSM (L∞, ε = 0.1)
                        worst class 1: 44.4%, 4 of 9, 95% CI [11.2%, 82.0%]
                        """);
    }

    @Test
    void aThresholdThatIsShownPasses() {
        CommandRun run = CommandRun.of(files.evaluate("--min-robust-accuracy", "0.2", "--attacks", "pgd"));

        assertThat(run.out()).endsWith("""
                        PASS: robust accuracy 45.0% under PGD-40 (L∞, ε = 0.1) reaches the required 20.0%
                              the 95% lower bound of robust accuracy, 25.9%, reaches the required 20.0%
                              worst class 1: 44.4%, 4 of 9, 95% CI [11.2%, 82.0%]
                        """);
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void aBaselineAloneShowsNothing() {
        CommandRun run = CommandRun.of(files.evaluate("--min-robust-accuracy", "0.2"));

        assertThat(run.out())
                .contains(
                        "\nUNTRUSTED: robust accuracy 45.0% under FGSM (L∞, ε = 0.1) can't be trusted: only FGSM attacked:"
                                + " that a model withstands a baseline shows little; add a stronger attack, such as PGD"
                                + " (strong-attack)\n");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void escalationAddsTheAttacksThatAreMissing() {
        CommandRun run = CommandRun.of(files.evaluate("--min-robust-accuracy", "0.2", "--on-untrusted", "escalate"));

        assertThat(run.out())
                .contains(
                        "\nPASS: robust accuracy 45.0% under worst case of FGSM, APGD-CE-100×5, PGD-100 margin, Square-5000")
                .contains(
                        "note: escalated (L∞ ε=0.1) because of strong-attack: APGD-CE-100×5 breaks 0 of 9 samples still"
                                + " standing, PGD-100 margin 0 of 9, Square-5000 0 of 9");
        assertThat(run.exitCode()).isZero();
        assertThat(CommandRun.of(files.evaluate("--on-untrusted", "hope")).err())
                .contains("--on-untrusted is 'hope': choose fail or escalate");
    }

    @Test
    void aThresholdThatIsMissedFails() {
        CommandRun run = CommandRun.of(files.evaluate("--min-robust-accuracy", "0.8"));

        assertThat(run.out()).endsWith("""
                        FAIL: robust accuracy 45.0% under FGSM (L∞, ε = 0.1) is below the required 80.0%
                              the 95% upper bound of robust accuracy, 65.3%, is below the required 80.0%
                              worst class 1: 44.4%, 4 of 9, 95% CI [11.2%, 82.0%]
                        note: only FGSM attacked: that a model withstands a baseline shows little; add a stronger attack, such as PGD
                        """);
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void aThresholdThatTooFewSamplesCanShowIsNotShown() {
        CommandRun run = CommandRun.of(
                files.evaluate("--min-robust-accuracy", "0.4", "--confidence", "0.9", "--attacks", "pgd"));

        assertThat(run.out())
                .contains(
                        "\nINCONCLUSIVE: robust accuracy 45.0% under PGD-40 (L∞, ε = 0.1) with 20 samples neither shows nor rules"
                                + " out the required 40.0%; about ")
                .contains(
                        "\n              the 90% bounds of robust accuracy, 29.3% to 61.5%, enclose the required 40.0%\n");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void aThresholdMustHoldAtEveryEpsilon() {
        CommandRun run = CommandRun.of(
                files.evaluate("--epsilon", "0.02,0.1", "--min-robust-accuracy", "0.6", "--attacks", "pgd"));

        assertThat(run.out()).contains("\nPASS: robust accuracy 85.0%", "\nINCONCLUSIVE: robust accuracy 45.0%");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void aPopulationIsJudgedExactly() {
        CommandRun run = CommandRun.of(
                files.evaluate("--decision", "population", "--min-robust-accuracy", "0.45", "--attacks", "pgd"));

        assertThat(run.out()).endsWith("""
                        PASS: robust accuracy 45.0% under PGD-40 (L∞, ε = 0.1) reaches the required 45.0%
                              robust accuracy on these very samples, 45.0%, reaches the required 45.0%
                              all 20 samples evaluated; the samples are the whole population
                              worst class 1: 44.4%, 4 of 9
                        """);
        assertThat(run.exitCode()).isZero();
        assertThat(CommandRun.of(files.evaluate("--decision", "population", "--min-robust-accuracy", "0.46"))
                        .exitCode())
                .isEqualTo(1);
    }

    @Test
    void aSequentialTestSaysWhatItsBoundsMean() {
        CommandRun run = CommandRun.of(files.evaluate("--decision", "sequential", "--min-robust-accuracy", "0.8"));

        assertThat(run.out())
                .contains("\nattack  ", "\nFAIL: robust accuracy 45.0%")
                .contains("all 20 samples evaluated; the bounds hold wherever a sequential test stops");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void everyEpsilonMayHaveAThresholdOfItsOwn() {
        CommandRun run = CommandRun.of(files.evaluate("--thresholds", "0.02=0.6,0.1=0.2", "--attacks", "pgd"));

        assertThat(run.out())
                .contains("\nPASS: robust accuracy 85.0% under PGD-40 (L∞, ε = 0.02) reaches the required 60.0%\n")
                .contains("\nPASS: robust accuracy 45.0% under PGD-40 (L∞, ε = 0.1) reaches the required 20.0%\n");
        assertThat(run.exitCode()).isZero();
        assertThat(CommandRun.of(files.evaluate("--thresholds", "0.02=0.6,0.1=0.8"))
                        .exitCode())
                .isEqualTo(1);
    }

    @Test
    void everyClassMayHaveToHold() {
        CommandRun run = CommandRun.of(files.evaluate("--min-robust-accuracy-per-class", "0.2", "--attacks", "pgd"));

        assertThat(run.out())
                .contains("INCONCLUSIVE: robust accuracy 45.0%")
                .contains("class 1 with 9 samples lies between");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void theJsonHoldsAllFacts() throws IOException {
        Path json = directory.resolve("out.json");

        CommandRun run = CommandRun.of(files.evaluate(
                "--attacks",
                "noise:draws=3,fgsm,bim,pgd:steps=4,restarts=2,step=0.03,random-start=false",
                "--seed",
                "7",
                "--batch",
                "6",
                "--samples",
                "18",
                "--min-robust-accuracy",
                "0.2",
                "--json",
                json.toString()));

        assertThat(run.out()).endsWith("JSON: " + json + "\n");
        JsonNode document = new ObjectMapper().readTree(json.toFile());
        assertThat(document.path("cleanCount").intValue()).isEqualTo(18);
        assertThat(document.path("robustCount").intValue()).isEqualTo(8);
        assertThat(document.path("samples").intValue()).isEqualTo(18);
        assertThat(document.path("verdict").path("outcome").textValue()).isEqualTo("PASS");
        assertThat(document.path("attacks").findValuesAsText("name")).containsExactly("noise", "fgsm", "bim", "pgd");
        JsonNode fgsm = document.path("attacks").path(1);
        assertThat(fgsm.path("robustCount").intValue()).isEqualTo(8);
        assertThat(fgsm.path("robustAccuracy").doubleValue()).isEqualTo(8 / 18.0);
        assertThat(fgsm.path("medianL2").doubleValue()).isCloseTo(0.1 * Math.sqrt(2), within(1e-6));
        assertThat(fgsm.path("meanL2").doubleValue()).isCloseTo(0.1 * Math.sqrt(2), within(1e-6));
        assertThat(fgsm.path("medianLinf").doubleValue()).isCloseTo(0.1, within(1e-6));
        assertThat(fgsm.path("meanLinf").doubleValue()).isCloseTo(0.1, within(1e-6));
        assertThat(fgsm.path("forwardPerSample").doubleValue()).isPositive();
        assertThat(fgsm.path("backwardPerSample").doubleValue()).isEqualTo(1);
        assertThat(fgsm.path("seconds").isNumber()).isTrue();
        assertThat(fgsm.path("cpuSeconds").isNumber()).isTrue();
        JsonNode pgd = document.path("attacks").path(3).path("parameters");
        assertThat(pgd.toString())
                .isEqualTo(
                        "{\"steps\":\"4\",\"step\":\"0.03\",\"restarts\":\"2\",\"random-start\":\"false\",\"loss\":\"cross-entropy\",\"optimizer\":\"plain\"}");
        assertThat(document.path("model").path("sha256").textValue()).hasSize(64);
        assertThat(document.path("data").path("sha256").textValue()).hasSize(64);
        JsonNode model = document.path("files").path("model");
        assertThat(document.path("files").fieldNames()).toIterable().containsExactly("model", "inputs", "labels");
        assertThat(Path.of(model.path("path").textValue())).isRegularFile();
        assertThat(model.path("sha256").textValue())
                .isEqualTo(sha256(Path.of(model.path("path").textValue())));
        assertThat(document.path("seed").longValue()).isEqualTo(7);
        assertThat(document.path("batchSize").intValue()).isEqualTo(6);
        assertThat(document.path("environment").fieldNames())
                .toIterable()
                .contains(
                        "backend",
                        "blas",
                        "device",
                        "helpers",
                        "instructionSet",
                        "java",
                        "kernels",
                        "mettle",
                        "nd4j",
                        "os",
                        "threads");
        assertThat(document.path("environment").path("device").textValue())
                .isEqualTo(Backend.describe().get("device"));
    }

    @Test
    void carliniAndWagnerMeasureDistancesWithoutNormAndEpsilon() {
        List<String> args = files.evaluateWithout("--epsilon", "--attacks", "cw:search-steps=4,steps=25");
        args.subList(args.indexOf("--norm"), args.indexOf("--norm") + 2).clear();

        CommandRun run = CommandRun.of(args);

        assertThat(run.err()).isEqualTo(advice());
        assertThat(run.out())
                .contains("\nC&W 4×25    L2        0.0%  [0.0%, 16.8%]         19 ")
                .endsWith(
                        "\nrobust accuracy 0.0% under C&W 4×25 (L2)\nworst class 0: 0.0%, 0 of 11, 95% CI [0.0%, 32.9%]\n");
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void carliniAndWagnerShareAnEpsilonWithOtherAttacks() {
        CommandRun run = CommandRun.of(files.evaluate(
                "--attacks", "pgd:steps=10,cw:search-steps=4,steps=25", "--norm", "L2", "--epsilon", "0.1"));

        // a sample breaks within an L2 ball of √2 times its distance in L∞: the first seven
        assertThat(run.out())
                .endsWith(
                        "robust accuracy 60.0% under worst case of PGD-10, C&W 4×25 (L2, ε = 0.1)\nworst class 0: 54.5%, 6 of 11, 95% CI [20.3%, 85.8%]\n");
    }

    @Test
    void anArchiveHoldsInputsAndLabels() throws IOException {
        Path archive = files.archive("data.NPZ");

        CommandRun run = CommandRun.of(files.evaluateWithout("--labels", "--inputs", archive.toString()));

        assertThat(run.err()).isEqualTo(advice());
        assertThat(run.out())
                .contains("\ndata   data.NPZ, ")
                .endsWith(
                        "robust accuracy 45.0% under FGSM (L∞, ε = 0.1)\nworst class 1: 44.4%, 4 of 9, 95% CI [11.2%, 82.0%]\n");
    }

    @Test
    void inputsMayHaveAnotherShapeOfAsManyFeatures() {
        INDArray image =
                Nd4j.create(LinearFiles.values()).castTo(DataType.FLOAT).reshape(20, 1, 1, 2);
        Path inputs = files.array("image.npy", image);

        CommandRun run = CommandRun.of(files.evaluate("--inputs", inputs.toString()));

        assertThat(run.out())
                .endsWith(
                        "robust accuracy 45.0% under FGSM (L∞, ε = 0.1)\nworst class 1: 44.4%, 4 of 9, 95% CI [11.2%, 82.0%]\n");
    }

    @Test
    void theWorstAdversarialExamplesAreSavedInSampleOrder() {
        Path saved = directory.resolve("adversarial.npy");

        CommandRun run = CommandRun.of(files.evaluate("--attacks", "fgsm,bim", "--save-adversarial", saved.toString()));

        assertThat(run.out()).endsWith("adversarial inputs: " + saved + "\n");
        INDArray adversarial = NumpyFiles.read(saved);
        assertThat(adversarial.dataType()).isEqualTo(DataType.FLOAT);
        double[][] rows = Rows.toRows(adversarial);
        double[][] clean = LinearFiles.values();
        double[] labels = LinearFiles.trueLabels();
        assertThat(rows).hasDimensions(20, 2);
        List<Integer> moved = new ArrayList<>();
        for (int i = 0; i < rows.length; i++) {
            double distance = Math.abs(rows[i][0] - clean[i][0]);
            if (distance > 1e-6) {
                moved.add(i);
                // BIM moves in steps of 0.02 and stops behind the border, nearer than FGSM
                assertThat(distance).isCloseTo(0.02 * Math.ceil((i + 0.5) / 2), within(1e-6));
                assertThat(rows[i][0] > rows[i][1] ? 0 : 1).isNotEqualTo((int) labels[i]);
            }
        }
        assertThat(moved).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    }

    @Test
    void theSavedInputsHaveTheShapeOfTheModel() {
        INDArray image =
                Nd4j.create(LinearFiles.values()).castTo(DataType.FLOAT).reshape(20, 2, 1);
        Path inputs = files.array("column.npy", image);
        Path saved = directory.resolve("shaped.npy");

        CommandRun.of(files.evaluate("--inputs", inputs.toString(), "--save-adversarial", saved.toString()));

        assertThat(NumpyFiles.read(saved).shape()).containsExactly(20, 2);
    }

    @Test
    void whatLimitsTheEvaluationIsNoted() {
        Path labels = files.array("zeros.npy", Nd4j.zeros(20));

        CommandRun run = CommandRun.of(files.evaluate("--labels", labels.toString()));

        assertThat(run.out())
                .endsWith(
                        "\nnote: the 20 samples hold only 1 of 2 classes: if the data are sorted, shuffle them before taking the"
                                + " first ones\n");
    }

    @Test
    void theSameSeedGivesTheSameNumbersWhateverTheBatch() throws IOException {
        JsonNode whole = attacksWithBatch("20");
        JsonNode parts = attacksWithBatch("3");

        assertThat(parts.findValuesAsText("meanL2")).isEqualTo(whole.findValuesAsText("meanL2"));
        assertThat(parts.findValuesAsText("forwardPerSample")).isEqualTo(whole.findValuesAsText("forwardPerSample"));
    }

    private static JsonNode attacksWithBatch(String batch) throws IOException {
        Path json = directory.resolve("batch-" + batch + ".json");
        CommandRun.of(files.evaluate(
                "--attacks", "noise:draws=4,pgd:steps=4", "--seed", "3", "--batch", batch, "--json", json.toString()));
        return new ObjectMapper().readTree(json.toFile()).path("attacks");
    }

    /** Hide hashes and times; both keep their width. */
    /** What is said where ND4J could run faster, as it could on a build without oneDNN. */
    private static String advice() {
        return Backend.advice().map(advice -> "[mettle] note: " + advice + "\n").orElse("");
    }

    private static String withoutChance(String out) {
        return out.replaceAll("sha256 [0-9a-f]{12}", "sha256 ############").replaceAll("(?m)\\d\\.\\d$", "#.#");
    }

    private static String sha256(Path file) throws IOException {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
            return String.format("%064x", new BigInteger(1, digest));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
