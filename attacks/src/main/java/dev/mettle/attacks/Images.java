package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What attacks on images ask of their inputs. */
final class Images {

    private Images() {}

    /**
     * Refuse inputs that are not images.
     *
     * @throws ConfigurationException if the shape is not {@code [n, channels, height, width]}
     */
    static void require(String attack, INDArray inputs) {
        if (inputs.rank() != 4) {
            throw new ConfigurationException(attack + ": the inputs have shape " + Arrays.toString(inputs.shape())
                    + ": give images of shape [n, channels, height, width]");
        }
    }
}
