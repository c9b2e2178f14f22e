package dev.mettle.core.loss;

import dev.mettle.core.ConfigurationException;
import java.util.Arrays;

/**
 * What an attack wants of one sample: any label but the true one, or one label in particular.
 *
 * @param label the true label
 * @param target the wanted label; {@link #ANY} if every other label will do
 * @param abstention the score, the last one, that stands for no answer at all, which nobody wants; {@link #NONE} if every score is that
 *     of a class
 */
public record Aim(int label, int target, int abstention) {

    /** Stands for every label but the true one. */
    public static final int ANY = -1;

    /** Stands for no score. */
    public static final int NONE = -1;

    /**
     * Create an aim.
     *
     * @throws ConfigurationException if the target is the true label
     */
    public Aim {
        if (target == label) {
            throw new ConfigurationException(
                    "the target " + target + " is the true label of the sample: aim at another class");
        }
    }

    /** Create an aim against a model that always answers. */
    public Aim(int label, int target) {
        this(label, target, NONE);
    }

    /** Return the same aim against a model whose last score stands for no answer. */
    public Aim refusedBy(int score) {
        return new Aim(label, target, score);
    }

    /** Return an aim at one label in particular, against the same model. */
    public Aim at(int wanted) {
        return new Aim(label, wanted, abstention);
    }

    /** Want any label but this one. */
    public static Aim awayFrom(int label) {
        return new Aim(label, ANY);
    }

    /** Want one label. */
    public static Aim towards(int label, int target) {
        return new Aim(label, target);
    }

    /** Want any label but the true one, for several samples. */
    public static Aim[] awayFrom(int[] labels) {
        return Arrays.stream(labels).mapToObj(Aim::awayFrom).toArray(Aim[]::new);
    }

    /** Want one label each, for several samples. */
    public static Aim[] towards(int[] labels, int[] targets) {
        Aim[] aims = new Aim[labels.length];
        Arrays.setAll(aims, i -> towards(labels[i], targets[i]));
        return aims;
    }

    /** Say whether one label in particular is wanted. */
    public boolean isTargeted() {
        return target != ANY;
    }

    /**
     * Return how clearly scores reach the aim: the lead of the best wanted class over the best unwanted one, positive exactly if
     * the aim is reached. NaN scores nothing. No answer is never wanted.
     */
    public double lead(double[] scores) {
        return plain().leadOf(merge(scores));
    }

    private double leadOf(double[] scores) {
        int own = isTargeted() ? target : label;
        double best = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < scores.length; j++) {
            best = j != own && scores[j] > best ? scores[j] : best;
        }
        return isTargeted() ? scores[own] - best : best - scores[own];
    }

    /** Return the aim at scores that are {@link #merge merged}. */
    Aim plain() {
        return abstention == NONE ? this : new Aim(label, target);
    }

    /**
     * Return the scores of the classes, where that of the true label is the larger one of its own and that of no answer: an attack has
     * to beat both. The scores themselves where all of them are classes.
     */
    double[] merge(double[] scores) {
        if (abstention == NONE) {
            return scores;
        }
        double[] merged = Arrays.copyOf(scores, abstention);
        merged[label] = Math.max(scores[label], scores[abstention]);
        return merged;
    }

    /** Return the gradient with respect to the scores for one with respect to the merged ones. */
    double[] unmerge(double[] scores, double[] gradient) {
        if (abstention == NONE) {
            return gradient;
        }
        double[] unmerged = Arrays.copyOf(gradient, scores.length);
        if (scores[abstention] > scores[label]) {
            unmerged[abstention] = gradient[label];
            unmerged[label] = 0;
        }
        return unmerged;
    }

    @Override
    public String toString() {
        return isTargeted() ? label + " → " + target : "not " + label;
    }
}
