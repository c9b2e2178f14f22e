package dev.mettle.attacks;

import java.util.Arrays;
import java.util.List;

/** The corruptions of Hendrycks and Dietterich (ICLR 2019): the fifteen of the benchmark, then three that they held back. */
public enum Corruption {
    /** Normal noise on every value: poor light. */
    GAUSSIAN_NOISE("gaussian noise"),
    /** Poisson noise: the discrete nature of light. */
    SHOT_NOISE("shot noise"),
    /** Values that become 0 or 1: bit errors. */
    IMPULSE_NOISE("impulse noise"),
    /** A disk-shaped blur: out of focus. */
    DEFOCUS_BLUR("defocus blur"),
    /** Pixels replaced by neighbors, between two Gaussian blurs: frosted glass. */
    GLASS_BLUR("glass blur"),
    /** A one-sided blur along a line of random direction: a moving camera. */
    MOTION_BLUR("motion blur"),
    /** The mean of many zooms: a camera that moves towards the scene. */
    ZOOM_BLUR("zoom blur"),
    /** Bright streaks on a whitened image. */
    SNOW("snow"),
    /** Ice crystals over the image; drawn by a program here, photographs in the original. */
    FROST("frost"),
    /** A bright fractal haze. */
    FOG("fog"),
    /** A larger value in hue, saturation, value: daylight. */
    BRIGHTNESS("brightness"),
    /** Values drawn to the mean of their channel. */
    CONTRAST("contrast"),
    /** A random affine map, then small random shifts. */
    ELASTIC_TRANSFORM("elastic transform"),
    /** Fewer pixels. */
    PIXELATE("pixelate"),
    /** JPEG of low quality. */
    JPEG_COMPRESSION("JPEG compression"),

    /** Normal noise in proportion to the value. One of the extra corruptions. */
    SPECKLE_NOISE("speckle noise"),
    /** A Gaussian blur. One of the extra corruptions. */
    GAUSSIAN_BLUR("gaussian blur"),
    /** A lower or higher saturation; no change to grey images. One of the extra corruptions. */
    SATURATE("saturate");

    private final String words;

    Corruption(String words) {
        this.words = words;
    }

    /** Return the fifteen corruptions of the benchmark. */
    public static List<Corruption> benchmark() {
        return Arrays.stream(values())
                .filter(corruption -> corruption.compareTo(SPECKLE_NOISE) < 0)
                .toList();
    }

    /** Return the name in lower case words, such as {@code gaussian noise}. */
    @Override
    public String toString() {
        return words;
    }
}
