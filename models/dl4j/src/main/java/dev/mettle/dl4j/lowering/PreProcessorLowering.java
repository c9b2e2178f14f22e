package dev.mettle.dl4j.lowering;

import java.util.List;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.preprocessor.Cnn3DToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.ComposableInputPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnn3DPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToRnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.RnnToFeedForwardPreProcessor;

/** Lowers input preprocessors. */
final class PreProcessorLowering {

    private PreProcessorLowering() {}

    static Tensor lower(Drawing drawing, InputPreProcessor preProcessor, Tensor x) throws NotLoweredException {
        if (preProcessor instanceof ComposableInputPreProcessor composed) {
            Tensor y = x;
            for (InputPreProcessor part : composed.getInputPreProcessors()) {
                y = lower(drawing, part, y);
            }
            return y;
        } else if (preProcessor instanceof CnnToFeedForwardPreProcessor
                || preProcessor instanceof Cnn3DToFeedForwardPreProcessor) {
            return x.rank() == 2 ? x : drawing.reshape(x, 0L, -1L); // in the order they are in, channels first or last
        } else if (preProcessor instanceof FeedForwardToCnnPreProcessor images) {
            return x.rank() == 4
                    ? x
                    : drawing.reshape(x, 0L, images.getNumChannels(), images.getInputHeight(), images.getInputWidth());
        } else if (preProcessor instanceof FeedForwardToCnn3DPreProcessor volumes) {
            return volume(drawing, volumes, x);
        } else if (preProcessor instanceof RnnToFeedForwardPreProcessor steps) {
            if (x.rank() != 3) {
                return x;
            }
            Tensor y = steps.getRnnDataFormat() == RNNFormat.NWC ? drawing.channelsFirst(x) : x;
            return new Tensor(y.name(), 3, true);
        } else if (preProcessor instanceof FeedForwardToRnnPreProcessor series) {
            if (!x.perStep()) {
                throw new NotLoweredException("makes a time series of rows that never were one");
            }
            Tensor y = new Tensor(x.name(), 3);
            return series.getRnnDataFormat() == RNNFormat.NWC ? drawing.channelsLast(y) : y;
        }
        throw new NotLoweredException("has the preprocessor "
                + preProcessor.getClass().getSimpleName() + ", for which no operators are known");
    }

    private static Tensor volume(Drawing drawing, FeedForwardToCnn3DPreProcessor volumes, Tensor x) {
        if (x.rank() == 5) {
            return x;
        }
        long depth = volumes.getInputDepth();
        long height = volumes.getInputHeight();
        long width = volumes.getInputWidth();
        long channels = volumes.getNumChannels();
        List<Long> shape = volumes.isNCDHW()
                ? List.of(0L, channels, depth, height, width)
                : List.of(0L, depth, height, width, channels);
        return drawing.reshape(x, shape.toArray(Long[]::new));
    }
}
