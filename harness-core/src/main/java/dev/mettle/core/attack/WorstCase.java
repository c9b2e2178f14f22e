package dev.mettle.core.attack;

import dev.mettle.core.threat.Norm;

/** Combines what several attacks did to one sample: it is robust only if none of them broke it. */
public final class WorstCase {

    private WorstCase() {}

    /** Return the worse of two outcomes for the model, with the costs of both. */
    public static SampleOutcome of(SampleOutcome first, SampleOutcome second, Norm norm) {
        boolean takeSecond = rank(second.status()) > rank(first.status())
                || (second.status() == SampleStatus.BROKEN
                        && first.status() == SampleStatus.BROKEN
                        && second.breakingDistance(norm) < first.breakingDistance(norm));
        SampleOutcome worse = takeSecond ? second : first;
        return new SampleOutcome(
                worse.id(),
                worse.label(),
                worse.status(),
                worse.adversarial(),
                worse.adversarialLabel(),
                worse.distances(),
                first.forwards() + second.forwards(),
                first.backwards() + second.backwards());
    }

    /**
     * A broken sample outranks what withstood; and what one attack left undecided, a weaker one doesn't decide. A sample that not all
     * attacks were run on is not evaluated, even if one broke it: to count only such ones would make the model look worse.
     */
    private static int rank(SampleStatus status) {
        return switch (status) {
            case CLEAN_WRONG, ABSTAINED, BROKEN_BEFORE, LEFT_OPEN -> 0;
            case ROBUST -> 1;
            case GRADIENT_INVALID, GRADIENT_ZERO, SEARCH_FAILED -> 2;
            case BROKEN -> 3;
            case NOT_EVALUATED -> 4;
        };
    }
}
