package dev.mettle.defenses.preprocessing;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.DeclaredGradient;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.model.Preprocessing;
import dev.mettle.core.model.RandomizedPreprocessing;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Shrink every image to a random size and put it at a random place of a frame of the old size, filled with the lowest value of the input
 * range.
 *
 * <p>Images of shape {@code [n, channels, height, width]}. The height is drawn from the whole numbers from {@code smallest · height} to
 * the height itself, the width keeps the proportions, and values between pixels are bilinear, with pixel centers at halves, as PyTorch's
 * {@code interpolate} has it. Every sample draws for itself. One draw is linear, and its gradient is exact; but attacks have to follow the
 * mean gradient over many draws, that is, EOT is required.
 *
 * <p>Proposed by Xie, Wang, Zhang, Ren, Yuille: Mitigating Adversarial Effects Through Randomization, ICLR 2018,
 * <a href="https://arxiv.org/abs/1711.01991">arXiv:1711.01991</a>, who enlarge images of 299 pixels to one of 36 sizes, for a network
 * that takes any size; here the frame keeps the size of the input. Broken by Athalye, Carlini, Wagner 2018 by EOT over 30 draws.
 *
 * @param smallest the smallest size as a share of the old one, above 0 and below 1
 * @param seed the seed of the draws, which go on with every call; see {@link dev.mettle.core.model.PreprocessedModel}
 * @param range the input range; that of the model when the step is put before one
 */
public record RandomResizePadding(double smallest, long seed, Box range) implements RandomizedPreprocessing {

    /**
     * Create the step.
     *
     * @throws ConfigurationException if the smallest size is not above 0 and below 1
     */
    public RandomResizePadding {
        if (!(smallest > 0 && smallest < 1)) {
            throw new ConfigurationException("RandomResizePadding: the smallest size is " + smallest
                    + " of the old one: give a share above 0 and below 1");
        }
    }

    /** Create the step with seed 0, for inputs in [0, 1], or in the range of the model that it is put before. */
    public RandomResizePadding(double smallest) {
        this(smallest, 0, Box.of(0, 1));
    }

    /** Return the step with another seed. */
    public RandomResizePadding withSeed(long other) {
        return new RandomResizePadding(smallest, other, range);
    }

    @Override
    public String name() {
        return "random resize and padding (from " + Checks.format(smallest) + ")";
    }

    @Override
    public DeclaredGradient declaredGradient() {
        return DeclaredGradient.EXACT;
    }

    @Override
    public RandomResizePadding before(ModelInfo model) {
        ImageBatch.require(name(), model);
        return new RandomResizePadding(smallest, seed, model.inputRange());
    }

    @Override
    public Preprocessing drawn(SampleRandom[] streams) {
        double[][] draws = new double[streams.length][];
        Arrays.setAll(draws, i ->
                new double[] {streams[i].uniform(0, 1), streams[i].uniform(0, 1), streams[i].uniform(0, 1)});
        return new Placed(name(), smallest, range, draws);
    }

    /** The step with size and place fixed for every sample: draws of size, top and left from [0, 1). */
    private static final class Placed implements Preprocessing {

        private final String name;
        private final double smallest;
        private final Box range;
        private final double[][] draws;

        Placed(String name, double smallest, Box range, double[][] draws) {
            this.name = name;
            this.smallest = smallest;
            this.range = range;
            this.draws = draws;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public DeclaredGradient declaredGradient() {
            return DeclaredGradient.EXACT;
        }

        @Override
        public INDArray apply(INDArray inputs) {
            ImageBatch.require(inputs);
            double[][] rows = Rows.toRows(inputs);
            for (int i = 0; i < rows.length; i++) {
                double[] result = new double[rows[i].length];
                for (int j = 0; j < result.length; j++) {
                    result[j] = range.lower(j);
                }
                Place place = place(i, inputs);
                double[] image = rows[i];
                boolean[] covered = new boolean[result.length];
                place.forEach(image.length, (target, source, weight) -> {
                    result[target] = (covered[target] ? result[target] : 0) + weight * image[source];
                    covered[target] = true;
                });
                rows[i] = result;
            }
            return Rows.fromRows(rows, inputs);
        }

        @Override
        public INDArray backward(INDArray inputs, INDArray gradient) {
            double[][] rows = Rows.toRows(gradient);
            for (int i = 0; i < rows.length; i++) {
                double[] outer = rows[i];
                double[] own = new double[outer.length];
                place(i, inputs).forEach(own.length, (target, source, weight) -> own[source] += weight * outer[target]);
                rows[i] = own;
            }
            return Rows.fromRows(rows, gradient);
        }

        private Place place(int row, INDArray inputs) {
            int height = (int) inputs.size(2);
            int width = (int) inputs.size(3);
            int least = Math.max(1, (int) Math.ceil(smallest * height));
            int newHeight = least + (int) (draws[row][0] * (height - least + 1));
            int newWidth = Math.max(1, (int) Math.rint((double) newHeight * width / height));
            int top = (int) (draws[row][1] * (height - newHeight + 1));
            int left = (int) (draws[row][2] * (width - newWidth + 1));
            return new Place(height, width, newHeight, newWidth, top, left);
        }
    }

    /** Says which pixel of the result is made of which pixel of the image, and to which part. */
    private interface Contribution {
        void add(int target, int source, double weight);
    }

    private record Place(int height, int width, int newHeight, int newWidth, int top, int left) {

        void forEach(int features, Contribution contribution) {
            for (int plane = 0; plane < features; plane += height * width) {
                for (int row = 0; row < newHeight; row++) {
                    double y = center(row, height, newHeight);
                    for (int column = 0; column < newWidth; column++) {
                        double x = center(column, width, newWidth);
                        int target = plane + (top + row) * width + left + column;
                        for (int corner = 0; corner < 4; corner++) {
                            int sourceRow = Math.min((int) y + corner / 2, height - 1);
                            int sourceColumn = Math.min((int) x + corner % 2, width - 1);
                            double weight = (corner / 2 == 0 ? 1 - (y - (int) y) : y - (int) y)
                                    * (corner % 2 == 0 ? 1 - (x - (int) x) : x - (int) x);
                            if (weight != 0) {
                                contribution.add(target, plane + sourceRow * width + sourceColumn, weight);
                            }
                        }
                    }
                }
            }
        }

        private static double center(int target, int size, int newSize) {
            return Math.max(0, (target + 0.5) * size / newSize - 0.5);
        }
    }
}
