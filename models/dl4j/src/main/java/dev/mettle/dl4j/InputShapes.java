package dev.mettle.dl4j;

import dev.mettle.core.model.ModelInfo;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.conf.preprocessor.Cnn3DToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.ComposableInputPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnn3DPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.jspecify.annotations.Nullable;

/**
 * Reads the shape of one sample off a configuration.
 *
 * <p>Deeplearning4j forgets the {@code InputType} a network was built with; what is left of it are preprocessors and the
 * numbers of inputs of the layers. So some sizes remain unknown, and are {@link ModelInfo#ANY_SIZE}: height and width of
 * images where the first layer is convolutional, and the length of time series.
 */
final class InputShapes {

    private InputShapes() {}

    /** Return the shape of one sample of an input, or null if the configuration tells nothing of it. */
    static @Nullable List<Long> of(Vertices vertices, String input) {
        return takenFrom(vertices, input);
    }

    /** Return the shape that the consumers of a vertex take, or null if none of them tells. */
    private static @Nullable List<Long> takenFrom(Vertices vertices, String source) {
        List<Long> best = null;
        for (String consumer : vertices.after(source)) {
            List<Long> shape = takenBy(vertices, consumer);
            if (shape != null && (best == null || best.contains(ModelInfo.ANY_SIZE))) {
                best = shape;
            }
        }
        return best;
    }

    private static @Nullable List<Long> takenBy(Vertices vertices, String name) {
        GraphVertex vertex = vertices.vertex(name);
        if (vertex instanceof PreprocessorVertex preprocessor) {
            return takenBy(preprocessor.getPreProcessor());
        }
        if (vertex instanceof ElementWiseVertex || vertex instanceof ScaleVertex || vertex instanceof ShiftVertex) {
            return takenFrom(vertices, name);
        }
        if (!(vertex instanceof LayerVertex layerVertex)) {
            return null;
        }
        Layer layer = layerVertex.getLayerConf().getLayer();
        if (layerVertex.getPreProcessor() != null) {
            return takenBy(layerVertex.getPreProcessor());
        }
        if (layer instanceof ActivationLayer
                || layer instanceof DropoutLayer
                || layer instanceof LocalResponseNormalization
                || layer instanceof BatchNormalization) {
            List<Long> next = takenFrom(vertices, name); // these keep the shape
            return next != null || !(layer instanceof BatchNormalization normalization)
                    ? next
                    : ModelInfo.shape(normalization.getNIn());
        }
        CNN2DFormat format = resized(layer);
        if (format != null) {
            List<Long> next = takenFrom(vertices, name); // these keep the channels
            return next == null || next.size() != 3
                    ? null
                    : image(next.get(format == CNN2DFormat.NHWC ? 2 : 0), format);
        }
        return takenBy(layer);
    }

    /** Return the format of a layer that changes height and width but not the channels; null for other layers. */
    private static @Nullable CNN2DFormat resized(Layer layer) {
        if (layer instanceof SubsamplingLayer pooling) {
            return pooling.getCnn2dDataFormat();
        }
        if (layer instanceof ZeroPaddingLayer padding) {
            return padding.getDataFormat();
        }
        if (layer instanceof Cropping2D cropping) {
            return cropping.getDataFormat();
        }
        return layer instanceof Upsampling2D upsampling ? upsampling.getFormat() : null;
    }

    private static @Nullable List<Long> takenBy(Layer layer) {
        if (layer instanceof TimeDistributed distributed) {
            List<Long> step = takenBy(distributed.getUnderlying());
            return step == null || step.size() != 1 ? null : series(step.get(0), distributed.getRnnDataFormat());
        }
        if (layer instanceof BaseWrapperLayer wrapper) {
            return takenBy(wrapper.getUnderlying());
        }
        if (layer instanceof Bidirectional both) {
            return series(both.getNIn(), both.getRNNDataFormat());
        }
        if (layer instanceof BaseRecurrentLayer recurrent) {
            return series(recurrent.getNIn(), recurrent.getRnnDataFormat());
        }
        if (layer instanceof SelfAttentionLayer attention) {
            return series(attention.getNIn(), RNNFormat.NCW);
        }
        if (layer instanceof Convolution1DLayer convolution) {
            return series(convolution.getNIn(), convolution.getRnnDataFormat());
        }
        if (layer instanceof Convolution3D convolution) {
            long channels = convolution.getNIn();
            long any = ModelInfo.ANY_SIZE;
            return convolution.getDataFormat() == Convolution3D.DataFormat.NDHWC
                    ? ModelInfo.shape(any, any, any, channels)
                    : ModelInfo.shape(channels, any, any, any);
        }
        if (layer instanceof ConvolutionLayer convolution) {
            return image(convolution.getNIn(), convolution.getCnn2dDataFormat());
        }
        return layer instanceof FeedForwardLayer feedForward ? ModelInfo.shape(feedForward.getNIn()) : null;
    }

    private static @Nullable List<Long> takenBy(InputPreProcessor preprocessor) {
        if (preprocessor instanceof ComposableInputPreProcessor several) {
            return takenBy(several.getInputPreProcessors()[0]);
        }
        if (preprocessor instanceof CnnToFeedForwardPreProcessor from) {
            long channels = from.getNumChannels();
            long height = from.getInputHeight();
            long width = from.getInputWidth();
            return from.getFormat() == CNN2DFormat.NHWC
                    ? ModelInfo.shape(height, width, channels)
                    : ModelInfo.shape(channels, height, width);
        }
        if (preprocessor instanceof Cnn3DToFeedForwardPreProcessor from) {
            return from.isNCDHW()
                    ? ModelInfo.shape(
                            from.getNumChannels(), from.getInputDepth(), from.getInputHeight(), from.getInputWidth())
                    : ModelInfo.shape(
                            from.getInputDepth(), from.getInputHeight(), from.getInputWidth(), from.getNumChannels());
        }
        if (preprocessor instanceof FeedForwardToCnnPreProcessor to) {
            return ModelInfo.shape(to.getNumChannels() * to.getInputHeight() * to.getInputWidth());
        }
        if (preprocessor instanceof FeedForwardToCnn3DPreProcessor to) {
            return ModelInfo.shape(
                    (long) to.getNumChannels() * to.getInputDepth() * to.getInputHeight() * to.getInputWidth());
        }
        return null; // the others move time into the batch, or back
    }

    private static List<Long> image(long channels, CNN2DFormat format) {
        return format == CNN2DFormat.NHWC
                ? ModelInfo.shape(ModelInfo.ANY_SIZE, ModelInfo.ANY_SIZE, channels)
                : ModelInfo.shape(channels, ModelInfo.ANY_SIZE, ModelInfo.ANY_SIZE);
    }

    private static List<Long> series(long features, RNNFormat format) {
        return format == RNNFormat.NWC
                ? ModelInfo.shape(ModelInfo.ANY_SIZE, features)
                : ModelInfo.shape(features, ModelInfo.ANY_SIZE);
    }
}
