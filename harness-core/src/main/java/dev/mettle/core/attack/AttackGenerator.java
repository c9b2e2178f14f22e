package dev.mettle.core.attack;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.Votes;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attacks bound to a model and a threat model, ready to make adversarial examples of inputs of your own.
 *
 * <p>With several attacks, every sample gets the nearest adversarial example that any of them found.
 */
public final class AttackGenerator {

    private final List<Attack> attacks;
    private final LabelModel model;
    private final ThreatModel threat;
    private final long seed;

    /** Create a generator with seed 0. */
    public AttackGenerator(List<Attack> attacks, LabelModel model, ThreatModel threat) {
        this(attacks, model, threat, 0);
    }

    /**
     * Create a generator.
     *
     * @param attacks the attacks, at least one
     * @param model the model to attack
     * @param threat norm, epsilon and box
     * @param seed the base seed of all random draws
     */
    public AttackGenerator(List<Attack> attacks, LabelModel model, ThreatModel threat, long seed) {
        if (attacks.isEmpty()) {
            throw new ConfigurationException(
                    "there is no attack to generate adversarial examples with: give at least one");
        }
        this.attacks = List.copyOf(attacks);
        this.model = model;
        this.threat = threat;
        this.seed = seed;
    }

    /** Return the threat model. */
    public ThreatModel threatModel() {
        return threat;
    }

    /**
     * Make adversarial examples.
     *
     * @param inputs samples of shape {@code [n, ...]} inside the input range; never changed
     * @param labels {@code n} true labels
     * @return one example per sample: adversarial where an attack succeeded, else the clean input
     * @throws ConfigurationException if there isn't one label per input
     */
    public AdversarialExamples generate(INDArray inputs, int... labels) {
        return generate(LabeledData.of(inputs, labels));
    }

    /** Make adversarial examples; see {@link #generate(INDArray, int...)}. */
    public AdversarialExamples generate(LabeledData data) {
        INDArray inputs = data.inputs().castTo(model.info().dataType()).dup('c');
        int[] labels = data.labels();
        Judgement[] clean = Votes.judge(model.redrawn(seed), inputs, Aim.awayFrom(labels));
        int[] attacked = java.util.stream.IntStream.range(0, labels.length)
                .filter(i -> !clean[i].reachesAim() && clean[i].label() != LabelModel.ABSTAINED)
                .toArray();
        SampleOutcome[] best = new SampleOutcome[labels.length];
        Arrays.setAll(
                best, i -> SampleOutcome.unbroken(data.id(i), labels[i], SampleStatus.ofWrong(clean[i].label()), 0, 0));
        if (attacked.length > 0) {
            INDArray standing = Rows.select(inputs, attacked);
            int[] ownLabels = Arrays.stream(attacked).map(i -> labels[i]).toArray();
            long[] ids = Arrays.stream(attacked).mapToLong(data::id).toArray();
            AttackEngine engine = AttackEngine.of(model, seed);
            for (Attack attack : attacks) {
                List<SampleOutcome> outcomes =
                        engine.run(attack, threat, standing, ownLabels, ids).outcomes();
                for (int i = 0; i < attacked.length; i++) {
                    best[attacked[i]] = WorstCase.of(best[attacked[i]], outcomes.get(i), threat.norm());
                }
            }
        }
        return new AdversarialExamples(inputs, new ArrayList<>(Arrays.asList(best)), threat.norm());
    }

    @Override
    public String toString() {
        return attacks.stream().map(Attack::label).collect(Collectors.joining(" + ")) + ", " + threat.label();
    }
}
