package dev.mettle.defenses.preprocessing;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.model.Preprocessing;
import dev.mettle.core.threat.Box;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Round inputs to a few bits, {@code round((2ᵇ − 1) x) / (2ᵇ − 1)} on inputs scaled to [0, 1]; ties go to the even level.
 *
 * <p>Inputs of any shape. The derivative is zero wherever there is one, so the gradient passes straight through (BPDA).
 *
 * <p>Proposed by Xu, Evans, Qi: Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks, NDSS 2018,
 * <a href="https://arxiv.org/abs/1704.01155">arXiv:1704.01155</a>, and by Guo, Rana, Cissé, van der Maaten: Countering Adversarial
 * Images using Input Transformations, ICLR 2018, <a href="https://arxiv.org/abs/1711.00117">arXiv:1711.00117</a>. Broken by Athalye,
 * Carlini, Wagner 2018, whose BPDA passes gradients through it as this class does.
 *
 * @param bits how many bits are left of every value, from 1 to 16
 * @param range the input range; that of the model when the step is put before one
 */
public record BitDepth(int bits, Box range) implements Preprocessing {

    /**
     * Create the step.
     *
     * @throws ConfigurationException if bits are not from 1 to 16
     */
    public BitDepth {
        Checks.requireBetween("BitDepth", "bits", bits, 1, 16);
    }

    /** Create the step for inputs in [0, 1], or in the range of the model that it is put before. */
    public BitDepth(int bits) {
        this(bits, Box.of(0, 1));
    }

    @Override
    public String name() {
        return bits + "-bit rounding";
    }

    @Override
    public BitDepth before(ModelInfo model) {
        return new BitDepth(bits, model.inputRange());
    }

    @Override
    public INDArray apply(INDArray inputs) {
        double levels = (1 << bits) - 1;
        return UnitRange.map(
                inputs,
                range,
                unit -> Arrays.stream(unit)
                        .map(value -> Math.rint(levels * value) / levels)
                        .toArray());
    }
}
