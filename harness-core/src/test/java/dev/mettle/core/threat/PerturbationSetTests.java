package dev.mettle.core.threat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.numeric.Tolerance;
import dev.mettle.core.testing.Samples;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class PerturbationSetTests {

    private static final Box BOX = Box.of(0, 1);
    private static final int N = 20;
    private static final long[] SHAPE = {3, 4};

    private static double epsilon(Norm norm) {
        return switch (norm) {
            case LINF -> 0.2;
            case L2 -> 0.7;
            case L1 -> 1.3;
            case L0 -> 4;
        };
    }

    private static INDArray random(DataType type, long seed, double scale) {
        double[][] rows = new double[N][12];
        for (int i = 0; i < N; i++) {
            SampleRandom random = SampleRandom.of(seed, "test", 0, i);
            Arrays.setAll(rows[i], j -> scale * random.gaussian());
        }
        return Rows.fromRows(rows, Samples.uniform(N, type, SHAPE));
    }

    private static void assertInside(INDArray points, INDArray clean, Norm norm) {
        double[][] x = Rows.toRows(points);
        double[][] c = Rows.toRows(clean);
        for (int i = 0; i < N; i++) {
            assertThat(Tolerance.atMost(Distances.between(x[i], c[i]).in(norm), epsilon(norm)))
                    .as(
                            "%s of sample %d is %s",
                            norm, i, Distances.between(x[i], c[i]).in(norm))
                    .isTrue();
            assertThat(Arrays.stream(x[i])).allMatch(value -> value >= 0 && value <= 1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void projects_into_ball_and_box_and_is_idempotent(Norm norm) {
        for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
            INDArray clean = Samples.uniform(N, type, SHAPE);
            PerturbationSet set = norm.ball(epsilon(norm), BOX, Constraints.none(), clean);
            INDArray projected = set.project(clean.add(random(type, 1, 0.5)));
            assertInside(projected, clean, norm);
            double[] once = Rows.toDoubles(projected);
            double[] twice = Rows.toDoubles(set.project(projected.dup()));
            for (int i = 0; i < once.length; i++) {
                assertThat(twice[i]).isCloseTo(once[i], within(1e-6));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void leaves_points_of_the_set_alone(Norm norm) {
        INDArray clean = Samples.uniform(N, DataType.DOUBLE, SHAPE);
        INDArray x = BOX.clip(clean.add(random(DataType.DOUBLE, 2, 0.01)));
        if (norm == Norm.L0) {
            x = clean.dup();
        }
        double[] projected = Rows.toDoubles(
                norm.ball(epsilon(norm), BOX, Constraints.none(), clean).project(x.dup()));
        double[] before = Rows.toDoubles(x);
        for (int i = 0; i < before.length; i++) {
            assertThat(projected[i]).isCloseTo(before[i], within(1e-12));
        }
    }

    @Test
    void l1_projection_is_the_nearest_point() {
        INDArray clean = Samples.uniform(N, DataType.DOUBLE, SHAPE);
        INDArray x = clean.add(random(DataType.DOUBLE, 3, 0.5));
        double[][] target = Rows.toRows(x);
        double[][] nearest =
                Rows.toRows(Norm.L1.ball(1.3, BOX, Constraints.none(), clean).project(x.dup()));
        double[][] center = Rows.toRows(clean);
        for (int i = 0; i < N; i++) {
            // variational inequality: (target − nearest) · (other − nearest) ≤ 0 for every other point of the set, of
            // which
            // the one that maximizes the left side is found by maximizing a linear function
            double[] normal = new double[12];
            for (int j = 0; j < 12; j++) {
                normal[j] = target[i][j] - nearest[i][j];
            }
            INDArray own = Rows.select(clean, new int[] {i});
            double[] other = Rows.toRows(Norm.L1
                    .ball(1.3, BOX, Constraints.none(), own)
                    .maximizeLinear(Rows.fromRows(new double[][] {normal}, own)))[0];
            double product = 0;
            for (int j = 0; j < 12; j++) {
                product += normal[j] * (other[j] - nearest[i][j]);
            }
            assertThat(product).as("sample %d around %s", i, center[i]).isLessThan(1e-9);
        }
    }

    @ParameterizedTest
    @EnumSource
    void maximizes_linear_functions(Norm norm) {
        INDArray clean = Samples.uniform(N, DataType.DOUBLE, SHAPE);
        INDArray gradient = random(DataType.DOUBLE, 4, 1);
        PerturbationSet set = norm.ball(epsilon(norm), BOX, Constraints.none(), clean);
        INDArray best = set.maximizeLinear(gradient);
        assertInside(best, clean, norm);
        double[] value = Rows.toDoubles(Rows.matrix(best.mul(gradient)).sum(1));
        for (int seed = 10; seed < 60; seed++) {
            INDArray other =
                    set.project(clean.add(random(DataType.DOUBLE, seed, 0.4).addi(gradient.mul(0.3))));
            double[] otherValue =
                    Rows.toDoubles(Rows.matrix(other.mul(gradient)).sum(1));
            for (int i = 0; i < N; i++) {
                assertThat(otherValue[i]).as("%s sample %d", norm, i).isLessThanOrEqualTo(value[i] + 1e-9);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void samples_inside_and_differently_per_stream(Norm norm) {
        for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
            INDArray clean = Samples.uniform(N, type, SHAPE);
            SampleRandom[] streams = new SampleRandom[N];
            Arrays.setAll(streams, i -> SampleRandom.of(1, "test", 0, i));
            INDArray drawn =
                    norm.ball(epsilon(norm), BOX, Constraints.none(), clean).sample(streams);
            assertInside(drawn, clean, norm);
            assertThat(Arrays.stream(norm.distances(drawn, clean))).allMatch(distance -> distance > 0);
        }
    }

    @Test
    void l2_samples_are_uniform_in_the_ball() {
        // far from the box, the share of points within radius r of a d-ball of radius 1 is r^d
        int n = 20_000;
        double[][] rows = new double[n][3];
        Arrays.stream(rows).forEach(row -> Arrays.fill(row, 5));
        INDArray clean = Rows.fromRows(rows, Rows.fromDoubles(new double[3], new long[] {1, 3}, DataType.DOUBLE));
        SampleRandom[] streams = new SampleRandom[n];
        Arrays.setAll(streams, i -> SampleRandom.of(1, "test", 0, i));
        for (Norm norm : new Norm[] {Norm.L2, Norm.L1, Norm.LINF}) {
            INDArray drawn =
                    norm.ball(1, Box.of(0, 10), Constraints.none(), clean).sample(streams);
            double[] distances = norm.distances(drawn, clean);
            for (double r : new double[] {0.3, 0.6, 0.9}) {
                double share = Arrays.stream(distances)
                                .filter(distance -> distance <= r)
                                .count()
                        / (double) n;
                assertThat(share).as("%s within %s", norm, r).isCloseTo(r * r * r, within(0.012)); // > 3.5 sigma
            }
        }
    }

    @Test
    void a_zero_gradient_takes_no_step() {
        INDArray clean = Samples.uniform(N, DataType.FLOAT, SHAPE);
        for (Norm norm : new Norm[] {Norm.LINF, Norm.L2, Norm.L1}) {
            INDArray step =
                    norm.ball(epsilon(norm), BOX, Constraints.none(), clean).steepestStep(clean, clean.like(), 1);
            assertThat(Rows.toDoubles(step)).as(norm.symbol()).containsOnly(0);
        }
    }

    @Test
    void a_tiny_gradient_still_gives_a_unit_step() {
        INDArray clean = Samples.uniform(N, DataType.FLOAT, SHAPE);
        INDArray step = Norm.L2
                .ball(1, BOX, Constraints.none(), clean)
                .steepestStep(clean, random(DataType.FLOAT, 5, 1e-30), 1);
        for (double length : Rows.toDoubles(Rows.matrix(step).norm2(1))) {
            assertThat(length).isCloseTo(1, within(1e-5));
        }
    }

    @Test
    void l1_steps_leave_features_alone_that_the_box_holds() {
        INDArray clean = Rows.fromDoubles(new double[] {1, 0.5, 0.5}, new long[] {1, 3}, DataType.DOUBLE);
        INDArray gradient = Rows.fromDoubles(new double[] {9, 2, -3}, new long[] {1, 3}, DataType.DOUBLE);
        INDArray step = Norm.L1.ball(1, BOX, Constraints.none(), clean).steepestStep(clean, gradient, 0.7);
        assertThat(Rows.toDoubles(step)).containsExactly(new double[] {0, 0.2, -0.5}, within(1e-12));
    }

    /** Equal shares for a hundredth of the features would halve the larger gradient's gain. */
    @Test
    void l1_steps_go_to_the_largest_gradient_however_many_features_there_are() {
        double[] slopes = new double[245];
        Arrays.fill(slopes, 0.1);
        slopes[7] = -3;
        slopes[200] = 2;
        INDArray clean = Rows.fromDoubles(new double[245], new long[] {1, 245}, DataType.DOUBLE)
                .addi(0.5);
        INDArray gradient = Rows.fromDoubles(slopes, new long[] {1, 245}, DataType.DOUBLE);
        double[] expected = new double[245];
        expected[7] = -0.4;
        assertThat(Rows.toDoubles(
                        Norm.L1.ball(1, BOX, Constraints.none(), clean).steepestStep(clean, gradient, 0.4)))
                .containsExactly(expected, within(1e-12));
        expected[7] = -0.5;
        expected[200] = 0.2;
        assertThat(Rows.toDoubles(
                        Norm.L1.ball(1, BOX, Constraints.none(), clean).steepestStep(clean, gradient, 0.7)))
                .containsExactly(expected, within(1e-12));
    }

    @Test
    void respects_bounds_per_feature() {
        Box box = Box.perFeature(new double[] {0, -1, 10}, new double[] {1, 1, 20});
        INDArray clean = Rows.fromDoubles(new double[] {0.5, 0, 10}, new long[] {1, 3}, DataType.DOUBLE);
        INDArray far = clean.add(Rows.fromDoubles(new double[] {5, -5, -5}, new long[] {1, 3}, DataType.DOUBLE));
        assertThat(Rows.toDoubles(
                        Norm.LINF.ball(2, box, Constraints.none(), clean).project(far)))
                .containsExactly(1, -1, 10);
    }
}
