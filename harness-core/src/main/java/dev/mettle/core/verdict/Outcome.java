package dev.mettle.core.verdict;

/** What an evaluation says about a required robust accuracy. */
public enum Outcome {
    /** Robust accuracy is proven to be at or above the threshold, against the attacks that were run. */
    PASS,
    /** Robust accuracy is proven to be below the threshold. */
    FAIL,
    /** Too few samples to say either. */
    INCONCLUSIVE,
    /** The evaluation itself can't be trusted to show robustness, so it can't pass. */
    UNTRUSTED,
    /** There was no threshold: facts only. */
    MEASURED
}
