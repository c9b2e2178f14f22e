package dev.mettle.memory;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.evaluation.CorpusReplay;
import dev.mettle.memory.KnownExample.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What became of known adversarial examples, and which new ones there are.
 *
 * @param corpus the known examples
 * @param replayed of every example that was tried, how it fooled the model; empty where it didn't
 * @param found new examples, nearest first
 */
public record ReplayedCorpus(
        ExampleCorpus corpus, SortedMap<String, Optional<SampleOutcome>> replayed, List<KnownExample> found) {

    /** Create the result. */
    public ReplayedCorpus {
        found = List.copyOf(found);
    }

    /**
     * Return the result in numbers, with as many new examples as there is room for.
     *
     * @param maxExamples the largest number of examples
     */
    public CorpusReplay summary(int maxExamples) {
        int room = Math.max(0, maxExamples - corpus.examples().size());
        SortedMap<Long, List<String>> fooledAgain = new TreeMap<>();
        int resisted = 0;
        int open = 0;
        int closable = 0;
        for (String name : replayed.keySet()) {
            Optional<SampleOutcome> fooled = outcome(name);
            boolean expected = before(name).state() == State.RESISTED;
            resisted += expected && fooled.isEmpty() ? 1 : 0;
            open += !expected && fooled.isPresent() ? 1 : 0;
            closable += !expected && fooled.isEmpty() ? 1 : 0;
            if (expected && fooled.isPresent()) {
                fooledAgain
                        .computeIfAbsent(fooled.get().id(), id -> new ArrayList<>())
                        .add("#" + fooled.get().id() + " " + fooled.get().label() + " → "
                                + fooled.get().adversarialLabel() + " (" + name + ".npy, "
                                + before(name).foundBy() + ")");
            }
        }
        return new CorpusReplay(
                resisted,
                open,
                fooledAgain.values().stream().flatMap(List::stream).toList(),
                closable,
                Math.min(found.size(), room));
    }

    private Optional<SampleOutcome> outcome(String name) {
        return Objects.requireNonNull(replayed.get(name), "it is one of the names");
    }

    private KnownExample before(String name) {
        return Objects.requireNonNull(corpus.examples().get(name), "only known examples are replayed");
    }

    /**
     * Return the corpus with what was learnt: examples that the model resists are expected to be resisted from now on, those that fool it
     * are open, and new ones are added as far as there is room.
     *
     * @param maxExamples the largest number of examples
     * @param maxBytes the largest number of bytes that their values may take
     */
    public ExampleCorpus learnt(int maxExamples, long maxBytes) {
        SortedMap<String, KnownExample> examples = new TreeMap<>(corpus.examples());
        replayed.forEach((name, fooled) ->
                examples.put(name, before(name).in(fooled.isPresent() ? State.OPEN : State.RESISTED)));
        long bytes = examples.values().stream().mapToLong(ReplayedCorpus::bytes).sum();
        for (KnownExample example : found) {
            if (examples.size() < maxExamples
                    && bytes + bytes(example) <= maxBytes
                    && !examples.containsKey(example.name())) {
                examples.put(example.name(), example);
                bytes += bytes(example);
            }
        }
        return new ExampleCorpus(corpus.data(), corpus.shape(), corpus.classes(), examples);
    }

    private static long bytes(KnownExample example) {
        return example.input().length() * example.input().dataType().width();
    }
}
