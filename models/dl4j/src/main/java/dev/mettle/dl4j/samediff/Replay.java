package dev.mettle.dl4j.samediff;

import dev.mettle.dl4j.samediff.Operation.Step;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseOp;
import org.nd4j.linalg.api.ops.BaseReduceOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs the operations of a SameDiff graph one after the other in double precision, by the operations of ND4J that SameDiff itself
 * calls. SameDiff 1.0.0-M2.1 can't do that: its {@code convertDataTypes} leaves numbers in operations, and outputs that several
 * others share, in single precision; and its {@code dup} fails on some operations.
 */
final class Replay {

    private final Section section;
    private final Map<String, INDArray> values = new LinkedHashMap<>();

    /**
     * Copy what is needed.
     *
     * @param values the values of the fixed variables
     */
    Replay(Section section, Map<String, INDArray> values) {
        this.section = section;
        values.forEach((name, value) -> this.values.put(name, exact(value).dup('c')));
    }

    Map<String, INDArray> values() {
        return values;
    }

    /** Return the value of a variable for some inputs. */
    INDArray run(INDArray inputs, String variable) {
        Map<String, INDArray> known = new HashMap<>(values);
        known.put(section.input(), inputs);
        for (Step step : section.steps()) {
            INDArray[] arguments = step.inputs().stream()
                    .map(name -> Objects.requireNonNull(known.get(name), name))
                    .toArray(INDArray[]::new);
            known.put(step.output(), run(step, arguments));
            if (step.output().equals(variable)) {
                break;
            }
        }
        return Objects.requireNonNull(known.get(variable), variable);
    }

    private static INDArray run(Step step, INDArray... inputs) {
        if (step.name().equals("cast") || step.name().equals("identity")) {
            return inputs[0];
        } else if (step.function() instanceof DynamicCustomOp custom) {
            return Nd4j.exec(DynamicCustomOp.builder(step.name())
                    .addInputs(inputs)
                    .addIntegerArguments(Arrays.stream(custom.iArgs())
                            .mapToInt(Math::toIntExact)
                            .toArray())
                    .addFloatingPointArguments(
                            Arrays.stream(custom.tArgs()).boxed().toArray(Double[]::new))
                    .addBooleanArguments(custom.bArgs())
                    .build())[0];
        } else if (step.function() instanceof BaseReduceOp reduction) {
            DynamicCustomOp.DynamicCustomOpsBuilder builder =
                    DynamicCustomOp.builder(step.name()).addInputs(inputs).addBooleanArguments(reduction.isKeepDims());
            if (inputs.length == 1) {
                builder.addIntegerArguments(reduction.getDimensions());
            }
            return Nd4j.exec(builder.build())[0];
        }
        return transform((BaseOp) step.function(), inputs[0]);
    }

    /** Run a copy of an operation on single values: the operation of the graph belongs to the user. */
    private static INDArray transform(BaseOp operation, INDArray x) {
        BaseOp copy;
        try {
            copy = operation.getClass().getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the operation " + operation.opName() + " can't be copied", e);
        }
        copy.setX(x);
        copy.setZ(x.ulike());
        copy.setExtraArgs(operation.extraArgs());
        if (operation instanceof ScalarOp scalar) {
            ((ScalarOp) copy)
                    .setScalar(Nd4j.scalar(DataType.DOUBLE, scalar.scalar().getDouble(0)));
        }
        return Nd4j.getExecutioner().exec(copy);
    }

    private static INDArray exact(INDArray value) {
        return value.dataType().isFPType() ? value.castTo(DataType.DOUBLE) : value;
    }
}
