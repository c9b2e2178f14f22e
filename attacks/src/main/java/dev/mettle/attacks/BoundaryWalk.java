package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The iterations of {@link HopSkipJump}: all samples in the same one, each with its own point, distance and budget. */
final class BoundaryWalk {

    /** The reference halves a step until the point is adversarial, if need be for ever. */
    private static final int MOST_STEP_HALVINGS = 30;

    /** What a step usually costs. */
    private static final int STEP_QUERIES = 5;

    /** The binary search at the end is finer than those on the way, which matters in few dimensions. */
    private static final int LAST_HALVINGS = 12;

    private final HopSkipJump attack;
    private final LabelQueries queries;
    private final Norm norm;

    /** The iterates, null for samples without a start. */
    private final double[][] points;

    BoundaryWalk(HopSkipJump attack, LabelQueries queries, Norm norm) {
        this.attack = attack;
        this.queries = queries;
        this.norm = norm;
        this.points = AdversarialStarts.find(queries, norm);
    }

    void run() {
        int[] going = queries.withQueriesLeft(started());
        Bisection.toBoundary(queries, going, points, norm, this::halvings);
        double[][] nearest = points.clone();
        double[] radius = new double[points.length];
        for (int sample : going) {
            radius[sample] = 0.1 * range(sample);
        }
        for (int iteration = 1; going.length > 0; iteration++) {
            int number = iteration;
            going = Arrays.stream(going)
                    .filter(sample -> evaluations(sample, number) > 0)
                    .toArray();
            double[][] normals = BoundaryNormals.estimate(
                    queries,
                    going,
                    points,
                    Arrays.stream(going)
                            .map(sample -> evaluations(sample, number))
                            .toArray(),
                    sample -> around(sample, radius[sample]));
            jump(going, normals, iteration);
            for (int sample : going) {
                radius[sample] = Math.sqrt(dimension(sample))
                        * theta(sample)
                        * distance(points, sample)
                        * (norm == Norm.LINF ? Math.sqrt(dimension(sample)) : 1);
            }
            Bisection.toBoundary(queries, going, points, norm, this::halvings);
            for (int sample : going) {
                nearest[sample] =
                        distance(points, sample) < distance(nearest, sample) ? points[sample] : nearest[sample];
            }
        }
        Bisection.toBoundary(queries, started(), nearest, norm, sample -> LAST_HALVINGS);
    }

    private int[] started() {
        return IntStream.range(0, points.length)
                .filter(sample -> points[sample] != null)
                .toArray();
    }

    /** The features that can move; a mask makes the space smaller. */
    private double dimension(int sample) {
        return queries.free(sample).length;
    }

    private double theta(int sample) {
        double d = dimension(sample);
        return attack.gamma() / (norm == Norm.LINF ? d * d : d * Math.sqrt(d));
    }

    private int halvings(int sample) {
        return Bisection.halvings(theta(sample));
    }

    private double range(int sample) {
        double widest = 0;
        for (int i : queries.free(sample)) {
            widest = Math.max(widest, queries.upper(sample)[i] - queries.lower(sample)[i]);
        }
        return widest;
    }

    private double distance(double[][] from, int sample) {
        return Distances.between(from[sample], queries.clean(sample)).in(norm);
    }

    /** B₀√t, and what is left in the last iteration: a step, a binary search and the last one must still be paid. */
    private int evaluations(int sample, int iteration) {
        int wanted = wanted(iteration);
        int most = queries.left(sample) - STEP_QUERIES - halvings(sample) - LAST_HALVINGS;
        boolean last = most - wanted - STEP_QUERIES - halvings(sample) < wanted(iteration + 1) / 2;
        return last ? Math.min(most, attack.maxEvaluations()) : wanted;
    }

    private int wanted(int iteration) {
        return (int) Math.min(attack.initialEvaluations() * Math.sqrt(iteration), attack.maxEvaluations());
    }

    /** Draw a point at a distance from the iterate: in a normal direction, in L∞ in one that is uniform in the cube. */
    private double[] around(int sample, double radius) {
        SampleRandom random = queries.random(sample);
        int[] free = queries.free(sample);
        double[] point = points[sample].clone();
        double[] u = new double[free.length];
        double squares = 0;
        for (int i = 0; i < u.length; i++) {
            u[i] = norm == Norm.LINF ? random.uniform(-1, 1) : random.gaussian();
            squares += u[i] * u[i];
        }
        for (int i = 0; i < u.length; i++) {
            point[free[i]] += radius * u[i] / Math.sqrt(squares);
        }
        return queries.clip(sample, point);
    }

    /** Step along the normal, by half as much until the point is adversarial; stay where no step is. */
    private void jump(int[] going, double[][] directions, int iteration) {
        double[] step = new double[points.length];
        for (int sample : going) {
            step[sample] = distance(points, sample) / Math.sqrt(iteration);
        }
        int[] trying = going;
        for (int halving = 0; halving <= MOST_STEP_HALVINGS; halving++) {
            trying = queries.withQueriesLeft(trying);
            if (trying.length == 0) {
                return;
            }
            double[][] candidates = new double[trying.length][];
            for (int i = 0; i < trying.length; i++) {
                int sample = trying[i];
                double[] candidate = points[sample].clone();
                double[] direction = directions[sample];
                for (int j = 0; j < candidate.length; j++) {
                    candidate[j] += step[sample] * (norm == Norm.LINF ? Math.signum(direction[j]) : direction[j]);
                }
                candidates[i] = queries.clip(sample, candidate);
                step[sample] /= 2;
            }
            boolean[] adversarial = queries.ask(trying, candidates);
            int[] tried = trying;
            for (int i = 0; i < tried.length; i++) {
                if (adversarial[i]) {
                    points[tried[i]] = candidates[i];
                }
            }
            trying = IntStream.range(0, tried.length)
                    .filter(i -> !adversarial[i])
                    .map(i -> tried[i])
                    .toArray();
        }
    }
}
