package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PngTests {

    @Test
    void grayPixelsComeBack() throws IOException {
        BufferedImage image = decode(new Picture(3, 2, 1, new byte[] {0, 1, 2, 127, (byte) 128, (byte) 255}));

        assertThat(image.getWidth()).isEqualTo(3);
        assertThat(image.getHeight()).isEqualTo(2);
        assertThat(image.getRaster().getSamples(0, 0, 3, 2, 0, (int[]) null)).containsExactly(0, 1, 2, 127, 128, 255);
    }

    @Test
    void colorsComeBack() throws IOException {
        BufferedImage image = decode(new Picture(1, 2, 3, new byte[] {(byte) 255, 128 - 256, 0, 1, 2, 3}));

        assertThat(image.getRGB(0, 0)).isEqualTo(0xffff8000);
        assertThat(image.getRGB(0, 1)).isEqualTo(0xff010203);
    }

    @Test
    void enlargingRepeatsEveryPixel() throws IOException {
        BufferedImage image = decode(new Picture(2, 1, 1, new byte[] {10, 20}).enlarged(2));

        assertThat(image.getRaster().getSamples(0, 0, 4, 2, 0, (int[]) null))
                .containsExactly(10, 10, 20, 20, 10, 10, 20, 20);
    }

    @Test
    void equalPicturesGiveEqualBytes() {
        Picture picture = new Picture(2, 1, 1, new byte[] {10, 20});

        assertThat(Png.encode(picture)).isEqualTo(Png.encode(new Picture(2, 1, 1, new byte[] {10, 20})));
    }

    private static BufferedImage decode(Picture picture) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(Png.encode(picture)));
    }
}
