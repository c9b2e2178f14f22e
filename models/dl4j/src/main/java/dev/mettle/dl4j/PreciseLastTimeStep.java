package dev.mettle.dl4j;

import dev.mettle.core.numeric.Rows;
import java.util.Collection;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.layers.recurrent.LastTimeStepLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The last step of a masked series, in the precision of the network, for inference.
 *
 * <p>Under a mask Deeplearning4j's own layer copies the step to single precision, even in a network of double precision, where
 * finite differences would then be noise.
 */
final class PreciseLastTimeStep extends LastTimeStep {

    private static final long serialVersionUID = 1L;

    private PreciseLastTimeStep(LastTimeStep original) {
        super(original.getUnderlying());
        setLayerName(original.getLayerName());
    }

    /** Return a layer, or what takes its place. */
    static Layer of(Layer layer) {
        return layer instanceof LastTimeStep last ? new PreciseLastTimeStep(last) : layer;
    }

    @Override
    public org.deeplearning4j.nn.api.Layer instantiate(
            NeuralNetConfiguration conf,
            @Nullable Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType dataType) {
        NeuralNetConfiguration inner = conf.clone();
        inner.setLayer(underlying);
        return new Running(underlying.instantiate(inner, listeners, index, parameters, initialize, dataType));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PreciseLastTimeStep that && underlying.equals(that.underlying);
    }

    @Override
    public int hashCode() {
        return underlying.hashCode();
    }

    /** The running layer. */
    private static final class Running extends LastTimeStepLayer {

        private static final long serialVersionUID = 1L;

        private Running(org.deeplearning4j.nn.api.Layer underlying) {
            super(underlying);
        }

        @Override
        public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
            INDArray mask = underlying.getMaskArray();
            if (mask == null) {
                return super.activate(training, workspaces);
            }
            double[] steps = Rows.toDoubles(mask.getRow(0)); // every sample has the same
            int last = steps.length - 1;
            while (steps[last] == 0) {
                last--;
            }
            INDArray series = underlying.activate(training, workspaces);
            return workspaces.dup(
                    ArrayType.ACTIVATIONS,
                    series.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.point(last)));
        }
    }
}
