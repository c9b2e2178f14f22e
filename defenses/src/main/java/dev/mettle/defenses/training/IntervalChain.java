package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * A network of dense, convolution, pooling and ReLU layers that works on intervals, and computes the gradient of the loss of interval bound
 * propagation into the gradient array of Deeplearning4j. Parameters are the network's own, so it sees every step of the updater.
 */
final class IntervalChain {

    private static final String WORKSPACE = "METTLE_IBP_TRAINING";
    private static final WorkspaceConfiguration STEP = WorkspaceConfiguration.builder()
            .initialSize(0)
            .overallocationLimit(0.1)
            .policyAllocation(AllocationPolicy.OVERALLOCATE)
            .policyLearning(LearningPolicy.FIRST_LOOP)
            .policySpill(SpillPolicy.REALLOCATE)
            .build();

    private final MultiLayerNetwork network;
    private final List<IntervalLayer> layers;
    private final IntervalLayer.Parameters last;

    private IntervalChain(MultiLayerNetwork network, List<IntervalLayer> layers, IntervalLayer.Parameters last) {
        this.network = network;
        this.layers = layers;
        this.last = last;
    }

    /**
     * Take a network apart.
     *
     * @param network a network with a gradient array, see {@code initGradientsView()}
     * @throws ConfigurationException naming a layer that can't be trained on intervals
     */
    static IntervalChain of(MultiLayerNetwork network) {
        List<IntervalLayer> layers = new ArrayList<>();
        int count = network.getnLayers();
        for (int i = 0; i < count; i++) {
            Layer layer = network.getLayer(i).conf().getLayer();
            requirePlain(layer, i);
            InputPreProcessor preProcessor =
                    network.getLayerWiseConfigurations().getInputPreProcess(i);
            if (preProcessor instanceof CnnToFeedForwardPreProcessor flat && flat.getFormat() == CNN2DFormat.NCHW) {
                layers.add(new IntervalLayer.Reshape(
                        List.of(flat.getNumChannels() * flat.getInputHeight() * flat.getInputWidth())));
            } else if (preProcessor instanceof FeedForwardToCnnPreProcessor images) {
                layers.add(new IntervalLayer.Reshape(
                        List.of(images.getNumChannels(), images.getInputHeight(), images.getInputWidth())));
            } else if (preProcessor != null) {
                throw unknown(
                        layer,
                        i,
                        "gets its input from a " + preProcessor.getClass().getSimpleName());
            }
            if (i == count - 1) {
                if (!(layer instanceof OutputLayer output)
                        || !(output.getActivationFn() instanceof ActivationSoftmax)) {
                    throw unknown(layer, i, "is no OutputLayer with softmax");
                }
            } else if (layer.getClass() == ConvolutionLayer.class) {
                ConvolutionLayer convolution = (ConvolutionLayer) layer;
                layers.add(new IntervalLayer.Conv(parameters(network, i), settings(convolution, i)));
                activation(layers, convolution.getActivationFn(), layer, i);
            } else if (layer.getClass() == DenseLayer.class) {
                layers.add(new IntervalLayer.Dense(parameters(network, i)));
                activation(layers, ((DenseLayer) layer).getActivationFn(), layer, i);
            } else if (layer.getClass() == SubsamplingLayer.class) {
                layers.add(pooling((SubsamplingLayer) layer, i));
            } else if (layer instanceof ActivationLayer activation) {
                activation(layers, activation.getActivationFn(), layer, i);
            } else {
                throw unknown(layer, i, "has no known gradient on intervals");
            }
        }
        return new IntervalChain(network, layers, parameters(network, count - 1));
    }

    private static void requirePlain(Layer layer, int index) {
        if (layer.getIDropout() != null) {
            throw unknown(layer, index, "has dropout");
        }
        if (layer.getConstraints() != null && !layer.getConstraints().isEmpty()) {
            throw unknown(layer, index, "has constraints");
        }
        if (layer instanceof BaseLayer base && base.getWeightNoise() != null) {
            throw unknown(layer, index, "has weight noise");
        }
        if (layer instanceof DenseLayer dense && dense.hasLayerNorm()) {
            throw unknown(layer, index, "has layer normalization");
        }
    }

    private static List<Integer> settings(ConvolutionLayer layer, int index) {
        List<Integer> settings = window(
                layer,
                index,
                layer.getCnn2dDataFormat(),
                layer.getConvolutionMode(),
                List.of(layer.getKernelSize(), layer.getStride(), layer.getPadding(), layer.getDilation()));
        settings.addAll(List.of(0, 1)); // channels first, in inputs and in weights
        return settings;
    }

    private static IntervalLayer pooling(SubsamplingLayer layer, int index) {
        List<Integer> settings = window(
                layer,
                index,
                layer.getCnn2dDataFormat(),
                layer.getConvolutionMode(),
                List.of(layer.getKernelSize(), layer.getStride(), layer.getPadding(), layer.getDilation()));
        boolean average = layer.getPoolingType() == PoolingType.AVG;
        if (!average && layer.getPoolingType() != PoolingType.MAX) {
            throw unknown(layer, index, "pools by " + layer.getPoolingType());
        }
        settings.addAll(List.of(
                average && layer.isAvgPoolIncludePadInDivisor() ? 1 : 0, 0)); // the mean's divisor, channels first
        return average ? new IntervalLayer.AveragePool(settings) : new IntervalLayer.MaxPool(settings);
    }

    /** Return what ND4J's operations on windows take first: kernel, strides, padding, dilation, and whether padding is SAME. */
    private static List<Integer> window(
            Layer layer, int index, CNN2DFormat format, ConvolutionMode mode, List<int[]> pairs) {
        if (format != CNN2DFormat.NCHW || mode == ConvolutionMode.Causal) {
            throw unknown(layer, index, "is not in the layout NCHW, or causal");
        }
        List<Integer> settings = new ArrayList<>();
        for (int[] pair : pairs) {
            settings.add(pair[0]);
            settings.add(pair[1]);
        }
        settings.add(mode == ConvolutionMode.Same ? 1 : 0);
        return settings;
    }

    private static void activation(List<IntervalLayer> layers, IActivation activation, Layer layer, int index) {
        if (activation instanceof ActivationReLU) {
            layers.add(new IntervalLayer.Relu());
        } else if (!(activation instanceof ActivationIdentity)) {
            throw unknown(layer, index, "has the activation " + activation);
        }
    }

    private static IntervalLayer.Parameters parameters(MultiLayerNetwork network, int index) {
        org.deeplearning4j.nn.api.Layer layer = network.getLayer(index);
        Map<String, INDArray> gradients = gradients(layer);
        return new IntervalLayer.Parameters(
                layer.getParam("W"),
                Objects.requireNonNull(gradients.get("W")),
                Optional.ofNullable(layer.getParam("b")),
                Optional.ofNullable(gradients.get("b")));
    }

    private static ConfigurationException unknown(Layer layer, int index, String why) {
        String name = layer.getLayerName();
        return new ConfigurationException(
                "layer " + index + (name == null ? "" : " \"" + name + "\"") + " ("
                        + layer.getClass().getSimpleName() + ") can't be trained by interval bounds, since it " + why
                        + ": give a chain of dense, convolution and pooling layers with ReLU that ends in an OutputLayer with softmax");
    }

    // ---------------------------------------------------------------------------------------------- steps

    /** Return the network's gradient array, by the names of its parameters. */
    Gradient gradients() {
        Gradient gradient = new DefaultGradient(network.getFlattenedGradients());
        for (int i = 0; i < network.getnLayers(); i++) {
            String prefix = i + "_";
            gradients(network.getLayer(i)).forEach((name, view) -> gradient.setGradientFor(prefix + name, view));
        }
        return gradient;
    }

    /** Take a step of the network's updater, as Deeplearning4j does: it turns the gradient array into the step, in place. */
    void update(int samples) {
        network.getUpdater()
                .update(
                        network,
                        gradients(),
                        network.getIterationCount(),
                        network.getEpochCount(),
                        samples,
                        LayerWorkspaceMgr.noWorkspaces());
        INDArray parameters = network.params();
        parameters.subi(network.getFlattenedGradients().reshape(parameters.shape()));
    }

    private static Map<String, INDArray> gradients(org.deeplearning4j.nn.api.Layer layer) {
        return layer.numParams() == 0
                ? Map.of()
                : layer.conf()
                        .getLayer()
                        .initializer()
                        .getGradientsFromFlattened(layer.conf(), layer.getGradientsViewArray());
    }

    // ---------------------------------------------------------------------------------------------- loss

    /**
     * Compute the mean loss of a batch, {@code κ · CE(clean logits) + (1 − κ) · CE(worst-case logits)}, and write its gradient, times the
     * number of samples, into the network's gradient array, where its updater expects the sum over the batch.
     *
     * @param lower the least values the inputs may take
     * @param upper the largest
     */
    @SuppressWarnings("try") // the scope is all there is to it
    double gradient(INDArray inputs, INDArray lower, INDArray upper, int[] labels, double kappa) {
        network.getFlattenedGradients().assign(0);
        double loss = 0;
        try (MemoryWorkspace workspace = Nd4j.getWorkspaceManager().getAndActivateWorkspace(STEP, WORKSPACE)) {
            if (kappa > 0) {
                loss += kappa * cleanLoss(inputs, labels, kappa);
            }
            if (kappa < 1) {
                Interval box =
                        Interval.of(upper.add(lower).muli(0.5), upper.sub(lower).muli(0.5));
                loss += (1 - kappa) * worstLoss(box, labels, 1 - kappa);
            }
        }
        return loss;
    }

    private double cleanLoss(INDArray inputs, int[] labels, double weight) {
        List<Interval> values = forward(Interval.point(inputs));
        Interval features = values.get(values.size() - 1);
        IntervalLayer.Dense dense = new IntervalLayer.Dense(last);
        INDArray output = dense.forward(features).center();
        double[][] logits = Rows.toRows(output);
        double loss = 0;
        for (int i = 0; i < labels.length; i++) {
            loss += crossEntropy(logits[i], labels[i], weight);
        }
        INDArray gradient = Rows.fromRows(logits, output);
        backward(values, dense.backward(features, Interval.point(gradient)));
        return loss / labels.length;
    }

    /**
     * Worst-case logits: that of the label stays at 0, and each other one stands for the largest lead it can have over it, for which the
     * last layer's weights of both are taken together.
     *
     * @param labels ascending, so that samples of one class are neighbors
     */
    private double worstLoss(Interval box, int[] labels, double weight) {
        List<Interval> values = forward(box);
        Interval features = values.get(values.size() - 1);
        INDArray centers = features.center();
        INDArray radii = features.radius().orElseThrow();
        INDArray centerGradients = Nd4j.zeros(centers.dataType(), centers.shape());
        INDArray radiusGradients = Nd4j.zeros(radii.dataType(), radii.shape());
        double loss = 0;
        for (int from = 0, to = 0; from < labels.length; from = to) {
            int label = labels[from];
            while (to < labels.length && labels[to] == label) {
                to++;
            }
            INDArray c = Rows.slice(centers, from, to);
            INDArray r = Rows.slice(radii, from, to);
            INDArray own = last.weights().getColumn(label, true);
            INDArray lead = last.weights().sub(own.broadcast(last.weights().shape()));
            INDArray absolute = Transforms.abs(lead, true);
            INDArray worst = c.mmul(lead).addi(r.mmul(absolute));
            last.bias()
                    .ifPresent(
                            bias -> worst.addi(bias.sub(bias.getDouble(label)).reshape(1, bias.length())));
            double[][] logits = Rows.toRows(worst);
            for (double[] row : logits) {
                loss += crossEntropy(row, label, weight);
                row[label] = 0; // the lead over itself is 0, whatever the weights
            }
            INDArray dy = Rows.fromRows(logits, worst);
            INDArray ofLead = c.transpose().mmul(dy);
            ofLead.addi(r.transpose().mmul(dy).muli(Transforms.sign(lead, true)));
            last.weightGradient().addi(ofLead);
            last.weightGradient().getColumn(label, true).subi(ofLead.sum(true, 1));
            last.biasGradient().ifPresent(gradient -> {
                INDArray sums = dy.sum(0);
                gradient.addi(sums.reshape(gradient.shape()));
                gradient.putScalar(
                        label, gradient.getDouble(label) - sums.sumNumber().doubleValue());
            });
            Rows.slice(centerGradients, from, to).assign(dy.mmul(lead.transpose()));
            Rows.slice(radiusGradients, from, to).assign(dy.mmul(absolute.transpose()));
        }
        backward(values, Interval.of(centerGradients, radiusGradients));
        return loss / labels.length;
    }

    /** Return the cross-entropy of logits, and replace them by its gradient, times a weight. */
    private static double crossEntropy(double[] logits, int label, double weight) {
        double max = Arrays.stream(logits).max().orElseThrow();
        double sum = Arrays.stream(logits).map(logit -> Math.exp(logit - max)).sum();
        double loss = max + Math.log(sum) - logits[label];
        for (int j = 0; j < logits.length; j++) {
            logits[j] = weight * (Math.exp(logits[j] - max) / sum - (j == label ? 1 : 0));
        }
        return loss;
    }

    /** Return what every layer but the last takes, and what the last takes. */
    private List<Interval> forward(Interval x) {
        List<Interval> values = new ArrayList<>(List.of(x));
        for (IntervalLayer layer : layers) {
            values.add(layer.forward(values.get(values.size() - 1)));
        }
        return values;
    }

    private void backward(List<Interval> values, Interval gradient) {
        Interval dy = gradient;
        for (int i = layers.size() - 1; i >= 0; i--) {
            dy = layers.get(i).backward(values.get(i), dy);
        }
    }
}
