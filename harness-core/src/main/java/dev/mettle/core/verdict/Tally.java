package dev.mettle.core.verdict;

/**
 * What is known of a group of samples: all samples of an evaluation, or those of one class.
 *
 * @param samples N, all samples of the group, those not evaluated included
 * @param evaluated n, how many of them were evaluated
 * @param robust how many of these are correct and withstood every attack
 * @param undecided how many of these no attack could decide
 * @param open how many of the samples not evaluated may still turn out robust: those that the model gets right without any attack
 */
public record Tally(int samples, int evaluated, int robust, int undecided, int open) {

    /** Create the tally. */
    public Tally {
        if (robust < 0
                || undecided < 0
                || robust + undecided > evaluated
                || open < 0
                || open > samples - evaluated
                || samples < 1) {
            throw new IllegalArgumentException(robust + " robust and " + undecided + " undecided of " + evaluated
                    + " samples evaluated, " + open + " open, of " + samples + " make no sense");
        }
    }

    /** Count samples that were all evaluated. */
    public static Tally of(int samples, int robust, int undecided) {
        return new Tally(samples, samples, robust, undecided, 0);
    }

    /** Say whether every sample was evaluated. */
    public boolean complete() {
        return evaluated == samples;
    }

    /** Return the share of robust samples among those evaluated; NaN if none was. */
    public double rate() {
        return (double) robust / evaluated;
    }

    /** Return how many samples of the group can be robust at most. */
    public int mostRobust() {
        return robust + undecided + open;
    }

    /** Return the tally at the point where every sample that is still open turned out robust, and those that can't be are left out. */
    Tally best() {
        return new Tally(samples, evaluated + open, robust + open, undecided, 0);
    }

    /** Return the tally if no sample left turns out robust. */
    Tally worst() {
        return of(samples, robust, undecided);
    }

    /** Return the tally with the undecided samples taken for robust. */
    Tally decidedAsRobust() {
        return new Tally(samples, evaluated, robust + undecided, 0, open);
    }
}
