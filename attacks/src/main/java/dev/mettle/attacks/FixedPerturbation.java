package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Fixed perturbation: {@code clip(x + δ)} with the same known δ for every sample.
 *
 * <p>Use it to try a {@link UniversalPerturbation} on samples that it was not fitted on, or on another model. Needs labels only. Cost per
 * sample: one forward pass.
 */
public final class FixedPerturbation implements Attack {

    private static final String NAME = "Fixed perturbation";

    private final double[] delta;
    private final long[] shape;

    /**
     * Create the attack.
     *
     * @param delta the perturbation, with the shape of one sample, in input units of the model; copied
     */
    public FixedPerturbation(INDArray delta) {
        this.delta = Rows.toDoubles(delta);
        this.shape = delta.shape().clone();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, String> parameters() {
        return Map.of("shape", Arrays.toString(shape));
    }

    @Override
    public Access access() {
        return Access.LABELS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2, Norm.L1, Norm.L0);
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(1, 0);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        if (!Arrays.equals(shape, Rows.sampleShape(batch.inputs()))) {
            throw new ConfigurationException(NAME + ": δ has shape " + Arrays.toString(shape) + " but a sample has "
                    + Arrays.toString(Rows.sampleShape(batch.inputs())) + ": give one value per feature");
        }
        requireWithin(context.threatModel());
        if (batch.isEmpty()) {
            return;
        }
        INDArray x = UniversalFit.shifted(batch, delta);
        batch.propose(x);
        Rows.release(x);
    }

    private void requireWithin(ThreatModel threat) {
        double size = Distances.between(delta, new double[delta.length]).in(threat.norm());
        if (!dev.mettle.core.numeric.Tolerance.atMost(size, threat.epsilon())) {
            throw new ConfigurationException(NAME + ": δ has " + threat.norm().symbol() + " " + Epsilons.format(size)
                    + ", more than ε = " + Epsilons.format(threat.epsilon()) + ": allow more, or scale δ down");
        }
    }

    @Override
    public String toString() {
        return NAME + " " + Arrays.toString(shape);
    }
}
