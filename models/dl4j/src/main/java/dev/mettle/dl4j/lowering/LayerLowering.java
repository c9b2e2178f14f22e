package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling3DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.misc.RepeatVector;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.layers.util.MaskLayer;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Lowers layers. Dropout, weight noise and constraints are of training alone. */
final class LayerLowering {

    private LayerLowering() {}

    static Tensor lower(Drawing drawing, Layer layer, Tensor x) throws NotLoweredException {
        if (x.perStep() && !treatsStepsAlike(layer)) {
            throw new NotLoweredException("gets the steps of a time series as rows");
        }
        Masks.requireKnown(drawing, layer, x);
        if (layer instanceof ActivationLayer activation) {
            return Activations.lower(drawing, activation.getActivationFn(), x);
        } else if (layer instanceof DropoutLayer || layer instanceof MaskLayer) {
            return x;
        } else if (layer instanceof BatchNormalization normalization) {
            return Normalizations.batch(drawing, normalization, x);
        } else if (layer instanceof LocalResponseNormalization normalization) {
            return Normalizations.localResponse(drawing, normalization, x);
        } else if (layer instanceof LossLayer loss) {
            return Activations.lower(drawing, loss.getActivationFn(), x);
        } else if (isDense(layer)) {
            return Masks.zeroed(drawing, dense(drawing, (FeedForwardLayer) layer, x));
        } else if (layer instanceof ElementWiseMultiplicationLayer multiplication) {
            return multiply(drawing, multiplication, x);
        } else if (layer instanceof PReLULayer) {
            return pRelu(drawing, x);
        } else if (layer instanceof ConvolutionLayer convolution) {
            return Convolutions.lower(drawing, convolution, x);
        } else if (layer instanceof SubsamplingLayer pooling) {
            return Poolings.lower(drawing, pooling, x);
        } else if (layer instanceof Subsampling3DLayer pooling) {
            return Poolings.lower(drawing, pooling, x);
        } else if (layer instanceof GlobalPoolingLayer pooling) {
            return Poolings.global(drawing, pooling, x);
        } else if (layer instanceof RepeatVector repeat) {
            return Recurrences.repeat(drawing, repeat, x);
        } else if (layer instanceof AbstractLSTM || layer instanceof SimpleRnn || layer instanceof Bidirectional) {
            return Recurrences.lower(drawing, layer, x);
        } else if (layer instanceof SelfAttentionLayer attention) {
            return Attention.lower(drawing, attention, x);
        } else if (layer instanceof FrozenLayer frozen) {
            return lower(drawing, frozen.getLayer(), x);
        } else if (layer instanceof LastTimeStep last) {
            return Recurrences.lastStep(drawing, last, lower(drawing, last.getUnderlying(), x));
        } else if (layer instanceof TimeDistributed distributed) {
            return Recurrences.distributed(drawing, distributed, x);
        } else if (layer instanceof BaseWrapperLayer wrapper && isTransparent(wrapper)) {
            return lower(drawing, wrapper.getUnderlying(), x);
        }
        return ResizeLowering.lower(drawing, layer, x);
    }

    /** Say whether a layer does at every step of a time series what it does to features. */
    private static boolean treatsStepsAlike(Layer layer) {
        return isDense(layer)
                || layer instanceof ActivationLayer
                || layer instanceof DropoutLayer
                || layer instanceof LossLayer
                || layer instanceof BatchNormalization
                || (layer instanceof FrozenLayer frozen && treatsStepsAlike(frozen.getLayer()));
    }

    static boolean isDense(Layer layer) {
        return layer instanceof DenseLayer
                || layer instanceof AutoEncoder
                || (layer instanceof BaseOutputLayer && !(layer instanceof RnnOutputLayer));
    }

    /** Say whether a wrapper changes nothing at inference. */
    private static boolean isTransparent(BaseWrapperLayer wrapper) {
        return wrapper instanceof FrozenLayerWithBackprop;
    }

    private static Tensor dense(Drawing drawing, FeedForwardLayer layer, Tensor x) throws NotLoweredException {
        boolean normalized = layer instanceof DenseLayer own && own.hasLayerNorm();
        if (normalized && x.perStep()) {
            throw new NotLoweredException("normalizes the steps of a time series as rows");
        }
        INDArray w = drawing.parameter("W");
        Tensor bias = drawing.hasParameter("b") ? drawing.constant("b", Drawing.vector(drawing.parameter("b"))) : null;
        Tensor y;
        if (x.perStep()) { // a convolution whose kernel is one step
            INDArray kernel = w.transpose().dup('c').reshape('c', w.size(1), w.size(0), 1);
            y = Convolutions.overTime(drawing, drawing.constant("W", kernel), bias, x);
        } else if (normalized) {
            Tensor product = drawing.add(new Operator.Gemm(), x, drawing.constant("W", w));
            y = Normalizations.layer(drawing, Drawing.vector(drawing.parameter("g")), product);
            y = bias == null ? y : drawing.add(new Operator.Add(), y, bias);
        } else {
            Tensor weights = drawing.constant("W", w);
            y = bias == null
                    ? drawing.add(new Operator.Gemm(), x, weights)
                    : drawing.add(new Operator.Gemm(), x, weights, bias);
        }
        return Activations.lower(drawing, layer.getActivationFn(), y);
    }

    private static Tensor multiply(Drawing drawing, ElementWiseMultiplicationLayer layer, Tensor x)
            throws NotLoweredException {
        Tensor scaled =
                drawing.add(new Operator.Mul(), x, drawing.constant("W", Drawing.vector(drawing.parameter("W"))));
        Tensor shifted =
                drawing.add(new Operator.Add(), scaled, drawing.constant("b", Drawing.vector(drawing.parameter("b"))));
        return Activations.lower(drawing, layer.getActivationFn(), shifted);
    }

    private static Tensor pRelu(Drawing drawing, Tensor x) {
        INDArray slope = drawing.parameter("W");
        long[] sample = slope.rank() == x.rank() ? Arrays.copyOfRange(slope.shape(), 1, slope.rank()) : slope.shape();
        return drawing.add(new Operator.PRelu(), x, drawing.constant("W", slope.reshape('c', sample)));
    }
}
