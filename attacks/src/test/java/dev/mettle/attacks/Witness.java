package dev.mettle.attacks;

import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model that remembers every point it was asked about, and may give wrong gradients. */
final class Witness implements DifferentiableModel {

    private final DifferentiableModel model;
    private final OptionalDouble gradient;
    private final List<double[]> queries = new ArrayList<>();

    Witness(DifferentiableModel model) {
        this(model, OptionalDouble.empty());
    }

    private Witness(DifferentiableModel model, OptionalDouble gradient) {
        this.model = model;
        this.gradient = gradient;
    }

    /** Return the model with one value for every entry of every gradient. */
    Witness withGradient(double value) {
        return new Witness(model, OptionalDouble.of(value));
    }

    /** Return the points it was asked about, sample by sample, in order. */
    List<double[]> queries() {
        return queries;
    }

    private void remember(INDArray inputs) {
        queries.addAll(List.of(Rows.toRows(inputs)));
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        remember(inputs);
        InputGradient pass = model.gradient(inputs, lossGradient);
        gradient.ifPresent(value -> pass.gradient().assign(value));
        return pass;
    }

    @Override
    public INDArray logits(INDArray inputs) {
        remember(inputs);
        return model.logits(inputs);
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return new Witness(model.inDoublePrecision(), gradient);
    }

    @Override
    public ModelInfo info() {
        return model.info();
    }

    @Override
    public int[] predict(INDArray inputs) {
        return model.predict(inputs);
    }
}
