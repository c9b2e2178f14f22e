package dev.mettle.examples;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Spambase: 4,601 mails, described by how often 48 words and 6 characters occur, in percent, and by the length of runs of capital
 * letters. Class 1 is spam.
 */
public final class SpamData {

    private static final int TRAINING = 3601;
    private static final long SEED = 1;

    private final LabeledData all;

    private SpamData(List<String> rows) {
        float[][] inputs = new float[rows.size()][];
        int[] labels = new int[rows.size()];
        for (int row = 0; row < labels.length; row++) {
            String[] cells = rows.get(row).split(",", -1);
            inputs[row] = new float[cells.length - 1];
            for (int i = 0; i < inputs[row].length; i++) {
                inputs[row][i] = Float.parseFloat(cells[i]);
            }
            labels[row] = cells[cells.length - 1].equals("\"spam\"") ? 1 : 0;
        }
        all = LabeledData.of("Spambase", Nd4j.createFromArray(inputs), labels).shuffled(SEED);
    }

    /** Read the data set. */
    public static SpamData load() {
        try (InputStream in = SpamData.class.getResourceAsStream("/spambase.csv")) {
            String text = new String(
                    Objects.requireNonNull(in, "spambase.csv belongs to this module")
                            .readAllBytes(),
                    StandardCharsets.UTF_8);
            return new SpamData(text.lines().skip(1).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Return the mails to learn from. */
    public LabeledData training() {
        return all.first(TRAINING);
    }

    /** Return the mails to examine a model with. */
    public LabeledData test() {
        return all.subset(IntStream.range(TRAINING, all.size()).toArray()).named("Spambase, test");
    }

    /** Return the smallest and largest value of every feature. */
    public Box range() {
        INDArray largest = all.inputs().max(0);
        double[] upper = largest.toDoubleVector();
        return Box.perFeature(new double[upper.length], upper);
    }

    /** Return the constraints that measure every change in standard deviations of its feature. */
    public Constraints inStandardDeviations() {
        double[] deviations = all.inputs().std(0).toDoubleVector();
        return Constraints.none()
                .scale(Arrays.stream(deviations)
                        .map(deviation -> Math.max(deviation, 1e-6))
                        .toArray());
    }
}
