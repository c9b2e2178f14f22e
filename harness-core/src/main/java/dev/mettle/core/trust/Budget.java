package dev.mettle.core.trust;

/**
 * How many passes the trust checks may spend: a fifth of those of the evaluation, but never so few that they see nothing. Counted in
 * passes, not seconds, so that what runs doesn't depend on the machine.
 */
final class Budget {

    /** The passes of the checks as a share of those of the evaluation. */
    static final double SHARE = 0.2;

    /**
     * What a check gets.
     *
     * @param share the part of the budget
     * @param fewest on how many samples it runs at least, whatever the budget
     * @param most on how many samples it runs at most
     * @param leastEffort how many passes a sample gets at least, where the attack can be chosen
     * @param mostEffort how many passes a sample gets at most, where the attack can be chosen
     */
    record Plan(double share, int fewest, int most, int leastEffort, int mostEffort) {}

    static final Plan STABILITY = new Plan(0.04, 10, 100, 4, 4);
    static final Plan NOISE = new Plan(0.1, 8, 50, 10, 100);
    static final Plan SINGLE_STEP = new Plan(0.05, 24, 50, 3, 3);
    static final Plan UNBOUNDED = new Plan(0.06, 6, 16, 0, 0);
    static final Plan BLACK_BOX = new Plan(0.25, 6, 40, 40, 500);
    static final Plan OTHER_LOSS = new Plan(0.13, 4, 40, 21, 101);
    static final Plan GROWTH = new Plan(0.05, 4, 16, 0, 0);
    static final Plan RESTART = new Plan(0.1, 0, 16, 0, 0);
    static final Plan LONGER = new Plan(0.15, 0, 24, 0, 0);

    private final double passes;

    Budget(long evaluationPasses) {
        this.passes = SHARE * evaluationPasses;
    }

    /** Return on how many samples an attack of a given cost may run. */
    int samples(Plan plan, long cost) {
        double affordable = plan.share * passes / Math.max(1, cost);
        return (int) Math.max(plan.fewest, Math.min(plan.most, affordable));
    }

    /** Return how many passes a sample gets: first enough for each of the fewest samples, then as much for more samples. */
    int effort(Plan plan) {
        double each = Math.sqrt(plan.share * passes / plan.fewest * plan.leastEffort);
        return (int) Math.max(plan.leastEffort, Math.min(plan.mostEffort, each));
    }
}
