package dev.mettle.core.trust;

/**
 * What a trust check found.
 *
 * @param check the check
 * @param level what it means for the verdict
 * @param evidence what was seen, with numbers, as a sentence without a full stop
 * @param advice what to do, such as the attack to try next, as a sentence without a full stop; empty if there is nothing to do
 */
public record TrustFinding(TrustCheck check, TrustLevel level, String evidence, String advice) {

    static TrustFinding passed(TrustCheck check, String evidence) {
        return new TrustFinding(check, TrustLevel.PASSED, evidence, "");
    }

    static TrustFinding notRun(TrustCheck check, String reason) {
        return new TrustFinding(check, TrustLevel.NOT_RUN, reason, "");
    }

    /** Return evidence and advice as one sentence, with the name of the check. */
    public String sentence() {
        return evidence + (advice.isEmpty() ? "" : ": " + advice) + " (" + check.id() + ")";
    }
}
