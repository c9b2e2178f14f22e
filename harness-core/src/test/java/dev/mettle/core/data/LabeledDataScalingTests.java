package dev.mettle.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

class LabeledDataScalingTests {

    private final LabeledData bytes =
            LabeledData.of(Nd4j.createFromArray(new int[][] {{0, 51, 255}, {102, 204, 1}}), new int[] {1, 0});

    @Test
    void bytesBecomeFractionsThatFillTheRangeExactly() {
        LabeledData scaled = bytes.scaled(1 / 255.0);

        assertThat(scaled.inputs().toFloatMatrix()).isDeepEqualTo(new float[][] {
            {0, 0.2f, 1}, {0.4f, 0.8f, (float) (1 / 255.0)}
        });
    }

    @Test
    void labelsIdsAndTheOriginalStayAsTheyAre() {
        LabeledData scaled = bytes.subset(1).scaled(2);

        assertThat(scaled.labels()).containsExactly(0);
        assertThat(scaled.id(0)).isEqualTo(1);
        assertThat(bytes.inputs().getFloat(1, 0)).isEqualTo(102);
    }

    @Test
    void aFactorThatDestroysTheDataIsRefused() {
        assertThatThrownBy(() -> bytes.scaled(0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the inputs of data can't be scaled by 0.0: give a finite factor other than 0, such as 1 / 255.0");
        assertThatThrownBy(() -> bytes.scaled(Double.NaN))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the inputs of data can't be scaled by NaN: give a finite factor other than 0, such as 1 / 255.0");
    }
}
