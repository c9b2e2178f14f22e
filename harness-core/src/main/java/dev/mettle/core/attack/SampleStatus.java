package dev.mettle.core.attack;

/** What became of one sample under one attack. */
public enum SampleStatus {
    /** The model errs on the clean sample; it was not attacked. */
    CLEAN_WRONG,
    /** The attack ran as it should and found no adversarial example. Evidence of robustness, not proof. */
    ROBUST,
    /** A verified adversarial example was found. Proof. */
    BROKEN,
    /** An earlier attack of the suite broke the sample; this one was not run on it. */
    BROKEN_BEFORE,
    /** A trust check, which looks at a few samples only, found nothing on this one. Evidence of nothing. */
    LEFT_OPEN,
    /** Every gradient was exactly zero: a gradient attack that fails on such a sample says nothing. */
    GRADIENT_ZERO,
    /** A gradient was NaN or infinite: a gradient attack that fails on such a sample says nothing. */
    GRADIENT_INVALID,
    /** A minimum-norm attack found no adversarial example at any distance: the search failed, which says nothing. */
    SEARCH_FAILED,
    /** The evaluation stopped before this sample, because its verdict was certain. */
    NOT_EVALUATED;

    /** Say whether the attack ran on the sample at all. */
    public boolean attacked() {
        return switch (this) {
            case CLEAN_WRONG, BROKEN_BEFORE, LEFT_OPEN, NOT_EVALUATED -> false;
            case ROBUST, BROKEN, GRADIENT_ZERO, GRADIENT_INVALID, SEARCH_FAILED -> true;
        };
    }

    /** Say whether the attack failed in a way that is no evidence of robustness. */
    public boolean undecided() {
        return this == GRADIENT_ZERO || this == GRADIENT_INVALID || this == SEARCH_FAILED;
    }
}
