package dev.mettle.core.image;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Compresses images as JPEG and decompresses them. */
public final class Jpeg {

    private Jpeg() {}

    /**
     * Compress with 8 bits per value and decompress: three channels as one color image, any other number as grey images.
     *
     * @param quality from 1 to 100, as libjpeg and Pillow count it
     */
    public static Raster compress(Raster image, int quality) {
        int height = image.height();
        int width = image.width();
        if (image.channels() == 3) {
            return new Raster(height, width, roundTrip(image.planes(), height, width, quality));
        }
        return image.mapPlanes(plane -> roundTrip(new double[][] {plane}, height, width, quality)[0]);
    }

    private static double[][] roundTrip(double[][] planes, int height, int width, int quality) {
        int channels = planes.length;
        BufferedImage image = new BufferedImage(
                width, height, channels == 3 ? BufferedImage.TYPE_INT_RGB : BufferedImage.TYPE_BYTE_GRAY);
        WritableRaster raster = image.getRaster();
        int[] samples = new int[width * height];
        for (int channel = 0; channel < channels; channel++) {
            for (int i = 0; i < samples.length; i++) {
                samples[i] = (int) Math.round(255 * planes[channel][i]);
            }
            raster.setSamples(0, 0, width, height, channel, samples);
        }
        try {
            WritableRaster decoded = decode(encode(image, quality)).getRaster();
            double[][] result = new double[channels][];
            for (int channel = 0; channel < channels; channel++) {
                double[] values = decoded.getSamples(0, 0, width, height, band(decoded, channel), (double[]) null);
                for (int i = 0; i < values.length; i++) {
                    values[i] /= 255;
                }
                result[channel] = values;
            }
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(e); // in memory there is nothing to fail
        }
    }

    private static int band(WritableRaster raster, int channel) {
        return Math.min(channel, raster.getNumBands() - 1);
    }

    private static byte[] encode(BufferedImage image, int quality) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try {
            ImageWriteParam options = writer.getDefaultWriteParam();
            options.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            options.setCompressionQuality(asImageIo(quality));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
                writer.setOutput(out);
                writer.write(null, new IIOImage(image, null, null), options);
            }
            return bytes.toByteArray();
        } finally {
            writer.dispose();
        }
    }

    /** Both scale the standard tables by 50 / q below 50 and by 2 − q / 50 above; libjpeg in whole per cents. */
    private static float asImageIo(int quality) {
        int perCent = 5000 / quality;
        return quality < 50 ? 50f / perCent : quality / 100f;
    }

    private static BufferedImage decode(byte[] bytes) throws IOException {
        // ImageIO.read(InputStream) may cache in a file
        return ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes)));
    }
}
