package dev.mettle.core.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A classifier that also tells input gradients, exact for its inference mode. */
public interface DifferentiableModel extends LogitModel {

    /**
     * Run one forward and one backward pass.
     *
     * @param inputs a batch of shape {@code [n, ...]}
     * @param lossGradient maps the logits {@code [n, classes]} to dLoss/dLogits, same shape; called once
     * @return the logits, and dLoss/dInputs with the shape of {@code inputs}; the loss of the batch is the sum over its samples
     */
    InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient);

    /**
     * Run one forward and several backward passes, such as one per class.
     *
     * @param inputs a batch of shape {@code [n, ...]}
     * @param lossGradients maps the logits {@code [n, classes]} to one or several dLoss/dLogits, each of the same shape; called once
     * @return the logits, and dLoss/dInputs for each of them
     */
    default InputGradients gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
        List<INDArray> wanted = new ArrayList<>();
        InputGradient first = gradient(inputs, logits -> {
            wanted.addAll(lossGradients.apply(logits));
            return wanted.get(0);
        });
        List<INDArray> gradients = new ArrayList<>(List.of(first.gradient()));
        for (INDArray next : wanted.subList(1, wanted.size())) {
            gradients.add(gradient(inputs, logits -> next).gradient());
        }
        return new InputGradients(first.logits(), gradients);
    }

    /**
     * Run one forward pass the way the model was defined, even where logits and gradients are computed by faster code, so that such
     * code can be checked.
     *
     * @param inputs a batch of shape {@code [n, ...]}
     * @return logits of shape {@code [n, classes]}
     */
    default INDArray originalLogits(INDArray inputs) {
        return logits(inputs);
    }

    @Override
    default DifferentiableModel redrawn(long seed) {
        return this;
    }

    @Override
    default DifferentiableModel atOneDraw() {
        return this;
    }

    /**
     * Return the part of the model that finite differences can check.
     *
     * @param inputs a batch of shape {@code [n, ...]}
     */
    default ExactPart exactPart(INDArray inputs) {
        return new ExactPart(this, inputs);
    }

    /** Return the same function computed in double precision, or this model if it already is. */
    DifferentiableModel inDoublePrecision();
}
