package dev.mettle.core.trust;

/** What to do about trust. */
public enum TrustPolicy {
    /** Run the trust checks. */
    CHECK,
    /** Run the trust checks, and where they raise doubts the attacks that these call for; then judge again. */
    ESCALATE,
    /** Measure only: without trust checks no evaluation passes. */
    OFF
}
