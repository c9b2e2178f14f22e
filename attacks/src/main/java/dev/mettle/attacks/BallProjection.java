package dev.mettle.attacks;

import dev.mettle.core.threat.Norm;
import java.util.Arrays;

/** The nearest point of ball and box to the perturbation of one sample, for a radius of its own. */
final class BallProjection {

    private BallProjection() {}

    /** Project {@code delta} in place. */
    static void project(PerturbedSample sample, double[] delta, Norm norm, double radius) {
        switch (norm) {
            case LINF -> {
                for (int i = 0; i < delta.length; i++) {
                    delta[i] = RowVectors.clip(delta[i], -radius, radius);
                }
            }
            case L2 -> scale(delta, rooms(sample, delta), radius);
            case L1 -> shrink(delta, rooms(sample, delta), radius);
            case L0 -> keepLargest(delta, rooms(sample, delta), (int) Math.min(radius, delta.length));
        }
    }

    /** How far every feature can move in the direction of its change. */
    private static double[] rooms(PerturbedSample sample, double[] delta) {
        double[] rooms = new double[delta.length];
        for (int i = 0; i < rooms.length; i++) {
            rooms[i] = delta[i] > 0 ? sample.upper[i] - sample.clean[i] : sample.clean[i] - sample.lower[i];
        }
        return rooms;
    }

    /**
     * By the KKT conditions the sizes of the changes are {@code min(μ|δᵢ|, roomᵢ)}, with the largest μ ≤ 1 that brings them into the
     * ball: scaling first and clipping then would leave them well inside.
     */
    private static void scale(double[] delta, double[] rooms, double radius) {
        double[] limits = new double[delta.length];
        double[] squares = new double[delta.length];
        double inBox = 0;
        for (int i = 0; i < delta.length; i++) {
            squares[i] = delta[i] * delta[i];
            limits[i] = squares[i] == 0 ? 0 : rooms[i] * rooms[i] / squares[i];
            inBox += squares[i] * Math.min(limits[i], 1);
        }
        double scale =
                inBox <= radius * radius ? 1 : Math.sqrt(HyperplaneProjection.lambda(limits, squares, radius * radius));
        for (int i = 0; i < delta.length; i++) {
            delta[i] = Math.signum(delta[i]) * Math.min(scale * Math.abs(delta[i]), rooms[i]);
        }
    }

    /**
     * By the KKT conditions the sizes of the changes are {@code min(max(|δᵢ| − λ, 0), roomᵢ)}, with the smallest λ ≥ 0 that brings
     * them into the ball. Their sum falls in λ, piecewise linearly, with corners at {@code |δᵢ| − roomᵢ} and {@code |δᵢ|}.
     */
    private static void shrink(double[] delta, double[] rooms, double radius) {
        double lambda = 0;
        if (sum(delta, rooms, 0) > radius) {
            double[] corners = new double[2 * delta.length + 1];
            for (int i = 0; i < delta.length; i++) {
                corners[2 * i] = Math.max(0, Math.abs(delta[i]) - rooms[i]);
                corners[2 * i + 1] = Math.abs(delta[i]);
            }
            Arrays.sort(corners); // one of them is 0
            int low = 0; // there the sum is above the radius
            int high = corners.length - 1; // there it is 0
            while (high - low > 1) {
                int middle = (low + high) >>> 1;
                if (sum(delta, rooms, corners[middle]) > radius) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            double above = sum(delta, rooms, corners[low]);
            double below = sum(delta, rooms, corners[high]);
            lambda = corners[low] + (corners[high] - corners[low]) * (above - radius) / (above - below);
        }
        for (int i = 0; i < delta.length; i++) {
            delta[i] = Math.signum(delta[i]) * shrunk(delta[i], rooms[i], lambda);
        }
    }

    private static double sum(double[] delta, double[] rooms, double lambda) {
        double sum = 0;
        for (int i = 0; i < delta.length; i++) {
            sum += shrunk(delta[i], rooms[i], lambda);
        }
        return sum;
    }

    private static double shrunk(double change, double room, double lambda) {
        return Math.min(Math.max(Math.abs(change) - lambda, 0), room);
    }

    /** Clip to the box, and keep those changes whose loss would take the point farthest from where it was. */
    private static void keepLargest(double[] delta, double[] rooms, int features) {
        double[] gains = new double[delta.length];
        for (int i = 0; i < delta.length; i++) {
            double clipped = Math.min(Math.abs(delta[i]), rooms[i]);
            gains[i] = clipped * (2 * Math.abs(delta[i]) - clipped); // |δ|² − (|δ| − clipped)²
            delta[i] = Math.signum(delta[i]) * clipped;
        }
        double[] sorted = gains.clone();
        Arrays.sort(sorted);
        double least = features == 0 ? Double.POSITIVE_INFINITY : sorted[sorted.length - features];
        int left = features;
        for (double gain : gains) {
            left -= gain > least ? 1 : 0;
        }
        for (int i = 0; i < delta.length; i++) { // of several that gain the least, the first ones stay
            boolean tie = gains[i] == least && left > 0;
            left -= tie ? 1 : 0;
            delta[i] = gains[i] > least || tie ? delta[i] : 0;
        }
    }
}
