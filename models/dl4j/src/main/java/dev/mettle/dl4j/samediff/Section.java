package dev.mettle.dl4j.samediff;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import dev.mettle.dl4j.samediff.Operation.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.serde.FlatBuffersMapper;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.Op;

/**
 * The part of a SameDiff graph between a placeholder and an output: what is computed from the placeholder, and what that needs
 * besides. It is read, never changed.
 *
 * @param input the name of the placeholder under attack
 * @param type the floating-point type of the placeholder
 * @param steps the operations that depend on it, each after those whose outputs it takes
 * @param fixed the variables that the steps take and that don't depend on it
 * @param weights the variables and constants behind them, and so all that may change later
 * @param output the name of the variable that is put out
 */
record Section(String input, DataType type, List<Step> steps, List<String> fixed, List<String> weights, String output) {

    /**
     * Find the part of a graph.
     *
     * @throws ConfigurationException if there is none, or if it holds an operation that is not supported
     */
    static Section of(SameDiff graph, String input, String output) {
        SDVariable placeholder = variable(graph, input);
        if (placeholder.getVariableType() != VariableType.PLACEHOLDER) {
            throw new ConfigurationException("the variable \"" + input
                    + "\" is no placeholder, and so can't be the input: the placeholders are "
                    + graph.inputs().stream().sorted().toList());
        }
        DataType type = placeholder.dataType();
        if (type != DataType.FLOAT && type != DataType.DOUBLE) {
            throw new ConfigurationException("the placeholder \"" + input + "\" takes " + type
                    + ": Mettle attacks models that compute in FLOAT or DOUBLE");
        }
        variable(graph, output);
        Search search = new Search(graph, input, type);
        if (!search.visit(output)) {
            throw new ConfigurationException(
                    "the variable \"" + output + "\" doesn't depend on the placeholder \"" + input + "\"");
        }
        return new Section(
                input, type, List.copyOf(search.steps), List.copyOf(search.fixed), List.copyOf(search.weights), output);
    }

    private static SDVariable variable(SameDiff graph, String name) {
        SDVariable variable = graph.variableMap().get(name);
        if (variable == null) {
            throw new ConfigurationException(
                    "the SameDiff graph has no variable \"" + name + "\": its placeholders are "
                            + graph.inputs().stream().sorted().toList()
                            + ", and the last variable it computes is \"" + lastOf(graph) + "\"");
        }
        return variable;
    }

    private static String lastOf(SameDiff graph) {
        String last = "";
        for (SameDiffOp operation : graph.getOps().values()) {
            last = operation.getOutputsOfOp().get(0);
        }
        return last;
    }

    /** Return the values of the fixed variables at this moment, not copied where the graph holds them. */
    Map<String, INDArray> values(SameDiff graph) {
        Map<String, INDArray> values = new LinkedHashMap<>();
        List<String> computed = new ArrayList<>();
        for (String name : fixed) {
            if (weights.contains(name)) {
                values.put(name, array(graph, name));
            } else {
                computed.add(name);
            }
        }
        if (!computed.isEmpty()) {
            values.putAll(Inference.run(graph, Map.of(), computed));
        }
        return values;
    }

    /** Return the array of a variable or constant. */
    static INDArray array(SameDiff graph, String name) {
        return Objects.requireNonNull(graph.getVariable(name).getArr(), () -> "the variable " + name + " has no array");
    }

    /** Walks from the output to where everything comes from. */
    private static final class Search {

        private final SameDiff graph;
        private final String input;
        private final DataType type;
        private final Map<String, Boolean> dependent = new HashMap<>();
        private final List<Step> steps = new ArrayList<>();
        private final Set<String> fixed = new LinkedHashSet<>();
        private final Set<String> weights = new LinkedHashSet<>();

        Search(SameDiff graph, String input, DataType type) {
            this.graph = graph;
            this.input = input;
            this.type = type;
        }

        /** Say whether a variable depends on the input. */
        boolean visit(String name) {
            Boolean known = dependent.get(name);
            if (known != null) {
                return known;
            }
            dependent.put(name, name.equals(input)); // also ends the walk around a loop
            boolean depends = name.equals(input) || visit(graph.getVariable(name));
            dependent.put(name, depends);
            return depends;
        }

        private boolean visit(SDVariable variable) {
            String name = variable.name();
            switch (variable.getVariableType()) {
                case PLACEHOLDER ->
                    throw new ConfigurationException("the output also depends on the placeholder \"" + name
                            + "\": Mettle attacks models with one input; make the other one a constant");
                case VARIABLE, CONSTANT -> {
                    requireFinite(name);
                    weights.add(name);
                    return false;
                }
                default -> {
                    return visitOperation(name);
                }
            }
        }

        private boolean visitOperation(String name) {
            String own = graph.getVariableOutputOp(name).getOwnName();
            SameDiffOp operation = Objects.requireNonNull(graph.getOps().get(own), name);
            List<String> inputs = operation.getInputsToOp() == null ? List.of() : operation.getInputsToOp();
            Step step = new Step(operation.getOp(), List.copyOf(inputs), name);
            boolean depends = false;
            for (String from : inputs) {
                depends |= visit(from);
            }
            if (!depends) {
                requireDeterministic(step);
                return false;
            }
            requireKnown(step, operation);
            for (String from : inputs) {
                if (!visit(from)) {
                    fixed.add(from);
                }
            }
            steps.add(step);
            return true;
        }

        private void requireKnown(Step step, SameDiffOp operation) {
            Rules.of(step);
            if (operation.getOutputsOfOp().size() != 1) {
                throw step.refusal("puts out " + operation.getOutputsOfOp().size() + " variables here instead of one");
            }
            if (step.name().equals("cast")) {
                DataType to =
                        FlatBuffersMapper.getDataTypeFromByte((byte) new Operation(step, List.of()).integer(0, -1));
                if (to != type) {
                    throw step.refusal("turns " + type + " into " + to + ": keep the whole model in one type");
                }
            }
        }

        private void requireDeterministic(Step step) {
            if (step.function().opType() == Op.Type.RANDOM || step.name().startsWith("random")) {
                throw step.refusal("is random: make it a constant");
            }
        }

        private void requireFinite(String name) {
            INDArray array = graph.getVariable(name).getArr();
            if (array == null) {
                throw new ConfigurationException("the variable \"" + name + "\" has no values: set or train it first");
            }
            if (!array.dataType().isFPType()) {
                return;
            }
            if (array.dataType() != type) {
                return; // shapes and the like
            }
            for (double value : Rows.toDoubles(array)) {
                if (!Double.isFinite(value)) {
                    throw new ConfigurationException("the SameDiff graph holds " + value + " in its variable \"" + name
                            + "\": its training diverged, or the file is damaged");
                }
            }
        }
    }
}
