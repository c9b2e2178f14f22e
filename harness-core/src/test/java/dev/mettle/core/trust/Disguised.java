package dev.mettle.core.trust;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model that tells what another one does in a way of its own; what is not overridden stays as it is. */
class Disguised implements DifferentiableModel {

    private final DifferentiableModel model;

    Disguised(DifferentiableModel model) {
        this.model = model;
    }

    /** Change an input before the model sees it, in place. */
    void before(double[] input) {}

    /** Change the logits of an input, in place. */
    void after(double[] logits, double[] input) {}

    /** Change the gradient of the loss in the logits, in place, which {@link #after} has changed. */
    void backwards(double[] gradient, double[] logits) {}

    /** Change the gradient of the loss in the input, in place. */
    void gradient(double[] gradient, double[] input) {}

    @Override
    public ModelInfo info() {
        return model.info();
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(logits(inputs));
    }

    @Override
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        return Logits.judge(logits(inputs), aims);
    }

    @Override
    public INDArray logits(INDArray inputs) {
        return told(model.logits(seen(inputs)), inputs);
    }

    private INDArray seen(INDArray inputs) {
        double[][] rows = Rows.toRows(inputs);
        for (double[] row : rows) {
            before(row);
        }
        return Rows.fromRows(rows, inputs);
    }

    private INDArray told(INDArray logits, INDArray inputs) {
        double[][] rows = Rows.toRows(logits);
        double[][] x = Rows.toRows(inputs);
        for (int i = 0; i < rows.length; i++) {
            after(rows[i], x[i]);
        }
        return Rows.fromRows(rows, logits);
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        INDArray[] told = new INDArray[1];
        InputGradient pass = model.gradient(seen(inputs), logits -> {
            told[0] = told(logits, inputs);
            double[][] z = Rows.toRows(told[0]);
            double[][] gradients = Rows.toRows(lossGradient.apply(told[0]));
            for (int i = 0; i < z.length; i++) {
                backwards(gradients[i], z[i]);
            }
            return Rows.fromRows(gradients, logits);
        });
        double[][] x = Rows.toRows(inputs);
        double[][] gradients = Rows.toRows(pass.gradient());
        for (int i = 0; i < x.length; i++) {
            gradient(gradients[i], x[i]);
        }
        return new InputGradient(told[0], Rows.fromRows(gradients, inputs));
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return this;
    }
}
