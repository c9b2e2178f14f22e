package dev.mettle.defenses.certification;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.ExactPart;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.numeric.Sha256;
import dev.mettle.core.numeric.Softmax;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A smoothed classifier that tells logits and gradients, too: those of the mean of the probabilities that the model behind it gives under
 * noise, {@code log(1/m Σᵢ softmax f(x + εᵢ))}. An attack that follows them meets the smoothed classifier itself, where one on the model
 * behind it would not. Its labels are those of the vote, which alone decides what is a success.
 *
 * <p>The m draws of noise are fixed, the same for all inputs, so that the gradients are those of a function, and exact. A gradient costs
 * m gradients and m forward passes of the model behind it.
 *
 * <p>Salman, Yang, Li, Zhang, Zhang, Razenshteyn, Bubeck: Provably Robust Deep Learning via Adversarially Trained Smoothed
 * Classifiers, NeurIPS 2019, <a href="https://arxiv.org/abs/1906.04584">arXiv:1906.04584</a>.
 */
public final class DifferentiableSmoothedClassifier extends SmoothedClassifier implements DifferentiableModel {

    /** Over how many draws probabilities are averaged where nothing else is said. */
    public static final int DEFAULT_DRAWS = 32;

    /** How many noisy inputs are run at once. */
    private static final int ROWS = 256;

    private final DifferentiableModel base;
    private final int draws;

    /**
     * Smooth a model.
     *
     * @param base the base classifier
     * @param sigma the standard deviation of the noise, in input units of the model, above 0
     * @param votes how many forward passes of the base classifier each prediction takes, at least 15
     * @param draws over how many draws of the noise probabilities are averaged, at least 1
     * @param seed the seed of the noise
     * @throws ConfigurationException if a number is out of its range, or the model is smoothed already
     */
    public DifferentiableSmoothedClassifier(DifferentiableModel base, double sigma, int votes, int draws, long seed) {
        super(base, sigma, votes, seed);
        if (draws < 1) {
            throw new ConfigurationException("probabilities are averaged over " + draws + " draws: give at least 1");
        }
        this.base = base;
        this.draws = draws;
    }

    @Override
    public ModelInfo info() {
        ModelInfo info = super.info();
        return new ModelInfo(
                info.name(),
                info.inputShape(),
                info.classes(),
                info.inputRange(),
                info.dataType(),
                Sha256.of("gradients of " + draws + " draws", info.sha256()),
                info.warnings());
    }

    @Override
    public boolean logitsDecide() {
        return false;
    }

    @Override
    public INDArray logits(INDArray inputs) {
        return averaged(inputs, noise(inputs), base::logits);
    }

    @Override
    public INDArray originalLogits(INDArray inputs) {
        return averaged(inputs, noise(inputs), base::originalLogits);
    }

    private INDArray averaged(INDArray inputs, double[][] noise, UnaryOperator<INDArray> pass) {
        double[][] rows = Rows.toRows(inputs);
        double[][] averages = new double[rows.length][];
        for (int i = 0; i < rows.length; i++) {
            double[][] logits = new double[draws][];
            for (int from = 0; from < draws; from += ROWS) {
                int to = Math.min(draws, from + ROWS);
                INDArray noisy = noisy(rows[i], noise, from, to, inputs);
                INDArray scores = pass.apply(noisy);
                System.arraycopy(Rows.toRows(scores), 0, logits, from, to - from);
                Rows.release(scores);
                Rows.release(noisy);
            }
            averages[i] = logMean(logits);
        }
        return Nd4j.createFromArray(averages).castTo(inputs.dataType());
    }

    /** The gradient of the average goes back to the logits {@code zᵢ} of each draw, and from there to the input that all share. */
    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        double[][] noise = noise(inputs);
        INDArray average = averaged(inputs, noise, base::logits);
        double[][] averages = Rows.toRows(average);
        double[][] outer = Rows.toRows(lossGradient.apply(average));
        double[][] rows = Rows.toRows(inputs);
        INDArray gradient = Nd4j.zeros(inputs.dataType(), inputs.shape());
        for (int i = 0; i < rows.length; i++) {
            double[] own = averages[i];
            double[] above = outer[i];
            for (int from = 0; from < draws; from += ROWS) {
                INDArray noisy = noisy(rows[i], noise, from, Math.min(draws, from + ROWS), inputs);
                InputGradient pass = base.gradient(noisy, scores -> {
                    double[][] logits = Rows.toRows(scores);
                    for (double[] row : logits) {
                        backward(row, own, above);
                    }
                    return Rows.fromRows(logits, scores);
                });
                INDArray sample = Rows.slice(gradient, i, i + 1);
                sample.addi(pass.gradient().sum(true, 0));
                Rows.release(pass.logits());
                Rows.release(pass.gradient());
                Rows.release(noisy);
            }
        }
        return new InputGradient(average, gradient);
    }

    /**
     * Replace logits {@code z} of one draw by the gradient of the loss with respect to them. With {@code p = softmax z}, the average
     * {@code G = log(1/m Σ p)} and {@code a = ∂L/∂G}, each draw has the share {@code wⱼ = pⱼ / (m · exp Gⱼ)} of class j, and
     * {@code ∂L/∂zₖ = aₖwₖ − pₖ Σⱼ aⱼwⱼ}.
     */
    private void backward(double[] logits, double[] average, double[] above) {
        double[] logProbabilities = Softmax.log(logits);
        double[] weighted = new double[logits.length];
        double sum = 0;
        for (int k = 0; k < weighted.length; k++) {
            weighted[k] = above[k] * Math.exp(logProbabilities[k] - average[k]) / draws;
            sum += weighted[k];
        }
        for (int k = 0; k < logits.length; k++) {
            logits[k] = weighted[k] - Math.exp(logProbabilities[k]) * sum;
        }
    }

    /** Return {@code log(1/m Σᵢ softmax zᵢ)}. */
    private static double[] logMean(double[][] logits) {
        double[][] logs = Arrays.stream(logits).map(Softmax::log).toArray(double[][]::new);
        double[] mean = new double[logs[0].length];
        for (int k = 0; k < mean.length; k++) {
            int label = k;
            double[] ofLabel =
                    Arrays.stream(logs).mapToDouble(row -> row[label]).toArray();
            mean[k] = Softmax.logSumExp(ofLabel) - Math.log(logs.length);
        }
        return mean;
    }

    private double[][] noise(INDArray inputs) {
        SampleRandom random = SampleRandom.of(seed(), "smoothed gradient", 0, 0);
        double[][] noise = new double[draws][Math.toIntExact(Rows.features(inputs))];
        for (double[] draw : noise) {
            for (int j = 0; j < draw.length; j++) {
                draw[j] = sigma() * random.gaussian();
            }
        }
        return noise;
    }

    /** Return some draws of one sample, in the shape and data type of a batch. */
    private static INDArray noisy(double[] row, double[][] noise, int from, int to, INDArray like) {
        double[] values = new double[(to - from) * row.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = row[i % row.length] + noise[from + i / row.length][i % row.length];
        }
        long[] shape = like.shape().clone();
        shape[0] = values.length / row.length;
        return Rows.fromDoubles(values, shape, like.dataType());
    }

    @Override
    public ExactPart exactPart(INDArray inputs) {
        ExactPart behind = base.exactPart(inputs);
        return behind.model() == base ? new ExactPart(this, inputs) : behind;
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        DifferentiableModel exact = base.inDoublePrecision();
        return exact == base ? this : new DifferentiableSmoothedClassifier(exact, sigma(), votes(), draws, seed());
    }
}
