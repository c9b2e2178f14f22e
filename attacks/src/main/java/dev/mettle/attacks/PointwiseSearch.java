package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;

/** The search of {@link Pointwise} for one sample, as a dialog: it says which point it asks about next, and hears the answer. */
final class PointwiseSearch {

    private static final int VALUE_HALVINGS = 8;

    private enum Phase {
        NOISE,
        RESET,
        REFINE
    }

    private final double[] clean;
    private final double[] lower;
    private final double[] upper;
    private final int[] free;
    private final SampleRandom random;
    private final boolean refines;

    private Phase phase = Phase.NOISE;
    private int starts;
    private double[] noise;
    private double[] point;
    private double[] candidate;

    /** Features in the order in which they are dealt with, and the first of those still to come. */
    private int[] order;

    private int position;

    /** How many features to change at once. */
    private int block;

    private boolean progress;

    /** The values between which the boundary lies in one feature: a share of the way from clean to adversarial. */
    private double low;

    private double high;
    private int halving;

    PointwiseSearch(LabelQueries queries, int sample, boolean refines) {
        this.clean = queries.clean(sample);
        this.lower = queries.lower(sample);
        this.upper = queries.upper(sample);
        this.free = queries.free(sample);
        this.random = queries.random(sample);
        this.refines = refines;
        this.point = clean;
        this.noise = clean.clone();
        this.candidate = clean;
        this.order = free;
        start();
    }

    double[] next() {
        candidate = switch (phase) {
            case NOISE -> withNoise();
            case RESET -> withoutBlock();
            case REFINE -> withValue();
        };
        return candidate;
    }

    void hear(boolean adversarial) {
        switch (phase) {
            case NOISE -> hearNoise(adversarial);
            case RESET -> hearReset(adversarial);
            case REFINE -> hearValue(adversarial);
        }
    }

    /**
     * Draw new noise: salt and pepper; then only one of them; then any values, since a model may have one label for all salt and
     * pepper.
     */
    private void start() {
        phase = Phase.NOISE;
        order = shuffled(free);
        int side = random.sign();
        for (int i : free) {
            boolean up = (starts % 3 == 1 ? side : random.sign()) > 0;
            if (clean[i] == (up ? upper[i] : lower[i])) {
                up = !up;
            }
            noise[i] = starts % 3 == 2 ? random.uniform(lower[i], upper[i]) : up ? upper[i] : lower[i];
        }
        block = 1;
        starts++;
    }

    private double[] withNoise() {
        double[] noisy = clean.clone();
        for (int k = 0; k < Math.min(block, order.length); k++) {
            noisy[order[k]] = noise[order[k]];
        }
        return noisy;
    }

    private void hearNoise(boolean adversarial) {
        if (adversarial) {
            point = candidate;
            startResets();
        } else if (block >= order.length) {
            start();
        } else {
            block *= 2;
        }
    }

    private void startResets() {
        phase = Phase.RESET;
        order = shuffled(changed());
        position = 0;
        block = 1;
        progress = false;
    }

    private double[] withoutBlock() {
        double[] reset = point.clone();
        for (int k = position; k < Math.min(position + block, order.length); k++) {
            reset[order[k]] = clean[order[k]];
        }
        return reset;
    }

    private void hearReset(boolean adversarial) {
        if (adversarial) {
            point = candidate;
            progress = true;
            position += block;
            block *= 2;
        } else if (block > 1) {
            block /= 2;
        } else {
            position++;
        }
        if (position < order.length) {
            return;
        }
        if (progress) {
            startResets();
        } else if (refines && order.length > 0) {
            startValues();
        } else {
            start();
        }
    }

    private void startValues() {
        phase = Phase.REFINE;
        order = shuffled(changed());
        position = 0;
        startValue();
    }

    private void startValue() {
        low = 0;
        high = 1;
        halving = 0;
        noise = point.clone();
    }

    private double[] withValue() {
        double[] refined = point.clone();
        int i = order[position];
        refined[i] = clean[i] + (low + high) / 2 * (noise[i] - clean[i]);
        return refined;
    }

    private void hearValue(boolean adversarial) {
        double middle = (low + high) / 2;
        if (adversarial) {
            high = middle;
            point = candidate;
        } else {
            low = middle;
        }
        halving++;
        if (halving < VALUE_HALVINGS) {
            return;
        }
        position++;
        if (position < order.length) {
            startValue();
        } else {
            start();
        }
    }

    private int[] changed() {
        return Arrays.stream(free).filter(i -> point[i] != clean[i]).toArray();
    }

    /** Shuffle (Fisher and Yates). */
    private int[] shuffled(int[] features) {
        int[] shuffled = features.clone();
        for (int i = shuffled.length - 1; i > 0; i--) {
            int j = random.below(i + 1);
            int other = shuffled[i];
            shuffled[i] = shuffled[j];
            shuffled[j] = other;
        }
        return shuffled;
    }
}
