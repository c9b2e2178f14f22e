package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import dev.mettle.graph.Window;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A window over an input whose size is known: its padding in numbers. ND4J's operations take the same padding before and after;
 * any other needs a padded copy of the input, and a window without padding.
 *
 * @param original the window
 * @param before the padding before, per spatial dimension
 * @param after the padding after
 */
record Padded(Window original, List<Integer> before, List<Integer> after) {

    static Padded of(Window window, Buffer x) {
        List<Integer> before = new ArrayList<>();
        List<Integer> after = new ArrayList<>();
        for (int i = 0; i < window.rank(); i++) {
            before.add(Math.toIntExact(window.before(i, x.size(i + 2))));
            after.add(Math.toIntExact(window.after(i, x.size(i + 2))));
        }
        return new Padded(window, before, after);
    }

    int before(int dimension) {
        return before.get(dimension);
    }

    int after(int dimension) {
        return after.get(dimension);
    }

    boolean isSymmetric() {
        return before.equals(after);
    }

    /** Return the window without padding, for the padded copy. */
    Window plain() {
        List<Integer> none = Collections.nCopies(before.size(), 0);
        return new Window(original.kernel(), original.strides(), original.dilations(), new Window.Explicit(none, none));
    }

    /** Return a copy with the padding around it. */
    Buffer pad(Tape tape, Buffer x, double value) {
        List<Long> start = new ArrayList<>(List.of(0L, 0L));
        List<Long> end = new ArrayList<>(List.of(0L, 0L));
        before.forEach(size -> start.add((long) size));
        after.forEach(size -> end.add((long) size));
        return tape.apply(new Operator.Pad(start, end, value), x);
    }

    /** Return {@link #arguments} for a convolution. */
    Arguments convolution(int... more) {
        Arguments arguments = arguments(more);
        return isDilated() ? arguments.plain() : arguments; // ND4J hands oneDNN dilations that it refuses
    }

    boolean isDilated() {
        return original.dilations().stream().anyMatch(dilation -> dilation != 1);
    }

    /** Return kernel, strides, padding and dilations, as ND4J's operations take them, and more numbers behind them. */
    Arguments arguments(int... more) {
        IntStream window = Stream.of(original.kernel(), original.strides(), before, original.dilations())
                .flatMap(List::stream)
                .mapToInt(i -> i);
        return Arguments.integers(
                IntStream.concat(window, IntStream.of(more)).asLongStream().toArray());
    }

    /** Return a window over a line as one over an image of height 1. */
    static Window asImage(Window line) {
        Window.Padding padding = line.padding();
        if (padding instanceof Window.Explicit explicit) {
            padding = new Window.Explicit(
                    List.of(0, explicit.before().get(0)),
                    List.of(0, explicit.after().get(0)));
        }
        return new Window(
                List.of(1, line.kernel().get(0)),
                List.of(1, line.strides().get(0)),
                List.of(1, line.dilations().get(0)),
                padding);
    }
}
