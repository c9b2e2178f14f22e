package dev.mettle.core.attack;

import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;

/** What an attack sees when it runs: the threat model, and the samples to attack. */
public final class AttackContext {

    private final ProposalTracker proposals;
    private final int restart;

    AttackContext(ProposalTracker proposals, int restart) {
        this.proposals = proposals;
        this.restart = restart;
    }

    /** Return the threat model; unbounded for minimum-norm attacks. */
    public ThreatModel threatModel() {
        return proposals.threatModel();
    }

    /** Return the number of this restart, counted from 0. */
    public int restart() {
        return restart;
    }

    /** Return the samples to attack: at first, all of them. */
    public SampleBatch samples() {
        int[] rows = new int[proposals.size()];
        Arrays.setAll(rows, i -> i);
        return new SampleBatch(proposals, rows, proposals.inputs(), proposals.perturbations());
    }
}
