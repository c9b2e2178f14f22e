package dev.mettle.core.evaluation;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Evidence;
import dev.mettle.core.verdict.SequentialSamples;
import dev.mettle.core.verdict.Tally;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Counts outcomes for a verdict, in the order in which samples are evaluated. */
final class Counting {

    private static final long RANGE = 1L << 53;

    private final Evaluation evaluation;
    private final List<SampleOutcome> outcomes;
    private final Count all = new Count();
    private final SortedMap<Integer, Count> byClass = new TreeMap<>();

    private Counting(Evaluation evaluation, List<SampleOutcome> outcomes) {
        this.evaluation = evaluation;
        this.outcomes = outcomes;
        for (int i = 0; i < outcomes.size(); i++) {
            boolean open = evaluation.isCorrect(i);
            all.expect(open);
            byClass.computeIfAbsent(outcomes.get(i).label(), label -> new Count())
                    .expect(open);
        }
    }

    /**
     * Return the order in which samples are evaluated where an evaluation may stop early: random, so that data sorted by class don't
     * bias what is seen first, and the same for the same seed and samples.
     */
    static int[] order(LabeledData data, long seed) {
        double[] keys = new double[data.size()];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = SampleRandom.of(seed, "order", 0, data.id(i)).uniform(0, RANGE);
        }
        return IntStream.range(0, keys.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> keys[i]).thenComparing(Comparator.naturalOrder()))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /**
     * Count.
     *
     * @param outcomes one outcome per sample of the data, in their order; those evaluated come first in the order of evaluation
     * @param decision how the counts will be judged
     * @param jointly whether the samples were attacked as one, so that there is only one look
     */
    static Evidence of(Evaluation evaluation, List<SampleOutcome> outcomes, Decision decision, boolean jointly) {
        return new Counting(evaluation, outcomes).count(decision == Decision.SEQUENTIAL && !jointly);
    }

    private Evidence count(boolean inSteps) {
        List<Tally> looks = new ArrayList<>();
        SortedMap<Integer, List<Tally>> classes = new TreeMap<>();
        int[] order = inSteps
                ? order(evaluation.data(), evaluation.seed())
                : IntStream.range(0, outcomes.size()).toArray();
        for (int position : order) {
            SampleOutcome outcome = outcomes.get(position);
            if (outcome.status() == SampleStatus.NOT_EVALUATED) {
                continue;
            }
            boolean open = evaluation.isCorrect(position);
            all.add(outcome.status(), open);
            byClass.computeIfAbsent(outcome.label(), label -> new Count()).add(outcome.status(), open);
            if (inSteps && all.evaluated % SequentialSamples.STEP == 0) {
                look(looks, classes);
            }
        }
        if (looks.isEmpty() || looks.get(looks.size() - 1).evaluated() < all.evaluated) {
            look(looks, classes);
        }
        return new Evidence(looks, classes);
    }

    private void look(List<Tally> looks, SortedMap<Integer, List<Tally>> classes) {
        looks.add(all.tally());
        byClass.forEach((label, count) ->
                classes.computeIfAbsent(label, each -> new ArrayList<>()).add(count.tally()));
    }

    private static final class Count {
        private int samples;
        private int evaluated;
        private int robust;
        private int undecided;
        private int open;

        void expect(boolean correct) {
            samples++;
            open += correct ? 1 : 0;
        }

        void add(SampleStatus status, boolean correct) {
            evaluated++;
            robust += status == SampleStatus.ROBUST ? 1 : 0;
            undecided += status.undecided() ? 1 : 0;
            open -= correct ? 1 : 0;
        }

        Tally tally() {
            return new Tally(samples, evaluated, robust, undecided, open);
        }
    }
}
