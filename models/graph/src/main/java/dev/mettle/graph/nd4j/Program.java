package dev.mettle.graph.nd4j;

import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.graph.OperatorGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A graph made ready for inputs of one shape: a list of operations bound to memory, which only need to be run. Not thread-safe.
 */
final class Program implements AutoCloseable {

    private final DataType dataType;
    private final List<Tape.Step> steps;
    private final int forwardSteps;
    private final MemoryPlan plan;
    private final Buffer input;
    private final Buffer logits;
    private final @Nullable Buffer logitsGradient;
    private final @Nullable Buffer inputGradient;
    private final List<Runnable> operations = new ArrayList<>();

    private Program(
            DataType dataType,
            List<Tape.Step> steps,
            int forwardSteps,
            Buffer input,
            Buffer logits,
            @Nullable Buffer logitsGradient,
            @Nullable Buffer inputGradient) {
        this.dataType = dataType;
        this.steps = steps;
        this.forwardSteps = forwardSteps;
        this.plan = MemoryPlan.of(steps);
        this.input = input;
        this.logits = logits;
        this.logitsGradient = logitsGradient;
        this.inputGradient = inputGradient;
    }

    /** What a program can run. */
    enum Kind {
        /** The forward pass. */
        FORWARD,
        /** The forward pass and one backward pass, which overwrites what it needs no more. */
        GRADIENT,
        /** The forward pass and any number of backward passes. */
        GRADIENTS
    }

    /** Compile a graph for inputs of a shape. */
    static Program compile(OperatorGraph graph, Constants constants, long[] inputShape, Kind kind) {
        Tape tape = new Tape(graph.dataType(), kind != Kind.FORWARD, constants);
        Map<String, Buffer> values = new HashMap<>();
        graph.constants().forEach((name, value) -> values.put(name, Buffer.constant(name, value)));
        Buffer input = Buffer.of(inputShape, true);
        values.put(graph.input(), input);
        mark(tape, List.of(), List.of(input));
        Map<OperatorGraph.Node, OperatorGraph.Node> poolings = PooledConvolution.in(graph);
        Set<OperatorGraph.Node> done = new HashSet<>();
        for (OperatorGraph.Node node : graph.nodes()) {
            Buffer[] inputs = node.inputs().stream().map(values::get).toArray(Buffer[]::new);
            OperatorGraph.Node pooling = poolings.get(node);
            if (done.contains(node)) {
                values.put(node.output(), inputs[0]);
            } else if (pooling != null && PooledConvolution.pays(tape, node, pooling, inputs)) {
                values.put(node.output(), PooledConvolution.apply(tape, node, pooling, inputs));
                done.add(pooling);
            } else {
                values.put(node.output(), tape.apply(node.operator(), inputs));
            }
        }
        Buffer logits = Objects.requireNonNull(values.get(graph.output()), "OperatorGraph has checked it");
        if (kind == Kind.FORWARD) {
            mark(tape, List.of(logits), List.of());
            return new Program(graph.dataType(), tape.steps(), tape.steps().size(), input, logits, null, null);
        }
        Buffer logitsGradient = Buffer.of(logits.shape(), false);
        mark(tape, List.of(logits), List.of(logitsGradient));
        int forwardSteps = tape.steps().size();
        Buffer inputGradient = tape.backward(logits, logitsGradient, input);
        if (inputGradient != null) {
            mark(tape, List.of(inputGradient), List.of());
        }
        if (kind == Kind.GRADIENTS) {
            mark(tape, fromForward(tape.steps(), forwardSteps), List.of());
        }
        return new Program(graph.dataType(), tape.steps(), forwardSteps, input, logits, logitsGradient, inputGradient);
    }

    /** Return what the backward steps read of the forward ones. */
    private static List<Buffer> fromForward(List<Tape.Step> steps, int forwardSteps) {
        Set<Buffer> written = new HashSet<>();
        steps.subList(0, forwardSteps).forEach(step -> step.writes().forEach(buffer -> written.add(buffer.root())));
        return steps.subList(forwardSteps, steps.size()).stream()
                .flatMap(step -> step.reads().stream())
                .map(Buffer::root)
                .filter(written::contains)
                .distinct()
                .toList();
    }

    /** Keep buffers alive at this point, where values come from outside or are taken out. */
    private static void mark(Tape tape, List<Buffer> reads, List<Buffer> writes) {
        tape.steps().add(new Tape.Step(reads, writes, () -> () -> {}));
    }

    /** Return how many values the memory has to hold. */
    long memoryLength() {
        return plan.length();
    }

    /** Bind the operations to memory. */
    void bind(INDArray memory) {
        plan.offsets()
                .forEach((buffer, offset) -> buffer.place(
                        Nd4j.create(memory.data(), buffer.shape(), Nd4j.getStrides(buffer.shape(), 'c'), offset, 'c')));
        steps.forEach(step -> operations.add(step.build().get()));
    }

    /** Say whether every sample has its row of logits, so that the program can run batches smaller than its own. */
    boolean keepsRows() {
        return logits.size(0) == input.size(0);
    }

    /** Run the forward pass on a batch of at most the program's size; returns a copy of the logits. */
    INDArray logits(INDArray inputs) {
        first(inputs.size(0), input.array()).assign(inputs);
        run(0, forwardSteps);
        return first(inputs.size(0), logits.array()).dup('c');
    }

    /** The rows of a batch. What lies behind them belongs to samples that nobody asks for. */
    private static INDArray first(long rows, INDArray batch) {
        return rows == batch.size(0) ? batch : Views.slice(batch, 0, 0, rows);
    }

    /** Run both passes. */
    InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        INDArray result = logits(inputs);
        return new InputGradient(result, backward(inputs, result, lossGradient.apply(result)));
    }

    /** Run the forward pass and several backward passes. */
    InputGradients gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
        INDArray result = logits(inputs);
        return new InputGradients(
                result,
                lossGradients.apply(result).stream()
                        .map(gradient -> backward(inputs, result, gradient))
                        .toList());
    }

    private INDArray backward(INDArray inputs, INDArray result, INDArray gradient) {
        if (logitsGradient == null || inputGradient == null) { // no path from the input to the logits
            return Nd4j.zeros(dataType, inputs.shape());
        }
        if (!Arrays.equals(gradient.shape(), result.shape())) {
            throw new IllegalArgumentException("the gradient of the loss has shape " + Arrays.toString(gradient.shape())
                    + ": it must be that of the logits, " + Arrays.toString(result.shape()));
        }
        if (inputs.size(0) < logitsGradient.size(0)) {
            logitsGradient.array().assign(0);
        }
        first(inputs.size(0), logitsGradient.array()).assign(gradient);
        run(forwardSteps, operations.size());
        return first(inputs.size(0), inputGradient.array()).dup('c');
    }

    private void run(int from, int to) {
        for (int i = from; i < to; i++) {
            operations.get(i).run();
        }
    }

    @Override
    public void close() {
        for (Runnable operation : operations) {
            if (operation instanceof NativeOp nativeOp) {
                nativeOp.close();
            }
        }
        operations.clear();
    }
}
