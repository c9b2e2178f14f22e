package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The attacks against outputs recorded from Foolbox and adversarial-library on the same networks and images, in double
 * precision.
 */
class GoldenAttackTests {

    private static final int IMAGES = 16;

    private static Dl4jClassifier network(String name) {
        return Dl4jClassifier.of(ConformanceNetwork.load(name, DataType.DOUBLE, false))
                .withInputRange(0, 1);
    }

    private static INDArray images() {
        return Rows.select(
                ConformanceNetwork.images(), IntStream.range(0, IMAGES).toArray());
    }

    private static AttackRun run(DifferentiableModel model, Attack attack, Norm norm, double epsilon) {
        return AttackEngine.of(model, 0)
                .keepingBroken()
                .run(
                        attack,
                        new ThreatModel(norm, epsilon, Box.of(0, 1)),
                        images(),
                        Arrays.copyOf(ConformanceNetwork.labels(), IMAGES),
                        IntStream.range(0, IMAGES).asLongStream().toArray());
    }

    @ParameterizedTest
    @CsvSource({
        "mlp, fgsm_linf_0.1, LINF, 0.1, 1, 0.1",
        "cnn, fgsm_linf_0.1, LINF, 0.1, 1, 0.1",
        "mlp, bim_linf_0.1_10x0.02, LINF, 0.1, 10, 0.02",
        "cnn, bim_linf_0.1_10x0.02, LINF, 0.1, 10, 0.02",
        "mlp, pgd_l2_2_10x0.5_norandom, L2, 2, 10, 0.5",
        "cnn, pgd_l2_2_10x0.5_norandom, L2, 2, 10, 0.5",
    })
    void last_iterates_equal_the_recorded_ones(
            String name, String golden, Norm norm, double epsilon, int steps, double step) {
        Recording model = new Recording(network(name));
        Attack attack = golden.startsWith("fgsm")
                ? new Fgsm()
                : golden.startsWith("bim")
                        ? new Bim(steps, OptionalDouble.of(step))
                        : new Pgd(steps, OptionalDouble.of(step), 1, false);
        run(model, attack, norm, epsilon);
        double[] ours = Rows.toDoubles(model.lastQuery());
        double[] theirs = Rows.toDoubles(ConformanceNetwork.golden(name, "attacks/" + golden + "_float64"));
        double largestDifference = 0;
        int compared = 0;
        for (int i = 0; i < ours.length; i++) {
            if (model.smallestGradient()[i] > 1e-12) { // below, the sign is rounding
                largestDifference = Math.max(largestDifference, Math.abs(ours[i] - theirs[i]));
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(ours.length * 9 / 10);
        assertThat(largestDifference).isLessThan(1e-6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "cnn"})
    void carlini_wagner_is_as_near_as_the_best_peer(String name) {
        AttackRun run =
                run(network(name), new CarliniWagner(5, 200, 0.05, 0.01, 0, true), Norm.L2, ThreatModel.UNBOUNDED);
        double ours = run.outcomes().stream()
                .mapToDouble(outcome -> outcome.breakingDistance(Norm.L2))
                .average()
                .orElseThrow();
        double best = Math.min(meanDistance(name, "advlib"), meanDistance(name, "foolbox"));
        assertThat(ours).isLessThanOrEqualTo(1.01 * best);
    }

    private static double meanDistance(String name, String library) {
        INDArray recorded =
                ConformanceNetwork.golden(name, "attacks/cw_l2_" + library + "_5x200_lr0.05_c0.01_noabort_float64");
        return Arrays.stream(Norm.L2.distances(recorded, images())).average().orElseThrow();
    }

    /** Remembers the last forward pass, and how small each entry of the input gradient ever was. */
    private static final class Recording implements WrappedModel {

        private final DifferentiableModel model;
        private INDArray lastQuery = images();
        private double[] smallestGradient = new double[0];

        Recording(DifferentiableModel model) {
            this.model = model;
        }

        INDArray lastQuery() {
            return lastQuery;
        }

        double[] smallestGradient() {
            return smallestGradient;
        }

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            InputGradient pass = model.gradient(inputs, lossGradient);
            double[] gradient = Rows.toDoubles(pass.gradient());
            double[] before = smallestGradient;
            smallestGradient = new double[gradient.length];
            Arrays.setAll(
                    smallestGradient,
                    i -> before.length == 0 ? Math.abs(gradient[i]) : Math.min(before[i], Math.abs(gradient[i])));
            return pass;
        }

        @Override
        public INDArray logits(INDArray inputs) {
            lastQuery = inputs.dup();
            return model.logits(inputs);
        }

        @Override
        public DifferentiableModel model() {
            return model;
        }
    }
}
