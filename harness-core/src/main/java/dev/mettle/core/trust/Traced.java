package dev.mettle.core.trust;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Remembers the lead of the wrong classes at every gradient that is asked for of a single sample. */
final class Traced implements DifferentiableModel {

    private final DifferentiableModel model;
    private final Aim aim;
    private final List<Double> leads = new ArrayList<>();

    Traced(DifferentiableModel model, int label) {
        this.model = model;
        this.aim = model.against(Aim.awayFrom(label));
    }

    List<Double> leads() {
        return leads;
    }

    @Override
    public ModelInfo info() {
        return model.info();
    }

    @Override
    public int[] predict(INDArray inputs) {
        return model.predict(inputs);
    }

    @Override
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        return model.judge(inputs, aims);
    }

    @Override
    public boolean randomized() {
        return model.randomized();
    }

    @Override
    public Aim against(Aim wanted) {
        return model.against(wanted);
    }

    @Override
    public INDArray logits(INDArray inputs) {
        return model.logits(inputs);
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        InputGradient pass = model.gradient(inputs, lossGradient);
        for (double[] row : Rows.toRows(pass.logits())) {
            leads.add(aim.lead(row));
        }
        return pass;
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        return model.inDoublePrecision();
    }
}
