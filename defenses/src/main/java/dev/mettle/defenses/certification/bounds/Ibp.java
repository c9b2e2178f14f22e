package dev.mettle.defenses.certification.bounds;

/** Certifies by interval bound propagation (Gowal 2018): cheap, and of use for networks trained for it, in L∞; see {@link BoundMethod#IBP}. */
public record Ibp() implements BoundCertifier {

    @Override
    public BoundMethod method() {
        return BoundMethod.IBP;
    }
}
