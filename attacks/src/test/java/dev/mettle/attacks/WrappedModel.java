package dev.mettle.attacks;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.ModelInfo;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model that does what another one does, wherever it doesn't say otherwise. */
interface WrappedModel extends DifferentiableModel {

    /** Return the other model. */
    DifferentiableModel model();

    @Override
    default ModelInfo info() {
        return model().info();
    }

    @Override
    default int[] predict(INDArray inputs) {
        return model().predict(inputs);
    }

    @Override
    default Judgement[] judge(INDArray inputs, Aim[] aims) {
        return model().judge(inputs, aims);
    }

    @Override
    default INDArray logits(INDArray inputs) {
        return model().logits(inputs);
    }

    @Override
    default InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        return model().gradient(inputs, lossGradient);
    }

    @Override
    default DifferentiableModel inDoublePrecision() {
        return this;
    }
}
