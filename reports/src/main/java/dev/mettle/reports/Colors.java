package dev.mettle.reports;

import dev.mettle.core.verdict.Outcome;

/** The colors of outcomes, dark enough to be read on white and light enough on black. */
final class Colors {

    private Colors() {}

    static String of(Outcome outcome) {
        return switch (outcome) {
            case PASS -> "#2e8540";
            case FAIL -> "#d0342c";
            case INCONCLUSIVE, UNTRUSTED -> "#b7791f";
            case MEASURED -> "#1f5fa8";
        };
    }
}
