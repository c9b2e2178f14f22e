package dev.mettle.reports;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.threat.Norm;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The plainest gradient attack there is. */
record OneStep(String name, double part) implements Attack {

    @Override
    public Map<String, String> parameters() {
        return Map.of("part", String.valueOf(part));
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return EnumSet.allOf(Norm.class);
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(2, 1);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch samples = context.samples();
        INDArray clean = samples.inputs();
        INDArray gradient = samples.gradient(clean, new CrossEntropy()).gradient();
        INDArray step = samples.perturbations().maximizeLinear(gradient).sub(clean);
        samples.propose(samples.perturbations().project(clean.add(step.mul(part))));
    }
}
