package dev.mettle.dl4j;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.BaseGraphVertex;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An identity right behind the network's input that keeps the gradient which arrives there.
 *
 * <p>A {@code ComputationGraph} offers no input gradient: what reaches its input vertex is cleared before anyone can read it.
 */
final class InputTap extends GraphVertex {

    private static final long serialVersionUID = 1L;

    @Override
    @SuppressWarnings("MissingSuperCall") // stateless: a copy would be equal
    public GraphVertex clone() {
        return new InputTap();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof InputTap;
    }

    @Override
    public int hashCode() {
        return InputTap.class.hashCode();
    }

    @Override
    public long numParams(boolean backprop) {
        return 0;
    }

    @Override
    public int minVertexInputs() {
        return 1;
    }

    @Override
    public int maxVertexInputs() {
        return 1;
    }

    @Override
    public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
            ComputationGraph graph,
            String name,
            int index,
            @Nullable INDArray parameters,
            boolean initialize,
            DataType dataType) {
        return new Vertex(graph, name, index, dataType);
    }

    @Override
    public InputType getOutputType(int layer, InputType... inputs) {
        return inputs[0];
    }

    @Override
    public MemoryReport getMemoryReport(InputType... inputs) {
        throw new UnsupportedOperationException("a tap has no memory report");
    }

    /** The running tap. */
    @SuppressWarnings("overrides") // Deeplearning4j's base class drops the varargs of its interface
    static final class Vertex extends BaseGraphVertex {

        private static final long serialVersionUID = 1L;

        private transient @Nullable INDArray gradient;

        private Vertex(ComputationGraph graph, String name, int index, DataType dataType) {
            super(graph, name, index, null, null, dataType);
        }

        /** Return the gradient of the last backward pass, detached from workspaces, and forget it. */
        INDArray takeGradient() {
            INDArray taken = gradient;
            gradient = null;
            if (taken == null) {
                throw new IllegalStateException("no gradient reached the network's input");
            }
            return taken;
        }

        @Override
        public boolean hasLayer() {
            return false;
        }

        @Override
        public @Nullable Layer getLayer() {
            return null;
        }

        @Override
        public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
            return workspaces.dup(ArrayType.ACTIVATIONS, inputs[0]);
        }

        @Override
        public Pair<Gradient, INDArray[]> doBackward(boolean truncated, LayerWorkspaceMgr workspaces) {
            gradient = Workspaces.outside(() -> epsilon.dup('c'));
            return new Pair<>(null, new INDArray[1]); // the input vertex needs none
        }

        @Override
        public void setBackpropGradientsViewArray(INDArray gradients) {
            if (gradients != null) {
                throw new IllegalArgumentException("a tap has no parameters");
            }
        }

        @Override
        public @Nullable Pair<INDArray, MaskState> feedForwardMaskArrays(
                INDArray @Nullable [] masks, MaskState state, int batch) {
            return masks == null || masks.length == 0 ? null : new Pair<>(masks[0], state);
        }

        @Override
        public String toString() {
            return "input tap";
        }
    }
}
