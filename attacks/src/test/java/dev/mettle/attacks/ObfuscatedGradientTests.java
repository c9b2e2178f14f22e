package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.PreprocessedModel;
import dev.mettle.core.model.Preprocessing;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Norm;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Defenses that only hide the gradient fall to attacks that know how they do it (Athalye et al. 2018). */
class ObfuscatedGradientTests {

    private static final AffineModel MODEL = AffineModel.random(3, 4, DataType.DOUBLE, 20);
    private static final INDArray INPUTS = Samples.uniform(30, DataType.DOUBLE, 20);

    private static RobustnessReport attack(LabelModel model, Attack attack) {
        return RobustnessEvaluation.of(model, LabeledData.of("points", INPUTS, model.predict(INPUTS)))
                .attack(attack)
                .norm(Norm.LINF)
                .epsilon(0.1)
                .seed(5)
                .run();
    }

    /** Rounds to sixteen levels; its derivative is 0 almost everywhere. */
    private static class Rounding implements Preprocessing {
        @Override
        public String name() {
            return "4-bit rounding";
        }

        @Override
        public INDArray apply(INDArray inputs) {
            double[][] rows = Rows.toRows(inputs);
            for (double[] row : rows) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = Math.rint(15 * row[i]) / 15;
                }
            }
            return Rows.fromRows(rows, inputs);
        }
    }

    private static final class Shattered extends Rounding {
        @Override
        public INDArray backward(INDArray inputs, INDArray gradient) {
            return gradient.like();
        }
    }

    @Test
    void a_declared_derivative_leads_through_rounding() {
        RobustnessReport masked = attack(PreprocessedModel.of(MODEL, new Shattered()), new Apgd());
        RobustnessReport declared = attack(PreprocessedModel.of(MODEL, new Rounding()), new Apgd());
        RobustnessReport undefended = attack(MODEL, new Apgd());

        assertThat(masked.robustCount()).as("zero gradients are no evidence").isZero();
        assertThat(masked.undecidedCount()).isPositive();
        assertThat(declared.undecidedCount()).isZero();
        assertThat(declared.brokenCount()).isBetween(undefended.brokenCount() - 3, undefended.brokenCount() + 3);
        assertThat(declared.doubts()).isEmpty();
        assertThat(declared.evaluation().notes())
                .contains(
                        "gradients pass through '4-bit rounding' by its declared approximation (BPDA): an attack is as good as"
                                + " that is");
        assertThat(declared.evaluation().model().name()).isEqualTo("4-bit rounding + affine");
    }

    /** Adds noise to every gradient, far larger than the gradient: a stand-in for a randomized model. */
    private record NoisyGradients(AffineModel model, SampleRandom noise) implements WrappedModel {
        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            InputGradient pass = model.gradient(inputs, lossGradient);
            double[][] rows = Rows.toRows(pass.gradient());
            for (double[] row : rows) {
                for (int i = 0; i < row.length; i++) {
                    row[i] += 8 * noise.gaussian();
                }
            }
            return new InputGradient(pass.logits(), Rows.fromRows(rows, inputs));
        }
    }

    @Test
    void expectation_over_transformation_sees_through_noise() {
        Attack once = new Fgsm();
        Attack averaged = ExpectationOverTransformation.of(once, 200);
        int astray = attack(noisy(), once).brokenCount();
        RobustnessReport report = attack(noisy(), averaged);
        int seen = report.brokenCount();
        int undefended = attack(MODEL, once).brokenCount();

        assertThat(astray).isLessThan(undefended / 2);
        assertThat(seen).isGreaterThan(2 * astray).isGreaterThan(2 * undefended / 3);
        assertThat(report.results().get(0).backwardPerSample()).isEqualTo(200);
        assertThat(averaged.passes(3).backwards()).isEqualTo(200);
    }

    private static NoisyGradients noisy() {
        return new NoisyGradients(MODEL, SampleRandom.of(3, "noise", 0, 0));
    }
}
