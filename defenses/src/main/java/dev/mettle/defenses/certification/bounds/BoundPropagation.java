package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.dl4j.Dl4jClassifier;
import dev.mettle.graph.OperatorGraph;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Proves that no perturbation within a radius changes the class of a sample, by bounds of the margins over the ball around it, cut by
 * the box of valid inputs.
 *
 * <p>The certificates hold for the network as it computes, in its own precision and with its own rounding, for inputs of its own type,
 * however the sums are ordered: every operator's interval is widened by the rounding of its sums. The ball and the box are those within
 * which the engine accepts adversarial examples, its tolerance included. A tie of scores is no certificate.
 *
 * <p>It works on a snapshot of the weights: after further training, make a new one. Samples are bounded one at a time, so results
 * don't depend on batches. Not safe for use by several threads.
 */
public final class BoundPropagation {

    private static final String WHERE = "give one per sample";

    private final Dl4jClassifier model;
    private final ModelInfo info;
    private final OperatorGraph graph;
    private final Rounding rounding;
    private final BoundMethod method;
    private final Map<List<Long>, BoundNetwork> networks = new HashMap<>();

    private BoundPropagation(Dl4jClassifier model, OperatorGraph graph, BoundMethod method) {
        this.model = model;
        this.info = model.info();
        this.graph = graph;
        this.rounding = Rounding.of(info.dataType());
        this.method = method;
    }

    /**
     * Take a network as it is now. Bounds are those of {@link BoundMethod#CROWN_IBP}; see {@link #withMethod}.
     *
     * @throws ConfigurationException naming what there are no bounds for: a layer that can't be lowered, several sigmoid outputs, a type
     *     other than float and double. Single operators are refused at the first sample
     */
    public static BoundPropagation of(Dl4jClassifier model) {
        if (!model.ranksLikeLogits()) {
            throw new ConfigurationException("the model " + model
                    + " ends in several sigmoid outputs, which rounding makes equal where they saturate, so no margin of logits"
                    + " tells them apart: end the network in softmax");
        }
        OperatorGraph graph = model.inDoublePrecision()
                .operatorGraph()
                .orElseThrow(() -> new ConfigurationException("no bounds can be computed for the model " + model
                        + ", since one of its layers has no known operators: "
                        + String.join("; ", model.info().warnings())));
        return new BoundPropagation(model, graph, BoundMethod.CROWN_IBP);
    }

    /** Choose how bounds are computed. Return a new object. */
    public BoundPropagation withMethod(BoundMethod newMethod) {
        return new BoundPropagation(model, graph, newMethod);
    }

    /**
     * Return lower bounds of the margins: how far, at least, the logit of the label leads that of every other class, wherever the
     * perturbation goes, less what rounding may take. The class of a sample is certified if all are above 0.
     *
     * @param inputs a batch {@code [n, ...]} inside the valid input range
     * @param labels n labels, counted from 0
     * @param norm L∞, L2 or L1
     * @param radii n radii in input units, at least 0
     * @return {@code [n][classes]}; infinite at the label itself, and minus infinity where nothing can be said
     * @throws ConfigurationException if the arguments don't fit, if there is an operator for which no bounds are known, or if the network's
     *     own logits differ from those of its operators by more than rounding explains
     */
    public double[][] margins(INDArray inputs, int[] labels, Norm norm, double[] radii) {
        require(radii.length == labels.length, radii.length + " radii for " + labels.length + " labels: " + WHERE);
        double[][] samples = samples(inputs, labels, norm);
        double[][] margins = new double[samples.length][];
        Arrays.setAll(margins, i -> margins(inputs, samples[i], labels[i], norm, radii[i]));
        return margins;
    }

    /** Say for which samples no perturbation within its radius changes the class from the label; see {@link #margins}. */
    public boolean[] certified(INDArray inputs, int[] labels, Norm norm, double[] radii) {
        double[][] margins = margins(inputs, labels, norm, radii);
        boolean[] certified = new boolean[margins.length];
        for (int i = 0; i < certified.length; i++) {
            certified[i] = allPositive(margins[i]);
        }
        return certified;
    }

    /**
     * Return the largest radius that is certified for each sample, by bisection: 0 if none is, and minus 1 if not even the sample itself is
     * sure to be given the label.
     *
     * @param largest where to stop looking, such as the diameter of the input range
     * @param precision how much may be missing to the largest radius that could be certified
     */
    public double[] radii(INDArray inputs, int[] labels, Norm norm, double largest, double precision) {
        require(
                Double.isFinite(largest) && largest > 0 && precision > 0,
                "a largest radius of " + largest + " and a precision of " + precision
                        + " can't be searched with: give finite numbers above 0");
        double[][] samples = samples(inputs, labels, norm);
        double[] radii = new double[samples.length];
        Arrays.setAll(radii, i -> radius(inputs, samples[i], labels[i], norm, largest, precision));
        return radii;
    }

    private double radius(INDArray inputs, double[] sample, int label, Norm norm, double largest, double precision) {
        if (allPositive(margins(inputs, sample, label, norm, largest))) {
            return largest;
        } else if (!allPositive(margins(inputs, sample, label, norm, 0))) {
            return -1;
        }
        double low = 0;
        double high = largest;
        while (high - low > precision) {
            double middle = low + (high - low) / 2;
            if (middle <= low || middle >= high) {
                break;
            }
            if (allPositive(margins(inputs, sample, label, norm, middle))) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static boolean allPositive(double[] margins) {
        return Arrays.stream(margins).allMatch(margin -> margin > 0);
    }

    private double[] margins(INDArray inputs, double[] sample, int label, Norm norm, double radius) {
        require(
                Double.isFinite(radius) && radius >= 0,
                "the radius " + radius + " is not the size of a perturbation: give a finite number, at least 0");
        return outside(() -> {
            BoundNetwork network = network(inputs);
            InputRegion region = InputRegion.of(sample, norm, radius, info.inputRange());
            Bounds[] intervals = network.intervals(region);
            double[][] functions = functions(label, network.output(intervals).size());
            double[] least = network.intervalBounds(functions, intervals);
            boolean isFinite = areWithin(intervals);
            if (method != BoundMethod.IBP) {
                Bounds[] tighter = network.intervals(region, method == BoundMethod.CROWN);
                double[] linear = network.linearBounds(functions, tighter, region);
                double[] again = network.intervalBounds(functions, tighter);
                Arrays.setAll(least, i -> Math.max(least[i], Math.max(linear[i], again[i])));
            }
            double[] margins = new double[info.classes()];
            for (int j = 0, row = 0; j < margins.length; j++) {
                margins[j] = j == label ? Double.POSITIVE_INFINITY : margin(least[row++], isFinite);
            }
            return margins;
        });
    }

    /** Return a margin of scores; where values may overflow, or bounds have, nothing can be said. */
    private double margin(double leastOfLogits, boolean isFinite) {
        return isFinite && Double.isFinite(leastOfLogits)
                ? leastOfLogits - rounding.ofScores()
                : Double.NEGATIVE_INFINITY;
    }

    private boolean areWithin(Bounds[] intervals) {
        return Arrays.stream(intervals).allMatch(bounds -> bounds.isWithin(rounding.limit()));
    }

    /** Return the differences between the logit of the label and each other one; a single logit stands for two classes. */
    private double[][] functions(int label, int outputs) {
        int classes = info.classes();
        if (outputs == 1) {
            return new double[][] {{label == 1 ? 1 : -1}};
        }
        double[][] functions = new double[classes - 1][classes];
        for (int j = 0, row = 0; j < classes; j++) {
            if (j != label) {
                functions[row][label] = 1;
                functions[row++][j] = -1;
            }
        }
        return functions;
    }

    /** Return how many passes through the network there were so far, or what costs as much. */
    long passes() {
        return networks.values().stream().mapToLong(BoundNetwork::passes).sum();
    }

    // ---------------------------------------------------------------------------------------------- samples

    /** Check and copy the samples, in the type that the network computes in. */
    private double[][] samples(INDArray inputs, int[] labels, Norm norm) {
        require(norm != Norm.L0, "there are no bounds of this kind in L0: choose L∞, L2 or L1");
        require(
                inputs.rank() > 1 && inputs.size(0) == labels.length,
                labels.length + " labels for inputs of shape " + Arrays.toString(inputs.shape()) + ": " + WHERE);
        for (int label : labels) {
            require(
                    label >= 0 && label < info.classes(),
                    "the label " + label + " is none of the " + info.classes() + " classes of the model " + model);
        }
        info.inputRange().requireFeatures(Rows.features(inputs));
        INDArray typed = inputs.castTo(info.dataType());
        double[][] samples = Rows.toRows(typed);
        for (int i = 0; i < samples.length; i++) {
            String violation = info.inputRange().firstViolation(samples[i]);
            require(
                    violation.isEmpty(),
                    "sample " + i + " lies outside the input range " + info.inputRange() + ": " + violation
                            + "; bring the data into the range, or declare the true one");
        }
        requireOwnLogits(typed, samples);
        return samples;
    }

    /** Compare the network's own logits with the bounds of each sample alone, which differ by nothing but rounding. */
    private void requireOwnLogits(INDArray inputs, double[][] samples) {
        double[][] logits = Rows.toRows(model.originalLogits(inputs));
        for (int i = 0; i < samples.length; i++) {
            double[] sample = samples[i];
            Bounds bounds = outside(() -> {
                BoundNetwork network = network(inputs);
                return network.output(network.intervals(InputRegion.point(sample)));
            });
            int first = logits[i].length - bounds.size(); // a single sigmoid output is the second of two
            for (int j = 0; j < bounds.size(); j++) {
                double own = logits[i][first + j];
                require(
                        !(own < bounds.lower(j) || own > bounds.upper(j)),
                        "the network computes the logit " + own + " for class " + (first + j) + " of sample " + i
                                + ", but its operators give " + bounds.lower(j) + " to " + bounds.upper(j)
                                + ": it was trained further since; make a new BoundPropagation of it");
            }
        }
    }

    private BoundNetwork network(INDArray inputs) {
        long[] shape = inputs.shape().clone();
        shape[0] = 1;
        return networks.computeIfAbsent(ModelInfo.shape(shape), key -> Compiler.compile(graph, shape, rounding));
    }

    @SuppressWarnings("try") // the scope is all there is to it
    private static <T> T outside(Supplier<T> work) {
        try (MemoryWorkspace scope = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return work.get();
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new ConfigurationException(otherwise);
        }
    }

    @Override
    public String toString() {
        return method + " bounds of " + model;
    }
}
