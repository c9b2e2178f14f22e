package dev.mettle.core.verdict;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The counts on which a verdict rests: at every look at them, over all samples and by class.
 *
 * @param looks the counts over all samples, one per look, at least one, the last look last
 * @param classes the same for the samples of each class that has any, by label
 */
public record Evidence(List<Tally> looks, SortedMap<Integer, List<Tally>> classes) {

    /** Create the evidence. */
    public Evidence {
        looks = List.copyOf(looks);
        classes = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(classes));
        if (looks.isEmpty() || classes.values().stream().anyMatch(List::isEmpty)) {
            throw new IllegalArgumentException("there is no look at the counts: give at least one");
        }
    }

    /** Take one look, without classes. */
    public static Evidence of(Tally tally) {
        return new Evidence(List.of(tally), new TreeMap<>());
    }

    /** Return the counts over all samples at the last look. */
    public Tally last() {
        return last(looks);
    }

    static Tally last(List<Tally> looks) {
        return looks.get(looks.size() - 1);
    }
}
