package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Batch normalization that always uses its running statistics, forward and backward.
 *
 * <p>Deeplearning4j's own layer always differentiates the normalization by <em>batch</em> statistics, even after a forward
 * pass with the running ones: the gradient of a sample then depends on its companions, and is zero for a batch of one. With
 * fixed statistics the layer is {@code y = scale · x + shift}, and so {@code dL/dx = scale · dL/dy}.
 */
final class InferenceBatchNormalization extends BaseWrapperLayer {

    private static final long serialVersionUID = 1L;

    InferenceBatchNormalization(BatchNormalization original) {
        super(original);
        setLayerName(original.getLayerName());
    }

    @Override
    public Layer instantiate(
            NeuralNetConfiguration conf,
            @Nullable Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType dataType) {
        NeuralNetConfiguration inner = conf.clone();
        inner.setLayer(underlying);
        Running layer = new Running(inner, dataType);
        layer.setIndex(index);
        layer.setParamsViewArray(parameters);
        layer.setParamTable(underlying.initializer().init(inner, parameters, initialize));
        return layer;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof InferenceBatchNormalization that && underlying.equals(that.underlying);
    }

    @Override
    public int hashCode() {
        return underlying.hashCode();
    }

    /** The running layer. */
    private static final class Running extends org.deeplearning4j.nn.layers.normalization.BatchNormalization {

        private static final long serialVersionUID = 1L;

        private Running(NeuralNetConfiguration conf, DataType dataType) {
            super(conf, dataType);
        }

        @Override
        public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
            if (input.rank() != 2 && input.rank() != 4) {
                throw new ConfigurationException("layer " + layerConf().getLayerName()
                        + " (BatchNormalization) gets an input of rank " + input.rank()
                        + ": only features [n, f] and images can be normalized in inference mode");
            }
            INDArray activations = super.activate(false, workspaces);
            // kept by the super class for the backward pass that is not used here
            xHat = null;
            xMu = null;
            return activations;
        }

        @Override
        public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
            INDArray scale = scale(epsilon.rank());
            INDArray gradient =
                    workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, epsilon.dataType(), epsilon.shape(), 'c');
            if (epsilon.rank() == 2) {
                gradient.assign(epsilon).muliRowVector(scale);
            } else {
                int channels = layerConf().getCnn2DFormat() == CNN2DFormat.NHWC ? 3 : 1;
                Nd4j.exec(new BroadcastMulOp(epsilon, scale.reshape(scale.length()), gradient, channels));
            }
            return new Pair<>(new DefaultGradient(), gradient);
        }

        /** Return {@code gamma / sqrt(variance + eps)} per feature or channel. */
        private INDArray scale(int rank) {
            BatchNormalization conf = layerConf();
            INDArray variance = conf.isUseLogStd()
                    ? Transforms.exp(
                            getParam(BatchNormalizationParamInitializer.GLOBAL_LOG_STD)
                                    .mul(2 * Math.log(10)),
                            false)
                    : getParam(BatchNormalizationParamInitializer.GLOBAL_VAR);
            INDArray scale = Transforms.sqrt(variance.add(conf.getEps()), false).rdivi(1);
            return conf.isLockGammaBeta()
                    ? scale.muli(lockedGamma(conf, rank))
                    : scale.muli(getParam(BatchNormalizationParamInitializer.GAMMA));
        }

        /** The forward pass of 1.0.0-M2.1 skips a locked gamma unless beta is set as well; what counts is what it does. */
        private double lockedGamma(BatchNormalization conf, int rank) {
            boolean accelerated = getHelper() != null && rank == 4;
            boolean applied = conf.getGamma() != 1 && conf.getBeta() != 0;
            return accelerated || applied ? conf.getGamma() : 1;
        }
    }
}
