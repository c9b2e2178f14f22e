package dev.mettle.core.numeric;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class RowsTests {

    @Test
    void releaseGivesMemoryBack() {
        INDArray array = Nd4j.ones(2, 3);

        Rows.release(array);
        Rows.release(array);

        assertThat(array.wasClosed()).isTrue();
    }

    @Test
    void releaseLeavesAViewAndWhatItShows() {
        INDArray array = Nd4j.ones(2, 3);

        Rows.release(array.get(NDArrayIndex.point(1)));

        assertThat(array.sumNumber().doubleValue()).isEqualTo(6);
    }

    @Test
    void selectTakesRowsInAnyOrderAndAnyNumber() {
        INDArray array = Nd4j.arange(24).castTo(DataType.FLOAT).reshape('c', 4, 2, 3);

        INDArray selected = Rows.select(array, new int[] {3, 0, 0, 2, 0});

        assertThat(selected.shape()).containsExactly(5, 2, 3);
        assertThat(selected.dataType()).isEqualTo(DataType.FLOAT);
        assertThat(Rows.toRows(selected)).isDeepEqualTo(new double[][] {
            {18, 19, 20, 21, 22, 23},
            {0, 1, 2, 3, 4, 5},
            {0, 1, 2, 3, 4, 5},
            {12, 13, 14, 15, 16, 17},
            {0, 1, 2, 3, 4, 5},
        });
    }
}
