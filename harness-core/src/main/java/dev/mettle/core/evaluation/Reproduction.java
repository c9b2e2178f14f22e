package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
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
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Runs attacks of an earlier evaluation again, each on one sample alone, and remembers every query.
 *
 * <p>What an attack does to a sample depends on the attack, the threat model, the seed, the sample and its id; not on the batch it was
 * in, nor on what was found on other samples. So one sample suffices to see what happened.
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

    /** Return the threat model of a planned attack at one of its epsilons. */
    public ThreatModel threat(PlannedAttack planned, double epsilon) {
        return planned.threat(epsilon, model.info().inputRange(), goal, constraints);
    }

    /**
     * Run an attack on one sample.
     *
     * @param planned the attack, in the suite that it ran in, if it did
     * @param epsilon the epsilon
     * @param id the id of the sample
     * @return what became of it; without a query if the model errs on the clean sample
     * @throws ConfigurationException if there is no such sample, the attack makes one perturbation for all samples, or the model
     *     doesn't offer what it needs
     */
    public AttackTrace run(PlannedAttack planned, double epsilon, long id) {
        int position = IntStream.range(0, data.size())
                .filter(i -> data.id(i) == id)
                .findFirst()
                .orElseThrow(() -> new ConfigurationException(data.name() + " holds no sample #" + id));
        ThreatModel threat = threat(planned, epsilon);
        threat.requireWithin(Rows.features(data.inputs()));
        INDArray input = Rows.select(data.inputs(), new int[] {position});
        int label = data.label(position);
        if (model.predict(input)[0] != label) {
            SampleOutcome wrong = SampleOutcome.unbroken(id, label, SampleStatus.CLEAN_WRONG, 0, 0);
            return new AttackTrace(new AttackRun(List.of(wrong), 0, 0, 0), List.of());
        }
        AttackEngine engine = AttackEngine.of(model, seed).withBatchSize(1);
        return (planned.inSuite() ? engine.stoppingWithinEpsilon() : engine)
                .trace(planned.attack(), threat, input, label, id);
    }
}
