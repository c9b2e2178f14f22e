package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackTrace;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustChecker;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Runs attacks of an earlier evaluation again, each on one sample, and remembers every query.
 *
 * <p>What an attack does to a sample depends on the attack, the threat model, the seed, the sample and its id; not on what was found on
 * other samples. So one sample suffices to see what happened, but for rounding: a batch of another size may be computed by other
 * routines of the backend, whose results differ in their last bits. Then the samples of its batch are needed, too.
 */
public final class Reproduction {

    private final LabelModel model;
    private final LabeledData data;
    private final Goal goal;
    private final Constraints constraints;
    private final long seed;

    /**
     * Check that data fit a model, just as an evaluation does.
     *
     * @param model the model under test
     * @param data the samples of the evaluation
     * @param goal what its attacker wants
     * @param constraints what may be done to which feature
     * @param seed its base seed
     * @throws ConfigurationException if something doesn't fit, with the offending value and the mend
     */
    public Reproduction(LabelModel model, LabeledData data, Goal goal, Constraints constraints, long seed) {
        Backend.require();
        this.model = model;
        this.data = DataCheck.fit(data, model.info(), goal, constraints);
        this.goal = goal;
        this.constraints = constraints;
        this.seed = seed;
    }

    /** Return the samples, in the shape and data type of the model. */
    public LabeledData data() {
        return data;
    }

    /**
     * Run an attack on one sample alone.
     *
     * @param planned the attack, in the suite that it ran in, if it did
     * @param epsilon the epsilon
     * @param id the id of the sample
     * @return what became of it; without a query if the model errs on the clean sample
     * @throws ConfigurationException if there is no such sample, the attack makes one perturbation for all samples, or the model
     *     doesn't offer what it needs
     */
    public AttackTrace run(PlannedAttack planned, double epsilon, long id) {
        return run(planned, epsilon, id, List.of(id));
    }

    /**
     * Run an attack on one sample among those of its batch.
     *
     * @param planned the attack, in the suite that it ran in, if it did
     * @param epsilon the epsilon
     * @param id the id of the sample
     * @param batch the ids of the samples of its batch, in order, the sample itself included
     * @return what became of it; without a query if the model errs on the clean sample
     * @throws ConfigurationException if there is no such sample, the attack makes one perturbation for all samples, or the model
     *     doesn't offer what it needs
     */
    public AttackTrace run(PlannedAttack planned, double epsilon, long id, List<Long> batch) {
        int[] positions = batch.stream().mapToInt(this::position).toArray();
        ThreatModel threat = planned.threat(epsilon, model.info().inputRange(), goal, constraints);
        threat.requireWithin(Rows.features(data.inputs()));
        INDArray inputs = Rows.select(data.inputs(), positions);
        int[] labels = Arrays.stream(positions).map(data::label).toArray();
        int sample = batch.indexOf(id);
        int predicted = AttackEngine.of(model, seed).decide(inputs)[sample];
        if (predicted != labels[sample]) {
            SampleOutcome wrong = SampleOutcome.unbroken(id, labels[sample], SampleStatus.ofWrong(predicted), 0, 0);
            return new AttackTrace(wrong, List.of(), positions.length);
        }
        long own = TrustCheck.ofSuite(planned.suite())
                .map(check -> TrustChecker.seed(check, seed))
                .orElse(seed);
        AttackEngine engine = AttackEngine.of(model, own).withBatchSize(positions.length);
        return (planned.inSuite() ? engine.stoppingWithinEpsilon() : engine)
                .trace(
                        planned.attack(),
                        threat,
                        inputs,
                        labels,
                        batch.stream().mapToLong(Long::longValue).toArray(),
                        sample);
    }

    private int position(long id) {
        return IntStream.range(0, data.size())
                .filter(i -> data.id(i) == id)
                .findFirst()
                .orElseThrow(() -> new ConfigurationException(data.name() + " holds no sample #" + id));
    }
}
