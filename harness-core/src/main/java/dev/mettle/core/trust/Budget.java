package dev.mettle.core.trust;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How many passes the trust checks of some attacks may spend: a fifth of those that the attacks spent; where these spent little, so many
 * that the checks still see something. Counted in passes, not seconds, so that what runs doesn't depend on the machine.
 *
 * <p>Every check gets as many samples as it wants, but no more than what is left surely pays for; what it doesn't spend goes to those after
 * it. What is known from earlier checks is charged as if it were asked again, so that what runs doesn't depend on what ran before.
 */
final class Budget {

    static final String TOO_FEW_PASSES = "its share of the passes is too small";

    /** The passes of the checks as a share of those of the evaluation. */
    static final double SHARE = 0.2;

    /** What a look at model and gradients at a few samples takes. */
    private static final int LEAST = 100;

    /** The more samples withstood, the more hangs on it why they did: so many passes more for each of them. */
    private static final int LEAST_PER_STANDING = 25;

    /** The limit of this least number of passes. */
    static final int LEAST_AT_MOST = 500;

    /**
     * What a check gets.
     *
     * @param share the part of a fifth of the passes of the attacks
     * @param fewest on how many samples it runs if what is left pays for them, however small its part
     * @param most on how many samples it runs at most
     * @param leastEffort how many passes a sample gets at least, where the attack can be chosen
     * @param usualEffort beyond how many passes a sample more passes go to more samples, too
     * @param mostEffort how many passes a sample gets at most, where the attack can be chosen
     */
    record Plan(double share, int fewest, int most, int leastEffort, int usualEffort, int mostEffort) {

        static Plan of(double share, int fewest, int most) {
            return new Plan(share, fewest, most, 0, 0, 0);
        }
    }

    /** About 20 passes for each sample at which model and gradients are looked at. */
    private static final Plan LOOKS = new Plan(0.32, 4, 8, 20, 20, 20);

    static final Plan SINGLE_STEP = Plan.of(0.05, 24, 50);
    static final Plan UNBOUNDED = Plan.of(0.06, 6, 16);
    static final Plan GROWTH = Plan.of(0.05, 4, 16);
    static final Plan OTHER_LOSS = new Plan(0.13, 4, 40, 15, 21, 101);
    static final Plan NOISE = new Plan(0.1, 8, 50, 5, 10, 100);
    static final Plan BLACK_BOX = new Plan(0.25, 6, 40, 20, 40, 500);
    static final Plan RESTART = Plan.of(0.1, 0, 16);
    static final Plan LONGER = Plan.of(0.15, 0, 24);
    static final Plan STABILITY = Plan.of(0.04, 10, 100);

    private final double passes;
    private final long limit;
    private long spent;

    /** Create the budget of checks of some attacks under one threat model. */
    Budget(List<AttackedSamples> runs) {
        long least = Math.min(LEAST_AT_MOST, LEAST + (long) LEAST_PER_STANDING * standing(runs));
        this.passes = SHARE * TrustReport.passes(runs);
        this.limit = Math.max((long) passes, least);
    }

    /** Count the samples that some attack tried and none broke. */
    private static int standing(List<AttackedSamples> runs) {
        int samples = runs.stream().mapToInt(run -> run.outcomes().size()).max().orElse(0);
        return (int) IntStream.range(0, samples)
                .filter(i -> runs.stream().anyMatch(run -> status(run, i).attacked()))
                .filter(i -> runs.stream().noneMatch(run -> status(run, i) == SampleStatus.BROKEN))
                .count();
    }

    private static SampleStatus status(AttackedSamples run, int position) {
        SampleOutcome outcome = run.outcomes().get(position);
        return outcome.status();
    }

    /** Return at how many samples to look at model and gradients. */
    int looks() {
        double wanted = LOOKS.share * limit / LOOKS.usualEffort;
        return (int) Math.max(LOOKS.fewest, Math.min(LOOKS.most, wanted));
    }

    /** Return on how many samples a check wants to run an attack of a given cost. */
    int samples(Plan plan, long cost) {
        double wanted = plan.share * passes / Math.max(1, cost);
        return (int) Math.max(plan.fewest, Math.min(plan.most, wanted));
    }

    /** Return how often what is left pays for a given cost. */
    int affordable(long cost) {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(0, limit - spent) / Math.max(1, cost));
    }

    /** Enter what a check spent, or would have spent if its answer were not known. */
    void charge(long cost) {
        spent += cost;
    }

    /** Return how many passes a sample gets: first enough for each of the fewest samples, then as much for more samples. */
    int effort(Plan plan) {
        double each = plan.share * limit / plan.fewest;
        double effort = each < plan.usualEffort ? each : Math.sqrt(each * plan.usualEffort);
        return (int) Math.max(plan.leastEffort, Math.min(plan.mostEffort, effort));
    }
}
