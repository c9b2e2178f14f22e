package dev.mettle.core.model;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.threat.Box;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What is known of a model before it is run.
 *
 * @param name a short name for reports, such as a file name
 * @param inputShape the shape of one sample, without the batch dimension; {@link #ANY_SIZE} where the model takes any size, such as
 *     the length of a time series
 * @param classes the number of classes, at least 2
 * @param inputRange the valid range of inputs
 * @param dataType the floating-point type the model computes in
 * @param sha256 the hash of the model's configuration and weights, in hex
 * @param warnings facts about the model that limit what an evaluation of it can show, as sentences
 */
public record ModelInfo(
        String name,
        List<Long> inputShape,
        int classes,
        Box inputRange,
        DataType dataType,
        String sha256,
        List<String> warnings) {

    /** Stands for a size that the model doesn't fix. */
    public static final long ANY_SIZE = -1;

    /**
     * Create the description.
     *
     * @throws ConfigurationException if there are fewer than two classes
     */
    public ModelInfo {
        inputShape = List.copyOf(inputShape);
        warnings = List.copyOf(warnings);
        if (classes < 2) {
            throw new ConfigurationException("the model " + name + " has " + classes
                    + " classes: a classifier needs at least two (a single sigmoid output counts as two)");
        }
    }

    /** Return a shape as list. */
    public static List<Long> shape(long... shape) {
        return LongStream.of(shape).boxed().toList();
    }

    /** Say whether a sample of the given shape fits the model. */
    public boolean takes(List<Long> sampleShape) {
        boolean fits = sampleShape.size() == inputShape.size();
        for (int axis = 0; fits && axis < inputShape.size(); axis++) {
            long size = inputShape.get(axis);
            fits = size == ANY_SIZE || size == sampleShape.get(axis);
        }
        return fits;
    }

    /** Print a sample shape, such as {@code 1×28×28}, with {@code ?} for any size. */
    public static String formatShape(List<Long> shape) {
        return shape.stream()
                .map(size -> size == ANY_SIZE ? "?" : String.valueOf(size))
                .collect(Collectors.joining("×"));
    }
}
