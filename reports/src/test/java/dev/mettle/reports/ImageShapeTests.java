package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.threat.Box;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageShapeTests {

    @Test
    void channelsMayComeFirstOrLastOrNotAtAll() {
        assertThat(ImageShape.of(List.of(1L, 28L, 30L))).contains(new ImageShape(30, 28, 1, true));
        assertThat(ImageShape.of(List.of(3L, 32L, 33L))).contains(new ImageShape(33, 32, 3, true));
        assertThat(ImageShape.of(List.of(28L, 30L, 3L))).contains(new ImageShape(30, 28, 3, false));
        assertThat(ImageShape.of(List.of(28L, 30L))).contains(new ImageShape(30, 28, 1, true));
    }

    @Test
    void otherShapesAreNoImages() {
        assertThat(ImageShape.of(List.of(784L))).isEmpty();
        assertThat(ImageShape.of(List.of(2L, 28L, 28L))).isEmpty();
        assertThat(ImageShape.of(List.of(3L, 100L))).isEmpty();
        assertThat(ImageShape.of(List.of(3L, 8L, 8L, 8L))).isEmpty();
    }

    @Test
    void theBoxSpansBlackToWhite() {
        Picture picture = new ImageShape(4, 1, 1, true).draw(new double[] {-1, -0.5, 0, 1}, Box.of(-1, 1));

        assertThat(picture.pixels()).containsExactly(0, 64, 128, 255);
    }

    @Test
    void bothLayoutsGiveInterleavedPixels() {
        byte[] pixels = {10, 30, 50, 20, 40, 60};

        assertThat(new ImageShape(2, 1, 3, true)
                        .draw(new double[] {10, 20, 30, 40, 50, 60}, Box.of(0, 255))
                        .pixels())
                .containsExactly(pixels);
        assertThat(new ImageShape(2, 1, 3, false)
                        .draw(new double[] {10, 30, 50, 20, 40, 60}, Box.of(0, 255))
                        .pixels())
                .containsExactly(pixels);
    }

    @Test
    void noDifferenceIsGrayAndOthersAreAmplifiedAndCutOff() {
        Picture picture = new ImageShape(4, 1, 1, true)
                .drawDifference(new double[] {0, 0, 0.5, 0.5}, new double[] {0, 0.02, 0.47, 0}, Box.of(0, 1), 10);

        assertThat(picture.pixels()).containsExactly(128, 179, 51, 0);
    }

    @Test
    void aSmallerPictureHoldsMeansAndTheStrongestDifferences() {
        ImageShape shape = new ImageShape(3, 2, 1, true);
        double[] clean = {0, 1, 1, 1, 0, 0};
        double[] adversarial = {0, 0.9, 1, 1, 0.2, 0};

        assertThat(shape.draw(clean, Box.of(0, 1), 2).pixels()).containsExactly(128, 128);
        assertThat(shape.drawDifference(clean, adversarial, Box.of(0, 1), 1, 2).pixels())
                .containsExactly(179, 128);
        assertThat(shape.reductionTo(3)).isEqualTo(1);
        assertThat(shape.reductionTo(2)).isEqualTo(2);
    }
}
