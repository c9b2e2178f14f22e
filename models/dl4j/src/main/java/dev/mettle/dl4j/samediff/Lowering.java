package dev.mettle.dl4j.samediff;

import dev.mettle.core.ConfigurationException;
import dev.mettle.dl4j.samediff.Operation.Step;
import dev.mettle.graph.OperatorGraph;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Lowers a section of a SameDiff graph to an operator graph. */
final class Lowering {

    private Lowering() {}

    /**
     * Lower a section.
     *
     * @param values the values of its fixed variables; copied
     * @param sampleShape the shape of one sample
     * @throws ConfigurationException if the setting of some operation is not supported, or if samples don't stay apart
     */
    static OperatorGraph lower(Section section, Map<String, INDArray> values, List<Long> sampleShape) {
        Drawing drawing = new Drawing();
        Map<String, Tensor> tensors = new HashMap<>();
        tensors.put(section.input(), drawing.input(section.input(), sampleShape));
        values.forEach((name, value) -> {
            drawing.enter(name);
            tensors.put(name, drawing.constant("value", value));
        });
        for (Step step : section.steps()) {
            drawing.enter(step.output());
            Operation operation = new Operation(
                    step,
                    step.inputs().stream()
                            .map(name -> Objects.requireNonNull(tensors.get(name), name))
                            .toList());
            tensors.put(step.output(), lower(drawing, operation));
        }
        Tensor output = Objects.requireNonNull(tensors.get(section.output()));
        OperatorGraph graph = drawing.graph(section.input(), output);
        requireAnyBatchSize(section, graph, sampleShape, output);
        return graph.simplified().castTo(section.type());
    }

    private static Tensor lower(Drawing drawing, Operation operation) {
        Tensor y;
        try {
            y = Rules.of(operation.step()).lower(drawing, operation);
        } catch (ConfigurationException e) {
            throw e;
        } catch (RuntimeException e) {
            ConfigurationException refusal = operation.refusal("can't take these inputs: " + e.getMessage());
            refusal.initCause(e);
            throw refusal;
        }
        operation.require(
                y.rank() > 0 && y.shape()[0] == Drawing.BATCH,
                "puts out the shape " + Arrays.toString(y.shape()) + " for a batch of " + Drawing.BATCH
                        + " and so mixes samples: the first axis has to be the batch");
        return y;
    }

    /** Shapes that fit for one batch size may do so by chance. */
    private static void requireAnyBatchSize(
            Section section, OperatorGraph graph, List<Long> sampleShape, Tensor output) {
        long[] input = new long[sampleShape.size() + 1];
        long[] expected = output.shape();
        for (int i = 0; i < sampleShape.size(); i++) {
            input[i + 1] = sampleShape.get(i);
        }
        input[0] = Drawing.BATCH + 1;
        expected[0] = Drawing.BATCH + 1;
        long[] actual;
        try {
            actual = graph.shapes(input).get(graph.output());
        } catch (ConfigurationException e) {
            throw new ConfigurationException("the SameDiff graph takes batches of one size only: " + e.getMessage(), e);
        }
        if (!Arrays.equals(actual, expected)) {
            throw new ConfigurationException("the variable \"" + section.output() + "\" has the shape "
                    + Arrays.toString(output.shape()) + " for a batch of " + Drawing.BATCH + " but "
                    + Arrays.toString(actual) + " for a batch of " + input[0] + ": one row per sample is needed");
        }
    }
}
