package dev.mettle.core.model;

import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The outcome of comparing a model's input gradients with finite differences of its original logits, in double precision, along
 * random directions at real samples; and of comparing the gradients that attacks use, in the model's own precision, with those.
 *
 * <p>Deeplearning4j's input gradients are wrong under batch normalization and dropout, and a wrong gradient makes every model
 * look robust. So this check precedes every gradient attack, and a failed check makes a passing verdict impossible.
 *
 * @param passed whether logits and gradients agree
 * @param points at how many points gradients were compared
 * @param largestError the largest relative error of a directional derivative
 * @param largestLogitError the largest difference between the logits of the gradient pass and those of the original forward pass
 * @param largestPrecisionError the largest relative difference of a sample's gradient in the model's own precision to that in double
 *     precision; 0 if the model computes in double precision
 * @param message one sentence with the result
 */
public record GradientCheck(
        boolean passed,
        int points,
        double largestError,
        double largestLogitError,
        double largestPrecisionError,
        String message) {

    /** Largest relative error allowed between a directional derivative and its finite difference. */
    public static final double TOLERANCE = 1e-5;

    /** Largest relative difference allowed between gradients in single and in double precision. */
    public static final double PRECISION_TOLERANCE = 1e-3;

    private static final double LOGIT_TOLERANCE = 1e-9;

    /** Lengths of the steps tried, in widths of the input range: short ones meet fewer kinks, long ones round less. */
    private static final double[] STEPS = {1e-6, 1e-5, 1e-7};

    /** How far from a sample the points lie. Real samples often sit on kinks: flat regions tie in every max pooling. */
    private static final double DISTANCE = 0.03;

    private static final int ATTEMPTS = 6;

    /**
     * Check a model.
     *
     * @param model the model
     * @param inputs samples to check at, shape {@code [n, ...]}, a few are enough
     * @param labels their labels
     */
    public static GradientCheck of(DifferentiableModel model, INDArray inputs, int[] labels) {
        DifferentiableModel exact = model.inDoublePrecision();
        LogitLoss loss = new Margin();
        double width = model.info().inputRange().width();
        int n = labels.length;
        double[] errors = new double[n];
        Arrays.fill(errors, Double.POSITIVE_INFINITY);
        double[] precisionErrors = new double[n];
        Arrays.fill(precisionErrors, model == exact ? 0 : Double.POSITIVE_INFINITY);
        double logitError = 0;
        // A finite difference across a kink of a piecewise linear network says nothing, and single precision may lie on
        // the
        // other side of it: try other points and directions near by, never a wider tolerance.
        for (int attempt = 0;
                attempt < ATTEMPTS && (max(errors) > TOLERANCE || max(precisionErrors) > PRECISION_TOLERANCE);
                attempt++) {
            INDArray point = perturb(inputs.castTo(DataType.DOUBLE), DISTANCE * width, attempt)
                    .castTo(inputs.dataType());
            INDArray x = point.castTo(DataType.DOUBLE);
            double step = STEPS[attempt % STEPS.length] * width;
            INDArray direction = directions(x, attempt);
            InputGradient pass = exact.gradient(x, logits -> loss.gradients(logits, labels));
            logitError = Math.max(logitError, largestDifference(pass.logits(), exact.originalLogits(x)));
            double[] analytic = Rows.toDoubles(
                    Rows.matrix(pass.gradient()).mul(Rows.matrix(direction)).sum(1));
            double[] size = Rows.toDoubles(Rows.matrix(pass.gradient()).norm2(1));
            double[] up = loss.values(exact.originalLogits(x.add(direction.mul(step))), labels);
            double[] down = loss.values(exact.originalLogits(x.sub(direction.mul(step))), labels);
            double[] difference = model == exact
                    ? new double[n]
                    : differences(
                            model.gradient(point, logits -> loss.gradients(logits, labels))
                                    .gradient(),
                            pass.gradient());
            for (int i = 0; i < n; i++) {
                double numeric = (up[i] - down[i]) / (2 * step);
                double scale = Math.max(Math.max(Math.abs(numeric), Math.abs(analytic[i])), 1e-3 * size[i]);
                errors[i] = better(errors[i], Math.abs(numeric - analytic[i]), scale);
                precisionErrors[i] = better(precisionErrors[i], difference[i], size[i]);
            }
        }
        double error = max(errors);
        double precisionError = max(precisionErrors);
        boolean logitsAgree = logitError
                <= LOGIT_TOLERANCE * Math.max(1, largest(exact.originalLogits(inputs.castTo(DataType.DOUBLE))));
        boolean passed = logitsAgree && error <= TOLERANCE && precisionError <= PRECISION_TOLERANCE;
        String message;
        if (passed) {
            message = String.format(
                    Locale.ROOT,
                    "input gradients agree with finite differences at %d points (largest error %.1e)",
                    n,
                    error);
        } else if (!logitsAgree) {
            message = String.format(
                    Locale.ROOT,
                    "the gradient pass computes other logits than the model itself (largest difference %.1e)",
                    logitError);
        } else if (error > TOLERANCE) {
            message = String.format(
                    Locale.ROOT,
                    "input gradients differ from finite differences (largest relative error %.1e at %d points, allowed %.0e)",
                    error,
                    n,
                    TOLERANCE);
        } else {
            message = String.format(
                    Locale.ROOT,
                    "input gradients in %s differ from those in double precision (largest relative error %.1e at %d points, allowed %.0e)",
                    model.info().dataType(),
                    precisionError,
                    n,
                    PRECISION_TOLERANCE);
        }
        return new GradientCheck(passed, n, error, logitError, precisionError, message);
    }

    /** Return the smaller of an error and a new one relative to a scale; what is not a number is no error that small. */
    private static double better(double before, double difference, double scale) {
        double error = scale == 0 && difference == 0 ? 0 : difference / Math.max(scale, 1e-8);
        return Double.isNaN(error) ? before : Math.min(before, error);
    }

    /** Return the length of the difference, sample by sample. */
    private static double[] differences(INDArray actual, INDArray expected) {
        return Rows.toDoubles(Rows.matrix(actual.castTo(DataType.DOUBLE))
                .sub(Rows.matrix(expected))
                .norm2(1));
    }

    private static INDArray perturb(INDArray inputs, double distance, int attempt) {
        return inputs.add(directions(inputs, ATTEMPTS + attempt).muli(distance));
    }

    /** Return random directions of length 1 in which all features take part. */
    private static INDArray directions(INDArray like, int attempt) {
        double[][] rows = new double[(int) like.size(0)][(int) Rows.features(like)];
        for (int row = 0; row < rows.length; row++) {
            SampleRandom random = SampleRandom.of(20261121, "gradient check", attempt, row);
            double squares = 0;
            for (int i = 0; i < rows[row].length; i++) {
                rows[row][i] = random.gaussian();
                squares += rows[row][i] * rows[row][i];
            }
            for (int i = 0; i < rows[row].length; i++) {
                rows[row][i] /= Math.sqrt(squares);
            }
        }
        return Rows.fromRows(rows, like);
    }

    private static double largestDifference(INDArray a, INDArray b) {
        return largest(a.sub(b));
    }

    private static double largest(INDArray values) {
        double largest = 0;
        for (double value : Rows.toDoubles(values)) {
            largest = Math.max(largest, Double.isNaN(value) ? Double.POSITIVE_INFINITY : Math.abs(value));
        }
        return largest;
    }

    private static double max(double[] values) {
        return Arrays.stream(values).max().orElse(0);
    }
}
