package dev.mettle.reports;

/**
 * An image of 8 bits per channel.
 *
 * @param width in pixels, at least 1
 * @param height in pixels, at least 1
 * @param channels 1 for gray, 3 for red, green and blue
 * @param pixels line by line, the channels of a pixel side by side
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and never leaves the package
record Picture(int width, int height, int channels, byte[] pixels) {

    /** Repeat every pixel, so that viewers that blur small images show it sharp. */
    Picture enlarged(int factor) {
        byte[] large = new byte[pixels.length * factor * factor];
        for (int y = 0; y < height * factor; y++) {
            for (int x = 0; x < width * factor; x++) {
                int from = (y / factor * width + x / factor) * channels;
                System.arraycopy(pixels, from, large, (y * width * factor + x) * channels, channels);
            }
        }
        return new Picture(width * factor, height * factor, channels, large);
    }
}
