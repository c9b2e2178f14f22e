package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;

/** {@link SquareAttack} in L∞, for one sample: every pixel is at one of its two bounds. */
final class SquareSearch extends RandomSearch {

    /** How often to draw a square anew that would change nothing, as the authors' first code does; where the box has no room, none does. */
    private static final int DRAWS = 16;

    private final SquareAttack attack;
    private final Ball ball;
    private final Plane plane;
    private final SampleRandom random;

    SquareSearch(SquareAttack attack, Ball ball, Plane plane, SampleRandom random) {
        super(attack.queries(), ball.clean);
        this.attack = attack;
        this.ball = ball;
        this.plane = plane;
        this.random = random;
    }

    /** Vertical stripes. */
    @Override
    void start(double[] point) {
        for (int channel = 0; channel < plane.channels(); channel++) {
            for (int column = 0; column < plane.width(); column++) {
                paint(point, channel, new Plane.Window(0, column, plane.height(), 1));
            }
        }
    }

    @Override
    void change(double[] point, int step) {
        double share = attack.share(step);
        boolean changed = false;
        for (int draw = 0; draw < DRAWS && !changed; draw++) {
            Plane.Window window = plane.window(share, random);
            for (int channel = 0; channel < plane.channels(); channel++) {
                changed |= paint(point, channel, window);
            }
        }
    }

    /** Move a window of one channel to its upper or lower bounds: x ± ε, clipped to the box. Say whether that changed anything. */
    private boolean paint(double[] point, int channel, Plane.Window window) {
        double[] color = random.sign() > 0 ? ball.upper : ball.lower;
        boolean changed = false;
        for (int row = window.top(); row < window.bottom(); row++) {
            int from = plane.index(channel, row, window.left());
            for (int i = from; i < from + window.width(); i++) {
                changed |= point[i] != color[i];
                point[i] = color[i];
            }
        }
        return changed;
    }
}
