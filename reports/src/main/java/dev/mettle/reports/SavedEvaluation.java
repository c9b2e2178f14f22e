package dev.mettle.reports;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.verdict.Decision;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * An evaluation as {@link EvaluationJson} wrote it, as far as it takes to run its attacks again.
 *
 * @param file the name of the file
 * @param model the name of the model
 * @param modelSha256 the hash of its configuration and weights
 * @param inputShape the shape of one sample
 * @param inputRange the valid range of inputs
 * @param dataType the type the model computed in
 * @param data the name of the data
 * @param dataSha256 the hash of the samples
 * @param ids the ids of the samples, in order
 * @param wrong the ids of the samples that the model gets wrong without an attack
 * @param constraints what may be done to which feature
 * @param seed the base seed
 * @param batchSize how many samples were attacked at once
 * @param decision when the evaluation was to stop
 * @param environment versions and the backend
 * @param files the paths of the files that were read, by {@code model}, {@code inputs} and {@code labels}; empty where a test wrote the
 *     report
 * @param attacks one entry per attack and epsilon
 */
public record SavedEvaluation(
        String file,
        String model,
        String modelSha256,
        List<Long> inputShape,
        Box inputRange,
        DataType dataType,
        String data,
        String dataSha256,
        List<Long> ids,
        Set<Long> wrong,
        Constraints constraints,
        long seed,
        int batchSize,
        Decision decision,
        Map<String, String> environment,
        Map<String, String> files,
        List<SavedAttack> attacks) {

    /**
     * Read a report.
     *
     * @throws ConfigurationException if the file is no such report, or lacks what it takes to run an attack again, as those of earlier
     *     versions do
     */
    public static SavedEvaluation read(Path path) {
        String file = String.valueOf(path.getFileName());
        JsonNode document = ReportDocument.tree(path);
        return new SavedFields(file, document).evaluation();
    }

    /** Return what became of a sample under an attack. */
    public SavedOutcome outcome(SavedAttack attack, long id) {
        SavedOutcome broken = attack.broken().get(id);
        if (broken != null) {
            return broken;
        }
        SampleStatus status = attack.others().getOrDefault(id, SampleStatus.ROBUST);
        boolean answeredWrongly = wrong.contains(id) && status != SampleStatus.ABSTAINED;
        return SavedOutcome.unbroken(answeredWrongly ? SampleStatus.CLEAN_WRONG : status);
    }

    /**
     * Return the samples of the batch in which an attack was run on a sample; only the sample itself where that is not known, since an
     * evaluation that may stop early takes its samples in another order, and so does a trust check.
     */
    public List<Long> batch(SavedAttack attack, long id) {
        if (decision.stopsEarly() || TrustCheck.ofSuite(attack.suite()).isPresent()) {
            return List.of(id);
        }
        List<Long> attacked = ids.stream()
                .filter(each -> outcome(attack, each).attackedHere())
                .toList();
        int from = attacked.indexOf(id) / batchSize * batchSize;
        return attacked.subList(from, Math.min(from + batchSize, attacked.size()));
    }
}
