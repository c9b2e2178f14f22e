package dev.mettle.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class GradientCheckTests {

    private static final AffineModel MODEL = AffineModel.random(3, 1, DataType.FLOAT, 2, 5);
    private static final INDArray INPUTS = Samples.uniform(4, DataType.FLOAT, 2, 5);

    private static GradientCheck check(DifferentiableModel model) {
        return GradientCheck.of(model, INPUTS, new int[] {0, 1, 2, 0});
    }

    @Test
    void passes_an_exact_gradient() {
        GradientCheck check = check(MODEL);
        assertThat(check.passed()).isTrue();
        assertThat(check.points()).isEqualTo(4);
        assertThat(check.largestError()).isLessThan(1e-8);
        assertThat(check.message()).startsWith("input gradients agree with finite differences at 4 points");
    }

    @Test
    void refuses_a_gradient_that_is_slightly_wrong() {
        GradientCheck check = check(changed(gradient -> gradient.mul(1.001), logits -> logits));
        assertThat(check.passed()).isFalse();
        assertThat(check.message())
                .startsWith("input gradients differ from finite differences (largest relative error 1.0e-03");
    }

    @Test
    void refuses_gradients_in_single_precision_that_are_not_those_in_double_precision() {
        DifferentiableModel wrongInFloat = new DifferentiableModel() {
            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                InputGradient pass = MODEL.gradient(inputs, lossGradient);
                return new InputGradient(pass.logits(), pass.gradient().mul(1.01));
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return MODEL.inDoublePrecision();
            }

            @Override
            public INDArray logits(INDArray inputs) {
                return MODEL.logits(inputs);
            }

            @Override
            public ModelInfo info() {
                return MODEL.info();
            }

            @Override
            public int[] predict(INDArray inputs) {
                return MODEL.predict(inputs);
            }
        };
        GradientCheck check = check(wrongInFloat);
        assertThat(check.passed()).isFalse();
        assertThat(check.largestError()).isLessThan(1e-8);
        assertThat(check.message())
                .isEqualTo(
                        "input gradients in FLOAT differ from those in double precision (largest relative error 1.0e-02"
                                + " at 4 points, allowed 1e-03)");
    }

    @Test
    void refuses_a_zero_and_an_invalid_gradient() {
        assertThat(check(changed(gradient -> gradient.mul(0), logits -> logits)).passed())
                .isFalse();
        assertThat(check(changed(gradient -> gradient.mul(Double.NaN), logits -> logits))
                        .passed())
                .isFalse();
    }

    @Test
    void refuses_a_gradient_pass_with_other_logits() {
        GradientCheck check = check(changed(gradient -> gradient, logits -> logits.add(0.01)));
        assertThat(check.passed()).isFalse();
        assertThat(check.message()).startsWith("the gradient pass computes other logits than the model itself");
    }

    @Test
    void sees_an_error_in_one_sample_only() {
        GradientCheck check = check(changed(
                gradient -> {
                    INDArray copy = gradient.dup();
                    Rows.slice(copy, 2, 3).muli(-1);
                    return copy;
                },
                logits -> logits));
        assertThat(check.passed()).isFalse();
    }

    private static DifferentiableModel changed(UnaryOperator<INDArray> gradient, UnaryOperator<INDArray> logits) {
        DifferentiableModel exact = MODEL.inDoublePrecision();
        return new DifferentiableModel() {
            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                InputGradient pass = exact.gradient(inputs, lossGradient);
                return new InputGradient(logits.apply(pass.logits()), gradient.apply(pass.gradient()));
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return this;
            }

            @Override
            public INDArray logits(INDArray inputs) {
                return exact.logits(inputs);
            }

            @Override
            public ModelInfo info() {
                return exact.info();
            }

            @Override
            public int[] predict(INDArray inputs) {
                return exact.predict(inputs);
            }
        };
    }
}
