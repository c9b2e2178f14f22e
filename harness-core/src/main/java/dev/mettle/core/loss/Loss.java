package dev.mettle.core.loss;

/** The losses that attacks can be told to ascend. */
public enum Loss {
    /** Cross-entropy; see {@link CrossEntropy}. */
    CROSS_ENTROPY("CE"),
    /** The lead of the wanted class; see {@link Margin}. */
    MARGIN("margin"),
    /** The difference-of-logits ratio; see {@link DifferenceOfLogitsRatio}. */
    DLR("DLR"),
    /** The difference of the wanted and the true logit; see {@link LogitDifference}. */
    LOGIT_DIFFERENCE("DL");

    private final String symbol;

    Loss(String symbol) {
        this.symbol = symbol;
    }

    /** Return the usual short name, such as {@code DLR}. */
    public String symbol() {
        return symbol;
    }

    /** Return the loss. */
    public LogitLoss logitLoss() {
        return switch (this) {
            case CROSS_ENTROPY -> new CrossEntropy();
            case MARGIN -> new Margin();
            case DLR -> new DifferenceOfLogitsRatio();
            case LOGIT_DIFFERENCE -> new LogitDifference();
        };
    }
}
