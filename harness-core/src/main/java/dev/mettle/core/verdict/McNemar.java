package dev.mettle.core.verdict;

import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * The exact test of McNemar (1947) for two runs on the same samples: were a model unchanged, a sample whose outcome differs would
 * have become worse or better with equal chances.
 */
public final class McNemar {

    private McNemar() {}

    /**
     * Return the one-sided p-value of "the second run is worse": the probability of at least so many samples that became worse, among
     * all that changed.
     *
     * @param worse how many samples became worse, at least 0
     * @param better how many samples became better, at least 0
     * @return Σ over i ≥ worse of C(worse + better, i) / 2^(worse + better), in (0, 1]
     */
    public static double pValue(int worse, int better) {
        if (worse < 0 || better < 0) {
            throw new IllegalArgumentException(worse + " worse and " + better + " better samples make no sense");
        }
        return worse == 0 ? 1 : BinomialDistribution.of(worse + better, 0.5).survivalProbability(worse - 1);
    }
}
