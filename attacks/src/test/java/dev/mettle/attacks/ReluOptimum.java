package dev.mettle.attacks;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The exact size of the smallest perturbation that reaches another class of a {@link ReluModel} inside the box [0, 1]. For few
 * features (2 or 3) and at most some ten hidden units.
 *
 * <p>On the polyhedron of one activation pattern every logit is affine. The nearest point of a class lies on the plane where its
 * logit meets another one, and there
 * <ul>
 *   <li>in L2 it is the projection of the sample to the intersection of some of the planes that bound the polyhedron,
 *   <li>in the other norms it is a vertex, once the polyhedron is also cut along the planes where the norm bends: {@code xᵢ}
 *       equal to the sample's in L1 and L0, and {@code |δᵢ| = |δₖ|} in L∞.
 * </ul>
 * So it is enough to intersect every choice of planes, and to keep the nearest point that lies in the polyhedron.
 */
public final class ReluOptimum {

    private static final double TOLERANCE = 1e-9;

    private final ReluModel model;
    private final double[] sample;
    private final Norm norm;
    private final double[][] bends;

    private ReluOptimum(ReluModel model, double[] sample, Norm norm) {
        this.model = model;
        this.sample = sample;
        this.norm = norm;
        this.bends = bends();
    }

    /** Return the distance of a sample to the goal of an aim; infinite if the box holds no point that reaches it. */
    public static double distance(ReluModel model, double[] sample, Aim aim, Norm norm) {
        return new ReluOptimum(model, sample, norm).distance(aim);
    }

    private double distance(Aim aim) {
        double nearest = Double.POSITIVE_INFINITY;
        for (int pattern = 0; pattern < 1 << model.units(); pattern++) {
            boolean[] active = new boolean[model.units()];
            for (int k = 0; k < active.length; k++) {
                active[k] = (pattern >> k & 1) == 1;
            }
            List<double[]> region = region(active);
            if (!reachable(region)) {
                continue;
            }
            for (int j = 0; j < model.classes(); j++) {
                if (aim.isTargeted() && j != aim.target()) {
                    double[] boundary = margin(aim.target(), j, active);
                    List<double[]> bounds = new ArrayList<>(region);
                    for (int other = 0; other < model.classes(); other++) {
                        if (other != aim.target() && other != j) {
                            bounds.add(margin(aim.target(), other, active));
                        }
                    }
                    nearest = Math.min(nearest, onBoundary(boundary, bounds));
                } else if (!aim.isTargeted() && j != aim.label()) {
                    nearest = Math.min(nearest, onBoundary(margin(j, aim.label(), active), region));
                }
            }
        }
        return nearest;
    }

    /** The half-spaces {@code plane(x) ≥ 0} of an activation pattern and of the box. */
    private List<double[]> region(boolean[] active) {
        int d = sample.length;
        List<double[]> planes = new ArrayList<>();
        for (int k = 0; k < active.length; k++) {
            double sign = active[k] ? 1 : -1;
            planes.add(Arrays.stream(model.hiddenPlane(k)).map(v -> sign * v).toArray());
        }
        for (int i = 0; i < d; i++) {
            double[] lower = new double[d + 1];
            lower[i] = 1;
            double[] upper = new double[d + 1];
            upper[i] = -1;
            upper[d] = 1;
            planes.add(lower);
            planes.add(upper);
        }
        return planes;
    }

    /** Whether the box alone, plane by plane, leaves a point of the region: a quick look that rules most patterns out. */
    private boolean reachable(List<double[]> region) {
        for (double[] plane : region) {
            double most = plane[sample.length];
            for (int i = 0; i < sample.length; i++) {
                most += Math.max(plane[i], 0);
            }
            if (most < 0) {
                return false;
            }
        }
        return true;
    }

    /** {@code z_a − z_b} as an affine function. */
    private double[] margin(int a, int b, boolean[] active) {
        double[] first = model.logitPlane(a, active);
        double[] second = model.logitPlane(b, active);
        Arrays.setAll(first, i -> first[i] - second[i]);
        return first;
    }

    /** The planes along which the norm of x − sample is not linear. */
    private double[][] bends() {
        int d = sample.length;
        List<double[]> planes = new ArrayList<>();
        for (int i = 0; i < d && norm != Norm.L2; i++) {
            if (norm != Norm.LINF) {
                planes.add(difference(i, OptionalInt.empty(), 0));
            }
            for (int k = 0; k < i && norm == Norm.LINF; k++) {
                planes.add(difference(i, OptionalInt.of(k), 1));
                planes.add(difference(i, OptionalInt.of(k), -1));
            }
        }
        return planes.toArray(double[][]::new);
    }

    /** {@code δᵢ − sign · δₖ}, where δ = x − sample. */
    private double[] difference(int i, OptionalInt k, int sign) {
        double[] plane = new double[sample.length + 1];
        plane[i] = 1;
        plane[sample.length] = -sample[i];
        k.ifPresent(other -> {
            plane[other] = -sign;
            plane[sample.length] += sign * sample[other];
        });
        return plane;
    }

    /** The nearest point of the plane {@code boundary = 0} within all half-spaces. */
    private double onBoundary(double[] boundary, List<double[]> halfSpaces) {
        List<double[]> cuts = new ArrayList<>(halfSpaces);
        cuts.addAll(Arrays.asList(bends));
        int d = sample.length;
        double nearest = Double.POSITIVE_INFINITY;
        for (int size = norm == Norm.L2 ? 0 : d - 1; size < d; size++) {
            int[] choice = IntStream.range(0, size).toArray();
            do {
                List<double[]> planes = new ArrayList<>();
                planes.add(boundary);
                for (int c : choice) {
                    planes.add(cuts.get(c));
                }
                double[] point = projection(planes);
                if (point.length > 0 && inside(point, halfSpaces)) {
                    nearest = Math.min(nearest, size(point));
                }
            } while (advance(choice, cuts.size()));
        }
        return nearest;
    }

    private static boolean inside(double[] point, List<double[]> halfSpaces) {
        return halfSpaces.stream().allMatch(plane -> value(plane, point) >= -TOLERANCE);
    }

    private static double value(double[] plane, double[] point) {
        double value = plane[point.length];
        for (int i = 0; i < point.length; i++) {
            value += plane[i] * point[i];
        }
        return value;
    }

    private double size(double[] point) {
        double[] delta = IntStream.range(0, point.length)
                .mapToDouble(i -> Math.abs(point[i] - sample[i]))
                .toArray();
        return switch (norm) {
            case LINF -> Arrays.stream(delta).max().orElse(0);
            case L2 -> Math.sqrt(Arrays.stream(delta).map(v -> v * v).sum());
            case L1 -> Arrays.stream(delta).sum();
            case L0 -> Arrays.stream(delta).filter(v -> v > TOLERANCE).count();
        };
    }

    /** The point of the intersection of planes nearest to the sample in L2; empty where they don't intersect in general position. */
    private double[] projection(List<double[]> planes) {
        int m = planes.size();
        double[][] system = new double[m][m + 1]; // (P Pᵀ) λ = −P(sample), x = sample + Pᵀ λ
        for (int r = 0; r < m; r++) {
            for (int c = 0; c < m; c++) {
                for (int i = 0; i < sample.length; i++) {
                    system[r][c] += planes.get(r)[i] * planes.get(c)[i];
                }
            }
            system[r][m] = -value(planes.get(r), sample);
        }
        double[] lambda = solve(system);
        double[] point = sample.clone();
        for (int r = 0; r < lambda.length; r++) {
            for (int i = 0; i < point.length; i++) {
                point[i] += lambda[r] * planes.get(r)[i];
            }
        }
        return lambda.length == 0 ? lambda : point;
    }

    /** Gauss with pivots; empty if singular. */
    private static double[] solve(double[][] system) {
        int m = system.length;
        for (int column = 0; column < m; column++) {
            int pivot = column;
            for (int r = column + 1; r < m; r++) {
                pivot = Math.abs(system[r][column]) > Math.abs(system[pivot][column]) ? r : pivot;
            }
            double[] swap = system[pivot];
            system[pivot] = system[column];
            system[column] = swap;
            if (Math.abs(swap[column]) < 1e-12) {
                return new double[0];
            }
            for (int r = 0; r < m; r++) {
                double factor = r == column ? 0 : system[r][column] / swap[column];
                for (int c = column; c <= m && factor != 0; c++) {
                    system[r][c] -= factor * swap[c];
                }
            }
        }
        double[] solution = new double[m];
        Arrays.setAll(solution, i -> system[i][m] / system[i][i]);
        return solution;
    }

    /** Step to the next choice of numbers below {@code n}, in ascending order; false after the last. */
    private static boolean advance(int[] choice, int n) {
        int last = choice.length - 1;
        while (last >= 0 && choice[last] == n - choice.length + last) {
            last--;
        }
        if (last < 0) {
            return false;
        }
        choice[last]++;
        for (int i = last + 1; i < choice.length; i++) {
            choice[i] = choice[i - 1] + 1;
        }
        return true;
    }
}
