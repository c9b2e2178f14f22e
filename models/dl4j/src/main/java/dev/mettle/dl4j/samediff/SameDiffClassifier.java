package dev.mettle.dl4j.samediff;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.graph.OperatorGraph;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A SameDiff graph as a model under attack: what it computes between a placeholder and a variable that holds logits, shape
 * {@code [n, classes]}. If that variable is put out by softmax or sigmoid, the logits are what these take; a single sigmoid output
 * counts as two classes, of which the second one wins above ½.
 *
 * <p>Labels are those of the graph's own inference. Logits and input gradients come from an operator graph that the operations are
 * lowered to, since SameDiff doesn't differentiate all of them correctly. Operations that aren't on the list are refused by
 * name. What the graph learns later is seen; the graph itself is never changed. Operations must not be added to the part that
 * is attacked.
 *
 * <p>Immutable and safe for use by several threads. Gradients are computed side by side; passes through SameDiff take turns. The
 * graph must not be run by others meanwhile, unless they hold its monitor.
 */
public final class SameDiffClassifier implements DifferentiableModel {

    private final Network network;
    private final String name;
    private final @Nullable Box range;
    private final @Nullable List<Long> shape;
    private final int outputs; // 0 as long as the shape is not known
    private final Placeholder placeholder;

    private SameDiffClassifier(
            Network network,
            String name,
            @Nullable Box range,
            @Nullable List<Long> shape,
            int outputs,
            Placeholder placeholder) {
        this.network = network;
        this.name = name;
        this.range = range;
        this.shape = shape;
        this.outputs = outputs;
        this.placeholder = placeholder;
    }

    /**
     * Take a graph as it is. It is not copied: what it learns later is attacked later.
     *
     * @param graph the graph, with values in all its variables
     * @param input the name of the placeholder under attack, whose first dimension is the batch
     * @param logits the name of the variable with the logits {@code [n, classes]}, or with the softmax or sigmoid of them
     * @throws ConfigurationException if the graph is not supported; or if there is no ND4J backend on the class path
     */
    public static SameDiffClassifier of(SameDiff graph, String input, String logits) {
        Backend.require();
        Network network = Network.of(graph, input, logits);
        Placeholder placeholder = Placeholder.of(input, graph.getVariable(input).placeholderShape());
        List<Long> shape = placeholder.sampleShape();
        String name = "SameDiff";
        int outputs = shape == null ? 0 : network.outputs(name, shape);
        return new SameDiffClassifier(network, name, null, shape, outputs, placeholder);
    }

    /**
     * Declare the valid range of inputs, the same for every feature, such as {@code (0, 1)}. Return a new object.
     *
     * @throws ConfigurationException if the bounds are not finite or not in order
     */
    public SameDiffClassifier withInputRange(double lower, double upper) {
        return withInputRange(Box.of(lower, upper));
    }

    /** Declare the valid range of inputs. Return a new object. */
    public SameDiffClassifier withInputRange(Box box) {
        return new SameDiffClassifier(network, name, box, shape, outputs, placeholder);
    }

    /**
     * Declare the shape of one sample, without the batch dimension, where the placeholder doesn't tell all of it. Return a new
     * object.
     *
     * @throws ConfigurationException if a size is not positive, if the shape doesn't fit the placeholder, or if some operation is
     *     not supported on it
     */
    public SameDiffClassifier withInputShape(long... sampleShape) {
        if (sampleShape.length == 0 || Arrays.stream(sampleShape).anyMatch(size -> size < 1)) {
            throw new ConfigurationException("the input shape " + Arrays.toString(sampleShape)
                    + " is not the shape of a sample: give positive sizes, without the batch dimension");
        }
        List<Long> declared = ModelInfo.shape(sampleShape);
        placeholder.requireFit(declared);
        return new SameDiffClassifier(network, name, range, declared, network.outputs(name, declared), placeholder);
    }

    /** Give the model a name for reports. Return a new object. */
    public SameDiffClassifier withName(String newName) {
        return new SameDiffClassifier(network, newName, range, shape, outputs, placeholder);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The hash is that of the operations, and of the weights at the time of the call.
     *
     * @throws ConfigurationException if no input range is declared, or if the placeholder doesn't tell the input shape
     */
    @Override
    public ModelInfo info() {
        if (range == null) {
            throw new ConfigurationException(
                    "the model " + name + " has no input range: declare the valid range of its inputs, for example with"
                            + " withInputRange(0, 1)");
        }
        return new ModelInfo(
                name,
                inputShape(),
                Math.max(2, outputs),
                range,
                network.dataType(),
                network.sha256(),
                network.head().warnings());
    }

    private List<Long> inputShape() {
        if (shape == null) {
            throw new ConfigurationException("the shape of the inputs of the model " + name
                    + " can't be read from " + placeholder
                    + ": declare it with withInputShape(…), without the batch dimension");
        }
        return shape;
    }

    private boolean isBinary() {
        return outputs == 1;
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(scores(inputs));
    }

    @Override
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        return Logits.judge(scores(inputs), aims);
    }

    private INDArray scores(INDArray inputs) {
        requireFit(inputs);
        return network.scores(inputs, isBinary());
    }

    @Override
    public INDArray logits(INDArray inputs) {
        requireFit(inputs);
        return network.logits(inputs, inputShape(), isBinary());
    }

    /**
     * {@inheritDoc}
     *
     * <p>They are those of SameDiff's own inference; of a copy {@link #inDoublePrecision()}, those of the same operations of ND4J, called
     * one after the other in double precision.
     */
    @Override
    public INDArray originalLogits(INDArray inputs) {
        requireFit(inputs);
        return network.originalLogits(inputs, isBinary());
    }

    /**
     * Return the operators that compute logits and gradients, with the weights of this moment.
     *
     * @throws ConfigurationException if the placeholder doesn't tell the input shape
     */
    public OperatorGraph operatorGraph() {
        return network.graph(inputShape()).graph();
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        requireFit(inputs);
        return network.gradient(inputs, inputShape(), isBinary(), lossGradient);
    }

    @Override
    public InputGradients gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
        requireFit(inputs);
        return network.gradients(inputs, inputShape(), isBinary(), lossGradients);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The copy is a snapshot: it doesn't see later training.
     */
    @Override
    public SameDiffClassifier inDoublePrecision() {
        Network exact = network.inDoublePrecision();
        return exact == network ? this : new SameDiffClassifier(exact, name, range, shape, outputs, placeholder);
    }

    @Override
    public String toString() {
        return name;
    }

    private void requireFit(INDArray inputs) {
        List<Long> taken = inputShape();
        List<Long> given = ModelInfo.shape(inputs.rank() == 0 ? new long[0] : Rows.sampleShape(inputs));
        if (!taken.equals(given)) {
            throw new ConfigurationException("samples of shape " + ModelInfo.formatShape(given)
                    + " don't fit the model " + name + ", which takes " + ModelInfo.formatShape(taken)
                    + ": bring them into the model's layout");
        }
    }

    /**
     * The input of a graph.
     *
     * @param name its name
     * @param shape its shape, batch included, −1 for any size; empty if it is not declared
     */
    private record Placeholder(String name, List<Long> shape) {

        static Placeholder of(String name, long @Nullable [] shape) {
            Placeholder placeholder = new Placeholder(name, shape == null ? List.of() : ModelInfo.shape(shape));
            if (shape != null && shape.length > 0 && shape[0] > 0) {
                throw new ConfigurationException("the placeholder \"" + name + "\" of shape " + Arrays.toString(shape)
                        + " takes batches of one size only: give -1 as its first size");
            }
            return placeholder;
        }

        /** Return the shape of a sample, or null if it is not declared in full. */
        @Nullable
        List<Long> sampleShape() {
            if (shape.size() < 2) {
                return null;
            }
            List<Long> sample = shape.subList(1, shape.size());
            return sample.stream().allMatch(size -> size > 0) ? List.copyOf(sample) : null;
        }

        void requireFit(List<Long> sample) {
            boolean fits = shape.isEmpty() || sample.size() == shape.size() - 1;
            for (int i = 1; fits && i < shape.size(); i++) {
                fits = shape.get(i) <= 0 || Objects.equals(shape.get(i), sample.get(i - 1));
            }
            if (!fits) {
                throw new ConfigurationException("the input shape " + sample + " doesn't fit " + this
                        + ": give the shape of one sample, without the batch dimension");
            }
        }

        @Override
        public String toString() {
            return "the placeholder \"" + name + "\"" + (shape.isEmpty() ? "" : " of shape " + shape);
        }
    }
}
