package dev.mettle.attacks;

import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The three parts of {@link BrendelBethge}: an adversarial start, the way to the boundary, the way along it. */
final class BrendelBethgeWalk {

    /** The most steps of ascent where random points are no start, each a tenth of the box wide. */
    static final int ASCENTS = 20;

    /** Halvings between the clean sample and the start. */
    static final int HALVINGS = 10;

    private static final int DECAYS = 20;

    /** The margin to keep, relative to the logits: single precision may get the last digits of a smaller one wrong. */
    private static final double ROUNDING = 1e-5;

    private final BrendelBethge attack;
    private final Norm norm;

    // The samples under way, row by row.
    private SampleBatch batch;
    private double[][] clean;
    private double[][] lower;
    private double[][] upper;
    private double[][] x;

    BrendelBethgeWalk(BrendelBethge attack, Norm norm, SampleBatch batch) {
        this.attack = attack;
        this.norm = norm;
        this.batch = batch;
        this.clean = Rows.toRows(batch.inputs());
        this.lower = Rows.toRows(batch.perturbations().lower());
        this.upper = Rows.toRows(batch.perturbations().upper());
        this.x = Rows.toRows(batch.inputs());
        leaveAllBut(batch.standing());
    }

    /** Find an adversarial point for every sample; leave those for which there is none. */
    void findStarts() {
        boolean[] found = new boolean[x.length];
        for (int draw = 0; draw < attack.startDraws(); draw++) {
            int[] searching = missing(found);
            if (searching.length == 0) {
                break;
            }
            for (int i : searching) {
                SampleRandom random = batch.random(i);
                double[] from = lower[i];
                double[] to = upper[i];
                Arrays.setAll(x[i], j -> random.uniform(from[j], to[j]));
            }
            SampleBatch part = batch.select(searching);
            INDArray points = Rows.fromRows(Chosen.of(x, searching), batch.inputs());
            note(part.propose(points), searching, found);
            Rows.release(points);
        }
        for (int i : missing(found)) {
            x[i] = clean[i].clone();
        }
        for (int ascent = 0; ascent < ASCENTS; ascent++) {
            int[] searching = missing(found);
            if (searching.length == 0) {
                break;
            }
            ascend(searching, found);
        }
        leaveAllBut(both(found, batch.standing()));
    }

    private static int[] missing(boolean[] found) {
        return IntStream.range(0, found.length).filter(i -> !found[i]).toArray();
    }

    private static void note(boolean[] successes, int[] positions, boolean[] found) {
        for (int k = 0; k < positions.length; k++) {
            found[positions[k]] = successes[k];
        }
    }

    private static int[] both(boolean[] found, int[] standing) {
        return Arrays.stream(standing).filter(i -> found[i]).toArray();
    }

    /** Judge the points, and move those that are not adversarial along the sign of the gradient of the margin. */
    private void ascend(int[] searching, boolean[] found) {
        SampleBatch part = batch.select(searching);
        INDArray points = Rows.fromRows(Chosen.of(x, searching), batch.inputs());
        InputGradient pass = part.gradient(points, new Margin());
        note(part.successes(pass.logits()), searching, found);
        double[][] gradients = Rows.toRows(pass.gradient());
        for (int k = 0; k < searching.length; k++) {
            int i = searching[k];
            for (int j = 0; j < x[i].length && !found[i]; j++) {
                double moved = x[i][j] + Math.signum(gradients[k][j]) * (upper[i][j] - lower[i][j]) / 10;
                x[i][j] = RowVectors.clip(moved, lower[i][j], upper[i][j]);
            }
        }
        Rows.release(points);
        Rows.release(pass.gradient());
    }

    /** Halve the way between the clean sample and the start, and keep to the adversarial side. */
    void goToBoundary() {
        double[][] start = x;
        double[] low = new double[start.length];
        double[] high = new double[start.length];
        Arrays.fill(high, 1);
        for (int halving = 0; halving < HALVINGS && !batch.isEmpty(); halving++) {
            double[][] points = new double[start.length][];
            for (int i = 0; i < points.length; i++) {
                points[i] = blend(clean[i], start[i], (low[i] + high[i]) / 2);
            }
            INDArray array = Rows.fromRows(points, batch.inputs());
            boolean[] adversarial = batch.propose(array);
            Rows.release(array);
            for (int i = 0; i < points.length; i++) {
                double middle = (low[i] + high[i]) / 2;
                low[i] = adversarial[i] ? low[i] : middle;
                high[i] = adversarial[i] ? middle : high[i];
            }
        }
        double[][] reached = new double[start.length][];
        Arrays.setAll(reached, i -> blend(clean[i], start[i], high[i]));
        x = reached;
        leaveAllBut(batch.standing());
    }

    private static double[] blend(double[] from, double[] to, double share) {
        double[] point = from.clone();
        Arrays.setAll(point, j -> (1 - share) * from[j] + share * to[j]);
        return point;
    }

    /** Follow the boundary towards the clean sample. */
    void follow() {
        double[][] normals = new double[x.length][];
        double radius = attack.radius();
        int interval = Math.max(1, attack.steps() / DECAYS);
        for (int step = 1; step <= attack.steps() && !batch.isEmpty(); step++) {
            INDArray points = Rows.fromRows(x, batch.inputs());
            InputGradient pass = batch.gradient(points, new Margin());
            double[] margins = new Margin().values(pass.logits(), batch.aims());
            double[][] logits = Rows.toRows(pass.logits());
            double[][] gradients = Rows.toRows(pass.gradient());
            Rows.release(points);
            Rows.release(pass.gradient());
            if ((step + 1) % interval == 0) {
                radius *= attack.decay();
            }
            for (int i = 0; i < x.length; i++) {
                normals[i] = step == 1 ? gradients[i] : blend(gradients[i], normals[i], attack.momentum());
                move(i, margins[i], normals[i], radius, ROUNDING * largest(logits[i]));
            }
            int[] standing = batch.standing();
            normals = Chosen.of(normals, standing);
            leaveAllBut(standing);
        }
    }

    private void move(int i, double margin, double[] normal, double radius, double noise) {
        int d = x[i].length;
        double[] toClean = new double[d];
        double[] least = new double[d];
        double[] most = new double[d];
        double diagonal = 0;
        for (int j = 0; j < d; j++) {
            toClean[j] = clean[i][j] - x[i][j];
            least[j] = lower[i][j] - x[i][j];
            most[j] = upper[i][j] - x[i][j];
            diagonal += (upper[i][j] - lower[i][j]) * (upper[i][j] - lower[i][j]);
        }
        // a little across the boundary from outside, a little short of it from inside, and never so near it that
        // rounding decides
        double aim = Math.max((attack.overshoot() - 1) * Math.abs(margin), noise);
        double change = aim - margin;
        double[] step = BoundaryStep.solve(norm, toClean, normal, change, radius * Math.sqrt(diagonal), least, most);
        for (int j = 0; j < d; j++) {
            x[i][j] =
                    step[j] == toClean[j] ? clean[i][j] : RowVectors.clip(x[i][j] + step[j], lower[i][j], upper[i][j]);
        }
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElse(0);
    }

    private void leaveAllBut(int[] going) {
        if (going.length == batch.size()) {
            return;
        }
        batch = batch.select(going);
        clean = Chosen.of(clean, going);
        lower = Chosen.of(lower, going);
        upper = Chosen.of(upper, going);
        x = Chosen.of(x, going);
    }
}
