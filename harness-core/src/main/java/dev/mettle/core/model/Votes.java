package dev.mettle.core.model;

import dev.mettle.core.loss.Aim;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a model decides: what it says, or, if it is randomized, what it says most often in {@value #DRAWS} draws.
 *
 * <p>One draw alone decides nothing: an attack that asks a thousand times meets an unlucky one, and the next may be right again.
 */
public final class Votes {

    /** How many draws a randomized model is asked for. */
    public static final int DRAWS = 11;

    private Votes() {}

    /** Return the label of every sample; that of the most draws, the lowest one in a tie, if the model is randomized. */
    public static int[] predict(LabelModel model, INDArray inputs) {
        if (!model.randomized()) {
            return model.predict(inputs);
        }
        int[][] draws = new int[DRAWS][];
        Arrays.setAll(draws, draw -> model.predict(inputs));
        int[] labels = new int[draws[0].length];
        Arrays.setAll(
                labels,
                i -> mostFrequent(Arrays.stream(draws).mapToInt(draw -> draw[i]).toArray()));
        return labels;
    }

    /** Return the judgement of every sample; a randomized model reaches an aim if most of its draws do. */
    public static Judgement[] judge(LabelModel model, INDArray inputs, Aim[] aims) {
        if (!model.randomized()) {
            return model.judge(inputs, aims);
        }
        Judgement[][] draws = new Judgement[DRAWS][];
        Arrays.setAll(draws, draw -> model.judge(inputs, aims));
        Judgement[] judgements = new Judgement[aims.length];
        Arrays.setAll(judgements, i -> {
            long reached =
                    Arrays.stream(draws).filter(draw -> draw[i].reachesAim()).count();
            boolean most = 2 * reached > DRAWS;
            int label = mostFrequent(Arrays.stream(draws)
                    .filter(draw -> draw[i].reachesAim() == most)
                    .mapToInt(draw -> draw[i].label())
                    .toArray());
            return new Judgement(label, most);
        });
        return judgements;
    }

    /** Return how many forward passes a decision costs. */
    public static int passes(LabelModel model) {
        return model.randomized() ? DRAWS : 1;
    }

    private static int mostFrequent(int[] labels) {
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int label : labels) {
            counts.merge(label, 1, Integer::sum);
        }
        int best = labels[0];
        for (Map.Entry<Integer, Integer> entry : counts.entrySet()) {
            int most = counts.getOrDefault(best, 0);
            if (entry.getValue() > most || (entry.getValue() == most && entry.getKey() < best)) {
                best = entry.getKey();
            }
        }
        return best;
    }
}
