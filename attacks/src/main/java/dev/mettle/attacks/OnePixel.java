package dev.mettle.attacks;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The one-pixel attack: differential evolution of a few pixels, their places and their colors.
 *
 * <p>A member of the population is a place and a color per pixel. Each generation makes one child per member, {@code a + F (b − c)} of
 * three other members with {@code F = 0.5}, and the child replaces its parent if the label is less likely, or the target more likely,
 * with it. Places start uniform, colors normal around the middle of the range.
 *
 * <p>Use it to show how far very few features go; expect little within one pixel on large images. A pixel of an image is all
 * channels of a place, and L0 counts features: one pixel of a color image needs {@code ε = 3}. Where epsilon has no room for the
 * channels of all pixels, single features are changed instead, as many as epsilon allows; of a vector, a pixel is a feature. Cost per
 * robust sample: {@code population · (generations + 1)} forward passes.
 *
 * <p>Su, Vargas, Sakurai: One Pixel Attack for Fooling Deep Neural Networks, IEEE Transactions on Evolutionary Computation 2019,
 * <a href="https://arxiv.org/abs/1710.08864">arXiv:1710.08864</a>.
 *
 * @param pixels how many pixels to change, at least 1
 * @param population the number of members, at least 4
 * @param generations the number of generations after the first one, at least 0
 */
public record OnePixel(int pixels, int population, int generations) implements RecordAttack {

    /** Create the attack of the paper: one pixel, 400 members, 100 generations. */
    public OnePixel() {
        this(1, 400, 100);
    }

    /**
     * Create the attack.
     *
     * @throws dev.mettle.core.ConfigurationException if a parameter is out of its range
     */
    public OnePixel {
        AttackOptions.requireAtLeast("OnePixel", "pixels", pixels, 1);
        AttackOptions.requireAtLeast("OnePixel", "population", population, 4);
        AttackOptions.requireAtLeast("OnePixel", "generations", generations, 0);
    }

    /** Return the attack on one pixel of images with a number of channels. */
    public static BudgetedAttack onChannels(int channels) {
        return new OnePixel().within(Norm.L0, channels);
    }

    /** Return the attack on another number of pixels. */
    public OnePixel withPixels(int number) {
        return new OnePixel(number, population, generations);
    }

    /** Return the attack with another number of members. */
    public OnePixel withPopulation(int number) {
        return new OnePixel(pixels, number, generations);
    }

    /** Return the attack with another number of generations. */
    public OnePixel withGenerations(int number) {
        return new OnePixel(pixels, population, number);
    }

    @Override
    public String name() {
        return "OnePixel";
    }

    @Override
    public String label() {
        return pixels == 1 ? "OnePixel" : pixels + " pixels";
    }

    @Override
    public Access access() {
        return Access.LOGITS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L0);
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(population * (generations + 1L), 0);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        Ball[] balls = Ball.around(context);
        Plane image = Plane.of(batch.inputs());
        double epsilon = context.samples().perturbations().epsilon();
        Plane plane = epsilon >= (double) pixels * image.channels() ? image : image.flat();
        int changes = (int) Math.min(epsilon / plane.channels(), (double) pixels * image.channels() / plane.channels());
        if (changes == 0) {
            return;
        }
        List<ScoreSearch> searches = new ArrayList<>();
        for (int i = 0; i < balls.length; i++) {
            searches.add(new PixelSearch(this, changes, plane, balls[i], batch.random(i)));
        }
        ScoreSearch.run(batch, new CrossEntropy(), searches);
    }
}
