package dev.mettle.defenses.training;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Softmax;
import dev.mettle.core.threat.Norm;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The inner maximization of TRADES: projected ascent on {@code KL(p(x) ‖ p(x'))}, which needs no label.
 *
 * @param steps the number of steps
 * @param step the absolute step size; where empty, {@code 2.5 · ε / steps}
 */
record DivergenceAscent(int steps, OptionalDouble step) implements Attack {

    /** At {@code x' = x} the divergence has no gradient, so the ascent starts beside it. */
    private static final double START = 0.001;

    DivergenceAscent {
        new Pgd(steps, step, 1, true); // checks them
    }

    @Override
    public String name() {
        return "KL ascent";
    }

    @Override
    public Map<String, String> parameters() {
        return AttackOptions.of(this);
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    @Override
    public Passes passes(int classes) {
        return new Passes(steps + 2L, steps);
    }

    @Override
    public void run(AttackContext context) {
        SampleBatch batch = context.samples();
        double[][] clean = Softmax.logRows(batch.logits(batch.inputs()));
        double alpha = step.orElse(2.5 * context.threatModel().epsilon() / steps);
        INDArray x = batch.perturbations().project(beside(batch));
        for (int i = 0; i < steps; i++) {
            INDArray gradient = batch.gradient(x, (INDArray logits) -> ascent(logits, clean))
                    .gradient();
            x = batch.perturbations().project(x.addi(batch.perturbations().steepestStep(x, gradient, alpha)));
            Rows.release(gradient);
        }
        batch.propose(x);
    }

    private static INDArray beside(SampleBatch batch) {
        double[][] rows = Rows.toRows(batch.inputs());
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < rows[i].length; j++) {
                rows[i][j] += START * batch.random(i).gaussian();
            }
        }
        return Rows.fromRows(rows, batch.inputs());
    }

    /** Return {@code ∂KL(p ‖ q)/∂z' = q − p}, where {@code q} is the softmax of the logits {@code z'}. */
    private static INDArray ascent(INDArray logits, double[][] logClean) {
        double[][] q = Softmax.logRows(logits);
        for (int i = 0; i < q.length; i++) {
            for (int k = 0; k < q[i].length; k++) {
                q[i][k] = Math.exp(q[i][k]) - Math.exp(logClean[i][k]);
            }
        }
        return Rows.fromRows(q, logits);
    }
}
