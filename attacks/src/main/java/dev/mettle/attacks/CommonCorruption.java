package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.image.Raster;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Common corruption: one image in the noise, blur, weather or digital damage that cameras meet, at one of five severities.
 *
 * <p>No adversary chooses anything: an image is robust if the model still knows it after one random draw of the corruption. The
 * random numbers come from the stream of the sample alone, the same ones for every severity. A suite of {@link #all(int)} is the worst case over
 * the fifteen corruptions, which is harder than their mean, the figure of the paper; the mean is that of the single results.
 *
 * <p>Values are mapped from the input range of the model to [0, 1], corrupted, clipped, and mapped back, without rounding to 8 bits
 * (except in JPEG). Images of shape {@code [n, channels, height, width]} from 8 × 8 pixels. Three channels count as red, green and
 * blue. Grey images work throughout: brightness adds to the value, snow whitens it, saturation has no effect. With another number of
 * channels, brightness is the largest and luma the mean of all; JPEG compresses them one by one.
 *
 * <p>The parameters are the published ones. Other things differ, so compare accuracies with those on CIFAR-10-C or ImageNet-C with
 * care: frost is drawn by a program instead of being cut from photographs, which can't be shipped; ImageNet-C stores its images as
 * JPEG once more; random numbers are others; where the original clips, rounds to bytes or has fixed-point interpolation halfway, this
 * one computes on.
 *
 * <p>Use it beside attacks, as a threat of its own: robustness to corruptions and to adversaries are different things. Cost per
 * sample: one forward pass.
 *
 * <p>Hendrycks and Dietterich: Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, ICLR 2019,
 * <a href="https://arxiv.org/abs/1903.12261">arXiv:1903.12261</a>.
 *
 * @param corruption what happens to the image
 * @param severity how badly, from 1 to 5
 * @param parameterSet whose strengths to take
 */
public record CommonCorruption(Corruption corruption, int severity, ParameterSet parameterSet) implements RecordAttack {

    private static final String NAME = "Corruption";

    private static final int SMALLEST = 8;

    /** The largest side of an image that gets the parameters of CIFAR-10-C by itself. */
    private static final int SMALL = 64;

    /** Whose strengths a corruption has. */
    public enum ParameterSet {
        /** Those of CIFAR for images of at most 64 pixels a side, else those of ImageNet. */
        AUTO,
        /** Those of CIFAR-10-C, made for 32 × 32 pixels. */
        CIFAR,
        /** Those of ImageNet-C, made for 224 × 224 pixels. */
        IMAGENET
    }

    /** Create Gaussian noise of severity 3. */
    public CommonCorruption() {
        this(Corruption.GAUSSIAN_NOISE, 3);
    }

    /** Create a corruption with the parameters that suit the size of the images. */
    public CommonCorruption(Corruption corruption, int severity) {
        this(corruption, severity, ParameterSet.AUTO);
    }

    /**
     * Create a corruption.
     *
     * @throws ConfigurationException if the severity is not one of the five
     */
    public CommonCorruption {
        if (severity < 1 || severity > 5) {
            throw new ConfigurationException(NAME + ": severity is " + severity + ": give 1 to 5");
        }
    }

    /** Return the fifteen corruptions of the benchmark at one severity. */
    public static List<CommonCorruption> all(int severity) {
        return Corruption.benchmark().stream()
                .map(corruption -> new CommonCorruption(corruption, severity))
                .toList();
    }

    /** Return the fifteen corruptions of the benchmark at all five severities, as the paper averages them. */
    public static List<CommonCorruption> allSeverities() {
        return IntStream.rangeClosed(1, 5)
                .boxed()
                .flatMap(severity -> all(severity).stream())
                .toList();
    }

    /** Return the corruption with another severity. */
    public CommonCorruption withSeverity(int level) {
        return new CommonCorruption(corruption, level, parameterSet);
    }

    /** Return the corruption with the strengths of another data set. */
    public CommonCorruption withParameterSet(ParameterSet set) {
        return new CommonCorruption(corruption, severity, set);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String label() {
        return corruption + " " + severity;
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
    public boolean isNatural() {
        return true;
    }

    @Override
    public String transformation() {
        String set = switch (parameterSet) {
            case AUTO -> "";
            case CIFAR -> " (CIFAR parameters)";
            case IMAGENET -> " (ImageNet parameters)";
        };
        return corruption + ", severity " + severity + set;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(1, 0);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        INDArray inputs = batch.inputs();
        Images.require(NAME, inputs);
        if (inputs.size(2) < SMALLEST || inputs.size(3) < SMALLEST) {
            throw new ConfigurationException(NAME + ": the images have " + inputs.size(2) + " × " + inputs.size(3)
                    + " pixels: give at least " + SMALLEST + " × " + SMALLEST);
        }
        if (batch.isEmpty()) {
            return;
        }
        double[][] rows = Rows.toRows(inputs);
        IntStream.range(0, rows.length).parallel().forEach(i -> rows[i] = corrupt(batch, i, rows[i]));
        INDArray corrupted = Rows.fromRows(rows, inputs);
        batch.propose(corrupted);
        Rows.release(corrupted);
    }

    private double[] corrupt(SampleBatch batch, int i, double[] row) {
        INDArray inputs = batch.inputs();
        int height = (int) inputs.size(2);
        int width = (int) inputs.size(3);
        Box box = batch.perturbations().box();
        double[][] planes = new double[(int) inputs.size(1)][];
        for (int channel = 0; channel < planes.length; channel++) {
            planes[channel] = Arrays.copyOfRange(row, channel * height * width, (channel + 1) * height * width);
            for (int pixel = 0; pixel < planes[channel].length; pixel++) {
                int feature = channel * height * width + pixel;
                double share =
                        (planes[channel][pixel] - box.lower(feature)) / (box.upper(feature) - box.lower(feature));
                planes[channel][pixel] = Math.min(Math.max(share, 0), 1); // inputs may be off by rounding
            }
        }
        boolean cifar = parameterSet == ParameterSet.CIFAR
                || (parameterSet == ParameterSet.AUTO && Math.max(height, width) <= SMALL);
        Raster result =
                new Corruptor(severity, cifar, batch.random(i)).corrupt(corruption, new Raster(height, width, planes));
        double[] corrupted = new double[row.length];
        for (int feature = 0; feature < corrupted.length; feature++) {
            double share = result.planes()[feature / (height * width)][feature % (height * width)];
            corrupted[feature] = box.lower(feature) + share * (box.upper(feature) - box.lower(feature));
        }
        return corrupted;
    }
}
