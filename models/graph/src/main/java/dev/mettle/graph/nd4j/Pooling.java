package dev.mettle.graph.nd4j;

import dev.mettle.graph.Operator;
import dev.mettle.graph.Window;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Poolings over one to three spatial dimensions.
 *
 * <p>ND4J's own code is used without oneDNN: on inputs in NCHW order, oneDNN is two to five times slower.
 */
final class Pooling {

    /** From this many values in a window on, comparing them one by one costs more than ND4J's operation. */
    private static final int LARGE_WINDOW = 16;

    private Pooling() {}

    static Buffer max(Tape tape, Window window, Buffer x) {
        if (tilesExactly(window, x) && x.length() >= Arithmetic.SMALL) {
            return maxOfTiles(tape, window, x);
        }
        double never = tape.dataType() == DataType.DOUBLE ? -Double.MAX_VALUE : -Float.MAX_VALUE;
        return pool(tape, window, x, "max", never, 0);
    }

    static Buffer average(Tape tape, Window window, boolean countIncludePad, Buffer x) {
        Padded padded = Padded.of(window, x);
        if (countIncludePad || padded.isSymmetric()) {
            return pool(tape, window, x, "avg", 0, countIncludePad ? 1 : 0);
        }
        // sums, divided by how many values of each window are real: a sum of zeros and ones
        Window plain = padded.plain();
        Buffer sums = average(tape, plain, true, padded.pad(tape, x, 0));
        Buffer counts = counts(tape, plain, padded, x);
        return tape.apply(new Operator.Div(), sums, counts);
    }

    /** The mean number of real values per window, as a constant. */
    private static Buffer counts(Tape tape, Window plain, Padded padded, Buffer x) {
        long[] one = x.shape();
        one[0] = 1;
        one[1] = 1;
        Buffer ones = Buffer.of(one, false);
        tape.fill(ones, 1);
        return average(tape, plain, true, padded.pad(tape, ones, 0));
    }

    static Buffer lp(Tape tape, Operator.LpPool operator, Buffer x) {
        Window window = operator.window();
        double p = operator.p();
        double size = window.kernel().stream().mapToInt(k -> k).reduce(1, (a, b) -> a * b);
        Buffer powers = p == 2
                ? tape.apply(new Operator.Mul(), x, x)
                : tape.apply(new Operator.Pow(p), tape.apply(new Operator.Abs(), x));
        Buffer sums = tape.apply(new Operator.Mul(), average(tape, window, true, powers), tape.scalar(size));
        return p == 2 ? tape.apply(new Operator.Sqrt(), sums) : tape.apply(new Operator.Pow(1 / p), sums);
    }

    private static Buffer pool(Tape tape, Window window, Buffer x, String kind, double padding, int divisor) {
        Padded padded = Padded.of(window, x);
        if (!padded.isSymmetric()) {
            return pool(tape, padded.plain(), padded.pad(tape, x, padding), kind, padding, divisor);
        }
        if (window.rank() == 1) {
            Buffer image = tape.reshape(x, x.size(0), x.size(1), 1, x.size(2));
            Buffer y = pool(tape, Padded.asImage(window), image, kind, padding, divisor);
            return tape.reshape(y, y.size(0), y.size(1), y.size(3));
        }
        String name = kind + (window.rank() == 2 ? "pool2d" : "pool3dnew");
        // sizes, steps, padding, dilations; then: not "same", what a mean divides by, channels first
        Arguments arguments = padded.arguments(0, divisor, 0).plain();
        long[] shape = new Operator.MaxPool(window).outputShape(List.of(x.shape()));
        Buffer y = tape.custom(name, shape, List.of(x), arguments);
        tape.adjoint(y, dy -> tape.give(x, () -> tape.custom(name + "_bp", x.shape(), List.of(x, dy), arguments)));
        return y;
    }

    /** Say whether windows lie side by side and cover an image exactly. */
    private static boolean tilesExactly(Window window, Buffer x) {
        boolean exactly = tiles(window, x);
        for (int i = 0; exactly && i < window.rank(); i++) {
            exactly = x.size(i + 2) % window.kernel().get(i) == 0;
        }
        return exactly;
    }

    /** Say whether small windows lie side by side, without padding; at the end of an image, some values may be left over. */
    static boolean tiles(Window window, Buffer x) {
        boolean tiles = window.rank() == 2 && window.kernel().equals(window.strides());
        for (int i = 0; tiles && i < window.rank(); i++) {
            long size = x.size(i + 2);
            tiles = window.dilations().get(i) == 1 && window.before(i, size) == 0 && window.after(i, size) == 0;
        }
        int values = window.kernel().stream().reduce(1, (a, b) -> a * b);
        return tiles && values > 1 && values < LARGE_WINDOW;
    }

    /**
     * Copy the first value of every window into one layer, the second into the next, and so on: the rest is arithmetic on whole
     * layers, two to three times as fast as ND4J's pooling. The gradient goes to the first of the largest values.
     */
    private static Buffer maxOfTiles(Tape tape, Window window, Buffer x) {
        int height = window.kernel().get(0);
        int width = window.kernel().get(1);
        int count = height * width;
        long[] y = {x.size(0), x.size(1), x.size(2) / height, x.size(3) / width};
        long rows = y[0] * y[1] * y[2];
        long[] tiles = {rows, height, y[3], width}; // four axes: ND4J permutes more of them ten times slower
        long[] stacked = {height, width, rows, y[3]};
        Buffer layers = tape.custom("permute", stacked, List.of(x.reshaped(tiles)), Arguments.integers(1, 3, 0, 2));
        Buffer flat = layers.reshaped(count, y[0], y[1], y[2], y[3]);
        Buffer[] layer = new Buffer[count];
        for (int i = 0; i < count; i++) {
            layer[i] = flat.rows(i, i + 1).reshaped(y);
        }
        Buffer largest = Maximum.of(tape, layer);
        tape.adjoint(
                largest,
                dy -> tape.give(x, () -> {
                    Buffer gradients = Buffer.of(stacked, false);
                    Buffer flatGradients = gradients.reshaped(flat.shape());
                    Maximum.share(
                            tape,
                            dy,
                            largest,
                            layer,
                            i -> flatGradients.rows(i, i + 1).reshaped(y));
                    // ND4J copies into a permuted view twice as fast as it permutes into an array
                    Buffer dx = Buffer.of(x.shape(), false);
                    tape.copy(
                            gradients,
                            dx.view(stacked, a -> a.reshape('c', tiles).permute(1, 3, 0, 2)));
                    return dx;
                }));
        return largest;
    }
}
