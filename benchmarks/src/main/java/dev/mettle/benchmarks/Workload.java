package dev.mettle.benchmarks;

import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import dev.mettle.dl4j.Dl4jClassifier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One network and one batch, in this JVM. */
final class Workload {

    /** One call of a contender. */
    @FunctionalInterface
    interface Call {

        /** Compute, and return the gradient of the inputs, or the logits; null if the contender hands out neither. */
        @Nullable
        INDArray run();
    }

    private final Model network;
    private final INDArray inputs;
    private final int[] labels;

    Workload(BenchmarkNetwork network, int batch) {
        this.network = network.build();
        this.inputs = network.inputs(batch);
        this.labels = BenchmarkNetwork.labels(batch);
    }

    INDArray inputs() {
        return inputs;
    }

    int[] labels() {
        return labels;
    }

    /** Return the network as a model under attack. */
    DifferentiableModel model() {
        Dl4jClassifier model = network instanceof MultiLayerNetwork layers
                ? Dl4jClassifier.of(layers)
                : Dl4jClassifier.of((ComputationGraph) network);
        return model.withInputRange(0, 1);
    }

    /** Prepare the calls of a contender of this JVM. */
    Call prepare(Contender contender) {
        return switch (contender) {
            case METTLE_GRADIENT -> gradient(model(), new CrossEntropy());
            case METTLE_LOGITS -> {
                DifferentiableModel model = model();
                yield () -> model.logits(inputs);
            }
            case DL4J, DL4J_STOCK -> own();
            case PYTORCH_GRADIENT, PYTORCH_LOGITS ->
                throw new IllegalArgumentException(contender + " doesn't run in a JVM");
        };
    }

    private Call gradient(DifferentiableModel model, LogitLoss loss) {
        return () -> {
            InputGradient pass = model.gradient(inputs, logits -> loss.gradients(logits, labels));
            release(pass.logits());
            return pass.gradient();
        };
    }

    private Call own() {
        INDArray oneHot = oneHot();
        if (network instanceof MultiLayerNetwork layers) {
            return () -> layers.calculateGradients(inputs, oneHot, null, null).getSecond();
        }
        ComputationGraph graph = (ComputationGraph) network;
        return () -> {
            graph.setInput(0, inputs);
            graph.setLabel(0, oneHot);
            graph.computeGradientAndScore();
            return null;
        };
    }

    private INDArray oneHot() {
        double[] values = new double[labels.length * BenchmarkNetwork.CLASSES];
        for (int i = 0; i < labels.length; i++) {
            values[i * BenchmarkNetwork.CLASSES + labels[i]] = 1;
        }
        return Rows.fromDoubles(values, new long[] {labels.length, BenchmarkNetwork.CLASSES}, inputs.dataType());
    }

    /** Write the inputs and every parameter to files of their own, as little-endian floats in C order. */
    void export(Path directory) throws IOException {
        write(directory.resolve("inputs.f32"), inputs);
        for (Map.Entry<String, INDArray> parameter : network.paramTable().entrySet()) {
            write(directory.resolve(parameter.getKey() + ".f32"), parameter.getValue());
        }
    }

    /** Write an array as little-endian floats in C order. */
    static void write(Path file, INDArray array) throws IOException {
        double[] values = Rows.toDoubles(array);
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            bytes.putFloat((float) value);
        }
        Files.write(file, bytes.array());
    }

    /** Give native memory back at once, as attacks do. */
    static void release(@Nullable INDArray array) {
        if (array != null && array.closeable()) {
            array.close();
        }
    }
}
