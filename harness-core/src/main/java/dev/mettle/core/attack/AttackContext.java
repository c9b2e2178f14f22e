package dev.mettle.core.attack;

import dev.mettle.core.threat.ThreatModel;
import java.util.Arrays;

/** What an attack sees when it runs: the threat model, and the samples to attack. */
public final class AttackContext {

    private final ProposalTracker proposals;
    private final int restart;
    private final int draws;

    AttackContext(ProposalTracker proposals, int restart) {
        this(proposals, restart, 1);
    }

    private AttackContext(ProposalTracker proposals, int restart, int draws) {
        this.proposals = proposals;
        this.restart = restart;
        this.draws = draws;
    }

    /**
     * Return a context in which every gradient is the mean over several passes, as a randomized model needs it (Athalye et al.
     * 2018: expectation over transformation).
     */
    public AttackContext averaging(int passes) {
        return new AttackContext(proposals, restart, draws * passes);
    }

    /** Return the threat model; unbounded for minimum-norm attacks, unless a suite stops them within epsilon. */
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
        return new SampleBatch(
                proposals, rows, proposals.space().clean(), proposals.space().perturbations(), draws);
    }
}
