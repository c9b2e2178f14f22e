package dev.mettle.core.threat;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.LogitLoss;
import dev.mettle.core.numeric.SampleRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What counts as success of an attacker: any wrong label, or one label in particular.
 *
 * @param kind how the wanted label is chosen
 * @param target the wanted label of a {@link Kind#CLASS} goal; {@link Aim#ANY} otherwise
 */
public record Goal(Kind kind, int target) {

    private static final String TOWARDS_CLASS = "towards class ";

    /** How the wanted label of a sample is chosen. */
    public enum Kind {
        /** Any label but the true one. */
        UNTARGETED("untargeted"),
        /** The same label for all samples. */
        CLASS("class"),
        /** The wrong class that the model finds most likely for the clean sample: the easiest target. */
        MOST_LIKELY("most likely wrong class"),
        /** The class that the model finds least likely for the clean sample (Kurakin et al. 2017): the hardest target. */
        LEAST_LIKELY("least likely class"),
        /** A wrong class drawn from the random stream of the sample. */
        RANDOM("random class"),
        /** The class after the true one, the first after the last. */
        NEXT("next class");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /**
     * Create a goal.
     *
     * @throws ConfigurationException if a class is given where none is needed, or is missing or negative
     */
    public Goal {
        if (kind == Kind.CLASS && target < 0) {
            throw new ConfigurationException("the target class is " + target + ": give a class, counted from 0");
        }
        if (kind != Kind.CLASS && target != Aim.ANY) {
            throw new ConfigurationException("the target class " + target + " doesn't go with the goal '" + kind.words
                    + "': leave it out, or choose the goal CLASS");
        }
    }

    /** Want any label but the true one. */
    public static Goal untargeted() {
        return new Goal(Kind.UNTARGETED, Aim.ANY);
    }

    /** Want one label of all samples. */
    public static Goal target(int label) {
        return new Goal(Kind.CLASS, label);
    }

    /** Want a label that is chosen sample by sample. */
    public static Goal of(Kind kind) {
        return new Goal(kind, Aim.ANY);
    }

    /**
     * Read what {@link #toString} wrote.
     *
     * @throws ConfigurationException if the text names no goal
     */
    public static Goal parse(String text) {
        for (Kind kind : Kind.values()) {
            if (kind != Kind.CLASS && of(kind).toString().equals(text)) {
                return of(kind);
            }
        }
        if (text.matches(Pattern.quote(TOWARDS_CLASS) + "\\d{1,9}")) {
            return target(Integer.parseInt(text.substring(TOWARDS_CLASS.length())));
        }
        throw new ConfigurationException("'" + text + "' is no goal: give one such as '" + untargeted() + "', '"
                + target(3) + "' or '" + of(Kind.LEAST_LIKELY) + "'");
    }

    /** Say whether one label in particular is wanted. */
    public boolean isTargeted() {
        return kind != Kind.UNTARGETED;
    }

    /** Say whether the choice needs the scores of the clean sample. */
    public boolean needsLogits() {
        return kind == Kind.MOST_LIKELY || kind == Kind.LEAST_LIKELY;
    }

    /**
     * Return the aim for one sample.
     *
     * @param label its true label
     * @param classes the number of classes
     * @param logits the scores of the clean sample; only read where {@link #needsLogits}
     * @param random the stream of the sample; only drawn from by a random goal
     * @throws ConfigurationException if the model has no such class, or the sample already has the wanted label
     */
    public Aim aim(int label, int classes, double @Nullable [] logits, SampleRandom random) {
        return switch (kind) {
            case UNTARGETED -> Aim.awayFrom(label);
            case CLASS -> towards(label, classes);
            case MOST_LIKELY -> Aim.towards(label, LogitLoss.runnerUp(scores(logits), label));
            case LEAST_LIKELY -> Aim.towards(label, lowest(scores(logits), label));
            case RANDOM -> Aim.towards(label, (label + 1 + random.below(classes - 1)) % classes);
            case NEXT -> Aim.towards(label, (label + 1) % classes);
        };
    }

    private Aim towards(int label, int classes) {
        if (target >= classes) {
            throw new ConfigurationException("the target class is " + target + " but the model has " + classes
                    + " classes: give one from 0 to " + (classes - 1));
        }
        if (target == label) {
            throw new ConfigurationException("a sample already has the target class " + target
                    + ": leave such samples out, with data.withoutLabel(" + target + ")");
        }
        return Aim.towards(label, target);
    }

    private static double[] scores(double @Nullable [] logits) {
        if (logits == null) {
            throw new ConfigurationException(
                    "the most or least likely class needs a model that tells its logits: choose the goal CLASS, RANDOM or NEXT");
        }
        return logits;
    }

    private static int lowest(double[] logits, int label) {
        int lowest = label == 0 ? 1 : 0;
        for (int j = lowest + 1; j < logits.length; j++) {
            if (j != label && logits[j] < logits[lowest]) {
                lowest = j;
            }
        }
        return lowest;
    }

    /** Return how reports name the goal, such as {@code towards class 3}. */
    @Override
    public String toString() {
        return switch (kind) {
            case UNTARGETED -> kind.words;
            case CLASS -> TOWARDS_CLASS + target;
            default -> "towards the " + kind.words;
        };
    }
}
