package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationCube;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationMish;
import org.nd4j.linalg.activations.impl.ActivationRationalTanh;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationRectifiedTanh;
import org.nd4j.linalg.activations.impl.ActivationSELU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.activations.impl.ActivationSoftSign;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.activations.impl.ActivationThresholdedReLU;

/** Lowers activations. */
final class Activations {

    // ND4J has most of these constants in single precision, whatever it computes in.
    private static final double GELU_SLOPE = 1.702f;
    private static final double HARD_SIGMOID_SLOPE = 0.2f;
    private static final double TWO_THIRDS = 2.0 / 3;
    private static final double RATIONAL_TANH_FOURTH = 1.41645f;
    private static final double RATIONAL_TANH_SCALE = 1.7159f;

    private Activations() {}

    static Tensor lower(Drawing drawing, IActivation activation, Tensor x) throws NotLoweredException {
        Operator.Function function = function(activation);
        if (function != null) {
            return drawing.add(function, x);
        } else if (activation instanceof ActivationIdentity) {
            return x;
        } else if (activation instanceof ActivationReLU relu) {
            return relu(drawing, relu, x);
        } else if (activation instanceof ActivationSoftmax) {
            return drawing.add(new Operator.Softmax(x.perStep() ? 1 : x.rank() - 1), x);
        } else if (activation instanceof ActivationRectifiedTanh) {
            return drawing.add(new Operator.Relu(), drawing.add(new Operator.Tanh(), x));
        } else if (activation instanceof ActivationSwish) {
            return gated(drawing, x, drawing.add(new Operator.Sigmoid(), x));
        } else if (activation instanceof ActivationMish) {
            return gated(drawing, x, drawing.add(new Operator.Tanh(), drawing.add(new Operator.Softplus(), x)));
        } else if (activation instanceof ActivationGELU gelu) {
            return gated(drawing, x, gelu.isPrecise() ? preciseGeluGate(drawing, x) : geluGate(drawing, x));
        } else if (activation instanceof ActivationRationalTanh) {
            return rationalTanh(drawing, x);
        }
        throw new NotLoweredException("uses the activation " + activation + ", for which no operators are known");
    }

    /** Return the single operator that computes an activation, or null if there is none. */
    static Operator.@Nullable Function function(IActivation activation) {
        if (activation instanceof ActivationReLU relu) {
            boolean plain =
                    relu.getMax() == null && value(relu.getThreshold()) == 0 && value(relu.getNegativeSlope()) == 0;
            return plain ? new Operator.Relu() : null;
        } else if (activation instanceof ActivationReLU6) {
            return new Operator.Clip(0, 6);
        } else if (activation instanceof ActivationLReLU leaky) {
            return new Operator.LeakyRelu(leaky.getAlpha());
        } else if (activation instanceof ActivationThresholdedReLU thresholded) {
            return new Operator.ThresholdedRelu(thresholded.getTheta());
        } else if (activation instanceof ActivationELU elu) {
            return new Operator.Elu(elu.getAlpha());
        } else if (activation instanceof ActivationSELU) {
            return new Operator.Selu();
        } else if (activation instanceof ActivationSigmoid) {
            return new Operator.Sigmoid();
        } else if (activation instanceof ActivationTanH) {
            return new Operator.Tanh();
        } else if (activation instanceof ActivationHardTanH) {
            return new Operator.Clip(-1, 1);
        } else if (activation instanceof ActivationHardSigmoid) {
            return new Operator.HardSigmoid(HARD_SIGMOID_SLOPE, 0.5);
        } else if (activation instanceof ActivationSoftPlus) {
            return new Operator.Softplus();
        } else if (activation instanceof ActivationSoftSign) {
            return new Operator.Softsign();
        } else if (activation instanceof ActivationCube) {
            return new Operator.Pow(3);
        }
        return null;
    }

    /** {@code x} from the threshold on, {@code slope · (x − threshold)} below, and at most the maximum. */
    private static Tensor relu(Drawing drawing, ActivationReLU relu, Tensor x) {
        double threshold = value(relu.getThreshold());
        double slope = value(relu.getNegativeSlope());
        Tensor y;
        if (threshold == 0) {
            y = drawing.add(slope == 0 ? new Operator.Relu() : new Operator.LeakyRelu(slope), x);
        } else {
            Tensor beyond = drawing.add(new Operator.Sub(), x, drawing.constant(threshold));
            Tensor below = drawing.add(new Operator.Sub(), beyond, drawing.add(new Operator.Relu(), beyond));
            y = plus(drawing, drawing.add(new Operator.ThresholdedRelu(threshold), x), times(drawing, slope, below));
        }
        return relu.getMax() == null ? y : drawing.add(new Operator.Min(), y, drawing.constant(relu.getMax()));
    }

    private static double value(@Nullable Double setting) {
        return setting == null ? 0 : setting;
    }

    private static Tensor gated(Drawing drawing, Tensor x, Tensor gate) {
        return drawing.add(new Operator.Mul(), x, gate);
    }

    private static Tensor geluGate(Drawing drawing, Tensor x) {
        return drawing.add(new Operator.Sigmoid(), times(drawing, GELU_SLOPE, x));
    }

    /** ND4J takes the cube of {@code 0.044715·x}, where the literature has {@code 0.044715·x³}; what counts is what it does. */
    private static Tensor preciseGeluGate(Drawing drawing, Tensor x) {
        Tensor cube = drawing.add(new Operator.Pow(3), times(drawing, 0.044715, x));
        Tensor inner = times(drawing, Math.sqrt(2 / Math.PI), plus(drawing, x, cube));
        return plus(drawing, times(drawing, 0.5, drawing.add(new Operator.Tanh(), inner)), drawing.constant(0.5));
    }

    private static Tensor times(Drawing drawing, double factor, Tensor x) {
        return drawing.add(new Operator.Mul(), x, drawing.constant(factor));
    }

    private static Tensor plus(Drawing drawing, Tensor a, Tensor b) {
        return drawing.add(new Operator.Add(), a, b);
    }

    /**
     * {@code 1.7159 · sign(z) · (1 − 1/a)} with {@code z = 2x/3} and {@code a = 1 + |z| + z² + 1.41645·z⁴}, written without the sign:
     * {@code (a − 1) / |z| = 1 + |z| + 1.41645·|z|³}.
     */
    private static Tensor rationalTanh(Drawing drawing, Tensor x) {
        Tensor z = times(drawing, TWO_THIRDS, x);
        Tensor size = drawing.add(new Operator.Abs(), z);
        Tensor inner =
                plus(drawing, size, times(drawing, RATIONAL_TANH_FOURTH, drawing.add(new Operator.Pow(3), size)));
        Tensor numerator = drawing.add(new Operator.Mul(), z, plus(drawing, inner, drawing.constant(1)));
        Tensor square = drawing.add(new Operator.Mul(), z, z);
        Tensor fourth = times(drawing, RATIONAL_TANH_FOURTH, drawing.add(new Operator.Mul(), square, square));
        Tensor denominator = plus(drawing, plus(drawing, plus(drawing, size, square), fourth), drawing.constant(1));
        return times(drawing, RATIONAL_TANH_SCALE, drawing.add(new Operator.Div(), numerator, denominator));
    }
}
