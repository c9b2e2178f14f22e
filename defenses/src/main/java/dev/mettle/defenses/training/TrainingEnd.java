package dev.mettle.defenses.training;

/** Why a training ended. */
public enum TrainingEnd {
    /** All epochs are done. */
    COMPLETED("all epochs are done"),
    /** Robust accuracy on held-out samples no longer grew; the network is that of its best epoch. */
    EARLY_STOPPED("robust accuracy on held-out samples no longer grew"),
    /** The {@link OverfittingGuard} saw robust accuracy collapse; the network is that of the moment before. */
    OVERFITTED("robust accuracy on held-out samples collapsed (catastrophic overfitting)"),
    /** The loss was no longer a finite number; the network is that of the last good moment. */
    DIVERGED("the loss was no longer a finite number"),
    /** The training was cancelled; the network is what it had become by then. */
    CANCELLED("it was cancelled");

    private final String reason;

    TrainingEnd(String reason) {
        this.reason = reason;
    }

    /** Return the reason as a clause, such as {@code all epochs are done}. */
    public String reason() {
        return reason;
    }
}
