package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustReport;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The facts of an evaluation: what was attacked with what, and what became of every sample. No judgment.
 *
 * @param name the name of the test or evaluation
 * @param model the model under test
 * @param data the samples, with inputs in the shape and data type of the model
 * @param dataSha256 the hash of the samples
 * @param cleanPredictions the model's label of every clean sample; {@link LabelModel#ABSTAINED} where it gives none
 * @param results one result per attack and epsilon, attacks in the order of the plan, epsilons ascending
 * @param gradientCheck the check of the model's input gradients, if an attack needs them
 * @param notes facts that limit what the evaluation shows, as sentences
 * @param environment versions and the backend, for reproduction
 * @param seed the base seed
 * @param batchSize how many samples were attacked at once
 * @param trust what the trust checks found, one report per set of attacks that was judged
 */
public record Evaluation(
        String name,
        ModelInfo model,
        LabeledData data,
        String dataSha256,
        List<Integer> cleanPredictions,
        List<AttackResult> results,
        Optional<GradientCheck> gradientCheck,
        List<String> notes,
        Map<String, String> environment,
        long seed,
        int batchSize,
        List<TrustReport> trust) {

    /** Create the evaluation. */
    public Evaluation {
        trust = List.copyOf(trust);
        cleanPredictions = List.copyOf(cleanPredictions);
        results = List.copyOf(results);
        notes = List.copyOf(notes);
    }

    /**
     * Return what the trust checks found about some attacks under a threat model. What they found about more attacks doesn't count: the
     * failure of all of them together may be evidence where that of a part is none.
     */
    public Optional<TrustReport> trust(ThreatModel threat, List<Attack> attacks) {
        return trust.stream().filter(report -> report.isAbout(threat, attacks)).findFirst();
    }

    /** Return the number of samples. */
    public int samples() {
        return data.size();
    }

    /** Return how many clean samples the model gets right. */
    public int cleanCount() {
        int correct = 0;
        for (int i = 0; i < samples(); i++) {
            correct += isCorrect(i) ? 1 : 0;
        }
        return correct;
    }

    /** Return on how many clean samples the model abstains. */
    public int abstainedCount() {
        return Collections.frequency(cleanPredictions, LabelModel.ABSTAINED);
    }

    /** Say whether the model gets the clean sample at a position right. */
    public boolean isCorrect(int position) {
        return cleanPredictions.get(position) == data.label(position);
    }

    /** Return the threat models, norms in the order of the results, epsilons ascending. */
    public List<ThreatModel> threatModels() {
        List<Norm> norms = results.stream()
                .map(result -> result.threatModel().norm())
                .distinct()
                .toList();
        return results.stream()
                .map(AttackResult::threatModel)
                .distinct()
                .sorted(Comparator.<ThreatModel>comparingInt(threat -> norms.indexOf(threat.norm()))
                        .thenComparingDouble(ThreatModel::epsilon))
                .toList();
    }

    /** Return the results under one threat model. */
    public List<AttackResult> resultsUnder(ThreatModel threat) {
        return results.stream()
                .filter(result -> result.threatModel().equals(threat))
                .toList();
    }

    /**
     * Return the only threat model.
     *
     * @throws ConfigurationException if there are several
     */
    public ThreatModel onlyThreatModel() {
        List<ThreatModel> threats = threatModels();
        if (threats.size() != 1) {
            throw new ConfigurationException("the evaluation has " + threats.size() + " threat models ("
                    + String.join(", ", threats.stream().map(ThreatModel::label).toList())
                    + "): ask for the report of one of them");
        }
        return threats.get(0);
    }
}
