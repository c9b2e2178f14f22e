package dev.mettle.core.attack;

import dev.mettle.core.model.LabelModel;

/** What became of one sample under one attack. */
public enum SampleStatus {
    /** The model errs on the clean sample; it was not attacked. */
    CLEAN_WRONG,
    /** The model abstains on the clean sample, which is no right answer; it was not attacked. */
    ABSTAINED,
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

    /** Return the status of a clean sample that gets another label than its own: a wrong one, or none. */
    public static SampleStatus ofWrong(int predicted) {
        return predicted == LabelModel.ABSTAINED ? ABSTAINED : CLEAN_WRONG;
    }

    /** Say whether the model gives the clean sample no right answer: a wrong one, or none. */
    public boolean wrongWhenClean() {
        return this == CLEAN_WRONG || this == ABSTAINED;
    }

    /** Say whether the attack ran on the sample at all. */
    public boolean attacked() {
        return switch (this) {
            case CLEAN_WRONG, ABSTAINED, BROKEN_BEFORE, LEFT_OPEN, NOT_EVALUATED -> false;
            case ROBUST, BROKEN, GRADIENT_ZERO, GRADIENT_INVALID, SEARCH_FAILED -> true;
        };
    }

    /** Say whether the attack failed in a way that is no evidence of robustness. */
    public boolean undecided() {
        return this == GRADIENT_ZERO || this == GRADIENT_INVALID || this == SEARCH_FAILED;
    }
}
