package dev.mettle.core.trust;

/** What a trust check says. */
public enum TrustLevel {
    /** The check ran and found nothing. */
    PASSED,
    /** The check found something that a reader should know. It doesn't change the verdict. */
    WARNING,
    /** The check found a sign that attacks fail for another reason than robustness: the evaluation can't pass. */
    DOUBT,
    /** The check didn't run: it doesn't apply, or its share of the passes is too small. The evidence says why. */
    NOT_RUN
}
