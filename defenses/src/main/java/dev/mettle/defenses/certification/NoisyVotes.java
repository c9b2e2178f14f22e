package dev.mettle.defenses.certification;

import dev.mettle.core.verdict.McNemar;
import java.util.List;
import java.util.OptionalInt;

/**
 * How often a model names each class of one sample under Gaussian noise.
 *
 * @param counts one count per class
 */
record NoisyVotes(List<Integer> counts) {

    /** Return the class with the most votes; the lowest one in a tie. */
    int top() {
        int best = 0;
        for (int label = 1; label < counts.size(); label++) {
            best = counts.get(label) > counts.get(best) ? label : best;
        }
        return best;
    }

    /**
     * Return the class with the most votes if these are significantly more than those of the second; PREDICT of the paper.
     *
     * <p>By the exact two-sided binomial test that both classes are equally likely, which is twice the one-sided one.
     */
    OptionalInt significantTop(double alpha) {
        int top = top();
        int second = 0;
        for (int label = 0; label < counts.size(); label++) {
            second = label == top ? second : Math.max(second, counts.get(label));
        }
        return 2 * McNemar.pValue(counts.get(top), second) <= alpha ? OptionalInt.of(top) : OptionalInt.empty();
    }
}
