package dev.mettle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class MettleCommandTests {

    @Test
    void attacksAreListedWithTheirDefaults() {
        CommandRun run = CommandRun.of("attacks");

        assertThat(run.out()).startsWith("""
                        WHITE BOX, WITHIN EPSILON

                        fgsm        one step along the sign of the gradient (Goodfellow 2015)
                                    norms     linf, l2, l1, l0
                                    needs     input gradients of the model
                                    options   none

                        """).contains("""
                        cw          Adam on distance plus weighted hinge loss, L2 (Carlini and Wagner 2017)
                                    norms     l2
                                    needs     input gradients of the model
                                    options   search-steps=5, steps=200, learning-rate=0.05, initial-const=0.01,
                                              confidence=0, abort-early=true

                        """, """
                        BLACK BOX, BY LABELS

                        noise       uniform random points of the ball: the baseline to beat
                                    norms     linf, l2, l1, l0
                                    needs     the labels that the model gives
                                    options   draws=100

                        """, """
                        spatial     the worst rotation and translation (Engstrom 2019)
                                    bound     rotation ±30°, translation ±3 px
                        """).endsWith("""
                        SUITES (--suite)

                        quick             gradient attacks with half of AutoAttack's steps; for every build, weaker
                        auto-attack       AutoAttack standard: APGD-CE, APGD-T, FAB-T, Square (Croce and Hein 2020)
                        auto-attack-plus  AutoAttack plus: six attacks with restarts
                        auto-attack-rand  AutoAttack rand: for randomized models, gradients averaged over 20 passes

                        Change options after a colon: --attacks fgsm,pgd:steps=100,restarts=5,cw
                        A step of 'auto' follows from epsilon and the number of steps.
                        eot-20-apgd-ce averages every gradient of apgd-ce over 20 passes, for randomized models.
                        """);
        assertThat(run.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
        assertThat(run.exitCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "evaluate", "reproduce", "report", "compare", "attacks"})
    void helpFitsAHundredColumns(String command) {
        CommandRun run = command.isEmpty() ? CommandRun.of("--help") : CommandRun.of(command, "--help");

        assertThat(run.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
        assertThat(run.out()).startsWith("Usage: mettle " + command);
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void helpShowsAnExampleAndTheExitCodes() {
        assertThat(CommandRun.of("evaluate", "--help").out())
                .contains(
                        "mettle evaluate --model net.zip --inputs x.npy",
                        "Exit codes:",
                        "--min-robust-accuracy=FRACTION");
    }

    @Test
    void theVersionNamesTheBackend() {
        CommandRun run = CommandRun.of("--version");

        assertThat(run.out()).matches("mettle \\S+\nND4J 1\\.0\\.0-M[12]\\.1, Java \\S+\n");
        assertThat(run.exitCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"exception", "error"})
    void anUnexpectedErrorIsNoMissedThreshold(String kind) {
        StringWriter err = new StringWriter();
        CommandLine commandLine = Main.commandLine().addSubcommand(new Failing());
        commandLine.setErr(new PrintWriter(err));

        int exitCode = Main.run(commandLine, "fail", kind);

        assertThat(exitCode).isEqualTo(3);
        assertThat(err.toString()).contains("told to fail", "\tat dev.mettle.cli.");
    }

    @Command(name = "fail")
    private static final class Failing implements Runnable {

        @CommandLine.Parameters
        private String kind;

        @Override
        public void run() {
            if (kind.equals("error")) {
                throw new OutOfMemoryError("told to fail");
            }
            throw new IllegalStateException("told to fail");
        }
    }
}
