package dev.mettle.core.trust;

import dev.mettle.core.verdict.ClopperPearson;

/**
 * A count of samples that shouldn't be there.
 *
 * @param count how many there are
 * @param of among how many
 */
record Share(int count, int of) {

    /** More than this share is no accident: samples near the decision boundary exist in every model. */
    static final double TOLERATED = 0.02;

    private static final double CONFIDENCE = 0.99;

    /** Say whether the true share is surely above what is tolerated. */
    boolean isSignificant() {
        return lowerBound() > TOLERATED;
    }

    /** Return what the true share surely is at least. */
    double lowerBound() {
        return of == 0 ? 0 : ClopperPearson.lowerBound(count, of, CONFIDENCE);
    }

    /** Return a doubt if the share is significant, a warning if it isn't zero. */
    TrustLevel level() {
        return count == 0 ? TrustLevel.PASSED : isSignificant() ? TrustLevel.DOUBT : TrustLevel.WARNING;
    }

    @Override
    public String toString() {
        return count + " of " + of;
    }
}
