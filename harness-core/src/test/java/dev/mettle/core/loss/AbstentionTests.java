package dev.mettle.core.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Where the last score stands for no answer, an attack has to beat it as well as the true label. */
class AbstentionTests {

    private static final Aim AWAY = Aim.awayFrom(1).refusedBy(4);

    @Test
    void leads_only_past_label_and_abstention() {
        assertThat(AWAY.lead(new double[] {3, 1, 0, 0, 2})).isEqualTo(1);
        assertThat(AWAY.lead(new double[] {3, 1, 0, 0, -9})).isEqualTo(2);
        assertThat(AWAY.lead(new double[] {3, 1, 0, 0, 5})).isEqualTo(-2);
        assertThat(AWAY.lead(new double[] {0, 1, 0, 0, 5})).isEqualTo(-5);
        assertThat(AWAY.at(3).lead(new double[] {3, 1, 0, 4, 3.5})).isEqualTo(0.5);
        assertThat(AWAY.at(3).lead(new double[] {3, 1, 0, 4, 4.5})).isEqualTo(-0.5);
        // without a detector the last score is that of a class
        assertThat(Aim.awayFrom(1).lead(new double[] {0, 1, 0, 0, 5})).isEqualTo(4);
    }

    static Stream<LogitLoss> losses() {
        return Stream.of(new CrossEntropy(), new Margin(), new LogitDifference(), new DifferenceOfLogitsRatio());
    }

    @ParameterizedTest
    @MethodSource("losses")
    void has_gradients_that_finite_differences_confirm(LogitLoss loss) {
        for (int draw = 0; draw < 50; draw++) {
            SampleRandom random = SampleRandom.of(5, loss.toString(), draw, 0);
            double[] z = new double[5];
            for (int j = 0; j < z.length; j++) {
                z[j] = random.uniform(-3, 3);
            }
            for (Aim aim : new Aim[] {AWAY, AWAY.at(2)}) {
                INDArray logits = Nd4j.create(new double[][] {z});
                double[] gradient = Rows.toDoubles(loss.gradients(logits, new Aim[] {aim}));
                for (int j = 0; j < z.length; j++) {
                    double slope = (value(loss, z, j, 1e-6, aim) - value(loss, z, j, -1e-6, aim)) / 2e-6;
                    assertThat(gradient[j]).isEqualTo(slope, within(1e-6));
                }
            }
        }
    }

    private static double value(LogitLoss loss, double[] z, int j, double step, Aim aim) {
        double[] moved = z.clone();
        moved[j] += step;
        return loss.values(Nd4j.create(new double[][] {moved}), new Aim[] {aim})[0];
    }
}
