package dev.mettle.defenses.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PairLossTests {

    private static final double[] CLEAN = {1.2, -0.3, 0.8};
    private static final double[] ADVERSARIAL = {0.1, 0.9, -0.4};

    static Stream<PairLoss> losses() {
        return Stream.of(new TradesLoss(0), new TradesLoss(1), new TradesLoss(6), new MartLoss(0), new MartLoss(5));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void gradientsAreThoseOfFiniteDifferences(PairLoss loss) {
        Random random = new Random(5);
        for (int run = 0; run < 50; run++) {
            double[] clean = random.doubles(4, -3, 3).toArray();
            double[] adversarial = random.doubles(4, -3, 3).toArray();
            int label = random.nextInt(4);
            double[] cleanGradient = new double[4];
            double[] adversarialGradient = new double[4];
            loss.compute(clean, adversarial, label, cleanGradient, adversarialGradient);
            for (int k = 0; k < 4; k++) {
                assertThat(cleanGradient[k])
                        .isCloseTo(difference(loss, clean, adversarial, label, clean, k), within(1e-7));
                assertThat(adversarialGradient[k])
                        .isCloseTo(difference(loss, clean, adversarial, label, adversarial, k), within(1e-7));
            }
        }
    }

    /** The central difference in component k of {@code moved}, which is one of both. */
    private static double difference(
            PairLoss loss, double[] clean, double[] adversarial, int label, double[] moved, int k) {
        double before = moved[k];
        moved[k] = before + 1e-5;
        double up = value(loss, clean, adversarial, label);
        moved[k] = before - 1e-5;
        double down = value(loss, clean, adversarial, label);
        moved[k] = before;
        return (up - down) / 2e-5;
    }

    private static double value(PairLoss loss, double[] clean, double[] adversarial, int label) {
        return loss.compute(clean, adversarial, label, new double[clean.length], new double[clean.length]);
    }

    /** Numbers of PyTorch in double precision: cross_entropy, kl_div(log_softmax(z'), softmax(z)) and the authors' BCE. */
    @Test
    void valuesAreThoseOfPyTorch() {
        assertThat(value(new TradesLoss(0), CLEAN, ADVERSARIAL, 0)).isCloseTo(0.638400670778164, within(1e-12));
        assertThat(value(new TradesLoss(6), CLEAN, ADVERSARIAL, 0))
                .isCloseTo(0.638400670778164 + 6 * 0.46936763977647905, within(1e-12));
        assertThat(value(new MartLoss(5), CLEAN, ADVERSARIAL, 0)).isCloseTo(3.3201215897921097, within(1e-10));
    }

    @Test
    void aSurelyWrongNetworkHasAFiniteLoss() {
        double[] gradient = new double[2];
        double[] adversarialGradient = new double[2];
        double loss = new MartLoss(5)
                .compute(new double[] {-400, 400}, new double[] {-400, 400}, 0, gradient, adversarialGradient);
        assertThat(loss).isFinite();
        assertThat(gradient).doesNotContain(Double.NaN);
        assertThat(adversarialGradient).doesNotContain(Double.NaN);
    }

    @Test
    void aNegativeWeightIsRefused() {
        assertThatThrownBy(() -> new Trades(-1, 10, java.util.OptionalDouble.empty()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("TRADES: the weight of the divergence is -1.0: give a finite number of at least 0");
    }
}
