package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;

/** {@link OnePixel} for one sample: differential evolution (Storn and Price 1997) as in the paper, without crossover. */
final class PixelSearch extends ScoreSearch {

    private static final double F = 0.5;

    private final Plane plane;
    private final Ball ball;
    private final SampleRandom random;
    private final int genesPerPixel;
    private final double[] losses;
    private double[][] members;
    private double[][] children;
    private boolean first = true;
    private int asked; // members of this generation

    PixelSearch(OnePixel attack, int pixels, Plane plane, Ball ball, SampleRandom random) {
        super(attack.population() * (attack.generations() + 1));
        this.plane = plane;
        this.ball = ball;
        this.random = random;
        this.genesPerPixel = 2 + plane.channels();
        this.losses = new double[attack.population()];
        this.members = new double[attack.population()][pixels * genesPerPixel];
        this.children = new double[attack.population()][pixels * genesPerPixel];
    }

    @Override
    int points() {
        return Math.min(GROUP, members.length - asked);
    }

    @Override
    void ask(int k, double[] point) {
        double[] genes = children[asked + k];
        if (first) {
            for (int gene = 0; gene < genes.length; gene++) {
                genes[gene] = gene % genesPerPixel < 2 ? random.uniform(0, 1) : 0.5 + 0.5 * random.gaussian();
            }
        } else {
            breed(asked + k, genes);
        }
        System.arraycopy(ball.clean, 0, point, 0, point.length);
        paint(genes, point);
    }

    /** Make the child of a member: a + F (b − c) of three others; what leaves the image is drawn anew. */
    private void breed(int parent, double[] child) {
        int a = other(parent, parent, parent);
        int b = other(parent, a, a);
        int c = other(parent, a, b);
        for (int gene = 0; gene < child.length; gene++) {
            double value = members[a][gene] + F * (members[b][gene] - members[c][gene]);
            boolean place = gene % genesPerPixel < 2;
            child[gene] = place && (value < 0 || value >= 1) ? random.uniform(0, 1) : value;
        }
    }

    private int other(int first, int second, int third) {
        int pick = random.below(members.length);
        while (pick == first || pick == second || pick == third) {
            pick = random.below(members.length);
        }
        return pick;
    }

    /** Genes are row, column and colors per pixel, all as shares of their range; colors beyond it are clipped. */
    private void paint(double[] genes, double[] point) {
        for (int pixel = 0; pixel < genes.length; pixel += genesPerPixel) {
            int row = (int) (genes[pixel] * plane.height());
            int column = (int) (genes[pixel + 1] * plane.width());
            for (int channel = 0; channel < plane.channels(); channel++) {
                int i = plane.index(channel, row, column);
                double share = Math.min(Math.max(genes[pixel + 2 + channel], 0), 1);
                point[i] = ball.lower[i] + share * (ball.upper[i] - ball.lower[i]);
            }
        }
    }

    @Override
    void tell(double[][] points, double[] values) {
        for (int k = 0; k < points.length; k++) {
            int member = asked + k;
            if (first || values[k] > losses[member]) {
                losses[member] = values[k];
            } else {
                children[member] = members[member].clone();
            }
        }
        asked += points.length;
        if (asked == members.length) { // the children become the members only when all have been judged
            double[][] before = members;
            members = children;
            children = before;
            first = false;
            asked = 0;
        }
    }
}
