package dev.mettle.core.model;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The random streams of a randomized step: the k-th time that an input is seen, it gets the k-th draw of a stream of its own.
 *
 * <p>So draws are fresh at every call, and yet what a sample gets depends neither on the batch that it is in nor on the order of samples:
 * the hash of an input stands for its place in a sequence of calls that nobody controls.
 */
final class Draws {

    /** Of so many inputs it is remembered how often they were seen; that of the oldest is forgotten, and its draws begin again. */
    private static final int REMEMBERED = 1 << 17;

    private final long seed;
    private final boolean fixed;
    private final Map<Long, Integer> seen = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Integer> eldest) {
            return size() > REMEMBERED;
        }
    };

    private Draws(long seed, boolean fixed) {
        this.seed = seed;
        this.fixed = fixed;
    }

    /** Draw anew at every call. */
    static Draws from(long seed) {
        return new Draws(seed, false);
    }

    /** Give every sample the same draw, always. */
    static Draws fixed() {
        return new Draws(0, true);
    }

    /** Return one stream per sample. */
    synchronized SampleRandom[] streams(RandomizedPreprocessing step, INDArray inputs) {
        long own = seed * 31 + step.seed();
        SampleRandom[] streams = new SampleRandom[(int) inputs.size(0)];
        if (fixed) {
            Arrays.setAll(streams, row -> SampleRandom.of(own, step.name(), 0, 0));
            return streams;
        }
        double[][] rows = Rows.toRows(inputs);
        Arrays.setAll(streams, row -> {
            long content = hash(rows[row]);
            int times = seen.merge(content, 1, Integer::sum);
            return SampleRandom.of(own, step.name(), times, content);
        });
        return streams;
    }

    /** Hash what the values are in single precision. */
    private static long hash(double[] values) {
        long hash = 0xCBF29CE484222325L;
        for (double value : values) {
            hash = (hash ^ Float.floatToIntBits((float) value)) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 32;
        }
        return hash;
    }
}
