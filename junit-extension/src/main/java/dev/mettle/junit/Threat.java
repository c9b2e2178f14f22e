package dev.mettle.junit;

import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;

/**
 * A threat model before the input range of the model is known.
 *
 * @param norm the norm of the perturbation
 * @param epsilon its largest size; infinite where there is no bound
 */
record Threat(Norm norm, double epsilon) {

    boolean bounded() {
        return epsilon != ThreatModel.UNBOUNDED;
    }

    /** Return the short form, the same as {@link ThreatModel#label()}. */
    String label() {
        return bounded() ? norm.symbol() + " ε=" + Epsilons.format(epsilon) : norm.symbol();
    }
}
