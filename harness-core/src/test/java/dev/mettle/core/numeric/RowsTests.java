package dev.mettle.core.numeric;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
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
}
