package dev.mettle.attacks;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.PerturbationSet;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The step of a {@link ProjectedAscent}, with what it remembers of the steps before; one object per run. */
interface StepRule {

    /** Return the step from {@code x}. */
    INDArray step(PerturbationSet perturbations, INDArray x, INDArray gradient, double size);

    /** Forget all samples but those at some positions. */
    void select(int[] positions);

    /** Return the rule of an optimizer. */
    static StepRule of(Optimizer optimizer, Norm norm) {
        return switch (optimizer) {
            case PLAIN -> new Plain();
            case MOMENTUM -> new Momentum(1);
            case ADAM -> new Adam(norm);
        };
    }

    /** α · s(g). */
    final class Plain implements StepRule {

        @Override
        public INDArray step(PerturbationSet perturbations, INDArray x, INDArray gradient, double size) {
            return perturbations.steepestStep(x, gradient, size);
        }

        @Override
        public void select(int[] positions) {}
    }

    /** m ← μ m + g/‖g‖₁, then α · s(m). */
    final class Momentum implements StepRule {

        private final double decay;
        private @Nullable INDArray sum;

        Momentum(double decay) {
            this.decay = decay;
        }

        @Override
        public INDArray step(PerturbationSet perturbations, INDArray x, INDArray gradient, double size) {
            INDArray share = gradient.dup('c');
            divideRows(share, Rows.matrix(share).normmax(1)); // first, so that a sum of tiny values doesn't underflow
            divideRows(share, Rows.matrix(share).norm1(1));
            INDArray before = sum;
            if (before != null) {
                share.addi(before.muli(decay));
                Rows.release(before);
            }
            sum = share;
            return perturbations.steepestStep(x, share, size);
        }

        @Override
        public void select(int[] positions) {
            sum = sum == null ? null : Rows.select(sum, positions);
        }
    }

    /** m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², then α · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + 10⁻⁸). */
    final class Adam implements StepRule {

        private static final double BETA1 = 0.9;
        private static final double BETA2 = 0.999;
        private static final double EPSILON = 1e-8;

        private final Norm norm;
        private @Nullable INDArray mean;
        private @Nullable INDArray variance;
        private int time;

        Adam(Norm norm) {
            this.norm = norm;
        }

        @Override
        public INDArray step(PerturbationSet perturbations, INDArray x, INDArray gradient, double size) {
            INDArray g = gradient.dup('c');
            divideRows(g, Rows.matrix(g).normmax(1));
            divideRows(g, Rows.matrix(g).norm2(1));
            INDArray m = mean == null ? g.like() : mean;
            INDArray v = variance == null ? g.like() : variance;
            time++;
            INDArray squares = g.mul(g).muli(1 - BETA2);
            m.muli(BETA1).addi(g.muli(1 - BETA1));
            v.muli(BETA2).addi(squares);
            Rows.release(g);
            Rows.release(squares);
            mean = m;
            variance = v;
            INDArray scale = v.div(1 - Math.pow(BETA2, time));
            Transforms.sqrt(scale, false).addi(EPSILON);
            double rate = size / norm.diameter(1, Rows.features(x)) / (1 - Math.pow(BETA1, time));
            INDArray step = m.div(scale).muli(rate);
            Rows.release(scale);
            return step;
        }

        @Override
        public void select(int[] positions) {
            mean = mean == null ? null : Rows.select(mean, positions);
            variance = variance == null ? null : Rows.select(variance, positions);
        }
    }

    /** Divide every row by its own divisor, but not by 0. */
    private static void divideRows(INDArray batch, INDArray divisors) {
        Rows.matrix(batch).diviColumnVector(Transforms.max(divisors, Float.MIN_NORMAL, false));
        Rows.release(divisors);
    }
}
