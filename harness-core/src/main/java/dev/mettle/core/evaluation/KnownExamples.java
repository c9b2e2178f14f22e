package dev.mettle.core.evaluation;

import dev.mettle.core.attack.Attack;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Adversarial examples that attacks found earlier. They are tried before an attack searches anew, and count only if they fool the model
 * under test within its threat model.
 */
@FunctionalInterface
public interface KnownExamples {

    /** Knows none. */
    KnownExamples NONE = (attack, sampleKey) -> List.of();

    /**
     * Return what an attack of this kind found on a sample, each of shape {@code [1, ...]}; empty if nothing is known.
     *
     * @param sampleKey the key of the clean sample; see {@link dev.mettle.core.data.LabeledData#sampleKeys}
     */
    List<INDArray> find(Attack attack, String sampleKey);
}
