package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Adversarial points on the decision boundary, at which decision-based attacks begin.
 *
 * <p>They are found by uniform noise over the box, as in the papers. A model often has one label for all such noise; so other noise takes
 * turns with it: a random share of the features at an edge of the box, one value for all features, and noise that is the same over a
 * block of neighbors.
 *
 * <p>Where a walk along the boundary ends depends on where it begins. So a few other directions are tried, too, a little nearer to the
 * clean sample than the best one so far: one query tells whether a direction is better.
 */
final class AdversarialStarts {

    private static final int MOST_AT_ONCE = 64;
    private static final int HALVINGS = 10;
    private static final int MOST_DIRECTIONS = 40;
    private static final int QUERIES_PER_DIRECTION = 100;
    private static final double NEARER = 0.95;

    private final LabelQueries queries;
    private final Norm norm;
    private final double[][] starts;
    private final int[] tries;

    private AdversarialStarts(LabelQueries queries, Norm norm) {
        this.queries = queries;
        this.norm = norm;
        this.starts = new double[queries.samples()][];
        this.tries = new int[queries.samples()];
    }

    /**
     * Find a start for every sample; null where all queries were spent in vain.
     *
     * @param norm the norm in which a start should be near
     */
    static double[][] find(LabelQueries queries, Norm norm) {
        AdversarialStarts search = new AdversarialStarts(queries, norm);
        search.findAny();
        search.findNearer();
        return search.starts;
    }

    private void findAny() {
        int[] searching = queries.movable();
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
            searching = Arrays.stream(queries.movable())
                    .filter(sample -> starts[sample] == null)
                    .toArray();
        }
    }

    private void findNearer() {
        int[] found = IntStream.range(0, starts.length)
                .filter(sample -> starts[sample] != null)
                .toArray();
        Bisection.toBoundary(queries, found, starts, norm, sample -> HALVINGS);
        int directions = Math.min(MOST_DIRECTIONS, queries.budget() / QUERIES_PER_DIRECTION);
        for (int direction = 0; direction < directions; direction++) {
            int[] going = queries.withQueriesLeft(found);
            double[][] candidates = Arrays.stream(going).mapToObj(this::nearer).toArray(double[][]::new);
            boolean[] adversarial = queries.ask(going, candidates);
            for (int i = 0; i < going.length; i++) {
                starts[going[i]] = adversarial[i] ? candidates[i] : starts[going[i]];
            }
            int[] better = IntStream.range(0, going.length)
                    .filter(i -> adversarial[i])
                    .map(i -> going[i])
                    .toArray();
            Bisection.toBoundary(queries, better, starts, norm, sample -> HALVINGS);
        }
    }

    /** Draw a point nearer to the clean sample than its start. */
    private double[] nearer(int sample) {
        double[] point = draw(sample);
        double share = NEARER * distance(sample, starts[sample]) / distance(sample, point);
        return share < 1 ? Bisection.path(queries, sample, point, norm).at(share) : point;
    }

    private double distance(int sample, double[] point) {
        return Distances.between(point, queries.clean(sample)).in(norm);
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
