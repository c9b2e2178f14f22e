package dev.mettle.defenses.preprocessing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.model.LogitModel;
import dev.mettle.core.model.PreprocessedModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class RandomizedModelTests {

    private static final INDArray INPUTS =
            Nd4j.linspace(0, 1, 2 * 64, DataType.FLOAT).reshape(2, 1, 8, 8);

    private static PreprocessedModel model() {
        return PreprocessedModel.of(
                AffineModel.random(3, 7, DataType.FLOAT, 1, 8, 8), new RandomResizePadding(0.5).withSeed(3));
    }

    private static double[] logits(Object model) {
        return Rows.toDoubles(((LogitModel) model).logits(INPUTS));
    }

    @Test
    void draws_anew_at_every_call() {
        PreprocessedModel model = model();

        assertThat(model.randomized()).isTrue();
        assertThat(logits(model)).isNotEqualTo(logits(model)).isNotEqualTo(logits(model));
    }

    @Test
    void draws_the_same_again_from_the_same_seed() {
        PreprocessedModel model = model();
        double[] first = logits(model.redrawn(1));
        logits(model);

        assertThat(logits(model.redrawn(1))).containsExactly(first);
        assertThat(logits(model().redrawn(1))).containsExactly(first);
        assertThat(logits(model.redrawn(2))).isNotEqualTo(first);
    }

    @Test
    void gives_a_sample_the_same_draws_in_every_batch_and_order() {
        LogitModel together = (LogitModel) model().redrawn(1);
        LogitModel alone = (LogitModel) model().redrawn(1);
        for (int call = 0; call < 3; call++) {
            double[][] both = Rows.toRows(together.logits(INPUTS));
            assertThat(Rows.toRows(alone.logits(Rows.slice(INPUTS, 1, 2)))[0]).containsExactly(both[1]);
        }
        assertThat(Rows.toRows(alone.logits(Rows.slice(INPUTS, 0, 1)))[0])
                .containsExactly(Rows.toRows(((LogitModel) model().redrawn(1)).logits(INPUTS))[0]);
    }

    @Test
    void is_one_function_at_one_draw() {
        PreprocessedModel model = model();
        Object fixed = model.atOneDraw();

        assertThat(logits(fixed)).containsExactly(logits(fixed)).containsExactly(logits(model.atOneDraw()));
    }

    @Test
    void follows_the_gradient_of_the_draw_that_it_answers_with() {
        PreprocessedModel model = (PreprocessedModel) model().redrawn(1);
        PreprocessedModel again = (PreprocessedModel) model().redrawn(1);
        // of an affine model behind a linear draw, gradient · x + constant is the score itself
        INDArray moved = INPUTS.mul(0);

        INDArray gradient =
                model.gradient(INPUTS, logits -> logits.mul(0).addi(1)).gradient();
        double[] logits = logits(again);

        assertThat(Rows.toDoubles(gradient)).isNotEqualTo(Rows.toDoubles(moved));
        for (int i = 0; i < 2; i++) {
            double sum = logits[3 * i] + logits[3 * i + 1] + logits[3 * i + 2];
            double product = Rows.slice(gradient, i, i + 1)
                    .mul(Rows.slice(INPUTS, i, i + 1))
                    .sumNumber()
                    .doubleValue();
            double bias = Rows.toDoubles(AffineModel.random(3, 7, DataType.FLOAT, 1, 8, 8)
                    .logits(moved.get(org.nd4j.linalg.indexing.NDArrayIndex.interval(0, 1))
                            .reshape(1, 1, 8, 8))
                    .sum())[0];
            assertThat(product + bias).isCloseTo(sum, org.assertj.core.api.Assertions.within(1e-3));
        }
    }
}
