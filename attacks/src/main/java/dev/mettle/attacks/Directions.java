package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import java.util.stream.IntStream;

/** The orthonormal directions of {@link Simba}. */
abstract class Directions {

    final Plane plane;

    Directions(Plane plane) {
        this.plane = plane;
    }

    /** Return all directions in random order. */
    abstract int[] shuffled(SampleRandom random);

    /** Add a multiple of a direction to a point. */
    abstract void add(int direction, double amount, double[] point);

    /** Shuffle a part of an array (Fisher and Yates). */
    static void shuffle(int[] values, int from, int to, SampleRandom random) {
        for (int i = to - 1; i > from; i--) {
            int pick = from + random.below(i - from + 1);
            int value = values[i];
            values[i] = values[pick];
            values[pick] = value;
        }
    }

    /** One feature each. */
    static final class Features extends Directions {

        Features(Plane plane) {
            super(plane);
        }

        @Override
        int[] shuffled(SampleRandom random) {
            int[] order = IntStream.range(0, plane.channels() * plane.places()).toArray();
            shuffle(order, 0, order.length, random);
            return order;
        }

        @Override
        void add(int direction, double amount, double[] point) {
            point[direction] += amount;
        }
    }

    /** The cosines of the discrete cosine transform (DCT-II) of one channel each; direction (channel, u, v) as {@link Plane#index}. */
    static final class Cosines extends Directions {

        private final int[] byFrequency;
        private final int[] blockEnds;
        private final double[] down;
        private final double[] across;

        /** Create the directions, in blocks: the {@code first} frequencies per axis, then each time {@code more} of them. */
        Cosines(Plane plane, int first, int more) {
            super(plane);
            int[] blocks = new int[plane.channels() * plane.places()];
            for (int i = 0; i < blocks.length; i++) {
                int u = i / plane.width() % plane.height();
                int v = i % plane.width();
                int beyond = Math.max(u, v) - first;
                blocks[i] = beyond < 0 ? 0 : 1 + beyond / more;
            }
            this.byFrequency = IntStream.range(0, blocks.length)
                    .boxed()
                    .sorted((a, b) -> Integer.compare(blocks[a], blocks[b]))
                    .mapToInt(Integer::intValue)
                    .toArray();
            this.blockEnds = IntStream.rangeClosed(1, blocks.length)
                    .filter(i -> i == blocks.length || blocks[byFrequency[i]] != blocks[byFrequency[i - 1]])
                    .toArray();
            this.down = quarterTurns(plane.height());
            this.across = quarterTurns(plane.width());
        }

        /** cos(π k / 2n) for k up to a full turn. */
        private static double[] quarterTurns(int n) {
            double[] cosines = new double[4 * n];
            for (int k = 0; k < cosines.length; k++) {
                cosines[k] = Math.cos(Math.PI * k / (2 * n));
            }
            return cosines;
        }

        @Override
        int[] shuffled(SampleRandom random) {
            int[] order = byFrequency.clone();
            int from = 0;
            for (int end : blockEnds) {
                shuffle(order, from, end, random);
                from = end;
            }
            return order;
        }

        @Override
        void add(int direction, double amount, double[] point) {
            int v = direction % plane.width();
            int u = direction / plane.width() % plane.height();
            int from = direction - u * plane.width() - v;
            double scale = amount * scale(u, plane.height()) * scale(v, plane.width());
            for (int row = 0; row < plane.height(); row++) {
                double factor = scale * cosine(down, u, row);
                for (int column = 0; column < plane.width(); column++) {
                    point[from + row * plane.width() + column] += factor * cosine(across, v, column);
                }
            }
        }

        private static double scale(int frequency, int n) {
            return Math.sqrt((frequency == 0 ? 1.0 : 2.0) / n);
        }

        private static double cosine(double[] turns, int frequency, int place) {
            return turns[(int) ((2L * place + 1) * frequency % turns.length)];
        }
    }
}
