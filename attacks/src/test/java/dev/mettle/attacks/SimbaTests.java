package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimbaTests {

    @ParameterizedTest
    @CsvSource({"1, 4, 4", "2, 3, 5", "1, 1, 9", "3, 1, 4"})
    void cosines_are_an_orthonormal_basis(int channels, int height, int width) {
        Plane plane = new Plane(channels, height, width);
        Directions cosines = new Directions.Cosines(plane, 2, 1);
        int d = channels * plane.places();
        double[][] basis = new double[d][d];
        for (int i = 0; i < d; i++) {
            cosines.add(i, 1, basis[i]);
        }
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                double product = 0;
                for (int k = 0; k < d; k++) {
                    product += basis[i][k] * basis[j][k];
                }
                assertThat(product).isCloseTo(i == j ? 1 : 0, within(1e-12));
            }
        }
    }

    /** The inverse DCT of a unit coefficient, written out from its definition. */
    @Test
    void a_direction_is_the_product_of_two_cosines_in_its_own_channel() {
        Plane plane = new Plane(2, 3, 4);
        double[] point = new double[24];
        new Directions.Cosines(plane, 1, 1).add(plane.index(1, 2, 3), 5, point);
        for (int row = 0; row < 3; row++) {
            for (int column = 0; column < 4; column++) {
                double expected = 5
                        * Math.sqrt(2 / 3.0)
                        * Math.sqrt(2 / 4.0)
                        * Math.cos(Math.PI * (2 * row + 1) * 2 / 6)
                        * Math.cos(Math.PI * (2 * column + 1) * 3 / 8);
                assertThat(point[plane.index(1, row, column)]).isCloseTo(expected, within(1e-12));
                assertThat(point[plane.index(0, row, column)]).isZero();
            }
        }
    }

    @Test
    void low_frequencies_come_first_in_random_order_and_every_direction_once() {
        Plane plane = new Plane(3, 7, 7);
        int[] order = new Directions.Cosines(plane, 2, 3).shuffled(SampleRandom.of(1, "order", 0, 0));
        assertThat(Arrays.stream(order).sorted().toArray())
                .isEqualTo(IntStream.range(0, 147).toArray());
        int[] highest =
                Arrays.stream(order).map(i -> Math.max(i / 7 % 7, i % 7)).toArray();
        assertThat(Arrays.stream(highest, 0, 12)).allMatch(frequency -> frequency < 2);
        assertThat(Arrays.stream(highest, 12, 75)).allMatch(frequency -> frequency >= 2 && frequency < 5);
        assertThat(Arrays.stream(highest, 75, 147)).allMatch(frequency -> frequency >= 5);
        assertThat(order).isNotEqualTo(new Directions.Cosines(plane, 2, 3).shuffled(SampleRandom.of(1, "order", 0, 1)));
    }
}
