package dev.mettle.defenses.training;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.InnerMaximization;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.PerturbationSet;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
            double weightPerturbation) {
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
}
