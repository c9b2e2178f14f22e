package dev.mettle.defenses.certification.bounds;

/** A way to bound what a network puts out for all inputs of a region. */
public enum BoundMethod {
    /**
     * Interval bound propagation: an interval per value, layer by layer. Costs two forward passes, and says little of networks that were
     * not trained for it. (Gowal et al., On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models, 2018)
     */
    IBP("IBP"),

    /**
     * Linear bounds of the margins, taken backward through the network, around intervals from interval propagation; the better of both.
     * Costs a few backward passes more. (Zhang et al., Towards Stable and Efficient Training of Verifiably Robust Neural Networks, ICLR
     * 2020)
     */
    CROWN_IBP("CROWN-IBP"),

    /**
     * Linear bounds of the margins and of the inputs of every activation; the better of both at every value. Costs two backward passes
     * per undecided neuron, and is the tightest of the three. (Zhang et al., Efficient Neural Network Robustness Certification with
     * General Activation Functions, NeurIPS 2018)
     */
    CROWN("CROWN");

    private final String title;

    BoundMethod(String title) {
        this.title = title;
    }

    @Override
    public String toString() {
        return title;
    }
}
