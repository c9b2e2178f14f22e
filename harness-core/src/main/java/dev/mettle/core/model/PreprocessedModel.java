package dev.mettle.core.model;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Sha256;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A model behind a {@link Preprocessing}: attacked as a whole, with the gradient that the preprocessing declares.
 *
 * <pre>{@code
 * PreprocessedModel defended = PreprocessedModel.of(model, new BitDepth(3));
 * }</pre>
 */
public final class PreprocessedModel implements DifferentiableModel {

    private final DifferentiableModel inner;
    private final Preprocessing preprocessing;

    private PreprocessedModel(DifferentiableModel inner, Preprocessing preprocessing) {
        this.inner = inner;
        this.preprocessing = preprocessing;
    }

    /** Put a preprocessing before a model. */
    public static PreprocessedModel of(DifferentiableModel model, Preprocessing preprocessing) {
        return new PreprocessedModel(model, preprocessing);
    }

    /** Return the model behind the preprocessing. */
    public DifferentiableModel inner() {
        return inner;
    }

    /** Return the preprocessing. */
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    @Override
    public ModelInfo info() {
        ModelInfo info = inner.info();
        List<String> warnings = new ArrayList<>(info.warnings());
        if (!preprocessing.exact()) {
            warnings.add("gradients pass through '" + preprocessing.name()
                    + "' by its declared approximation (BPDA): an attack is as good as that is");
        }
        return new ModelInfo(
                preprocessing.name() + " + " + info.name(),
                info.inputShape(),
                info.classes(),
                info.inputRange(),
                info.dataType(),
                Sha256.of(preprocessing.name(), info.sha256()),
                warnings);
    }

    @Override
    public int[] predict(INDArray inputs) {
        return inner.predict(preprocessing.apply(inputs));
    }

    @Override
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        return inner.judge(preprocessing.apply(inputs), aims);
    }

    @Override
    public INDArray logits(INDArray inputs) {
        return inner.logits(preprocessing.apply(inputs));
    }

    @Override
    public INDArray originalLogits(INDArray inputs) {
        return inner.originalLogits(preprocessing.apply(inputs));
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        InputGradient pass = inner.gradient(preprocessing.apply(inputs), lossGradient);
        return new InputGradient(pass.logits(), preprocessing.backward(inputs, pass.gradient()));
    }

    @Override
    public InputGradients gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
        InputGradients passes = inner.gradients(preprocessing.apply(inputs), lossGradients);
        return new InputGradients(
                passes.logits(),
                passes.gradients().stream()
                        .map(gradient -> preprocessing.backward(inputs, gradient))
                        .toList());
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        DifferentiableModel exact = inner.inDoublePrecision();
        return exact == inner ? this : new PreprocessedModel(exact, preprocessing);
    }
}
