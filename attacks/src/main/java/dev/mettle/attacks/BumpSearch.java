package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;

/** {@link SquareAttack} in L2 and L1, for one sample: the perturbation is a heap of bumps, always scaled to ε. */
final class BumpSearch extends RandomSearch {

    private static final int GRID = 5;
    private static final double TINY = 1e-12;
    private static final Plane.Window NOWHERE = new Plane.Window(0, 0, 0, 0);

    private final SquareAttack attack;
    private final Ball ball;
    private final Plane plane;
    private final SampleRandom random;
    private final boolean squares;

    BumpSearch(SquareAttack attack, Ball ball, Plane plane, SampleRandom random) {
        super(attack.queries(), ball.clean);
        this.attack = attack;
        this.ball = ball;
        this.plane = plane;
        this.random = random;
        this.squares = ball.norm == Norm.L2;
    }

    /** A grid of bumps, five by five where the image is large enough, with random signs per channel. */
    @Override
    void start(double[] point) {
        double[] delta = new double[point.length];
        int down = Math.min(GRID, plane.height());
        int across = Math.min(GRID, plane.width());
        for (int i = 0; i < down; i++) {
            for (int j = 0; j < across; j++) {
                int top = i * plane.height() / down;
                int left = j * plane.width() / across;
                Plane.Window tile = new Plane.Window(
                        top, left, (i + 1) * plane.height() / down - top, (j + 1) * plane.width() / across - left);
                double[] bump = bump(tile.height(), tile.width());
                for (int channel = 0; channel < plane.channels(); channel++) {
                    add(delta, channel, tile, bump, random.sign());
                }
            }
        }
        place(delta, point);
    }

    /** Move the norm of a second window to the first one, in the shape of what is there plus a bump. */
    @Override
    void change(double[] point, int step) {
        double[] delta = new double[point.length];
        double whole = 0;
        for (int i = 0; i < delta.length; i++) {
            delta[i] = point[i] - ball.clean[i];
            whole += power(delta[i]);
        }
        double share = attack.share(step);
        Plane.Window first = plane.oddWindow(share, random);
        Plane.Window second = plane.oddWindow(share, random);
        double spare = Math.max(power(ball.epsilon) - whole, 0) / plane.channels();
        double[] bump = bump(first.height(), first.width());
        for (int channel = 0; channel < plane.channels(); channel++) {
            double own = power(delta, channel, first, NOWHERE);
            double norm = root(spare + own + power(delta, channel, second, first));
            scale(delta, channel, second, first, 0);
            scale(delta, channel, first, NOWHERE, 1 / (TINY + root(own)));
            add(delta, channel, first, bump, random.sign());
            scale(delta, channel, first, NOWHERE, norm / (TINY + root(power(delta, channel, first, NOWHERE))));
        }
        place(delta, point);
    }

    /** Scale a perturbation to ε and put it on the clean sample, as far as the box has room. */
    private void place(double[] delta, double[] point) {
        double whole = 0;
        for (double value : delta) {
            whole += power(value);
        }
        double factor = ball.epsilon / (TINY + root(whole));
        for (int i = 0; i < delta.length; i++) {
            point[i] = ball.clean[i] + factor * delta[i];
        }
        ball.clip(point);
    }

    /** Two hills of opposite sign side by side, along either axis, of norm 1 together. */
    private double[] bump(int height, int width) {
        double[] bump = new double[height * width];
        boolean stacked = width == 1 || (height > 1 && random.sign() > 0);
        int half = (stacked ? height : width) / 2;
        double halves = half > 0 ? root(2) : 1;
        if (stacked) {
            hill(bump, width, 0, half, width, 1 / halves);
            hill(bump, width, half * width, height - half, width, -1 / halves);
        } else {
            hill(bump, width, 0, height, half, 1 / halves);
            hill(bump, width, half, height, width - half, -1 / halves);
        }
        return bump;
    }

    /** Heap up nested squares, the k-th from the summit 1/k² high, in L1 1/k⁴, and scale the hill to a norm. */
    private void hill(double[] bump, int stride, int offset, int height, int width, double norm) {
        int steps = Math.max(height, width) / 2 + 1;
        double[] levels = new double[steps + 1];
        for (int k = steps; k > 0; k--) {
            levels[k - 1] = levels[k] + 1 / (squares ? power(k) : Math.pow(k, 4));
        }
        double whole = 0;
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                double level = levels[Math.max(Math.abs(row - height / 2), Math.abs(column - width / 2))];
                bump[offset + row * stride + column] = level;
                whole += power(level);
            }
        }
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                bump[offset + row * stride + column] *= norm / root(whole);
            }
        }
    }

    private void add(double[] delta, int channel, Plane.Window window, double[] bump, int sign) {
        for (int row = window.top(); row < window.bottom(); row++) {
            int from = plane.index(channel, row, window.left());
            for (int column = 0; column < window.width(); column++) {
                delta[from + column] += sign * bump[(row - window.top()) * window.width() + column];
            }
        }
    }

    /** Scale one channel of a window, but not where another window is. */
    private void scale(double[] delta, int channel, Plane.Window window, Plane.Window except, double factor) {
        for (int row = window.top(); row < window.bottom(); row++) {
            for (int column = window.left(); column < window.right(); column++) {
                if (!except.holds(row, column)) {
                    delta[plane.index(channel, row, column)] *= factor;
                }
            }
        }
    }

    /** The power of the norm of one channel of a window, but not of what is in another window: Σδ², in L1 Σ|δ|. */
    private double power(double[] delta, int channel, Plane.Window window, Plane.Window except) {
        double sum = 0;
        for (int row = window.top(); row < window.bottom(); row++) {
            for (int column = window.left(); column < window.right(); column++) {
                if (!except.holds(row, column)) {
                    sum += power(delta[plane.index(channel, row, column)]);
                }
            }
        }
        return sum;
    }

    private double power(double value) {
        return squares ? value * value : Math.abs(value);
    }

    private double root(double sum) {
        return squares ? Math.sqrt(sum) : sum;
    }
}
