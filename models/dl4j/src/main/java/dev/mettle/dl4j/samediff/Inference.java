package dev.mettle.dl4j.samediff;

import dev.mettle.core.numeric.Rows;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.InferenceSession;
import org.nd4j.autodiff.samediff.internal.memory.NoOpMemoryMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;

/**
 * SameDiff's own inference, in a session of its own that reuses no memory. The sessions that {@code SameDiff.output} keeps put out
 * wrong values in 1.0.0-M2.1, mostly from the second pass on: their cache hands out arrays whose order in memory has been changed
 * ({@code xw_plus_b} in single precision is one operation that gets them).
 */
final class Inference {

    private Inference() {}

    /** Return copies of the values of some variables. */
    static Map<String, INDArray> run(SameDiff graph, Map<String, INDArray> placeholders, List<String> variables) {
        Memory memory = new Memory();
        InferenceSession session = new InferenceSession(graph);
        session.setMmgr(memory);
        Map<String, INDArray> copies = new LinkedHashMap<>();
        session.output(variables, placeholders, null, List.of(), List.of(), At.defaultAt())
                .forEach((name, value) -> copies.put(name, value.dup('c')));
        memory.release();
        return copies;
    }

    /** Gives memory back when the pass is over: native memory waits for the garbage collector otherwise. */
    private static final class Memory extends NoOpMemoryMgr {

        private final List<INDArray> allocated = new ArrayList<>();

        @Override
        public INDArray allocate(boolean detached, DataType dataType, long... shape) {
            return remember(super.allocate(detached, dataType, shape));
        }

        @Override
        public INDArray allocate(boolean detached, LongShapeDescriptor descriptor) {
            return remember(super.allocate(detached, descriptor));
        }

        private INDArray remember(INDArray array) {
            allocated.add(array);
            return array;
        }

        void release() {
            allocated.stream().filter(array -> !array.isEmpty()).forEach(Rows::release);
        }
    }
}
