package dev.mettle.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.memory.KnownExample.State;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

class ReplayedCorpusTests {

    private static final ExampleCorpus EMPTY = new ExampleCorpus("data", List.of(2L), 2, new TreeMap<>());

    /** Each takes 8 bytes. */
    private static List<KnownExample> found(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new KnownExample(
                        Nd4j.createFromArray(new float[][] {{i, 0.5f}}), "sample " + i, 0, State.OPEN, "PGD", "", "00"))
                .toList();
    }

    @Test
    void the_first_examples_found_are_kept_as_far_as_there_is_room() {
        ReplayedCorpus replayed = new ReplayedCorpus(EMPTY, new TreeMap<>(), found(5));
        assertThat(replayed.learnt(3, 1000).examples().values())
                .extracting(KnownExample::sample)
                .containsExactlyInAnyOrder("sample 0", "sample 1", "sample 2");
        assertThat(replayed.learnt(50, 20).examples()).hasSize(2);
        assertThat(replayed.learnt(50, 7).examples()).isEmpty();
    }

    @Test
    void an_example_is_named_by_its_shape_and_values() {
        KnownExample example = found(1).get(0);
        assertThat(example.name()).hasSize(16).isEqualTo(found(1).get(0).name());
        assertThat(found(2).get(1).name()).isNotEqualTo(example.name());
        KnownExample reshaped =
                new KnownExample(example.input().reshape(1, 1, 2), example.sample(), 0, State.OPEN, "PGD", "", "00");
        assertThat(reshaped.name()).isNotEqualTo(example.name());
    }
}
