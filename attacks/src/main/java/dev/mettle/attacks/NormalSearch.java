package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The iterations of {@link GeoDa}: all samples in the same one, each with its own point on the boundary. */
final class NormalSearch {

    /** The reference takes one iteration per 500 queries, and one more. */
    private static final int QUERIES_PER_ITERATION = 500;

    private static final int HALVINGS = 14;
    private static final int MOST_STRETCHES = 10;
    private static final double STRETCH = 1.5;

    private final GeoDa attack;
    private final LabelQueries queries;
    private final Norm norm;

    /** Points on the boundary, on its adversarial side; null for samples without a start. */
    private final double[][] points;

    NormalSearch(GeoDa attack, LabelQueries queries, Norm norm) {
        this.attack = attack;
        this.queries = queries;
        this.norm = norm;
        this.points = AdversarialStarts.find(queries, norm);
    }

    void run() {
        int[] going = IntStream.range(0, points.length)
                .filter(sample -> points[sample] != null)
                .toArray();
        Bisection.toBoundary(queries, going, points, norm, sample -> HALVINGS);
        int iterations = 1 + Math.round((float) attack.queries() / QUERIES_PER_ITERATION);
        for (int iteration = 0; iteration < iterations && going.length > 0; iteration++) {
            int toCome = iterations - iteration;
            going = Arrays.stream(going)
                    .filter(sample -> evaluations(sample, toCome) > 0)
                    .toArray();
            int[] counts = Arrays.stream(going)
                    .map(sample -> evaluations(sample, toCome))
                    .toArray();
            double[][] normals = BoundaryNormals.estimate(queries, going, points, counts, this::around);
            alongNormals(going, normals);
        }
    }

    /** The share of this iteration in the queries that are left, once the searches to come are paid. */
    private int evaluations(int sample, int toCome) {
        double growth = Math.pow(attack.lambda(), -2.0 / 3);
        double available = queries.left(sample) - (HALVINGS + 2.0) * toCome;
        double share = growth == 1 ? 1.0 / toCome : (growth - 1) / (Math.pow(growth, toCome) - 1);
        return (int) (share * available);
    }

    private double[] around(int sample) {
        SampleRandom random = queries.random(sample);
        double[] point = points[sample].clone();
        for (int i : queries.free(sample)) {
            double width = queries.upper(sample)[i] - queries.lower(sample)[i];
            point[i] += attack.sigma() * width * random.gaussian();
        }
        return queries.clip(sample, point);
    }

    /** Search from the clean sample along the normal, further and further until it is adversarial, then back to the boundary. */
    private void alongNormals(int[] samples, double[][] normals) {
        Direction[] ways = new Direction[points.length];
        double[] reach = new double[points.length];
        for (int sample : samples) {
            ways[sample] = new Direction(queries, sample, normals[sample], norm);
            reach[sample] = ways[sample].size(points[sample]);
        }
        double[][] ends = new double[points.length][];
        int[] going = samples;
        for (int stretch = 0; stretch < MOST_STRETCHES; stretch++) {
            going = queries.withQueriesLeft(going);
            double[][] candidates = new double[going.length][];
            for (int i = 0; i < going.length; i++) {
                candidates[i] = ways[going[i]].at(reach[going[i]]);
            }
            boolean[] adversarial = queries.ask(going, candidates);
            int[] tried = going;
            for (int i = 0; i < tried.length; i++) {
                if (adversarial[i]) {
                    ends[tried[i]] = candidates[i];
                } else {
                    reach[tried[i]] *= STRETCH;
                }
            }
            going = Arrays.stream(tried).filter(sample -> ends[sample] == null).toArray();
        }
        Bisection.Path[] paths = new Bisection.Path[points.length];
        for (int sample : samples) {
            paths[sample] = share -> ways[sample].at(share * reach[sample]);
        }
        int[] reached =
                Arrays.stream(samples).filter(sample -> ends[sample] != null).toArray();
        Bisection.run(queries, reached, ends, paths, sample -> HALVINGS);
        for (int sample : reached) {
            points[sample] = ends[sample];
        }
    }

    /** The best way from a clean sample to a plane with a given normal, inside the box. */
    private static final class Direction {

        private final LabelQueries queries;
        private final int sample;
        private final double[] normal;
        private final Norm norm;
        private final int[] largestFirst;

        Direction(LabelQueries queries, int sample, double[] normal, Norm norm) {
            this.queries = queries;
            this.sample = sample;
            this.normal = normal;
            this.norm = norm;
            this.largestFirst = norm != Norm.L1
                    ? new int[0]
                    : IntStream.range(0, normal.length)
                            .boxed()
                            .sorted((a, b) -> Double.compare(Math.abs(normal[b]), Math.abs(normal[a])))
                            .mapToInt(Integer::intValue)
                            .toArray();
        }

        double size(double[] point) {
            return Distances.between(point, queries.clean(sample)).in(norm);
        }

        double[] at(double size) {
            double[] point = queries.clean(sample).clone();
            if (norm == Norm.L1) {
                double left = size;
                for (int i : largestFirst) {
                    double room = normal[i] > 0
                            ? queries.upper(sample)[i] - point[i]
                            : normal[i] < 0 ? point[i] - queries.lower(sample)[i] : 0;
                    double change = Math.min(left, room);
                    point[i] += Math.signum(normal[i]) * change;
                    left -= change;
                }
                return queries.clip(sample, point);
            }
            for (int i = 0; i < point.length; i++) {
                point[i] += size * (norm == Norm.LINF ? Math.signum(normal[i]) : normal[i]);
            }
            return queries.clip(sample, point);
        }
    }
}
