package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.InnerMaximization;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.PerturbationSet;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The samples that a {@link TrainingMethod} learns from at once, and the only way it reaches the network.
 *
 * <p>Attacks see the network as it is used: batch normalization with its running statistics, no dropout. Fitting trains it: batch
 * normalization with the statistics of what is fitted, and dropout.
 */
public final class Minibatch {

    private final Trainee trainee;
    private final Dl4jClassifier model;
    private final int classes;
    private final ThreatModel threat;
    private final INDArray inputs;
    private final int[] labels;
    private final INDArray targets;
    private final SampleRandom[] streams;
    private final int clean;
    private final double weightPerturbation;
    private final double grown;

    Minibatch(
            Trainee trainee,
            Dl4jClassifier model,
            int classes,
            ThreatModel threat,
            INDArray inputs,
            int[] labels,
            INDArray targets,
            SampleRandom[] streams,
            int clean,
            double weightPerturbation,
            double grown) {
        this.trainee = trainee;
        this.model = model;
        this.classes = classes;
        this.threat = threat;
        this.inputs = inputs;
        this.labels = labels;
        this.targets = targets;
        this.streams = streams;
        this.clean = clean;
        this.weightPerturbation = weightPerturbation;
        this.grown = grown;
    }

    /** Return the number of samples. */
    public int size() {
        return labels.length;
    }

    /** Return the clean samples, shape {@code [size, ...]}. Not a copy: don't change them. */
    public INDArray inputs() {
        return inputs;
    }

    /** Return the true labels. */
    public int[] labels() {
        return labels.clone();
    }

    /** Return the threat model of this moment, whose epsilon may still be growing. */
    public ThreatModel threatModel() {
        return threat;
    }

    /** Return how far epsilon has grown, from 0 to 1. */
    public double grown() {
        return grown;
    }

    /**
     * Return what an attack makes of the samples: its last point for each, whether or not it fools the network. Where a share of every
     * minibatch stays clean, its first samples do.
     */
    public INDArray perturb(Attack attack) {
        if (clean == size()) {
            return inputs;
        }
        int[] attacked = new int[size() - clean];
        Arrays.setAll(attacked, i -> clean + i);
        INDArray points = new InnerMaximization(attack, model, classes)
                .perturb(
                        threat,
                        clean == 0 ? inputs : Rows.select(inputs, attacked),
                        Arrays.copyOfRange(labels, clean, size()),
                        Arrays.copyOfRange(streams, clean, size()));
        if (clean == 0) {
            return points;
        }
        INDArray mixed = inputs.dup('c');
        for (int i = 0; i < attacked.length; i++) {
            Rows.copy(points, i, mixed, attacked[i]);
        }
        return mixed;
    }

    /** Return a random allowed point for every sample, uniform in the ball; a share that stays clean stays where it is. */
    public INDArray randomStart() {
        INDArray start = threat.around(inputs).sample(streams);
        for (int i = 0; i < clean; i++) {
            Rows.copy(inputs, i, start, i);
        }
        return start;
    }

    /**
     * Take one step of steepest ascent on the cross-entropy, and project it back on ball and box.
     *
     * @param x one point per sample, shape {@code [size, ...]}; not changed
     * @param size the size of the step, in input units
     */
    public INDArray step(INDArray x, double size) {
        CrossEntropy loss = new CrossEntropy();
        Aim[] aims = Aim.awayFrom(labels);
        INDArray gradient =
                model.gradient(x, logits -> loss.directions(logits, aims)).gradient();
        PerturbationSet perturbations = threat.around(inputs);
        INDArray next = perturbations.project(x.add(perturbations.steepestStep(x, gradient, size)));
        for (int i = 0; i < clean; i++) {
            Rows.copy(inputs, i, next, i);
        }
        return next;
    }

    /** Return the samples under Gaussian noise, not clipped to the input range; a share that stays clean has none. */
    public INDArray withNoise(double sigma) {
        double[][] rows = Rows.toRows(inputs);
        for (int i = clean; i < rows.length; i++) {
            for (int j = 0; j < rows[i].length; j++) {
                rows[i][j] += sigma * streams[i].gaussian();
            }
        }
        return Rows.fromRows(rows, inputs);
    }

    /** Train the network on some points with its own loss: one step of its updater. */
    public void fit(INDArray points) {
        INDArray perturbed = trainee.perturbWeights(points, targets, null, weightPerturbation);
        trainee.fit(points, targets, null);
        trainee.restoreWeights(perturbed);
    }

    /**
     * Train the network on clean samples and the same samples perturbed, with a loss of both: one step of its updater.
     *
     * @param cleanPoints shape {@code [size, ...]}
     * @param adversarialPoints the same shape
     * @param loss takes the place of the network's own loss
     */
    public void fit(INDArray cleanPoints, INDArray adversarialPoints, PairLoss loss) {
        INDArray both = Nd4j.concat(0, cleanPoints, adversarialPoints);
        INDArray bothTargets = Nd4j.concat(0, targets, targets);
        INDArray perturbed = trainee.perturbWeights(both, bothTargets, loss, weightPerturbation);
        trainee.fit(both, bothTargets, loss);
        trainee.restoreWeights(perturbed);
    }

    /**
     * Train the network on {@code κ · CE(logits) + (1 − κ) · CE(worst-case logits)}, the second ones bounded by intervals: one step of its
     * updater.
     *
     * @param kappa the weight κ of the clean samples, in [0, 1]
     * @throws ConfigurationException if the norm is not L∞, weights are to be perturbed, or a layer has no gradient on intervals
     */
    void fitWorstCase(double kappa) {
        if (threat.norm() != Norm.LINF) {
            throw new ConfigurationException(
                    "IBP training works in L∞, not in " + threat.norm().symbol() + ": train with Norm.LINF");
        }
        if (weightPerturbation > 0) {
            throw new ConfigurationException("IBP training doesn't perturb weights: leave out withWeightPerturbation");
        }
        Box range = threat.box();
        double epsilon = threat.epsilon();
        trainee.fitWorstCase(
                inputs,
                targets,
                Transforms.max(inputs.sub(epsilon), range.lowerLike(inputs), false),
                Transforms.min(inputs.add(epsilon), range.upperLike(inputs), false),
                labels,
                kappa);
    }
}
