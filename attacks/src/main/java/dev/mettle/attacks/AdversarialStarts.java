package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;

/**
 * Adversarial points far from the clean samples, at which decision-based attacks begin.
 *
 * <p>Uniform noise over the box, as in the papers. A model often has one label for all such noise; so other noise takes turns with it: a
 * random share of the features at an edge of the box, one value for all features, and noise that is the same over a block of neighbors.
 */
final class AdversarialStarts {

    private static final int MOST_AT_ONCE = 64;

    private final LabelQueries queries;
    private final double[][] starts;
    private final int[] tries;

    private AdversarialStarts(LabelQueries queries) {
        this.queries = queries;
        this.starts = new double[queries.samples()][];
        this.tries = new int[queries.samples()];
    }

    /** Find a start for every sample; null where all queries were spent in vain. */
    static double[][] find(LabelQueries queries) {
        return new AdversarialStarts(queries).find();
    }

    private double[][] find() {
        int[] searching = searching();
        while (searching.length > 0) {
            // few at first, for most samples are done soon; more later, for calls with many rows are cheaper
            int[] counts = Arrays.stream(searching)
                    .map(sample -> Math.min(queries.left(sample), Math.min(1 + tries[sample] / 4, MOST_AT_ONCE)))
                    .toArray();
            queries.ask(searching, counts, this::draw, (sample, point, adversarial) -> {
                if (adversarial && starts[sample] == null) {
                    starts[sample] = point;
                }
            });
            searching = searching();
        }
        return starts;
    }

    private int[] searching() {
        return Arrays.stream(queries.movable())
                .filter(sample -> starts[sample] == null)
                .toArray();
    }

    private double[] draw(int sample) {
        SampleRandom random = queries.random(sample);
        double[] point = queries.clean(sample).clone();
        double[] lower = queries.lower(sample);
        double[] upper = queries.upper(sample);
        int number = tries[sample]++;
        double share = random.uniform(0, 1);
        int block = 1 + random.below(Math.max(1, point.length / 2));
        double value = share;
        for (int i = 0; i < point.length; i++) {
            switch (number % 4) {
                case 0 -> point[i] = random.uniform(lower[i], upper[i]);
                case 1 -> {
                    if (random.uniform(0, 1) < share) {
                        point[i] = random.sign() > 0 ? upper[i] : lower[i];
                    }
                }
                case 2 -> point[i] = lower[i] + share * (upper[i] - lower[i]);
                default -> {
                    value = i % block == 0 ? random.uniform(0, 1) : value;
                    point[i] = lower[i] + value * (upper[i] - lower[i]);
                }
            }
        }
        return point;
    }
}
