package dev.mettle.attacks;

import java.util.Arrays;

/**
 * Ascent along a gradient estimated from finite differences in random directions, for one sample.
 *
 * <p>A step draws directions {@code v}, asks for the losses at {@code x ± size · v}, takes
 * {@code mean (f(x + size · v) − f(x − size · v)) · v / (2 size)} as gradient, moves {@code x} and asks for the loss there. Where a
 * bound is in the way of {@code x ± size · v}, the point is clipped to it and counts with what is left of the difference, so that
 * every query is an allowed input and a frozen feature adds no noise.
 */
abstract class DifferenceSearch extends ScoreSearch {

    final Ball ball;
    /** The point of this step. */
    final double[] x;

    private final int pairs;
    private final double size;
    private final double[] direction;
    private final double[] gradient;
    private double losses;
    private int wanted; // queries of this step around x; the last one or two of the budget are mere guesses
    private int asked; // of these
    private boolean moved;

    /** Create a search with {@code pairs} directions per step. */
    DifferenceSearch(int queries, int pairs, double size, Ball ball) {
        super(queries);
        this.pairs = pairs;
        this.size = size;
        this.ball = ball;
        this.x = ball.clean.clone();
        this.direction = new double[x.length];
        this.gradient = new double[x.length];
        plan();
    }

    /** Draw one entry of a direction. */
    abstract double draw();

    /** Move {@link #x} along the gradient and back into the ball; {@code loss} is the mean of the losses around it. */
    abstract void move(double[] gradient, double loss);

    /** Plan the next step: all directions, or as many as the budget leaves; the one or two queries then left over are guesses. */
    private void plan() {
        int affordable = Math.min(pairs, (left() - 1) / 2);
        wanted = affordable > 0 ? 2 * affordable : left();
        asked = 0;
        losses = 0;
        Arrays.fill(gradient, 0);
    }

    @Override
    final int points() {
        return moved ? 1 : Math.min(GROUP, wanted - asked);
    }

    @Override
    final void ask(int k, double[] point) {
        if (moved) {
            System.arraycopy(x, 0, point, 0, x.length);
            return;
        }
        double signed = k % 2 == 0 ? size : -size;
        for (int i = 0; i < x.length; i++) {
            if (k % 2 == 0) {
                direction[i] = draw();
            }
            point[i] = x[i] + signed * direction[i];
        }
        ball.clip(point);
    }

    @Override
    final void tell(double[][] points, double[] values) {
        if (moved) {
            moved = false;
            plan();
            return;
        }
        int pairsAsked = wanted / 2;
        for (int k = 0; k + 1 < points.length; k += 2) {
            double slope = (values[k] - values[k + 1]) / (2 * size * 2 * size) / pairsAsked;
            losses += values[k] + values[k + 1];
            if (Double.isFinite(slope)) {
                for (int i = 0; i < x.length; i++) {
                    gradient[i] += slope * (points[k][i] - points[k + 1][i]);
                }
            }
        }
        asked += points.length;
        if (asked == wanted && left() > 0) {
            move(gradient, losses / wanted);
            moved = true;
        }
    }
}
