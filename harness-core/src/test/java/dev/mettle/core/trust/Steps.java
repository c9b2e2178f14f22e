package dev.mettle.core.trust;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Follows the gradient of the margin in equal steps.
 *
 * @param label its name
 * @param steps how many steps
 * @param stride how far a step goes, as a part of epsilon; altogether they go no farther than epsilon
 * @param farthest the largest epsilon at which it moves at all
 */
record Steps(String label, int steps, double stride, double farthest) implements Attack {

    Steps(int steps, double stride) {
        this("Steps-" + steps, steps, stride, ThreatModel.UNBOUNDED);
    }

    /** One step that finds all there is to find in an affine model. */
    static Steps straight(String label) {
        return new Steps(label, 1, 1, ThreatModel.UNBOUNDED);
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
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF);
    }

    @Override
    public Optional<Attack> longer() {
        return steps == 1 ? Optional.empty() : Optional.of(new Steps(2 * steps, stride));
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(steps + 1, steps + 1);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch samples = context.samples();
        INDArray clean = samples.inputs();
        INDArray gradient = samples.gradient(clean, new Margin()).gradient();
        INDArray way = samples.perturbations().maximizeLinear(gradient).sub(clean);
        for (int step = 1; step <= steps; step++) {
            double part = samples.perturbations().epsilon() > farthest ? 0 : Math.min(1, step * stride);
            samples.gradient(clean.add(way.mul(part)), new Margin());
        }
    }
}
