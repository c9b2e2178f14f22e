package dev.mettle.attacks;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Logits;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Defenses that hide adversarial examples instead of removing them, each around a network that has none of its own. All decide by the
 * logits that they tell, and tell what an automatic differentiation would tell of their gradient.
 */
abstract class BrokenDefense implements WrappedModel {

    private final DifferentiableModel model;

    private BrokenDefense(DifferentiableModel model) {
        this.model = model;
    }

    @Override
    public DifferentiableModel model() {
        return model;
    }

    @Override
    public abstract INDArray logits(INDArray inputs);

    @Override
    public abstract InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient);

    @Override
    public int[] predict(INDArray inputs) {
        return Logits.argMax(logits(inputs));
    }

    @Override
    public boolean[] reaches(INDArray inputs, Aim[] aims) {
        return Logits.reach(logits(inputs), aims, 0);
    }

    private static INDArray each(INDArray array, DoubleUnaryOperator function) {
        double[] values = Rows.toDoubles(array);
        for (int i = 0; i < values.length; i++) {
            values[i] = function.applyAsDouble(values[i]);
        }
        return Rows.fromDoubles(values, array.shape(), array.dataType());
    }

    /** Rounds inputs to a few levels: the derivative is zero wherever there is one (Buckman et al. 2018, Guo et al. 2018). */
    static BrokenDefense quantizer(DifferentiableModel model, int levels) {
        return new BrokenDefense(model) {
            private INDArray rounded(INDArray inputs) {
                return each(inputs, value -> Math.rint(value * levels) / levels);
            }

            @Override
            public INDArray logits(INDArray inputs) {
                return model.logits(rounded(inputs));
            }

            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                InputGradient pass = model.gradient(rounded(inputs), lossGradient);
                return new InputGradient(pass.logits(), pass.gradient().like());
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return quantizer(model.inDoublePrecision(), levels);
            }
        };
    }

    /** Multiplies logits until their softmax holds nothing but zeros and ones (Carlini and Wagner 2016 on distillation). */
    static BrokenDefense scaled(DifferentiableModel model, double factor) {
        return new BrokenDefense(model) {
            @Override
            public INDArray logits(INDArray inputs) {
                return model.logits(inputs).mul(factor);
            }

            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                INDArray[] scaled = new INDArray[1];
                InputGradient pass = model.gradient(inputs, logits -> {
                    scaled[0] = logits.mul(factor);
                    return lossGradient.apply(scaled[0]).mul(factor);
                });
                return new InputGradient(scaled[0], pass.gradient());
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return scaled(model.inDoublePrecision(), factor);
            }
        };
    }

    /** Tells probabilities where logits are expected. */
    static BrokenDefense softmax(DifferentiableModel model) {
        return new BrokenDefense(model) {
            private INDArray probabilities(INDArray logits) {
                double[][] rows = Rows.toRows(logits);
                for (double[] row : rows) {
                    double top = Arrays.stream(row).max().orElse(0);
                    double sum = Arrays.stream(row).map(z -> Math.exp(z - top)).sum();
                    Arrays.setAll(row, j -> Math.exp(row[j] - top) / sum);
                }
                return Rows.fromRows(rows, logits);
            }

            @Override
            public INDArray logits(INDArray inputs) {
                return probabilities(model.logits(inputs));
            }

            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                INDArray[] told = new INDArray[1];
                InputGradient pass = model.gradient(inputs, logits -> {
                    told[0] = probabilities(logits);
                    double[][] p = Rows.toRows(told[0]);
                    double[][] g = Rows.toRows(lossGradient.apply(told[0]));
                    for (int i = 0; i < p.length; i++) {
                        double mean = 0;
                        for (int j = 0; j < p[i].length; j++) {
                            mean += p[i][j] * g[i][j];
                        }
                        for (int j = 0; j < p[i].length; j++) {
                            g[i][j] = p[i][j] * (g[i][j] - mean);
                        }
                    }
                    return Rows.fromRows(g, logits);
                });
                return new InputGradient(told[0], pass.gradient());
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return softmax(model.inDoublePrecision());
            }
        };
    }

    /** Adds noise to the logits, another one at every call (Liu et al. 2018). */
    static BrokenDefense noisy(DifferentiableModel model, double deviation, SampleRandom noise) {
        return new BrokenDefense(model) {
            private INDArray with(INDArray logits) {
                return each(logits, value -> value + deviation * noise.gaussian());
            }

            @Override
            public INDArray logits(INDArray inputs) {
                return with(model.logits(inputs));
            }

            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                INDArray[] told = new INDArray[1];
                InputGradient pass = model.gradient(inputs, logits -> {
                    told[0] = with(logits);
                    return lossGradient.apply(told[0]);
                });
                return new InputGradient(told[0], pass.gradient());
            }
        };
    }

    /**
     * Shakes inputs by a fast sine of small size before the network sees them: the slope of the sine drowns that of the network
     * (shattered gradients, Athalye et al. 2018).
     */
    static BrokenDefense shattered(DifferentiableModel model, double size, double frequency) {
        return new BrokenDefense(model) {
            private INDArray shaken(INDArray inputs) {
                return each(inputs, value -> value + size * Math.sin(frequency * value));
            }

            @Override
            public INDArray logits(INDArray inputs) {
                return model.logits(shaken(inputs));
            }

            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                InputGradient pass = model.gradient(shaken(inputs), lossGradient);
                INDArray slope = each(inputs, value -> 1 + size * frequency * Math.cos(frequency * value));
                return new InputGradient(pass.logits(), pass.gradient().mul(slope));
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return shattered(model.inDoublePrecision(), size, frequency);
            }
        };
    }

    /**
     * Encodes every pixel by a population of units, of which the one whose preferred value is nearest takes all (after Xiao, Zhong and
     * Zheng 2020): which one it is changes all the time, and with it the sign of the slope.
     */
    static BrokenDefense winnersTakeAll(DifferentiableModel model, int units, double gain) {
        return new BrokenDefense(model) {
            private double slope(double value) {
                return 1 + ((long) Math.rint(value * units) % 2 == 0 ? gain : -gain);
            }

            private INDArray encoded(INDArray inputs) {
                return each(inputs, value -> {
                    double preferred = Math.rint(value * units) / units;
                    return preferred + slope(value) * (value - preferred);
                });
            }

            @Override
            public INDArray logits(INDArray inputs) {
                return model.logits(encoded(inputs));
            }

            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                InputGradient pass = model.gradient(encoded(inputs), lossGradient);
                return new InputGradient(pass.logits(), pass.gradient().mul(each(inputs, this::slope)));
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return winnersTakeAll(model.inDoublePrecision(), units, gain);
            }
        };
    }

    /** Normalizes every batch by its own mean and deviation, as batch normalization does in training mode. */
    static BrokenDefense batchNormalized(DifferentiableModel model) {
        return new BrokenDefense(model) {
            private INDArray[] statistics(INDArray logits) {
                return new INDArray[] {
                    logits.mean(true, 0), logits.std(false, true, 0).add(1e-3)
                };
            }

            private INDArray normalized(INDArray logits) {
                INDArray[] own = statistics(logits);
                return logits.sub(own[0].broadcast(logits.shape())).div(own[1].broadcast(logits.shape()));
            }

            @Override
            public INDArray logits(INDArray inputs) {
                return normalized(model.logits(inputs));
            }

            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                INDArray[] told = new INDArray[1];
                InputGradient pass = model.gradient(inputs, logits -> {
                    told[0] = normalized(logits);
                    return lossGradient.apply(told[0]).div(statistics(logits)[1].broadcast(logits.shape()));
                });
                return new InputGradient(told[0], pass.gradient());
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return batchNormalized(model.inDoublePrecision());
            }
        };
    }

    /**
     * Detects inputs off the grid of 8-bit images, where all attacks live, and adds a constant to the logit of the nearest class mean: a
     * constant has no gradient, so attacks follow that of a network which no longer decides.
     */
    static BrokenDefense shiftingDetector(DifferentiableModel model, double[][] means, double shift) {
        return new BrokenDefense(model) {
            private INDArray shifts(INDArray inputs, INDArray logits) {
                double[][] rows = Rows.toRows(inputs);
                double[][] shifts = new double[rows.length][(int) logits.size(1)];
                for (int i = 0; i < rows.length; i++) {
                    boolean onGrid = Arrays.stream(rows[i])
                            .allMatch(value -> Math.abs(255 * value - Math.rint(255 * value)) < 1e-3);
                    if (!onGrid) {
                        shifts[i][nearest(rows[i], means)] = shift;
                    }
                }
                return Rows.fromRows(shifts, logits);
            }

            @Override
            public INDArray logits(INDArray inputs) {
                INDArray logits = model.logits(inputs);
                return logits.add(shifts(inputs, logits));
            }

            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                INDArray[] told = new INDArray[1];
                InputGradient pass = model.gradient(inputs, logits -> {
                    told[0] = logits.add(shifts(inputs, logits));
                    return lossGradient.apply(told[0]);
                });
                return new InputGradient(told[0], pass.gradient());
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return shiftingDetector(model.inDoublePrecision(), means, shift);
            }
        };
    }

    private static int nearest(double[] row, double[][] points) {
        int best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int k = 0; k < points.length; k++) {
            double distance = 0;
            for (int j = 0; j < row.length && distance < least; j++) {
                distance += (row[j] - points[k][j]) * (row[j] - points[k][j]);
            }
            if (distance < least) {
                least = distance;
                best = k;
            }
        }
        return best;
    }

    /** Knows the test set by heart: the label of the nearest stored sample, and nothing else. */
    static BrokenDefense memorizer(DifferentiableModel model, INDArray stored, int[] labels) {
        double[][] points = Rows.toRows(stored);
        return new BrokenDefense(model) {
            @Override
            public INDArray logits(INDArray inputs) {
                double[][] rows = Rows.toRows(inputs);
                double[] scores = new double[rows.length * model.info().classes()];
                for (int i = 0; i < rows.length; i++) {
                    scores[i * model.info().classes() + labels[nearest(rows[i], points)]] = 10;
                }
                return Rows.fromDoubles(
                        scores, new long[] {rows.length, model.info().classes()}, inputs.dataType());
            }

            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                INDArray told = logits(inputs);
                INDArray constant = lossGradient.apply(told).mul(0); // no input changes a score
                return new InputGradient(told, inputs.mul(0).addi(constant.sumNumber()));
            }
        };
    }

    /** Return the mean of each class. */
    static double[][] means(INDArray inputs, int[] labels, int classes) {
        double[][] rows = Rows.toRows(inputs);
        double[][] means = new double[classes][rows[0].length];
        int[] counts = new int[classes];
        for (int i = 0; i < rows.length; i++) {
            counts[labels[i]]++;
            for (int j = 0; j < rows[i].length; j++) {
                means[labels[i]][j] += rows[i][j];
            }
        }
        for (int k = 0; k < classes; k++) {
            for (int j = 0; j < means[k].length; j++) {
                means[k][j] /= Math.max(1, counts[k]);
            }
        }
        return means;
    }
}
