package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Adversarial patch: one square sticker for all images, that works wherever it lies.
 *
 * <p>{@code max over p of E[L(A(p, xᵢ, place, angle), yᵢ)]}, where {@code A} lays the patch over the image: ascent with Adam (Kingma
 * and Ba 2015) on mini-batches, with a new random place and angle for every image and step (expectation over transformations, Athalye et
 * al. 2018). The values of the patch may be anything in the input range; the rest of the image stays as it is. The loss is the margin, as
 * in {@link UniversalPerturbation}; no sample counts any more once it is fooled by far.
 *
 * <p>Then the patch is tried on every image at some random places, from the stream of its sample; the image is broken if one of them
 * reaches the goal. The bound is the size of the patch, not a norm.
 *
 * <p>Use it for models that see the physical world, with a target class for the attack of the paper. The patch is fitted on the samples
 * it is judged on. Images of shape {@code [n, channels, height, width]} only. Cost per robust sample: {@code epochs + placements} forward and
 * {@code epochs} backward passes.
 *
 * <p>Brown, Mané, Roy, Abadi, Gilmer: Adversarial Patch, 2017, <a href="https://arxiv.org/abs/1712.09665">arXiv:1712.09665</a>.
 *
 * @param area the share of the image that the patch covers, above 0 and at most 1; its side is rounded to whole pixels
 * @param degrees the largest rotation of the patch to either side, from 0 to 180
 * @param place where the patch lies
 * @param placements at how many random places the patch is tried on every image, at least 1
 * @param epochs the number of passes over the samples, at least 1
 * @param batchSize the number of samples per step, 1 to 128
 * @param learningRate the step size of Adam, as a share of the input range
 * @param loss the loss to ascend
 */
public record AdversarialPatch(
        double area,
        double degrees,
        Place place,
        int placements,
        int epochs,
        int batchSize,
        double learningRate,
        Loss loss)
        implements RecordAttack {

    private static final String NAME = "Patch";

    /** Where the patch lies. */
    public enum Place {
        /** At random places. */
        ANYWHERE("anywhere"),
        /** In the middle. */
        CENTER("in the middle"),
        /** In the upper left corner. */
        UPPER_LEFT("in the upper left corner"),
        /** In the upper right corner. */
        UPPER_RIGHT("in the upper right corner"),
        /** In the lower left corner. */
        LOWER_LEFT("in the lower left corner"),
        /** In the lower right corner. */
        LOWER_RIGHT("in the lower right corner");

        private final String words;

        Place(String words) {
            this.words = words;
        }

        /** Return the place in words, such as {@code in the upper left corner}. */
        @Override
        public String toString() {
            return words;
        }
    }

    /** Create the attack with a patch of a tenth of the image, upright, anywhere, tried at 10 places after 50 passes. */
    public AdversarialPatch() {
        this(0.1, 0, Place.ANYWHERE, 10, 50, 32, 0.05, Loss.MARGIN);
    }

    /**
     * Create the attack.
     *
     * @throws ConfigurationException if a parameter is out of its range
     */
    public AdversarialPatch {
        AttackOptions.requirePositive(NAME, "area", area);
        Limits.requireAtMost(NAME, "area", area, 1);
        AttackOptions.requireAtLeast(NAME, "degrees", degrees, 0);
        Limits.requireAtMost(NAME, "degrees", degrees, 180);
        AttackOptions.requireAtLeast(NAME, "placements", placements, 1);
        AttackOptions.requireAtLeast(NAME, "epochs", epochs, 1);
        AttackOptions.requireAtLeast(NAME, "batch-size", batchSize, 1);
        Limits.requireAtMost(NAME, "batch-size", batchSize, UniversalFit.LARGEST_BATCH);
        AttackOptions.requirePositive(NAME, "learning-rate", learningRate);
    }

    /** Return the attack with a patch of another share of the image. */
    public AdversarialPatch withArea(double share) {
        return new AdversarialPatch(share, degrees, place, placements, epochs, batchSize, learningRate, loss);
    }

    /** Return the attack with a patch that may turn by up to this many degrees. */
    public AdversarialPatch withDegrees(double most) {
        return new AdversarialPatch(area, most, place, placements, epochs, batchSize, learningRate, loss);
    }

    /** Return the attack with another place. */
    public AdversarialPatch withPlace(Place other) {
        return new AdversarialPatch(area, degrees, other, placements, epochs, batchSize, learningRate, loss);
    }

    /** Return the attack with another number of places at which the patch is tried. */
    public AdversarialPatch withPlacements(int number) {
        return new AdversarialPatch(area, degrees, place, number, epochs, batchSize, learningRate, loss);
    }

    /** Return the attack with another number of passes over the samples. */
    public AdversarialPatch withEpochs(int number) {
        return new AdversarialPatch(area, degrees, place, placements, number, batchSize, learningRate, loss);
    }

    /** Return the attack with another number of samples per step. */
    public AdversarialPatch withBatchSize(int samples) {
        return new AdversarialPatch(area, degrees, place, placements, epochs, samples, learningRate, loss);
    }

    /** Return the attack with another step size, as a share of the input range. */
    public AdversarialPatch withLearningRate(double rate) {
        return new AdversarialPatch(area, degrees, place, placements, epochs, batchSize, rate, loss);
    }

    /** Return the attack with another loss. */
    public AdversarialPatch withLoss(Loss other) {
        return new AdversarialPatch(area, degrees, place, placements, epochs, batchSize, learningRate, other);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String label() {
        return NAME + "-" + Epsilons.format(area);
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.L2);
    }

    @Override
    public boolean universal() {
        return true;
    }

    @Override
    public String transformation() {
        return "adversarial patch of " + Epsilons.format(100 * area) + " % of the image " + place
                + (degrees > 0 ? ", rotation ±" + Epsilons.format(degrees) + "°" : "");
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(epochs + tries(), epochs);
    }

    /** A patch that neither moves nor turns needs to be tried once only. */
    int tries() {
        return place == Place.ANYWHERE || degrees > 0 ? placements : 1;
    }

    /** Return the side of the patch in pixels. */
    int side(INDArray images) {
        int height = (int) images.size(2);
        int width = (int) images.size(3);
        int pixels = (int) Math.rint(Math.sqrt(area * height * width));
        return Math.max(1, Math.min(pixels, Math.min(height, width)));
    }

    @Override
    public void run(AttackContext context) {
        Images.require(NAME, context.samples().inputs());
        PatchFit fit = new PatchFit(this, context.samples());
        fit.fit();
        fit.propose();
    }
}
