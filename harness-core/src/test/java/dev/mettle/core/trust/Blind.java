package dev.mettle.core.trust;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.threat.Norm;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Proposes points without a look at the model.
 *
 * @param label its name
 * @param way where to
 */
record Blind(String label, Way way) implements Attack {

    /** Where a blind attack goes. */
    enum Way {
        /** To both ends of the ball on the diagonal of all features. */
        ACROSS,
        /** To a random point of the ball. */
        ANYWHERE
    }

    @Override
    public String name() {
        return label;
    }

    @Override
    public Map<String, String> parameters() {
        return Map.of();
    }

    @Override
    public Access access() {
        return Access.LABELS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF);
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(way == Way.ACROSS ? 2 : 1, 0);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch samples = context.samples();
        if (way == Way.ANYWHERE) {
            samples.propose(samples.randomStart());
            return;
        }
        for (int sign : new int[] {1, -1}) {
            INDArray direction = samples.inputs().like().addi(sign);
            samples.propose(samples.perturbations().maximizeLinear(direction));
        }
    }
}
