package dev.mettle.core.numeric;

import java.util.SplittableRandom;

/**
 * The random stream of one sample under one attack and one restart.
 *
 * <p>It depends on nothing else: not on the batch size, the order of samples, which samples are already broken, or which
 * tests ran before. That makes every result reproducible to the sample.
 */
public final class SampleRandom {

    private final SplittableRandom random;

    private SampleRandom(long state) {
        this.random = new SplittableRandom(state);
    }

    /**
     * Derive the stream of a sample.
     *
     * @param seed the base seed of the evaluation
     * @param attack the name of the attack
     * @param restart the restart, counted from 0
     * @param sampleId the id of the sample in its data set
     */
    public static SampleRandom of(long seed, String attack, int restart, long sampleId) {
        long state = mix(seed);
        for (int i = 0; i < attack.length(); i++) {
            state = mix(state ^ attack.charAt(i));
        }
        state = mix(state ^ restart);
        return new SampleRandom(mix(state ^ sampleId));
    }

    /** Draw uniformly from {@code [low, high)}; exactly {@code low} when both are equal. */
    public double uniform(double low, double high) {
        return low + (high - low) * random.nextDouble();
    }

    /** Draw from the standard normal distribution. */
    public double gaussian() {
        return random.nextGaussian();
    }

    /** Draw from the exponential distribution with mean 1. */
    public double exponential() {
        return random.nextExponential();
    }

    /** Draw a sign, +1 or −1. */
    public int sign() {
        return random.nextBoolean() ? 1 : -1;
    }

    /** Draw uniformly from 0 (inclusive) to {@code bound} (exclusive). */
    public int below(int bound) {
        return random.nextInt(bound);
    }

    /** The finalizer of SplitMix64 (Steele, Lea, Flood 2014), after a golden-ratio increment. */
    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
