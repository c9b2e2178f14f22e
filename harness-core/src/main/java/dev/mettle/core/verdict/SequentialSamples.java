package dev.mettle.core.verdict;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * Compute, without simulation, how often an evaluation that stops early ends in which verdict, and after how many samples: its operating
 * characteristic and average sample number (Wald 1947).
 *
 * <p>The number of robust samples is a random walk; the probability of every count that has not stopped yet is carried forward from
 * sample to sample, and what a look decides is taken out.
 */
public final class SequentialSamples {

    /** How many samples are evaluated between two looks. */
    public static final int STEP = 32;

    /** Beyond this, an expected number of samples is not worth the time that computing it takes. */
    private static final int HORIZON = 20_000;

    private static final double NEGLIGIBLE = 1e-16;
    private static final double SMALL = 1e-6;

    private final VerdictPolicy policy;
    private final double threshold;
    private final double rate;
    private final int samples;
    private final int step;

    private int evaluated;
    private int lowest;
    private double[] walk = {1};
    private double left = 1;
    private int passFrom;
    private int failTo = -1;
    private double pass;
    private double fail;
    private double inconclusive;
    private double expected;

    private SequentialSamples(VerdictPolicy policy, double rate, int samples, int step) {
        this.policy = policy;
        this.threshold = policy.minRobustAccuracy().orElseThrow();
        this.rate = rate;
        this.samples = samples;
        this.step = policy.decision().stopsEarly() ? step : samples;
    }

    /**
     * What is to be expected of an evaluation.
     *
     * @param pass the probability of PASS
     * @param fail the probability of FAIL
     * @param inconclusive the probability that neither is reached
     * @param samples the expected number of samples evaluated
     */
    public record Expectation(double pass, double fail, double inconclusive, double samples) {}

    /**
     * Compute what is to be expected of an evaluation.
     *
     * @param policy the policy, with a required robust accuracy
     * @param rate the true robust accuracy, in [0, 1]
     * @param samples how many samples there are
     * @param step how many are evaluated between two looks, at least 1
     */
    public static Expectation expectation(VerdictPolicy policy, double rate, int samples, int step) {
        SequentialSamples run = new SequentialSamples(policy, rate, samples, step);
        int lastPass = run.passFrom(samples, 0);
        int lastFail = run.failTo(samples, -1);
        while (run.evaluated < samples) {
            run.advance();
            run.stopWhereOutOfReach(lastPass, lastFail);
        }
        return new Expectation(run.pass, run.fail, run.inconclusive, run.expected);
    }

    /** Compute the expected number of samples where there is no end of them; empty if there are too many to compute it. */
    static OptionalInt expected(double rate, VerdictPolicy policy, int step) {
        SequentialSamples run = new SequentialSamples(policy, rate, HORIZON, step);
        while (run.left > SMALL) {
            if (run.evaluated == HORIZON) {
                return OptionalInt.empty();
            }
            run.advance();
        }
        return OptionalInt.of((int) Math.ceil(run.expected / (1 - run.left)));
    }

    /** Evaluate the samples up to the next look, and look. */
    private void advance() {
        int until = Math.min(samples, evaluated + step);
        while (evaluated < until) {
            toss();
        }
        passFrom = passFrom(evaluated, passFrom);
        failTo = failTo(evaluated, failTo);
        for (int i = 0; i < walk.length; i++) {
            if (lowest + i >= passFrom) {
                pass += stop(i);
            } else if (lowest + i <= failTo) {
                fail += stop(i);
            }
        }
        trim();
    }

    private void stopWhereOutOfReach(int lastPass, int lastFail) {
        for (int i = 0; i < walk.length; i++) {
            int robust = lowest + i;
            if (robust + samples - evaluated < lastPass && robust > lastFail) {
                inconclusive += stop(i);
            }
        }
        trim();
    }

    private double stop(int i) {
        double mass = walk[i];
        walk[i] = 0;
        expected += mass * evaluated;
        return mass;
    }

    private void toss() {
        double[] next = new double[walk.length + 1];
        for (int i = 0; i < walk.length; i++) {
            next[i] += walk[i] * (1 - rate);
            next[i + 1] += walk[i] * rate;
        }
        walk = next;
        evaluated++;
    }

    /** Drop what can't be reached any more, or hardly. */
    private void trim() {
        int from = 0;
        int to = walk.length;
        while (from < to && walk[from] < NEGLIGIBLE) {
            from++;
        }
        while (to > from && walk[to - 1] < NEGLIGIBLE) {
            to--;
        }
        walk = Arrays.copyOfRange(walk, from, to);
        lowest += from;
        left = Arrays.stream(walk).sum();
    }

    /** The smallest count that passes at a look; it never falls from look to look. */
    private int passFrom(int look, int atLeast) {
        int robust = atLeast;
        while (robust <= look
                && !policy.decision().shows(List.of(tally(look, robust)), threshold, policy.confidence())) {
            robust++;
        }
        return robust;
    }

    /** The largest count that fails at a look, -1 if none does; it never falls either. */
    private int failTo(int look, int atLeast) {
        int robust = atLeast;
        while (robust < look
                && policy.decision().refutes(List.of(tally(look, robust + 1)), threshold, policy.confidence())) {
            robust++;
        }
        return robust;
    }

    private Tally tally(int look, int robust) {
        return new Tally(samples, look, robust, 0, samples - look);
    }
}
