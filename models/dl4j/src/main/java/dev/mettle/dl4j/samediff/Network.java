package dev.mettle.dl4j.samediff;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Sha256;
import dev.mettle.graph.OperatorGraph;
import dev.mettle.graph.nd4j.Nd4jGraph;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A SameDiff graph in two forms: the user's, which decides; and the operator graph it is lowered to, for logits and gradients,
 * which is lowered again whenever weights have changed.
 *
 * <p>A SameDiff graph keeps the state of the pass it is in, so that one thread at a time runs it: its monitor is the lock, since
 * several models may share it. The operator graph needs none.
 */
final class Network {

    /** What a SameDiff graph computes. */
    interface Source {

        /** Return the value of a variable for some inputs. */
        INDArray run(INDArray inputs, String variable);

        /** Return the values that don't depend on the input, by name, at this moment. */
        Map<String, INDArray> values();

        /** Return the values of weights and constants, by name, at this moment. */
        Map<String, INDArray> weights();
    }

    private final Section section;
    private final Head head;
    private final Source source;
    private Map<String, INDArray> loweredWeights = Map.of();
    private @Nullable List<Long> loweredShape;
    private @Nullable Nd4jGraph lowered;

    private Network(Section section, Head head, Source source) {
        this.section = section;
        this.head = head;
        this.source = source;
    }

    /**
     * Take a graph as it is.
     *
     * @throws ConfigurationException if it is not supported
     */
    static Network of(SameDiff graph, String input, String output) {
        Head head = Head.of(Section.of(graph, input, output));
        Section section = Section.of(graph, input, head.logits());
        return new Network(section, head, new Source() {
            @Override
            public INDArray run(INDArray inputs, String variable) {
                synchronized (graph) {
                    return Objects.requireNonNull(Inference.run(graph, Map.of(input, inputs), List.of(variable))
                            .get(variable));
                }
            }

            @Override
            public Map<String, INDArray> values() {
                synchronized (graph) {
                    return section.values(graph);
                }
            }

            @Override
            public Map<String, INDArray> weights() {
                Map<String, INDArray> weights = new LinkedHashMap<>();
                section.weights().forEach(name -> weights.put(name, Section.array(graph, name)));
                return weights;
            }
        });
    }

    /** Return a copy in double precision with the weights of this moment, or this network if it already is. */
    Network inDoublePrecision() {
        if (dataType() == DataType.DOUBLE) {
            return this;
        }
        Section exact = new Section(
                section.input(),
                DataType.DOUBLE,
                section.steps(),
                section.fixed(),
                section.weights(),
                section.output());
        Section whole = head.section();
        Replay replay = new Replay(
                new Section(section.input(), DataType.DOUBLE, whole.steps(), whole.fixed(), whole.weights(), ""),
                source.values());
        return new Network(exact, head, new Source() {
            @Override
            public INDArray run(INDArray inputs, String variable) {
                return replay.run(inputs, variable);
            }

            @Override
            public Map<String, INDArray> values() {
                return replay.values();
            }

            @Override
            public Map<String, INDArray> weights() {
                return replay.values();
            }
        });
    }

    Head head() {
        return head;
    }

    DataType dataType() {
        return section.type();
    }

    /** Return the graph that computes logits and gradients, with the weights of this moment. */
    synchronized Nd4jGraph graph(List<Long> sampleShape) {
        Nd4jGraph known = lowered;
        Map<String, INDArray> weights = source.weights();
        if (known == null || !sampleShape.equals(loweredShape) || !areEqual(weights, loweredWeights)) {
            known = Nd4jGraph.of(Lowering.lower(section, source.values(), sampleShape));
            lowered = known;
            loweredShape = sampleShape;
            Map<String, INDArray> copies = new LinkedHashMap<>();
            weights.forEach((name, value) -> copies.put(name, value.dup()));
            loweredWeights = copies;
        }
        return known;
    }

    private static boolean areEqual(Map<String, INDArray> weights, Map<String, INDArray> others) {
        return weights.entrySet().stream().allMatch(entry -> {
            INDArray other = others.get(entry.getKey());
            INDArray own = entry.getValue();
            return other != null
                    && Arrays.equals(own.shape(), other.shape())
                    && (own.dataType().isFPType() ? own.distance1(other) == 0 : own.equals(other));
        });
    }

    /**
     * Return the number of outputs for samples of a shape.
     *
     * @throws ConfigurationException if they are not those of a classifier
     */
    int outputs(String name, List<Long> sampleShape) {
        OperatorGraph graph = graph(sampleShape).graph();
        long[] input = new long[sampleShape.size() + 1];
        input[0] = 1;
        for (int i = 0; i < sampleShape.size(); i++) {
            input[i + 1] = sampleShape.get(i);
        }
        long[] shape = graph.shapes(input).get(graph.output());
        if (shape == null || shape.length != 2) {
            throw new ConfigurationException("the variable \"" + section.output() + "\" has the shape "
                    + Arrays.toString(shape) + " for one sample: logits have the shape [1, classes]");
        }
        if (shape[1] < 2 && !head.isSigmoid()) {
            throw new ConfigurationException("the model " + name + " has " + shape[1]
                    + " output: a classifier needs at least two, or a single one with sigmoid activation");
        }
        return Math.toIntExact(shape[1]);
    }

    /** Return the hash of operations and current weights, in hex. */
    String sha256() {
        MessageDigest digest = Sha256.digest();
        head.section()
                .steps()
                .forEach(step -> digest.update((step.name() + step.arguments() + step.inputs() + step.output())
                        .getBytes(StandardCharsets.UTF_8)));
        source.weights().forEach((name, value) -> {
            digest.update((name + Arrays.toString(value.shape()) + value.dataType()).getBytes(StandardCharsets.UTF_8));
            double[] values = Rows.toDoubles(value);
            ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asDoubleBuffer().put(values);
            digest.update(bytes);
        });
        return Sha256.hex(digest);
    }

    // ---------------------------------------------------------------------------------------------- passes

    /** Return one score per class as the user's graph itself ranks the classes. */
    INDArray scores(INDArray inputs, boolean binary) {
        INDArray output = original(inputs, head.section().output());
        return binary ? besides(0.5, output) : output;
    }

    INDArray originalLogits(INDArray inputs, boolean binary) {
        INDArray output = original(inputs, section.output());
        return binary ? besides(0, output) : output;
    }

    @SuppressWarnings("try") // the scope is all there is to it
    private INDArray original(INDArray inputs, String variable) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            INDArray cast = inputs.castTo(dataType());
            return source.run(cast == inputs ? inputs.dup('c') : cast, variable);
        } catch (RuntimeException e) {
            throw new ConfigurationException(
                    "the SameDiff graph can't be run on inputs of shape " + Arrays.toString(inputs.shape()) + ": "
                            + e.getMessage(),
                    e);
        }
    }

    INDArray logits(INDArray inputs, List<Long> sampleShape, boolean binary) {
        INDArray output = graph(sampleShape).logits(inputs);
        return binary ? besides(0, output) : output;
    }

    InputGradient gradient(
            INDArray inputs, List<Long> sampleShape, boolean binary, UnaryOperator<INDArray> lossGradient) {
        Nd4jGraph graph = graph(sampleShape);
        if (!binary) {
            return graph.gradient(inputs, lossGradient);
        }
        InputGradient pass = graph.gradient(inputs, single -> secondColumn(lossGradient.apply(besides(0, single))));
        return new InputGradient(besides(0, pass.logits()), pass.gradient());
    }

    InputGradients gradients(
            INDArray inputs, List<Long> sampleShape, boolean binary, Function<INDArray, List<INDArray>> lossGradients) {
        Nd4jGraph graph = graph(sampleShape);
        if (!binary) {
            return graph.gradients(inputs, lossGradients);
        }
        InputGradients passes = graph.gradients(
                inputs,
                single -> lossGradients.apply(besides(0, single)).stream()
                        .map(Network::secondColumn)
                        .toList());
        return new InputGradients(besides(0, passes.logits()), passes.gradients());
    }

    private static INDArray besides(double first, INDArray second) {
        return Nd4j.hstack(Nd4j.valueArrayOf(second.shape(), first, second.dataType()), second);
    }

    private static INDArray secondColumn(INDArray columns) {
        return columns.get(NDArrayIndex.all(), NDArrayIndex.interval(1, 2)).dup('c');
    }
}
