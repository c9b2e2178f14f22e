package dev.mettle.core.model;

import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A {@link Preprocessing} that draws random numbers, for each sample anew at every call. A {@link PreprocessedModel} with such a step is
 * {@link LabelModel#randomized() randomized}.
 */
public interface RandomizedPreprocessing extends Preprocessing {

    /** Return the seed that the draws depend on, besides that of the evaluation. */
    long seed();

    /**
     * Return the step with its randomness fixed.
     *
     * @param streams one random stream per sample of the batch that it will be applied to
     */
    Preprocessing drawn(SampleRandom[] streams);

    @Override
    RandomizedPreprocessing before(ModelInfo model);

    /** Apply the step with the first draws of its seed. A model draws anew at every call. */
    @Override
    default INDArray apply(INDArray inputs) {
        return first(inputs).apply(inputs);
    }

    /** Return dLoss/dInputs for the first draws of its seed. */
    @Override
    default INDArray backward(INDArray inputs, INDArray gradient) {
        return first(inputs).backward(inputs, gradient);
    }

    private Preprocessing first(INDArray inputs) {
        SampleRandom[] streams = new SampleRandom[(int) inputs.size(0)];
        Arrays.setAll(streams, row -> SampleRandom.of(seed(), name(), 0, row));
        return drawn(streams);
    }
}
