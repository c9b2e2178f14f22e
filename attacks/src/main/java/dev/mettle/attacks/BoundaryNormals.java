package dev.mettle.attacks;

/** Estimates of the unit normals of the decision boundary, towards the adversarial side, from labels around points on it. */
final class BoundaryNormals {

    private final double[][] signed;
    private final double[][] sum;
    private final int[] balance;

    private BoundaryNormals(int samples) {
        signed = new double[samples][];
        sum = new double[samples][];
        balance = new int[samples];
    }

    /**
     * Estimate {@code g ∝ Σ (φᵦ − mean φ) uᵦ}, where φ is 1 for adversarial points and −1 for others.
     *
     * @param points a point on the boundary per sample of the batch
     * @param counts how many points to draw for each of the samples
     * @param around draws a point near the one of a sample
     * @return one direction per sample of the batch, of length 1, or 0 where the labels tell nothing; each by itself
     */
    static double[][] estimate(
            LabelQueries queries, int[] samples, double[][] points, int[] counts, LabelQueries.Draw around) {
        BoundaryNormals normals = new BoundaryNormals(points.length);
        for (int sample : samples) {
            normals.signed[sample] = new double[points[sample].length];
            normals.sum[sample] = new double[points[sample].length];
        }
        queries.ask(samples, counts, around, (sample, point, adversarial) -> {
            int sign = adversarial ? 1 : -1;
            normals.balance[sample] += sign;
            for (int i : queries.free(sample)) {
                double u = point[i] - points[sample][i]; // what is left of it inside the box
                normals.signed[sample][i] += sign * u;
                normals.sum[sample][i] += u;
            }
        });
        for (int i = 0; i < samples.length; i++) {
            normals.normalize(samples[i], counts[i]);
        }
        return normals.signed;
    }

    private void normalize(int sample, int count) {
        // where all answers are equal, there is nothing to compare with
        double baseline = Math.abs(balance[sample]) == count ? 0 : (double) balance[sample] / count;
        double[] normal = signed[sample];
        double squares = 0;
        for (int i = 0; i < normal.length; i++) {
            normal[i] -= baseline * sum[sample][i];
            squares += normal[i] * normal[i];
        }
        double length = Math.sqrt(squares);
        for (int i = 0; i < normal.length; i++) {
            normal[i] = length > 0 ? normal[i] / length : 0;
        }
    }
}
