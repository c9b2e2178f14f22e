package dev.mettle.core.threat;

import dev.mettle.core.ConfigurationException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What an attacker may do to which feature, beyond norm and box: features that can't be changed, features with their own epsilon,
 * whole numbers, and one-hot encoded categories. Made for tabular data; masks serve images, too.
 *
 * <p>Features are counted in C order over the shape of one sample. Immutable; every {@code with…} returns a new value:
 *
 * <pre>{@code
 * Constraints.none().frozen(3, 4).wholeNumbers(0, 1).oneHot(5, 9).scale(2, 10)
 * }</pre>
 */
public final class Constraints {

    private static final Constraints NONE = new Constraints(new BitSet(), new BitSet(), List.of(), null);

    private final BitSet frozen;
    private final BitSet whole;
    private final List<Group> groups;
    private final double @Nullable [] scale;

    /** Features {@code from} to {@code to}, both inclusive, of which exactly one is 1 and all others are 0. */
    public record Group(int from, int to) {
        /** Create the group. */
        public Group {
            if (from < 0 || to <= from) {
                throw new ConfigurationException("a one-hot group from feature " + from + " to feature " + to
                        + " is none: give the first and the last of at least two features");
            }
        }
    }

    private Constraints(BitSet frozen, BitSet whole, List<Group> groups, double @Nullable [] scale) {
        this.frozen = frozen;
        this.whole = whole;
        this.groups = groups;
        this.scale = scale;
    }

    /** Return the constraints that leave the attacker all of ball and box. */
    public static Constraints none() {
        return NONE;
    }

    /** Freeze some features: no attack changes them. */
    public Constraints frozen(int... features) {
        return new Constraints(plus(frozen, features), whole, groups, scale);
    }

    /** Let the attacker change these features only; {@code modifiable[i]} says whether feature {@code i} may change. */
    public Constraints mask(boolean... modifiable) {
        return frozen(IntStream.range(0, modifiable.length)
                .filter(i -> !modifiable[i])
                .toArray());
    }

    /** Allow whole numbers only in some features. */
    public Constraints wholeNumbers(int... features) {
        return new Constraints(frozen, plus(whole, features), groups, scale);
    }

    /**
     * Treat features {@code from} to {@code to}, both inclusive, as the one-hot encoding of one category.
     *
     * @throws ConfigurationException if there are fewer than two features, or one belongs to another group
     */
    public Constraints oneHot(int from, int to) {
        Group group = new Group(from, to);
        groups.stream()
                .filter(other -> other.from <= to && from <= other.to)
                .findFirst()
                .ifPresent(other -> {
                    throw new ConfigurationException("the one-hot groups " + group + " and " + other
                            + " share a feature: give each feature one group");
                });
        List<Group> more = new java.util.ArrayList<>(groups);
        more.add(group);
        return new Constraints(frozen, whole, List.copyOf(more), scale);
    }

    /**
     * Give every feature an epsilon of its own: that of the threat model times its scale. A feature with scale 10 may move ten
     * times as far as one with scale 1; norms measure changes in units of the scale.
     *
     * @throws ConfigurationException if a scale is not a finite number above 0
     */
    public Constraints scale(double... perFeature) {
        for (int i = 0; i < perFeature.length; i++) {
            if (!(perFeature[i] > 0) || Double.isInfinite(perFeature[i])) {
                throw new ConfigurationException("the scale of feature " + i + " is " + perFeature[i]
                        + ": give a finite number above 0, or freeze the feature");
            }
        }
        return new Constraints(frozen, whole, groups, perFeature.clone());
    }

    private static BitSet plus(BitSet set, int[] features) {
        BitSet union = (BitSet) set.clone();
        for (int feature : features) {
            if (feature < 0) {
                throw new ConfigurationException("feature " + feature + " is none: features are counted from 0");
            }
            union.set(feature);
        }
        return union;
    }

    /** Say whether there are none. */
    public boolean isNone() {
        return frozen.isEmpty() && whole.isEmpty() && groups.isEmpty() && scale == null;
    }

    /** Say whether only some points of the box are valid inputs. */
    public boolean hasLattice() {
        return !whole.isEmpty() || !groups.isEmpty();
    }

    /** Say whether a feature must not change. */
    public boolean isFrozen(int feature) {
        return frozen.get(feature);
    }

    /** Say whether a category must not change, because one of its features must not. */
    boolean isFrozen(Group group) {
        int next = frozen.nextSetBit(group.from);
        return next >= 0 && next <= group.to;
    }

    /** Say whether some feature must not change. */
    public boolean hasFrozen() {
        return !frozen.isEmpty();
    }

    /** Say whether a feature takes whole numbers only. */
    public boolean isWhole(int feature) {
        return whole.get(feature);
    }

    /** Return the one-hot groups. */
    public List<Group> groups() {
        return groups;
    }

    /** Return the unit in which changes of a feature are measured; 1 unless set. */
    public double scaleOf(int feature) {
        return scale == null ? 1 : scale[feature];
    }

    /** Say whether features have epsilons of their own. */
    public boolean hasScale() {
        return scale != null;
    }

    /**
     * Refuse constraints that don't fit samples of this size.
     *
     * @throws ConfigurationException if a feature is named that samples don't have, or scales are too many or too few
     */
    public void requireFeatures(long features) {
        int last = Math.max(
                Math.max(frozen.length(), whole.length()),
                groups.stream().mapToInt(group -> group.to + 1).max().orElse(0));
        if (last > features) {
            throw new ConfigurationException("the constraints name feature " + (last - 1) + " but a sample has "
                    + features + " features: count them from 0");
        }
        if (scale != null && scale.length != features) {
            throw new ConfigurationException(
                    "there are " + scale.length + " scales for " + features + " features: give one per feature");
        }
        if (frozen.cardinality() >= features) {
            throw new ConfigurationException(
                    "all " + features + " features are frozen: leave the attacker at least one");
        }
    }

    /**
     * Find out why a sample is not what the constraints allow.
     *
     * @return a description such as {@code "feature 3 is 0.5, not a whole number"}, or an empty string
     */
    public String firstViolation(double[] features) {
        for (int i = whole.nextSetBit(0); i >= 0; i = whole.nextSetBit(i + 1)) {
            if (features[i] != Math.rint(features[i])) {
                return "feature " + i + " is " + features[i] + ", not a whole number";
            }
        }
        for (Group group : groups) {
            int ones = 0;
            int zeros = 0;
            for (int i = group.from; i <= group.to; i++) {
                ones += features[i] == 1 ? 1 : 0;
                zeros += features[i] == 0 ? 1 : 0;
            }
            if (ones != 1 || zeros != group.to - group.from) {
                return "features " + group.from + " to " + group.to + " are "
                        + Arrays.toString(Arrays.copyOfRange(features, group.from, group.to + 1)) + ", not one-hot";
            }
        }
        return "";
    }

    /** Say whether an attacker may turn one sample into another, as far as frozen features and the lattice go. */
    public boolean allows(double[] perturbed, double[] clean) {
        for (int i = frozen.nextSetBit(0); i >= 0; i = frozen.nextSetBit(i + 1)) {
            if (perturbed[i] != clean[i]) {
                return false;
            }
        }
        return firstViolation(perturbed).isEmpty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Constraints same
                && frozen.equals(same.frozen)
                && whole.equals(same.whole)
                && groups.equals(same.groups)
                && Arrays.equals(scale, same.scale);
    }

    @Override
    public int hashCode() {
        return 31 * frozen.hashCode() + 17 * whole.hashCode() + 7 * groups.hashCode() + Arrays.hashCode(scale);
    }

    /** Return the constraints in words, such as {@code 2 features frozen, 3 whole numbers}; empty if there are none. */
    @Override
    public String toString() {
        List<String> words = new java.util.ArrayList<>();
        addCount(words, frozen.cardinality(), "frozen feature", "frozen features");
        addCount(words, whole.cardinality(), "whole number", "whole numbers");
        addCount(words, groups.size(), "one-hot group", "one-hot groups");
        if (scale != null) {
            words.add("an epsilon per feature");
        }
        return String.join(", ", words);
    }

    private static void addCount(List<String> words, int count, String one, String several) {
        if (count > 0) {
            words.add(count + " " + (count == 1 ? one : several));
        }
    }
}
