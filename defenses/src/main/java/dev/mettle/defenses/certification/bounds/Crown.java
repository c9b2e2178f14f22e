package dev.mettle.defenses.certification.bounds;

/** Certifies by linear bounds of every undecided neuron (Zhang 2018): the tightest, for small networks; see {@link BoundMethod#CROWN}. */
public record Crown() implements BoundCertifier {

    @Override
    public BoundMethod method() {
        return BoundMethod.CROWN;
    }
}
