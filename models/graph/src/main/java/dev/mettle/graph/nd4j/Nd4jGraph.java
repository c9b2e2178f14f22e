package dev.mettle.graph.nd4j;

import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.numeric.Rows;
import dev.mettle.graph.OperatorGraph;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An operator graph that runs on ND4J.
 *
 * <p>For every shape of inputs the graph is compiled once into a {@link Program}; after that a pass is nothing but running its
 * operations on memory that is reused. Safe for use by several threads at once: each pass borrows a worker with programs and
 * memory of its own, so there are as many of them as there were passes at the same time.
 */
public final class Nd4jGraph {

    /** Larger batches are run in parts, if only logits are asked for. */
    private static final int LOGITS_BATCH = 256;

    private final OperatorGraph graph;
    private final Constants constants = new Constants();
    private final ConcurrentLinkedDeque<Worker> idle = new ConcurrentLinkedDeque<>();

    private Nd4jGraph(OperatorGraph graph) {
        this.graph = graph;
    }

    /** Make a graph ready to run. Its constants are not copied, and must not change but by {@link #update}. */
    public static Nd4jGraph of(OperatorGraph graph) {
        return new Nd4jGraph(graph);
    }

    /** Return what is run. */
    public OperatorGraph graph() {
        return graph;
    }

    /**
     * Take the weights of another graph, and keep what is compiled and the memory, if both graphs have the same operators and sizes: a
     * network in training changes its weights at every step. There must be no pass under way.
     *
     * @return whether the graphs are alike; if not, nothing has changed
     */
    public boolean update(OperatorGraph other) {
        if (!isAlike(other)) {
            return false;
        }
        graph.constants()
                .forEach((name, value) ->
                        value.assign(Objects.requireNonNull(other.constants().get(name), name)));
        constants.recompute();
        return true;
    }

    private boolean isAlike(OperatorGraph other) {
        return graph.input().equals(other.input())
                && graph.output().equals(other.output())
                && graph.nodes().equals(other.nodes())
                && graph.constants().keySet().equals(other.constants().keySet())
                && graph.constants().entrySet().stream().allMatch(constant -> {
                    INDArray own = constant.getValue();
                    INDArray next = Objects.requireNonNull(other.constants().get(constant.getKey()), "just compared");
                    return own.dataType() == next.dataType() && Arrays.equals(own.shape(), next.shape());
                });
    }

    /**
     * Run the forward pass.
     *
     * @param inputs a batch {@code [n, ...]}, cast to the type of the graph if need be; never changed
     * @return the logits {@code [n, classes]}
     */
    public INDArray logits(INDArray inputs) {
        return pass(worker -> {
            long n = inputs.size(0);
            if (n <= LOGITS_BATCH) {
                return worker.program(inputs.shape(), Program.Kind.FORWARD).logits(inputs);
            }
            INDArray[] parts = new INDArray[(int) ((n + LOGITS_BATCH - 1) / LOGITS_BATCH)];
            for (int i = 0; i < parts.length; i++) {
                INDArray part = Rows.slice(inputs, (long) i * LOGITS_BATCH, Math.min(n, (i + 1L) * LOGITS_BATCH));
                parts[i] = worker.program(part.shape(), Program.Kind.FORWARD).logits(part);
            }
            return Nd4j.concat(0, parts);
        });
    }

    /**
     * Run the forward and the backward pass.
     *
     * @param inputs a batch {@code [n, ...]}, cast to the type of the graph if need be; never changed
     * @param lossGradient maps the logits {@code [n, classes]} to dLoss/dLogits, called once; it may call this graph
     * @return the logits, and dLoss/dInputs
     */
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        return pass(
                worker -> worker.program(inputs.shape(), Program.Kind.GRADIENT).gradient(inputs, lossGradient));
    }

    /**
     * Run the forward and several backward passes.
     *
     * @param inputs a batch {@code [n, ...]}, cast to the type of the graph if need be; never changed
     * @param lossGradients maps the logits {@code [n, classes]} to one or several dLoss/dLogits, called once
     * @return the logits, and dLoss/dInputs for each of them
     */
    public InputGradients gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
        return pass(
                worker -> worker.program(inputs.shape(), Program.Kind.GRADIENTS).gradients(inputs, lossGradients));
    }

    @SuppressWarnings("try") // the scope is all there is to it
    private <T> T pass(Function<Worker, T> work) {
        Worker borrowed = idle.pollFirst();
        Worker worker = borrowed == null ? new Worker() : borrowed;
        T result;
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            result = work.apply(worker);
        }
        idle.addFirst(worker); // after a failure it is in an unknown state, and left to the garbage collector
        return result;
    }

    /** Programs for the shapes met last, over one block of memory that is large enough for each. */
    private final class Worker {

        private static final int PROGRAMS = 32;

        /** Batches larger than this are rounded up to a multiple of it. */
        private static final int ROWS = 8;

        private record Key(String shape, Program.Kind kind) {}

        private final Map<Key, Program> programs = new LinkedHashMap<>(16, 0.75f, true);
        private @Nullable INDArray memory;

        /**
         * Return a program for inputs of a shape, or for a few rows more: attacks drop samples one by one, and a program for each size would
         * cost more than the rows that nobody asked for.
         */
        Program program(long[] inputShape, Program.Kind kind) {
            long[] rounded = inputShape.clone();
            rounded[0] = (inputShape[0] + ROWS - 1) / ROWS * ROWS;
            if (inputShape[0] > ROWS && rounded[0] > inputShape[0]) {
                Program larger = exactly(rounded, kind);
                if (larger.keepsRows()) {
                    return larger;
                }
            }
            return exactly(inputShape, kind);
        }

        private Program exactly(long[] inputShape, Program.Kind kind) {
            Key key = new Key(Arrays.toString(inputShape), kind);
            Program known = programs.get(key);
            if (known != null) {
                return known;
            }
            Program program = Program.compile(graph, constants, inputShape, kind);
            program.bind(memory(program.memoryLength()));
            programs.put(key, program);
            if (programs.size() > PROGRAMS) {
                Iterator<Program> oldest = programs.values().iterator();
                oldest.next().close();
                oldest.remove();
            }
            return program;
        }

        /** Return memory for a program; where it has to grow, the programs bound to the old one go. */
        private INDArray memory(long length) {
            INDArray own = memory;
            if (own == null || own.length() < length) {
                programs.values().forEach(Program::close);
                programs.clear();
                if (own != null) {
                    Rows.release(own);
                }
                own = Nd4j.createUninitializedDetached(graph.dataType(), length);
                memory = own;
            }
            return own;
        }
    }
}
