package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Every point of short runs against independent ports of the published formulas to PyTorch, in double precision. */
class SparseTraceTests {

    private static final AffineModel MODEL = new AffineModel(
            new double[][] {{1, -2, 0.5}, {0.5, 1, -1}, {-1.5, 0.25, 2}},
            new double[] {0.6, 0, -0.2},
            Box.of(0, 1),
            DataType.DOUBLE,
            3);

    private static List<double[]> queries(Attack attack, Norm norm) {
        Recording model = new Recording(new ArrayList<>());
        INDArray input = Rows.fromDoubles(new double[] {0.5, 0.2, 0}, new long[] {1, 3}, DataType.DOUBLE);
        ThreatModel threat = new ThreatModel(norm, ThreatModel.UNBOUNDED, Box.of(0, 1));
        AttackEngine.of(model, 0).run(attack, threat, input, new int[] {0}, new long[] {0});
        return model.queries();
    }

    private static void assertEquals(List<double[]> queries, double[][] expected) {
        assertThat(queries.size()).isGreaterThanOrEqualTo(expected.length);
        for (int step = 0; step < expected.length; step++) {
            assertThat(queries.get(step))
                    .as("step %d", step)
                    .usingComparatorWithPrecision(1e-9)
                    .containsExactly(expected[step]);
        }
    }

    /** With c = 2, β = 0.01 and 6 steps at 0.05: the points at which FISTA takes its gradients, clipped to the box. */
    @Test
    void ead() {
        assertEquals(queries(new Ead(1, 6, 0.05, 2, 0.01, 0, false), Norm.L1), new double[][] {
            {0.5, 0.2, 0},
            {0.46, 0.49, 0},
            {0.4770643546, 0.4444084288, 0},
            {0.4950512657, 0.3988228926, 0},
            {0.5055314789, 0.3549197045, 0},
            {0.5, 0.3138105084, 0}
        });
    }

    /** With 10 steps: onto the edges of the box, across the boundary, back, and below the threshold to the clean sample. */
    @Test
    void sigma_zero() {
        assertEquals(queries(new SigmaZero().withSteps(10), Norm.L0), new double[][] {
            {0.5, 0.2, 0},
            {0, 1, 0},
            {0.5, 1, 0},
            {0.97166868, 0.8211069102, 0},
            {0.8554123474, 0.5344649258, 0},
            {0.5, 0.2, 0}
        });
    }

    /** The model, and every point it was asked for a gradient at. */
    private record Recording(List<double[]> queries) implements DifferentiableModel {

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            queries.add(Rows.toDoubles(inputs));
            return MODEL.gradient(inputs, lossGradient);
        }

        @Override
        public INDArray logits(INDArray inputs) {
            return MODEL.logits(inputs);
        }

        @Override
        public DifferentiableModel inDoublePrecision() {
            return this;
        }

        @Override
        public ModelInfo info() {
            return MODEL.info();
        }

        @Override
        public int[] predict(INDArray inputs) {
            return MODEL.predict(inputs);
        }

        @Override
        public Judgement[] judge(INDArray inputs, Aim[] aims) {
            return MODEL.judge(inputs, aims);
        }
    }
}
