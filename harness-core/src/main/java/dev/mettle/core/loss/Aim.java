package dev.mettle.core.loss;

import dev.mettle.core.ConfigurationException;
import java.util.Arrays;

/**
 * What an attack wants of one sample: any label but the true one, or one label in particular.
 *
 * @param label the true label
 * @param target the wanted label; {@link #ANY} if every other label will do
 */
public record Aim(int label, int target) {

    /** Stands for every label but the true one. */
    public static final int ANY = -1;

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
     * the aim is reached. NaN scores nothing.
     */
    public double lead(double[] scores) {
        int own = isTargeted() ? target : label;
        double best = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < scores.length; j++) {
            best = j != own && scores[j] > best ? scores[j] : best;
        }
        return isTargeted() ? scores[own] - best : best - scores[own];
    }

    @Override
    public String toString() {
        return isTargeted() ? label + " → " + target : "not " + label;
    }
}
