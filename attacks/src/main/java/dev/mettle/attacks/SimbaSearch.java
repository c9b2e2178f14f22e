package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;

/** {@link Simba} for one sample. */
final class SimbaSearch extends ScoreSearch {

    /** How many steps that the bounds leave no room for may be skipped without a query. */
    private static final int SKIPS = 64;

    private final Directions directions;
    private final double step;
    private final Ball ball;
    private final SampleRandom random;
    private final double[] x;
    private double cleanLoss;
    private double loss;
    private int[] order = new int[0];
    private int at;
    private boolean back = true;
    private boolean started;
    private boolean progressed;

    SimbaSearch(Simba attack, Directions directions, Ball ball, SampleRandom random) {
        super(attack.queries());
        this.directions = directions;
        this.step = attack.step();
        this.ball = ball;
        this.random = random;
        this.x = ball.clean.clone();
    }

    @Override
    int points() {
        return 1;
    }

    @Override
    void ask(int k, double[] point) {
        System.arraycopy(x, 0, point, 0, x.length);
        if (!started) {
            return;
        }
        for (int skip = 0; skip < SKIPS; skip++) {
            directions.add(order[at], back ? -step : step, point);
            ball.project(point);
            if (!Arrays.equals(point, x)) {
                return;
            }
            refuse();
            System.arraycopy(x, 0, point, 0, x.length);
        }
    }

    @Override
    void tell(double[][] points, double[] losses) {
        if (!started) {
            started = true;
            cleanLoss = losses[0];
            startOver();
        } else if (losses[0] > loss) {
            loss = losses[0];
            System.arraycopy(points[0], 0, x, 0, x.length);
            progressed = true;
            next();
        } else {
            refuse();
        }
    }

    /** Go on after a step that didn't help: forwards after backwards, then to the next direction. */
    private void refuse() {
        if (back) {
            back = false;
        } else {
            next();
        }
    }

    private void next() {
        back = true;
        if (++at < order.length) {
            return;
        }
        if (progressed) {
            goThrough();
        } else {
            startOver();
        }
    }

    private void startOver() {
        System.arraycopy(ball.clean, 0, x, 0, x.length);
        loss = cleanLoss;
        goThrough();
    }

    private void goThrough() {
        order = directions.shuffled(random);
        at = 0;
        progressed = false;
    }
}
