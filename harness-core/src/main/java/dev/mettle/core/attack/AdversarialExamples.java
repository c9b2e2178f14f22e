package dev.mettle.core.attack;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What an {@link AttackGenerator} made of a batch of samples.
 *
 * @param clean the clean inputs, shape {@code [n, ...]}
 * @param outcomes one outcome per sample
 * @param norm the norm of the threat model
 */
public record AdversarialExamples(INDArray clean, List<SampleOutcome> outcomes, Norm norm) {

    /** Create the record. */
    public AdversarialExamples {
        outcomes = List.copyOf(outcomes);
    }

    /** Return the number of samples. */
    public int size() {
        return outcomes.size();
    }

    /** Return the examples, shape {@code [n, ...]}: adversarial where an attack succeeded, else the clean input. */
    public INDArray inputs() {
        INDArray inputs = clean.dup('c');
        for (int i = 0; i < outcomes.size(); i++) {
            INDArray adversarial = outcomes.get(i).adversarial();
            if (adversarial != null) {
                Rows.copy(adversarial, 0, inputs, i);
            }
        }
        return inputs;
    }

    /** Say whether an attack broke the sample at a position. */
    public boolean isAdversarial(int position) {
        return outcomes.get(position).status() == SampleStatus.BROKEN;
    }

    /** Return how many samples were broken. */
    public int broken() {
        return (int) outcomes.stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .count();
    }

    /** Return how far the sample at a position was moved, in the norm of the threat model; 0 if it was not broken. */
    public double distance(int position) {
        Distances distances = outcomes.get(position).distances();
        return distances == null ? 0 : distances.in(norm);
    }

    @Override
    public String toString() {
        return broken() + " of " + size() + " samples broken";
    }
}
