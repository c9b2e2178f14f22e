package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The steps of {@link BoundaryAttack}: all samples side by side, each with its own point and step sizes. */
final class SphereWalk {

    /** Every how many queries one asks for a point on the sphere alone. */
    private static final int SPHERICAL_EVERY = 5;

    private static final double SPHERICAL_SUCCESS = 0.5;
    private static final double SOURCE_SUCCESS = 0.25;
    private static final double LARGEST_SPHERICAL_STEP = 1;
    private static final double LARGEST_SOURCE_STEP = 0.5;

    private final BoundaryAttack attack;
    private final LabelQueries queries;
    private final double[][] points;
    private final double[] sphericalStep;
    private final double[] sourceStep;

    SphereWalk(BoundaryAttack attack, LabelQueries queries) {
        this.attack = attack;
        this.queries = queries;
        this.points = AdversarialStarts.find(queries, Norm.L2);
        this.sphericalStep = new double[points.length];
        this.sourceStep = new double[points.length];
        Arrays.fill(sphericalStep, attack.sphericalStep());
        Arrays.fill(sourceStep, attack.sourceStep());
    }

    void run() {
        int[] going = IntStream.range(0, points.length)
                .filter(sample -> points[sample] != null)
                .toArray();
        for (int step = 0; ; step++) {
            going = queries.withQueriesLeft(going);
            if (going.length == 0) {
                return;
            }
            boolean onSphere = step % SPHERICAL_EVERY == 0;
            double[][] candidates = new double[going.length][];
            for (int i = 0; i < going.length; i++) {
                double[] moved = onSphere(going[i]);
                candidates[i] = onSphere ? moved : towardsClean(going[i], moved);
            }
            boolean[] adversarial = queries.ask(going, candidates);
            for (int i = 0; i < going.length; i++) {
                adapt(going[i], onSphere, adversarial[i]);
                if (adversarial[i] && distance(going[i], candidates[i]) < distance(going[i], points[going[i]])) {
                    points[going[i]] = candidates[i];
                }
            }
        }
    }

    private double distance(int sample, double[] point) {
        return Distances.between(point, queries.clean(sample)).l2();
    }

    /** Step at right angles to the line to the clean sample, then back on the sphere. */
    private double[] onSphere(int sample) {
        SampleRandom random = queries.random(sample);
        double[] clean = queries.clean(sample);
        double[] point = points[sample];
        double radius = Math.max(distance(sample, point), Double.MIN_NORMAL);
        double[] step = new double[point.length];
        double along = 0;
        for (int i : queries.free(sample)) {
            step[i] = random.gaussian();
            along += step[i] * (clean[i] - point[i]) / radius;
        }
        double squares = Double.MIN_NORMAL;
        for (int i : queries.free(sample)) {
            step[i] -= along * (clean[i] - point[i]) / radius;
            squares += step[i] * step[i];
        }
        double scale = sphericalStep[sample] * radius / Math.sqrt(squares);
        double shrink = 1 / Math.sqrt(1 + sphericalStep[sample] * sphericalStep[sample]);
        double[] moved = new double[point.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = clean[i] + shrink * (point[i] - clean[i] + scale * step[i]);
        }
        return queries.clip(sample, moved);
    }

    /** Step towards the clean sample, so far that the distance falls by the source step; the box may have shortened it already. */
    private double[] towardsClean(int sample, double[] moved) {
        double[] clean = queries.clean(sample);
        double wanted = (1 - sourceStep[sample]) * distance(sample, points[sample]);
        double share = Math.min(1, wanted / Math.max(distance(sample, moved), Double.MIN_NORMAL));
        double[] point = new double[moved.length];
        for (int i = 0; i < point.length; i++) {
            point[i] = clean[i] + share * (moved[i] - clean[i]);
        }
        return queries.clip(sample, point);
    }

    /** Larger after a success, smaller after a failure, in balance at the wanted rate of success. */
    private void adapt(int sample, boolean onSphere, boolean adversarial) {
        double success = adversarial ? 1 : 0;
        if (onSphere) {
            double factor = Math.pow(attack.adaptation(), success - SPHERICAL_SUCCESS);
            sphericalStep[sample] = Math.min(LARGEST_SPHERICAL_STEP, factor * sphericalStep[sample]);
        } else {
            double factor = Math.pow(attack.adaptation(), (success - SOURCE_SUCCESS) / 2); // asked more often
            sourceStep[sample] = Math.min(LARGEST_SOURCE_STEP, factor * sourceStep[sample]);
        }
    }
}
