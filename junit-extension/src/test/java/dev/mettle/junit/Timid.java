package dev.mettle.junit;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.threat.Norm;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One step along the gradient that goes half as far as it may: what it misses, others find. */
record Timid() implements Attack {

    @Override
    public String name() {
        return "Timid";
    }

    @Override
    public Map<String, String> parameters() {
        return Map.of();
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2);
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(2, 1);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch samples = context.samples();
        INDArray gradient = samples.gradient(samples.inputs(), new Margin()).gradient();
        INDArray farthest = samples.perturbations().maximizeLinear(gradient);
        samples.propose(samples.inputs().add(farthest).mul(0.5));
    }
}
