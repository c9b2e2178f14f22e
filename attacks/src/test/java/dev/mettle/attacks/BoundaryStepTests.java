package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The step of Brendel and Bethge against slow projections on one constraint after the other. */
class BoundaryStepTests {

    /** A random step in a few dimensions: some features at an edge of the box, some of the normal zero. */
    private static final class Problem {

        final double[] a;
        final double[] b;
        final double[] lower;
        final double[] upper;
        final double c;
        final double radius;

        Problem(long seed) {
            SampleRandom random = SampleRandom.of(seed, "boundary step", 0, 0);
            int d = 2 + random.below(8);
            a = new double[d];
            b = new double[d];
            lower = new double[d];
            upper = new double[d];
            for (int i = 0; i < d; i++) {
                double x = clip(random.uniform(-0.3, 1.3));
                a[i] = clip(random.uniform(-0.3, 1.3)) - x;
                lower[i] = -x;
                upper[i] = 1 - x;
                b[i] = random.below(6) == 0 ? 0 : random.gaussian();
            }
            c = 0.3 * random.gaussian();
            radius = random.uniform(0.05, 1.5);
        }

        private static double clip(double value) {
            return RowVectors.clip(value, 0, 1);
        }

        /** The largest amount by which a point violates hyperplane, ball or box. */
        double violation(double[] delta) {
            double most = Math.abs(RowVectors.dot(b, delta) - c) / RowVectors.norm(b, Norm.L2);
            most = Math.max(most, RowVectors.norm(delta, Norm.L2) - radius);
            for (int i = 0; i < delta.length; i++) {
                most = Math.max(most, Math.max(lower[i] - delta[i], delta[i] - upper[i]));
            }
            return most;
        }

        double[] solve(Norm norm) {
            return BoundaryStep.solve(norm, a, b, c, radius, lower, upper);
        }

        /** Dykstra's algorithm: the nearest point to a of all constraints, and of the ball of size t around a. */
        double[] dykstra(Norm norm, double t) {
            double[] point = a.clone();
            double[][] increments = new double[4][point.length];
            for (int round = 0; round < 20_000; round++) {
                for (int set = 0; set < 4; set++) {
                    double[] from = point;
                    double[] correction = increments[set];
                    Arrays.setAll(from, i -> from[i] + correction[i]);
                    point = project(set, norm, t, from.clone());
                    increments[set] = RowVectors.minus(from, point);
                }
            }
            return point;
        }

        private double[] project(int set, Norm norm, double t, double[] p) {
            switch (set) {
                case 0 -> {
                    double step = (c - RowVectors.dot(b, p)) / RowVectors.dot(b, b);
                    Arrays.setAll(p, i -> p[i] + step * b[i]);
                }
                case 1 -> {
                    double factor = Math.min(1, radius / RowVectors.norm(p, Norm.L2));
                    Arrays.setAll(p, i -> factor * p[i]);
                }
                case 2 -> Arrays.setAll(p, i -> RowVectors.clip(p[i], lower[i], upper[i]));
                default -> {
                    if (norm == Norm.LINF) {
                        Arrays.setAll(p, i -> RowVectors.clip(p[i], a[i] - t, a[i] + t));
                    } else if (norm == Norm.L1 && RowVectors.norm(RowVectors.minus(p, a), Norm.L1) > t) {
                        double low = 0;
                        double high = 10;
                        for (int i = 0; i < 60; i++) {
                            double middle = (low + high) / 2;
                            if (RowVectors.norm(shrunk(p, middle), Norm.L1) > t) {
                                low = middle;
                            } else {
                                high = middle;
                            }
                        }
                        double[] kept = shrunk(p, high);
                        Arrays.setAll(p, i -> a[i] + kept[i]);
                    }
                }
            }
            return p;
        }

        private double[] shrunk(double[] p, double by) {
            double[] kept = RowVectors.minus(p, a);
            Arrays.setAll(kept, i -> Math.signum(kept[i]) * Math.max(Math.abs(kept[i]) - by, 0));
            return kept;
        }
    }

    @Test
    void l2_steps_equal_the_projection_by_dykstra() {
        int compared = 0;
        for (long seed = 0; seed < 60; seed++) {
            Problem problem = new Problem(seed);
            double[] oracle = problem.dykstra(Norm.L2, 0);
            if (problem.violation(oracle) < 1e-8) {
                double[] step = problem.solve(Norm.L2);
                assertThat(problem.violation(step)).as("seed %d", seed).isLessThan(1e-9);
                assertThat(step)
                        .as("seed %d", seed)
                        .usingComparatorWithPrecision(1e-5)
                        .containsExactly(oracle);
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(30);
    }

    @ParameterizedTest
    @EnumSource(names = {"LINF", "L1"})
    void other_steps_are_feasible_and_none_is_nearer_by_a_fiftieth(Norm norm) {
        int compared = 0;
        for (long seed = 0; seed < 40; seed++) {
            Problem problem = new Problem(seed);
            if (problem.violation(problem.dykstra(Norm.L2, 0)) < 1e-8) {
                double[] step = problem.solve(norm);
                assertThat(problem.violation(step)).as("seed %d", seed).isLessThan(1e-9);
                double distance = RowVectors.norm(RowVectors.minus(problem.a, step), norm);
                if (distance > 1e-3) {
                    double[] nearer = problem.dykstra(norm, 0.98 * distance);
                    double excess = RowVectors.norm(RowVectors.minus(nearer, problem.a), norm) - 0.98 * distance;
                    assertThat(Math.max(problem.violation(nearer), excess))
                            .as("seed %d: no point is nearer than %s", seed, distance)
                            .isGreaterThan(1e-5);
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThan(15);
    }

    @ParameterizedTest
    @EnumSource(names = {"LINF", "L2", "L1"})
    void a_hyperplane_out_of_reach_is_approached_as_far_as_the_ball_allows(Norm norm) {
        double[] b = {3, 4};
        double[] step = BoundaryStep.solve(
                norm, new double[] {0.1, 0.1}, b, 100, 0.5, new double[] {-1, -1}, new double[] {1, 1});
        assertThat(step).usingComparatorWithPrecision(1e-6).containsExactly(0.3, 0.4);
        double[] atTheBox = BoundaryStep.solve(
                norm, new double[] {0.1, 0.1}, b, 100, 0.5, new double[] {-1, -1}, new double[] {0, 1});
        assertThat(atTheBox).usingComparatorWithPrecision(1e-6).containsExactly(0, 0.5);
    }

    @ParameterizedTest
    @EnumSource(names = {"LINF", "L2", "L1"})
    void a_normal_that_is_none_gives_no_step(Norm norm) {
        for (double bad : new double[] {0, Double.NaN, Double.POSITIVE_INFINITY}) {
            double[] step = BoundaryStep.solve(
                    norm, new double[] {0.1, 0.1}, new double[] {bad, 0}, 1, 0.5, new double[2], new double[] {1, 1});
            assertThat(step).containsExactly(0, 0);
        }
        double[] half = BoundaryStep.solve(
                norm, new double[] {0.1}, new double[] {2}, 0.5, 1, new double[] {-1}, new double[] {1});
        assertThat(half[0]).isCloseTo(0.25, within(1e-9));
    }
}
