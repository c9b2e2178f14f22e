package dev.mettle.defenses.certification;

import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Lets a model vote on a sample under Gaussian noise.
 *
 * @param model the base classifier
 * @param sigma the standard deviation of the noise, in input units
 * @param batchSize how many noisy samples to run at once
 * @param afterBatch called after every batch
 */
record Voter(LabelModel model, double sigma, int batchSize, Runnable afterBatch) {

    /** Return the voter that asks the model under test itself, however slow that is. */
    Voter original() {
        LabelModel itself = model;
        LabelModel labelsOnly = new LabelModel() {
            @Override
            public ModelInfo info() {
                return itself.info();
            }

            @Override
            public int[] predict(INDArray inputs) {
                return itself.predict(inputs);
            }
        };
        return new Voter(labelsOnly, sigma, batchSize, afterBatch);
    }

    /**
     * Vote. One batch is in memory at a time, whatever the number of votes.
     *
     * @param sample the features of one sample
     * @param sampleShape its shape, without the batch dimension
     * @param votes how many votes
     * @param random the stream of the noise; votes depend on nothing else
     */
    NoisyVotes vote(double[] sample, long[] sampleShape, int votes, SampleRandom random) {
        ModelInfo info = model.info();
        int[] counts = new int[info.classes()];
        double[] noisy = new double[0];
        for (int done = 0; done < votes; ) {
            int size = Math.min(batchSize, votes - done);
            if (noisy.length != size * sample.length) {
                noisy = new double[size * sample.length];
            }
            for (int i = 0; i < noisy.length; i++) {
                noisy[i] = sample[i % sample.length] + sigma * random.gaussian();
            }
            for (int label : predict(noisy, size, sampleShape, info.dataType())) {
                counts[label]++;
            }
            done += size;
            afterBatch.run();
        }
        return new NoisyVotes(Arrays.stream(counts).boxed().toList());
    }

    /** Count by logits where the model tells them: the forward pass of attacks, many times as fast as that of Deeplearning4j. */
    private int[] labels(INDArray batch) {
        if (!(model instanceof LogitModel logitModel)) {
            return model.predict(batch);
        }
        INDArray logits = logitModel.logits(batch);
        int[] labels = Logits.argMax(logits);
        Rows.release(logits);
        return labels;
    }

    private int[] predict(double[] values, int size, long[] sampleShape, DataType type) {
        long[] shape = new long[sampleShape.length + 1];
        shape[0] = size;
        System.arraycopy(sampleShape, 0, shape, 1, sampleShape.length);
        INDArray batch = Rows.fromDoubles(values, shape, type);
        int[] labels = labels(batch);
        Rows.release(batch);
        return labels;
    }
}
