package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A network as a list of steps on intervals, for one sample at a time, so that results don't depend on batches. */
final class BoundNetwork {

    /** How many bounds go back to the input at once. */
    private static final int ROWS = 128;

    /** Middles, radii, and sizes for the rounding. */
    private static final int FORWARD = 3;

    private final List<Step> steps;
    private final int tensors;
    private final int output;
    private long passes;

    BoundNetwork(List<Step> steps, int tensors, int output) {
        this.steps = List.copyOf(steps);
        this.tensors = tensors;
        this.output = output;
    }

    /** Return intervals of all tensors by interval propagation alone. */
    Bounds[] intervals(InputRegion region) {
        return intervals(region, new boolean[steps.size()]);
    }

    /**
     * Return intervals of all tensors.
     *
     * @param everywhere whether the inputs of all functions that are no lines get linear bounds (CROWN), or only those that interval
     *     propagation is needlessly wide for: right behind the first linear steps, if the ball is no box
     */
    Bounds[] intervals(InputRegion region, boolean everywhere) {
        boolean[] refined = new boolean[steps.size()];
        boolean isBox = region.norm() == Norm.LINF;
        for (int i = 0; i < refined.length; i++) {
            int before = linearSteps(steps.get(i).input());
            boolean gains = everywhere ? !isBox || before > 1 : !isBox && before != Integer.MAX_VALUE;
            refined[i] = !steps.get(i).isLinear() && before > 0 && gains;
        }
        return intervals(region, refined);
    }

    /** Count the linear steps between the input and a tensor; endless if others, or several branches, are among them. */
    private int linearSteps(int tensor) {
        if (tensor == 0) {
            return 0;
        }
        Step step = producer(tensor);
        if (!step.isLinear() || step.inputs().size() > 1) {
            return Integer.MAX_VALUE;
        }
        int before = linearSteps(step.input());
        return before == Integer.MAX_VALUE ? before : before + 1;
    }

    private Step producer(int tensor) {
        return steps.get(tensor - 1); // every step puts out the next tensor
    }

    private Bounds[] intervals(InputRegion region, boolean[] refined) {
        passes += FORWARD;
        Bounds[] all = new Bounds[tensors];
        all[0] = region.bounds();
        for (int i = 0; i < refined.length; i++) {
            Step step = steps.get(i);
            if (refined[i]) {
                all[step.input()] = refine(step, all, region);
            }
            all[step.output()] = step.forward(all);
        }
        return all;
    }

    /** Tighten the intervals of what a step takes, where it matters, by linear bounds. */
    private Bounds refine(Step step, Bounds[] all, InputRegion region) {
        Bounds x = all[step.input()];
        boolean[] undecided = step.undecided(all);
        int[] wanted =
                IntStream.range(0, undecided.length).filter(i -> undecided[i]).toArray();
        double[] lower = x.lower().clone();
        double[] upper = x.upper().clone();
        for (int from = 0; from < wanted.length; from += ROWS / 2) {
            int[] part = Arrays.copyOfRange(wanted, from, Math.min(wanted.length, from + ROWS / 2));
            double[] factors = new double[2 * part.length * x.size()];
            for (int row = 0; row < part.length; row++) {
                factors[2 * row * x.size() + part[row]] = 1;
                factors[(2 * row + 1) * x.size() + part[row]] = -1;
            }
            double[] least = linearBounds(step.input(), factors, 2 * part.length, all, region);
            for (int row = 0; row < part.length; row++) {
                lower[part[row]] = Math.max(lower[part[row]], least[2 * row]);
                upper[part[row]] = Math.min(upper[part[row]], -least[2 * row + 1]);
            }
        }
        return x.tightened(lower, upper);
    }

    /**
     * Return lower bounds of some linear functions of the output by linear relaxation.
     *
     * @param functions one row of factors per function
     * @param all intervals of all tensors
     */
    double[] linearBounds(double[][] functions, Bounds[] all, InputRegion region) {
        double[] factors =
                Arrays.stream(functions).flatMapToDouble(Arrays::stream).toArray();
        return linearBounds(output, factors, functions.length, all, region);
    }

    private double[] linearBounds(int tensor, double[] factors, int rows, Bounds[] all, InputRegion region) {
        passes += rows;
        Coefficients work = new Coefficients(rows, tensors);
        work.give(tensor, factors);
        for (int i = tensor; i > 0; i--) {
            double[] y = work.take(i);
            if (y != null) {
                producer(i).backward(work, y, all);
            }
        }
        double[] least = work.constants();
        double[] x = work.take(0);
        if (x != null) {
            for (int row = 0; row < rows; row++) {
                least[row] += region.minimum(x, row * all[0].size());
            }
        }
        return least;
    }

    /** Return lower bounds of some linear functions of the output by intervals, the last linear step taken together with them. */
    double[] intervalBounds(double[][] functions, Bounds[] all) {
        Bounds y = all[output];
        double[] least = new double[functions.length];
        for (int row = 0; row < least.length; row++) {
            least[row] = intervalBound(functions[row], y, 0);
        }
        if (output == 0 || !producer(output).isLinear()) {
            return least;
        }
        Coefficients work = new Coefficients(functions.length, tensors);
        producer(output)
                .backward(
                        work,
                        Arrays.stream(functions).flatMapToDouble(Arrays::stream).toArray(),
                        all);
        double[] together = work.constants();
        List<Integer> inputs =
                new ArrayList<>(producer(output).inputs().stream().distinct().toList());
        for (int input : inputs) {
            double[] factors = work.take(input);
            for (int row = 0; factors != null && row < least.length; row++) {
                together[row] += intervalBound(factors, all[input], row * all[input].size());
            }
        }
        Arrays.setAll(least, row -> Math.max(least[row], together[row]));
        return least;
    }

    private static double intervalBound(double[] factors, Bounds values, int offset) {
        double size = 0;
        for (int i = 0; i < values.size(); i++) {
            size += Math.abs(factors[offset + i]) * values.magnitude(i);
        }
        return values.minimum(factors, offset) - Rounding.ofBounds(values.size()) * size;
    }

    /** Return how many passes there were so far, or the like: three per interval propagation, and one per linear bound. */
    long passes() {
        return passes;
    }

    /** Return the intervals of the logits. */
    Bounds output(Bounds[] all) {
        return all[output];
    }
}
