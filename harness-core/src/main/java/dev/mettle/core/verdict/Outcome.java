package dev.mettle.core.verdict;

/** What an evaluation says about a required robust accuracy. */
public enum Outcome {
    /** Robust accuracy is shown to reach the threshold, against the attacks that ran. */
    PASS,
    /** Robust accuracy is shown to be below the threshold. */
    FAIL,
    /** Too few samples to say either. */
    INCONCLUSIVE,
    /** The attacks themselves can't be trusted, so their failure shows nothing. */
    UNTRUSTED,
    /** There was no threshold: facts only. */
    MEASURED
}
