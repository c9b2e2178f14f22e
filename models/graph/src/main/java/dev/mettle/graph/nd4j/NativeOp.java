package dev.mettle.graph.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A named operation of ND4J, bound to its arrays once and run many times. Preparing an operation costs ND4J ten times as much as
 * running it on small arrays.
 */
final class NativeOp implements Runnable, AutoCloseable {

    private final CustomOp operation;
    private final OpContext context;

    private NativeOp(CustomOp operation, OpContext context) {
        this.operation = operation;
        this.context = context;
    }

    static NativeOp of(String name, INDArray[] inputs, INDArray[] outputs, Arguments arguments) {
        CustomOp operation = DynamicCustomOp.builder(name)
                .addInputs(inputs)
                .addOutputs(outputs)
                .build();
        OpContext context = Nd4j.getExecutioner().buildContext();
        context.setInputArrays(inputs);
        context.setOutputArrays(outputs);
        if (arguments.integers().length > 0) {
            context.setIArguments(arguments.integers());
        }
        if (arguments.floating().length > 0) {
            context.setTArguments(arguments.floating());
        }
        if (arguments.booleans().length > 0) {
            context.setBArguments(arguments.booleans());
        }
        context.shapeFunctionOverride(true); // the outputs have their shapes
        if (!arguments.accelerated()) {
            context.allowHelpers(false);
        }
        return new NativeOp(operation, context);
    }

    @Override
    public void run() {
        Nd4j.getExecutioner().exec(operation, context);
    }

    /** Let go of the arrays. ND4J releases the rest with the garbage collection of this object. */
    @Override
    public void close() {
        context.purge();
    }
}
