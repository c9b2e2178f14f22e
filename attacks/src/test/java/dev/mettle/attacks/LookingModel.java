package dev.mettle.attacks;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model that tells labels only, by a rule of the test, and remembers every image it was shown. */
final class LookingModel implements LabelModel {

    private final Box box;
    private final ToIntFunction<double[]> rule;
    private final long[] shape;
    private final List<double[]> seen = new ArrayList<>();

    LookingModel(Box box, ToIntFunction<double[]> rule, long... shape) {
        this.box = box;
        this.rule = rule;
        this.shape = shape;
    }

    List<double[]> seen() {
        return seen;
    }

    @Override
    public ModelInfo info() {
        return new ModelInfo("looking", ModelInfo.shape(shape), 2, box, DataType.DOUBLE, "0".repeat(64), List.of());
    }

    @Override
    public int[] predict(INDArray inputs) {
        return Arrays.stream(Rows.toRows(inputs)).peek(seen::add).mapToInt(rule).toArray();
    }

    /** Run an attack that has no epsilon on samples 0, 1, 2, … that all have label 0. */
    List<SampleOutcome> attack(Attack attack, INDArray inputs) {
        long[] ids = new long[(int) inputs.size(0)];
        Arrays.setAll(ids, i -> i);
        return attack(AttackEngine.of(this, 1), attack, inputs, ids);
    }

    List<SampleOutcome> attack(AttackEngine engine, Attack attack, INDArray inputs, long[] ids) {
        return engine.run(
                        attack, new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, box), inputs, new int[ids.length], ids)
                .outcomes();
    }
}
