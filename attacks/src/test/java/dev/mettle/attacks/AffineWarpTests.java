package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The conventions of {@link AffineWarp}, on images small enough to turn by hand. */
class AffineWarpTests {

    private static final double[] NINE = {1, 2, 3, 4, 5, 6, 7, 8, 9};

    private static double[] warp(double[] image, int height, int width, double degrees, double right, double down) {
        double[] warped = new double[image.length];
        AffineWarp.rotateAndShift(height, width, degrees, right, down).apply(image, 0, warped, 0, -1);
        return warped;
    }

    @Test
    void nothing_is_the_image_itself_to_the_bit() {
        double[] image = IntStream.range(0, 35).mapToDouble(i -> Math.sin(i)).toArray();
        assertThat(warp(image, 5, 7, 0, 0, 0)).containsExactly(image);
    }

    @Test
    void right_angles_turn_counter_clockwise_and_exactly() {
        assertThat(warp(NINE, 3, 3, 90, 0, 0)).containsExactly(3, 6, 9, 2, 5, 8, 1, 4, 7);
        assertThat(warp(NINE, 3, 3, 180, 0, 0)).containsExactly(9, 8, 7, 6, 5, 4, 3, 2, 1);
        assertThat(warp(NINE, 3, 3, -90, 0, 0)).containsExactly(7, 4, 1, 8, 5, 2, 9, 6, 3);
        double[] even = {1, 2, 3, 4};
        assertThat(warp(even, 2, 2, 90, 0, 0)).containsExactly(2, 4, 1, 3);
    }

    @Test
    void whole_pixels_shift_right_and_down_exactly() {
        assertThat(warp(NINE, 3, 3, 0, 1, 0)).containsExactly(-1, 1, 2, -1, 4, 5, -1, 7, 8);
        assertThat(warp(NINE, 3, 3, 0, 0, 1)).containsExactly(-1, -1, -1, 1, 2, 3, 4, 5, 6);
        assertThat(warp(NINE, 3, 3, 0, -2, -1)).containsExactly(6, -1, -1, 9, -1, -1, -1, -1, -1);
    }

    @Test
    void half_pixels_are_means_of_neighbors() {
        assertThat(warp(NINE, 3, 3, 0, 0.5, 0)).containsExactly(0, 1.5, 2.5, 1.5, 4.5, 5.5, 3, 7.5, 8.5);
    }

    @Test
    void rotation_comes_before_the_shift() {
        assertThat(warp(NINE, 3, 3, 90, 1, 0)).containsExactly(-1, 3, 6, -1, 2, 5, -1, 1, 4);
    }

    /** An image that isn't square turns about its middle without being sheared: a line of three pixels stands up. */
    @Test
    void images_that_are_not_square_keep_their_proportions() {
        double[] line = new double[15];
        line[6] = 1; // row 1 of 3, columns 1 to 3 of 5
        line[7] = 2;
        line[8] = 3;
        double[] turned = new double[15];
        AffineWarp.rotateAndShift(3, 5, 90, 0, 0).apply(line, 0, turned, 0, 0);
        assertThat(turned).containsExactly(0, 0, 3, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0);
    }

    /** torch.nn.functional.grid_sample, bilinear, zeros, align_corners: rotation by 30°, then 0.5 right and 1.25 up. */
    @Test
    void equals_grid_sample_of_pytorch() {
        double[] image = new double[25];
        for (int i = 0; i < 25; i++) {
            int y = i / 5;
            int x = i % 5;
            image[i] = (7 * y * y + 11 * x + 3 * x * y) % 16 / 15.0;
        }
        double[] warped = new double[25];
        AffineWarp.rotateAndShift(5, 5, 30, 0.5, -1.25).apply(image, 0, warped, 0, 0);
        assertThat(warped)
                .usingComparatorWithPrecision(1e-9)
                .containsExactly(
                        0.1825625333,
                        0.4769430571,
                        0.2802552206,
                        0.6296569142,
                        0.384955759,
                        0.3202071259,
                        0.5991118407,
                        0.8753084536,
                        0.764902526,
                        0.7812915177,
                        0.1562299605,
                        0.8496787008,
                        0.3496357444,
                        0.5578831648,
                        0.5485879371,
                        0,
                        0.4616005372,
                        0.3389406317,
                        0.489205461,
                        0.2498691274,
                        0,
                        0,
                        0,
                        0,
                        0);
    }

    @Test
    void the_adjoint_is_the_transpose() {
        AffineWarp warp = AffineWarp.place(3, 3, 6, 5, 25, 1.4, 2.3, 2.9);
        double[] source = NINE.clone();
        double[] cotangent =
                IntStream.range(0, 30).mapToDouble(i -> Math.cos(i)).toArray();
        double[] forward = new double[30];
        warp.apply(source, 0, forward, 0, 0);
        double[] backward = new double[9];
        warp.adjoint(cotangent, 0, backward, 0);
        double left = IntStream.range(0, 30)
                .mapToDouble(i -> forward[i] * cotangent[i])
                .sum();
        double right =
                IntStream.range(0, 9).mapToDouble(i -> source[i] * backward[i]).sum();
        assertThat(left).isCloseTo(right, within(1e-12)).isNotZero();
    }

    @Test
    void a_patch_covers_its_own_pixels_and_no_others() {
        AffineWarp warp = AffineWarp.place(2, 2, 4, 4, 0, 1, 1.5, 2.5); // columns 1 and 2, rows 2 and 3
        assertThat(warp.coverage()).containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0);
    }

    @Test
    void what_has_no_weight_cannot_spoil_anything() {
        double[] image = {Double.NaN, 1, 2, 3};
        assertThat(warp(image, 2, 2, 0, -1, 0)).containsExactly(1, -1, 3, -1);
    }
}
