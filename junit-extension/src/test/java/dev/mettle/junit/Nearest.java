package dev.mettle.junit;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.threat.Norm;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The minimum-norm attack on {@link AffineModel}: it knows where the boundary is, and stops 0.001 beyond it. */
record Nearest() implements Attack {

    @Override
    public String name() {
        return "Nearest";
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
        return Set.of(Norm.L2);
    }

    @Override
    public boolean minimizesNorm() {
        return true;
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(2, 1);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch samples = context.samples();
        INDArray beyond = samples.inputs().dup('c');
        int[] labels = samples.labels();
        for (int i = 0; i < labels.length; i++) {
            beyond.putScalar(i, 0, labels[i] == 0 ? 0.499 : 0.501);
        }
        samples.propose(beyond);
    }
}
