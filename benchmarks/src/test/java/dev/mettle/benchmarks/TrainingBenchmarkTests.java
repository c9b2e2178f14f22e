package dev.mettle.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class TrainingBenchmarkTests {

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter errors = new StringWriter();

    @BeforeEach
    void writeDigits() throws IOException {
        write("train", 700);
        write("t10k", 12);
    }

    /** Noise, but for a bar whose row is the digit. */
    private void write(String part, int count) throws IOException {
        Random random = new Random(count);
        try (DataOutputStream images = file(part + "-images-idx3-ubyte.gz");
                DataOutputStream labels = file(part + "-labels-idx1-ubyte.gz")) {
            for (int number : new int[] {0x803, count, 28, 28}) {
                images.writeInt(number);
            }
            labels.writeInt(0x801);
            labels.writeInt(count);
            for (int i = 0; i < count; i++) {
                labels.writeByte(i % 10);
                for (int pixel = 0; pixel < 784; pixel++) {
                    images.writeByte(pixel / 28 / 2 == i % 10 ? 255 : random.nextInt(20));
                }
            }
        }
    }

    private DataOutputStream file(String name) throws IOException {
        return new DataOutputStream(new GZIPOutputStream(Files.newOutputStream(folder.resolve(name))));
    }

    private int run(String arguments) {
        return TrainingBenchmark.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(errors))
                .execute(("--mnist " + folder + " " + arguments).split(" "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--method pgd --steps 1 | PGD-1 training, L∞ ε=0.1, 1 epoch, warm-up 1.0, weights averaged by 0.995",
                "--method fast --step-factor 2 --guard | fast training, L∞ ε=0.1, 1 epoch, warm-up 1.0",
                "--method ibp --averaging 0 | IBP training, L∞ ε=0.1, 1 epoch, warm-up 0.5, learning rate 0.001",
            })
    void a_row_tells_settings_and_what_withstands(String method, String settings) throws IOException {
        int status = run(method + " --epsilon 0.1 --epochs 1 --images 200 --pgd-images 10 --auto-attack-images 0"
                + " --certified-images 2 --save " + folder.resolve("saved.zip"));
        assertThat(errors.toString()).isEmpty();
        assertThat(status).isZero();
        assertThat(out.toString())
                .contains("| " + settings)
                .containsPattern("seed 1, 200 images \\| \\d+ s \\| clean \\d+\\.\\d% \\|")
                .containsPattern("PGD-40 \\d+ of 10 \\| AutoAttack - \\|");
        if (method.contains("ibp")) {
            assertThat(out.toString()).containsPattern(" IBP \\d of 2 \\| CROWN-IBP \\d of 2 \\|");
        }
        assertThat(Files.size(folder.resolve("saved.zip"))).isGreaterThan(100_000);
    }

    @Test
    void noise_is_certified_at_several_radii() {
        assertThat(run("--method noise --sigma 0.25 --epochs 1 --images 200 --certified-images 3 --votes 100"))
                .isZero();
        assertThat(out.toString())
                .contains("noise training, L2 ε=0.25, 1 epoch")
                .containsPattern(" L2 0\\.125: \\d \\| L2 0\\.25: \\d \\|")
                .containsPattern("\\d abstained, average radius 0\\.\\d\\d \\|");
    }

    @Test
    void what_cannot_work_is_named() throws IOException {
        assertThat(run("--images 10")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(errors.toString())
                .contains("give at least 100 images, 1 epoch and 1 image per step, not 10, 12 and 100");
        Files.delete(folder.resolve("train-labels-idx1-ubyte.gz"));
        assertThat(run("--images 200")).isEqualTo(CommandLine.ExitCode.SOFTWARE);
        assertThat(errors.toString())
                .contains("training-benchmark: can't read MNIST from " + folder + ": ")
                .contains("train-labels-idx1-ubyte.gz");
    }
}
