package dev.mettle.benchmarks;

/** What is measured. The names go over the wire; those of Mettle and Deeplearning4j are computed by {@link Workload}. */
enum Contender {
    /** Mettle's {@code gradient} of the cross-entropy. */
    METTLE_GRADIENT("Mettle", true),

    /** Mettle's {@code logits}: the forward pass alone. */
    METTLE_LOGITS("Mettle logits", false),

    /**
     * Deeplearning4j's own way on the same backend: {@code calculateGradients} of a {@code MultiLayerNetwork}, {@code
     * computeGradientAndScore} of a {@code ComputationGraph}, which keeps the gradient of the inputs to itself.
     */
    DL4J("DL4J", true),

    /** The same on the backend that is there without any choice. */
    DL4J_STOCK("DL4J stock", true),

    /** {@code torch.autograd.grad} of the cross-entropy, of the inputs only. */
    PYTORCH_GRADIENT("PyTorch", true),

    /** PyTorch's forward pass alone. */
    PYTORCH_LOGITS("PyTorch logits", false);

    private final String title;
    private final boolean gradient;

    Contender(String title, boolean gradient) {
        this.title = title;
        this.gradient = gradient;
    }

    /** The heading of its column. */
    String title() {
        return title;
    }

    /** Whether it computes gradients, not only logits. */
    boolean isGradient() {
        return gradient;
    }
}
