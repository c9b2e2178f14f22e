package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The projections of FAB against numbers from a NumPy port and against bisection. */
class HyperplaneProjectionTests {

    private static final double[] POINT = {0.1, 0.9, 0.5, 0, 1, 0.3};
    private static final double[] NORMAL = {1, -2, 0.5, -1, 3, 0};

    @ParameterizedTest
    @CsvSource({
        "1.0, LINF, '-0.07333333333333335, 0.07333333333333335, -0.07333333333333335, 0.07333333333333335, -0.07333333333333335, 0'",
        "1.0, L2, '-0.036065573770491806, 0.07213114754098361, -0.018032786885245903, 0.036065573770491806, -0.10819672131147542, 0'",
        "1.0, L1, '0, 0, 0, 0, -0.18333333333333335, 0'",
        "2.5, LINF, '0.2714285714285714, -0.2714285714285714, 0.2714285714285714, 0, 0, 0'",
        "2.5, L2, '0.18095238095238095, -0.3619047619047619, 0.09047619047619047, 0, 0, 0'",
        "2.5, L1, '0, -0.475, 0, 0, 0, 0'",
        "-3.5, LINF, '-0.1, 0.1, -0.5, 1, -1, 0'", // the box doesn't reach the plane: its nearest corner
        "-3.5, L2, '-0.1, 0.1, -0.5, 1, -1, 0'",
        "-3.5, L1, '-0.1, 0.1, -0.5, 1, -1, 0'",
    })
    void equals_an_independent_port(double offset, Norm norm, String expected) {
        double excess = RowVectors.dot(NORMAL, POINT) - offset;
        double[] step =
                HyperplaneProjection.step(POINT, NORMAL, excess, new double[6], new double[] {1, 1, 1, 1, 1, 1}, norm);
        double[] wanted = Arrays.stream(expected.split(","))
                .mapToDouble(Double::parseDouble)
                .toArray();
        assertThat(step).containsExactly(wanted, within(1e-14));
    }

    @ParameterizedTest
    @EnumSource(
            value = Norm.class,
            names = {"LINF", "L2", "L1"})
    void equals_bisection_on_random_planes(Norm norm) {
        int reached = 0;
        for (int seed = 0; seed < 300; seed++) {
            SampleRandom random = SampleRandom.of(seed, "projection", 0, 0);
            int d = 1 + random.below(40);
            double[] lower = new double[d];
            double[] upper = new double[d];
            double[] x = new double[d];
            double[] w = new double[d];
            for (int i = 0; i < d; i++) {
                lower[i] = random.uniform(-2, 0);
                upper[i] = random.below(8) == 0 ? lower[i] : lower[i] + random.uniform(0, 3); // some can't move
                x[i] = random.below(3) == 0 ? upper[i] : random.uniform(lower[i], upper[i]);
                w[i] = random.below(6) == 0 ? 0 : Math.rint(random.uniform(-5, 5)) / 2; // with ties
            }
            double excess = random.gaussian() * d / 8;
            double[] step = HyperplaneProjection.step(x, w, excess, lower, upper, norm);
            for (int i = 0; i < d; i++) {
                assertThat(x[i] + step[i]).isBetween(lower[i] - 1e-12, upper[i] + 1e-12);
            }
            double gain = Math.abs(RowVectors.dot(w, step));
            double most = capacity(x, w, excess, lower, upper, Double.POSITIVE_INFINITY, Norm.LINF);
            assertThat(gain).isCloseTo(Math.min(most, Math.abs(excess)), within(1e-9));
            if (most > Math.abs(excess)) {
                reached++;
                double least = bisect(size -> capacity(x, w, excess, lower, upper, size, norm), Math.abs(excess));
                assertThat(RowVectors.norm(step, norm)).isCloseTo(least, within(1e-7));
            }
        }
        assertThat(reached).isGreaterThan(150);
    }

    /** The most that a step of the given size, by bisection, can change {@code w · x} in the wanted direction. */
    private static double capacity(
            double[] x, double[] w, double excess, double[] lower, double[] upper, double size, Norm norm) {
        int d = x.length;
        double[] slope = new double[d];
        double[] room = new double[d];
        for (int i = 0; i < d; i++) {
            double direction = -Math.signum(excess) * w[i];
            slope[i] = Math.abs(w[i]);
            room[i] = direction > 0 ? upper[i] - x[i] : x[i] - lower[i];
        }
        return switch (norm) {
            case LINF -> gain(slope, room, i -> size);
            case L2 -> {
                double lambda = bisect(
                        t -> {
                            double squares = 0;
                            for (int i = 0; i < d; i++) {
                                squares += Math.pow(Math.min(t * slope[i], room[i]), 2);
                            }
                            return squares;
                        },
                        size * size);
                yield gain(slope, room, i -> lambda * slope[i]);
            }
            default -> {
                Integer[] order = new Integer[d];
                Arrays.setAll(order, i -> i);
                Arrays.sort(order, (a, b) -> Double.compare(slope[b], slope[a]));
                double left = size;
                double gained = 0;
                for (int i : order) {
                    double step = Math.min(left, room[i]);
                    left -= step;
                    gained += slope[i] * step;
                }
                yield gained;
            }
        };
    }

    private static double gain(double[] slope, double[] room, java.util.function.IntToDoubleFunction step) {
        double gain = 0;
        for (int i = 0; i < slope.length; i++) {
            gain += slope[i] * Math.min(step.applyAsDouble(i), room[i]);
        }
        return gain;
    }

    /** The least argument at which a rising function reaches a value; 10⁶ if none below does. */
    private static double bisect(DoubleUnaryOperator rising, double value) {
        double low = 0;
        double high = 1e6;
        for (int i = 0; i < 120; i++) {
            double middle = (low + high) / 2;
            if (rising.applyAsDouble(middle) < value) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }
}
