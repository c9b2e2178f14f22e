package dev.mettle.core.threat;

/**
 * The size of one perturbation in every norm, in double precision.
 *
 * @param linf the largest change of a feature
 * @param l2 the Euclidean length
 * @param l1 the sum of changes
 * @param l0 the number of changed features
 */
public record Distances(double linf, double l2, double l1, double l0) {

    /** Measure the difference of two samples. */
    public static Distances between(double[] perturbed, double[] clean) {
        return between(perturbed, clean, Constraints.none());
    }

    /** Measure the difference of two samples, each feature in the unit that the constraints give it. */
    public static Distances between(double[] perturbed, double[] clean, Constraints units) {
        double linf = 0;
        double squares = 0;
        double l1 = 0;
        int l0 = 0;
        for (int i = 0; i < clean.length; i++) {
            double change = Math.abs(perturbed[i] - clean[i]) / units.scaleOf(i);
            linf = Math.max(linf, change);
            squares += change * change;
            l1 += change;
            l0 += change == 0 ? 0 : 1;
        }
        return new Distances(linf, Math.sqrt(squares), l1, l0);
    }

    /** Return the size in a norm. */
    public double in(Norm norm) {
        return switch (norm) {
            case LINF -> linf;
            case L2 -> l2;
            case L1 -> l1;
            case L0 -> l0;
        };
    }
}
