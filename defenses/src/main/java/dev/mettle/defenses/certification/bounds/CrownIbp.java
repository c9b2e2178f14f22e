package dev.mettle.defenses.certification.bounds;

/** Certifies by linear bounds of the margins around intervals (Zhang 2020): the usual choice; see {@link BoundMethod#CROWN_IBP}. */
public record CrownIbp() implements BoundCertifier {

    @Override
    public BoundMethod method() {
        return BoundMethod.CROWN_IBP;
    }
}
