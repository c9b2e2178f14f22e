package dev.mettle.defenses.training;

import java.lang.reflect.Field;
import java.util.Arrays;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.layers.mkldnn.MKLDNNConvHelper;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Lets the convolutions of a network in training use oneDNN, which Deeplearning4j 1.0.0-M2.1 has code for but never turns on: it looks for
 * a class of the backend that has moved. A step of training is three times as fast with it.
 *
 * <p>Only layers of exactly the class that the code was written for get it, without dilation, only in float32, and only where ND4J was built with oneDNN.
 */
final class ConvolutionHelpers {

    private ConvolutionHelpers() {}

    /** Turn oneDNN on for the layers that can use it; returns how many these are. */
    static int install(Layer[] layers, DataType type, boolean hasOneDnn) {
        if (type != DataType.FLOAT || !hasOneDnn) {
            return 0;
        }
        int installed = 0;
        for (Layer layer : layers) {
            if (layer.getClass() == ConvolutionLayer.class && layer.getHelper() == null && isPlain(layer)) {
                set((ConvolutionLayer) layer, new MKLDNNConvHelper(DataType.FLOAT));
                installed++;
            }
        }
        return installed;
    }

    /** Dilated convolutions fail in that code, and fall back after a loud complaint. */
    private static boolean isPlain(Layer layer) {
        var configuration = (org.deeplearning4j.nn.conf.layers.ConvolutionLayer)
                layer.conf().getLayer();
        return Arrays.stream(configuration.getDilation()).allMatch(dilation -> dilation == 1);
    }

    /** Turn oneDNN off again, so that the network computes to the bit what it does when it is read from a file. */
    static void remove(Layer[] layers) {
        for (Layer layer : layers) {
            if (layer.getHelper() instanceof MKLDNNConvHelper && layer instanceof ConvolutionLayer convolution) {
                set(convolution, null);
            }
        }
    }

    private static void set(ConvolutionLayer layer, @Nullable MKLDNNConvHelper oneDnn) {
        try {
            Field helper = ConvolutionLayer.class.getDeclaredField("helper");
            helper.setAccessible(true);
            helper.set(layer, oneDnn);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("ConvolutionLayer has a field helper in Deeplearning4j 1.0.0-M2.1", e);
        }
    }
}
