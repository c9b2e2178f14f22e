package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What is attacked of a {@code ComputationGraph} with several inputs or outputs: one input, while the others are held at
 * fixed values, and the output whose labels count.
 *
 * <pre>{@code
 * Dl4jClassifier.of(network, Attacked.input("image").output("label").holding("age", age))
 * }</pre>
 *
 * <p>Immutable.
 */
public final class Attacked {

    private final String input;
    private final @Nullable String output;
    private final Map<String, INDArray> held; // never given away

    private Attacked(String input, @Nullable String output, Map<String, INDArray> held) {
        this.input = input;
        this.output = output;
        this.held = Collections.unmodifiableMap(held);
    }

    /** Attack the input of this name, and, as long as no {@link #output} is named, the only output. */
    public static Attacked input(String name) {
        return new Attacked(name, null, Map.of());
    }

    /** Let the labels of the output of this name count. Other outputs are ignored. Return a new object. */
    public Attacked output(String name) {
        return new Attacked(input, name, held);
    }

    /**
     * Hold another input at a fixed value, the same for every sample. Every input that isn't attacked has to be held. Return a
     * new object.
     *
     * @param name the name of the input
     * @param value its value, shape {@code [1, …]}; copied
     * @throws ConfigurationException if the value has another batch size than 1 or isn't finite, or if the input is attacked or
     *     held already
     */
    public Attacked holding(String name, INDArray value) {
        if (name.equals(input)) {
            throw new ConfigurationException("the input \"" + name + "\" is attacked: hold the other inputs");
        }
        if (held.containsKey(name)) {
            throw new ConfigurationException("the input \"" + name + "\" is held twice: give it one value");
        }
        if (value.rank() < 2 || value.size(0) != 1) {
            throw new ConfigurationException("the input \"" + name + "\" is held at a value of shape "
                    + Arrays.toString(value.shape())
                    + ": give one value for all samples, with the batch size 1 as first dimension");
        }
        for (double number : Rows.toDoubles(value)) {
            if (!Double.isFinite(number)) {
                throw new ConfigurationException(
                        "the input \"" + name + "\" is held at " + number + ": give finite values");
            }
        }
        Map<String, INDArray> more = new LinkedHashMap<>(held);
        more.put(name, value.dup('c'));
        return new Attacked(input, output, more);
    }

    String input() {
        return input;
    }

    /** Return the name of the output that counts, or null if none was named. */
    @Nullable
    String output() {
        return output;
    }

    /** Return the values of the inputs that are held. */
    Map<String, INDArray> held() {
        return held;
    }
}
