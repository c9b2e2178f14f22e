package dev.mettle.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.threat.Box;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class VotesTests {

    /** Tells the labels of a list, one after another, for every sample. */
    private static final class Told implements LabelModel {

        private final int[] labels;
        private final boolean randomized;
        private int calls;

        Told(boolean randomized, int... labels) {
            this.labels = labels;
            this.randomized = randomized;
        }

        @Override
        public ModelInfo info() {
            return new ModelInfo("told", ModelInfo.shape(1), 3, Box.of(0, 1), DataType.FLOAT, "00", List.of());
        }

        @Override
        public boolean randomized() {
            return randomized;
        }

        @Override
        public int[] predict(INDArray inputs) {
            return new int[] {labels[calls++ % labels.length]};
        }
    }

    private static final INDArray ONE = Nd4j.zeros(1, 1);

    @Test
    void take_one_answer_of_a_fixed_model() {
        assertThat(Votes.predict(new Told(false, 2, 0), ONE)).containsExactly(2);
        assertThat(Votes.passes(new Told(false, 2))).isEqualTo(1);
    }

    @Test
    void take_the_most_frequent_of_eleven_answers_of_a_randomized_one() {
        assertThat(Votes.predict(new Told(true, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0), ONE))
                .containsExactly(0);
        assertThat(Votes.predict(new Told(true, 2, 2, 2, 2, 2, 1, 1, 1, 0, 0, 0), ONE))
                .containsExactly(2);
        assertThat(Votes.predict(new Told(true, -1, -1, -1, -1, -1, -1, 1, 1, 0, 0, 0), ONE))
                .containsExactly(LabelModel.ABSTAINED);
    }

    @Test
    void call_a_sample_broken_if_more_than_half_of_the_draws_err() {
        Aim[] aims = {Aim.awayFrom(0)};
        assertThat(Votes.judge(new Told(true, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2), ONE, aims))
                .containsExactly(new Judgement(1, true));
        assertThat(Votes.judge(new Told(true, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2), ONE, aims))
                .containsExactly(new Judgement(0, false));
        // to give no answer is not to err
        assertThat(Votes.judge(new Told(true, 0, -1, -1, -1, -1, -1, 1, 1, 2, 2, 2), ONE, aims))
                .containsExactly(new Judgement(LabelModel.ABSTAINED, false));
    }
}
