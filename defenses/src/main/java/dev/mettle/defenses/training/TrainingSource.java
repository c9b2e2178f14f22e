package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** Where minibatches come from. */
interface TrainingSource {

    /**
     * Samples of one minibatch.
     *
     * @param inputs shape {@code [n, ...]}
     * @param targets what Deeplearning4j calls labels, as the iterator gave them; null if they have to be made from {@code labels}
     */
    record Samples(INDArray inputs, Labels labels, @Nullable INDArray targets) {}

    /** The class numbers of the samples of a minibatch. */
    interface Labels {
        /** Return one class number per sample. */
        int[] values();
    }

    /** Return how many minibatches an epoch has; 0 if nobody knows. */
    int batches();

    /** Return the minibatches of an epoch, counted from 0; epochs are asked for in order. */
    Iterator<Samples> epoch(int epoch);

    /** Return a hash of all there is to learn; empty if nobody knows. */
    String sha256();

    /** Take data, in an order that depends on seed and epoch only. */
    static TrainingSource of(LabeledData data, int batchSize, long seed) {
        return new TrainingSource() {
            @Override
            public int batches() {
                return (data.size() + batchSize - 1) / batchSize;
            }

            @Override
            public Iterator<Samples> epoch(int epoch) {
                int[] order = order(data.size(), 31 * seed + epoch);
                int[] labels = data.labels();
                return new Iterator<>() {
                    private int next;

                    @Override
                    public boolean hasNext() {
                        return next < order.length;
                    }

                    @Override
                    public Samples next() {
                        int[] rows = Arrays.copyOfRange(order, next, Math.min(next + batchSize, order.length));
                        next += batchSize;
                        int[] own = Arrays.stream(rows).map(row -> labels[row]).toArray();
                        return new Samples(Rows.select(data.inputs(), rows), () -> own, null);
                    }
                };
            }

            @Override
            public String sha256() {
                return data.sha256();
            }
        };
    }

    private static int[] order(int size, long seed) {
        int[] order = new int[size];
        Arrays.setAll(order, i -> i);
        Random random = new Random(seed);
        for (int i = size - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[other];
            order[other] = swapped;
        }
        return order;
    }

    /** Take an iterator, reset at the beginning of every epoch. */
    static TrainingSource of(DataSetIterator iterator) {
        if (!iterator.resetSupported()) {
            throw new ConfigurationException(
                    "the iterator " + iterator.getClass().getSimpleName()
                            + " can't be reset, which every epoch needs: give one that can");
        }
        return new TrainingSource() {
            private int resets;
            private int known;

            @Override
            public int batches() {
                return known;
            }

            @Override
            public Iterator<Samples> epoch(int epoch) {
                for (; resets <= epoch; resets++) { // an iterator that shuffles does so at every reset
                    iterator.reset();
                }
                return new Iterator<>() {
                    private int count;

                    @Override
                    public boolean hasNext() {
                        boolean more = iterator.hasNext();
                        if (!more) {
                            known = count;
                        }
                        return more;
                    }

                    @Override
                    public Samples next() {
                        count++;
                        DataSet set = iterator.next();
                        if (set.getFeaturesMaskArray() != null || set.getLabelsMaskArray() != null) {
                            throw new ConfigurationException(
                                    "the iterator gives masks: adversarial training takes data without masks");
                        }
                        INDArray targets = set.getLabels();
                        return new Samples(set.getFeatures(), () -> classes(targets), targets);
                    }
                };
            }

            @Override
            public String sha256() {
                return "";
            }
        };
    }

    private static int[] classes(INDArray targets) {
        if (targets.rank() == 2 && targets.size(1) > 1) {
            return targets.argMax(1).toIntVector();
        }
        double[] values = Rows.toDoubles(targets);
        return Arrays.stream(values).mapToInt(value -> (int) value).toArray();
    }
}
