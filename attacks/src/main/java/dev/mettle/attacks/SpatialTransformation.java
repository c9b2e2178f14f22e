package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Spatial transformation: the worst of many small rotations and shifts, for every image on its own.
 *
 * <p>{@code x'(p) = x(R₋θ(p − c − t) + c)} with bilinear interpolation: the image turns by θ about its center {@code c}, then moves by
 * {@code t}; what comes in from outside is black. Pixel centers have whole coordinates, so 0° and no shift is the image itself,
 * whole pixels shift exactly, and right angles turn square images exactly. Positive angles turn counter-clockwise, positive shifts
 * go right and down.
 *
 * <p>{@link Search#GRID} tries all combinations of evenly spaced angles and shifts, the borders included, the largest ones first;
 * {@link Search#RANDOM} draws them uniformly, for every image from its own stream. An image leaves as soon as it is broken. The bound is
 * the transformation, not a norm: the perturbed image is far away in every norm, yet looks the same.
 *
 * <p>Use it wherever cameras or scanners don't hold still. Gradients help little here (the landscape is rugged), the grid is the strong
 * attack. Images of shape {@code [n, channels, height, width]} only. Cost per robust sample: one forward pass per transformation, 124
 * with the defaults (the grid without the image as it is).
 *
 * <p>Engstrom, Tran, Tsipras, Schmidt, Mądry: Exploring the Landscape of Spatial Robustness, ICML 2019,
 * <a href="https://arxiv.org/abs/1712.02779">arXiv:1712.02779</a>.
 *
 * @param degrees the largest rotation to either side, from 0 to 180
 * @param pixels the largest shift in each of the four directions, at least 0; not both 0
 * @param search how transformations are chosen
 * @param rotations how many angles the grid has; a single one is 0°
 * @param translations how many shifts per axis the grid has; a single one is none
 * @param draws how many transformations the random search tries
 * @param fill the value of what comes in from outside, in input units of the model; where empty, the lower bound of the input range
 */
public record SpatialTransformation(
        double degrees, double pixels, Search search, int rotations, int translations, int draws, OptionalDouble fill)
        implements RecordAttack {

    private static final String NAME = "Spatial";

    /** How transformations are chosen. */
    public enum Search {
        /** All combinations of evenly spaced angles and shifts. */
        GRID,
        /** Uniform draws, for every image its own. */
        RANDOM
    }

    /** Create the attack with a grid of 5 × 5 × 5 transformations up to 30° and 3 pixels. */
    public SpatialTransformation() {
        this(30, 3, Search.GRID, 5, 5, 100, OptionalDouble.empty());
    }

    /**
     * Create the attack.
     *
     * @throws ConfigurationException if a parameter is out of its range, or nothing may move
     */
    public SpatialTransformation {
        AttackOptions.requireAtLeast(NAME, "degrees", degrees, 0);
        AttackOptions.requireAtLeast(NAME, "pixels", pixels, 0);
        AttackOptions.requireAtLeast(NAME, "rotations", rotations, 1);
        AttackOptions.requireAtLeast(NAME, "translations", translations, 1);
        AttackOptions.requireAtLeast(NAME, "draws", draws, 1);
        if (degrees > 180) {
            throw new ConfigurationException(NAME + ": degrees is " + Epsilons.format(degrees) + ": give at most 180");
        }
        if (degrees == 0 && pixels == 0) {
            throw new ConfigurationException(
                    NAME + ": degrees and pixels are both 0: let the image turn, or move, or both");
        }
        if (fill.isPresent() && !Double.isFinite(fill.getAsDouble())) {
            throw new ConfigurationException(NAME + ": fill is " + fill.getAsDouble()
                    + ": give a number inside the input range, or leave it out");
        }
    }

    /** Return the attack with another bound. */
    public SpatialTransformation withBound(double mostDegrees, double mostPixels) {
        return new SpatialTransformation(mostDegrees, mostPixels, search, rotations, translations, draws, fill);
    }

    /** Return the attack with a grid of this many angles and shifts per axis. */
    public SpatialTransformation withGrid(int angles, int shifts) {
        return new SpatialTransformation(degrees, pixels, Search.GRID, angles, shifts, draws, fill);
    }

    /** Return the attack with this many random transformations per image. */
    public SpatialTransformation withRandomDraws(int number) {
        return new SpatialTransformation(degrees, pixels, Search.RANDOM, rotations, translations, number, fill);
    }

    /** Return the attack with another value for what comes in from outside, in input units of the model. */
    public SpatialTransformation withFill(double value) {
        return new SpatialTransformation(
                degrees, pixels, search, rotations, translations, draws, OptionalDouble.of(value));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String label() {
        return NAME + "-" + (search == Search.GRID ? gridSize() : draws);
    }

    @Override
    public Access access() {
        return Access.LABELS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L2);
    }

    @Override
    public String transformation() {
        String rotation = "rotation ±" + Epsilons.format(degrees) + "°";
        String translation = "translation ±" + Epsilons.format(pixels) + " px";
        return degrees == 0 ? translation : pixels == 0 ? rotation : rotation + ", " + translation;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(search == Search.GRID ? grid().size() : draws, 0);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        Images.require(NAME, batch.inputs());
        requireInside(batch.perturbations().box());
        if (search == Search.GRID) {
            for (Motion motion : grid()) {
                if (batch.isEmpty()) {
                    return;
                }
                AffineWarp warp = motion.warp(batch.inputs());
                batch = propose(batch, i -> warp);
            }
            return;
        }
        for (int draw = 0; draw < draws && !batch.isEmpty(); draw++) {
            SampleBatch drawing = batch;
            batch = propose(batch, i -> draw(drawing.random(i)).warp(drawing.inputs()));
        }
    }

    private SampleBatch propose(SampleBatch batch, IntFunction<AffineWarp> warps) {
        INDArray inputs = batch.inputs();
        int area = (int) (inputs.size(2) * inputs.size(3));
        Box box = batch.perturbations().box();
        double[][] rows = Rows.toRows(inputs);
        for (int i = 0; i < rows.length; i++) {
            AffineWarp warp = warps.apply(i);
            double[] moved = new double[rows[i].length];
            for (int offset = 0; offset < moved.length; offset += area) {
                warp.apply(rows[i], offset, moved, offset, fill.orElse(box.lower(offset)));
            }
            rows[i] = moved;
        }
        INDArray candidates = Rows.fromRows(rows, inputs);
        batch.propose(candidates);
        Rows.release(candidates);
        return batch.select(batch.standing());
    }

    private void requireInside(Box box) {
        if (fill.isPresent() && (fill.getAsDouble() < box.lower(0) || fill.getAsDouble() > box.upper(0))) {
            throw new ConfigurationException(NAME + ": fill is " + Epsilons.format(fill.getAsDouble())
                    + ": give a number inside the input range " + box + ", or leave it out");
        }
    }

    private Motion draw(SampleRandom random) {
        return new Motion(
                random.uniform(-degrees, degrees), random.uniform(-pixels, pixels), random.uniform(-pixels, pixels));
    }

    /** All motions of the grid but the one that changes nothing, the largest first. */
    private List<Motion> grid() {
        List<Motion> motions = new ArrayList<>();
        for (double angle : spaced(degrees, rotations)) {
            for (double right : spaced(pixels, translations)) {
                for (double down : spaced(pixels, translations)) {
                    if (angle != 0 || right != 0 || down != 0) {
                        motions.add(new Motion(angle, right, down));
                    }
                }
            }
        }
        motions.sort(Comparator.comparingDouble(motion -> -size(motion)));
        return motions;
    }

    private double size(Motion motion) {
        return share(motion.degrees(), degrees) + share(motion.right(), pixels) + share(motion.down(), pixels);
    }

    private static double share(double value, double most) {
        return most == 0 ? 0 : Math.abs(value) / most;
    }

    private static double[] spaced(double most, int number) {
        if (most == 0 || number == 1) {
            return new double[] {0};
        }
        double[] values = new double[number];
        for (int i = 0; i < number; i++) {
            values[i] = most * (2.0 * i / (number - 1) - 1);
        }
        return values;
    }

    private String gridSize() {
        return spaced(degrees, rotations).length + "×" + spaced(pixels, translations).length + "×"
                + spaced(pixels, translations).length;
    }

    private record Motion(double degrees, double right, double down) {

        AffineWarp warp(INDArray images) {
            return AffineWarp.rotateAndShift((int) images.size(2), (int) images.size(3), degrees, right, down);
        }
    }
}
