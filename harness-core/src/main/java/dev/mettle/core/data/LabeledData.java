package dev.mettle.core.data;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Inputs with their true labels.
 *
 * <p>Every sample has an id, its position in the data set it was loaded from. It survives {@link #first}, {@link #subset} and
 * {@link #shuffled}, and names the sample in reports and in its random stream.
 */
public final class LabeledData {

    private final String name;
    private final INDArray inputs;
    private final int[] labels;
    private final long[] ids;

    private LabeledData(String name, INDArray inputs, int[] labels, long[] ids) {
        this.name = name;
        this.inputs = inputs;
        this.labels = labels;
        this.ids = ids;
    }

    /**
     * Create labeled data.
     *
     * @param inputs samples of shape {@code [n, ...]} in the model's layout; floating-point or integer values; copied
     * @param labels {@code n} labels, counted from 0
     * @throws ConfigurationException if there are no samples, or not one label per sample
     */
    public static LabeledData of(INDArray inputs, int[] labels) {
        return of("data", inputs, labels);
    }

    /** Create labeled data with a name for reports; see {@link #of(INDArray, int[])}. */
    public static LabeledData of(String name, INDArray inputs, int[] labels) {
        if (inputs.rank() < 2) {
            throw new ConfigurationException("the inputs of " + name + " have shape " + Arrays.toString(inputs.shape())
                    + ": give a batch of samples, [n, features] or [n, channels, height, width]");
        }
        if (inputs.size(0) == 0) {
            throw new ConfigurationException(name + " holds no samples: there is nothing to evaluate");
        }
        if (inputs.size(0) != labels.length) {
            throw new ConfigurationException(name + " has " + inputs.size(0) + " inputs but " + labels.length
                    + " labels: give one label per input");
        }
        INDArray copy = inputs.dataType().isFPType()
                ? inputs.dup('c')
                : inputs.castTo(DataType.FLOAT).dup('c');
        long[] ids = new long[labels.length];
        Arrays.setAll(ids, i -> i);
        return new LabeledData(name, copy, labels.clone(), ids);
    }

    /**
     * Load labeled data from a NumPy archive with the arrays {@code inputs} and {@code labels}; the names {@code x} and
     * {@code y}, as {@code np.savez(file, x=…, y=…)} writes them, do as well.
     *
     * @param path an {@code .npz} file
     * @throws ConfigurationException if the file is missing, or is no such archive
     */
    public static LabeledData load(Path path) {
        if (!Files.isRegularFile(path)) {
            throw new ConfigurationException("there is no data file " + path.toAbsolutePath());
        }
        try (InputStream in = Files.newInputStream(path)) {
            return NumpyFiles.readArchive(String.valueOf(path.getFileName()), in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Load labeled data from an {@code .npz} archive on the class path; see {@link #load(Path)}.
     *
     * @param resource the name of the resource, such as {@code digits-test.npz}; absolute, without a leading slash
     * @throws ConfigurationException if there is no such resource, or it is no such archive
     */
    public static LabeledData fromClasspath(String resource) {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        ClassLoader used = loader == null ? LabeledData.class.getClassLoader() : loader;
        try (InputStream in = used.getResourceAsStream(resource)) {
            if (in == null) {
                throw new ConfigurationException(
                        "there is no data file " + resource + " on the class path: put it in src/test/resources");
            }
            return NumpyFiles.readArchive(resource, in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Load inputs and labels from two {@code .npy} files.
     *
     * @param inputs an array of shape {@code [n, ...]}
     * @param labels an integer array of shape {@code [n]}, or one-hot rows {@code [n, classes]}
     * @throws ConfigurationException if a file is missing, damaged, or the two don't fit
     */
    public static LabeledData load(Path inputs, Path labels) {
        return of(
                String.valueOf(inputs.getFileName()),
                NumpyFiles.read(inputs),
                NumpyFiles.labels(String.valueOf(labels.getFileName()), NumpyFiles.read(labels)));
    }

    /** Return the name for reports. */
    public String name() {
        return name;
    }

    /** Return the same data under another name. */
    public LabeledData named(String other) {
        return new LabeledData(other, inputs, labels, ids);
    }

    /** Return the number of samples. */
    public int size() {
        return labels.length;
    }

    /** Return the inputs, shape {@code [n, ...]}. Not a copy: don't change it. */
    public INDArray inputs() {
        return inputs;
    }

    /** Return a copy of the labels. */
    public int[] labels() {
        return labels.clone();
    }

    /** Return the label of the sample at a position. */
    public int label(int position) {
        return labels[position];
    }

    /** Return the id of the sample at a position: its place in the data set it was loaded from. */
    public long id(int position) {
        return ids[position];
    }

    /** Return the first {@code count} samples, or all if there are fewer. */
    public LabeledData first(int count) {
        int[] rows = new int[Math.min(count, size())];
        Arrays.setAll(rows, i -> i);
        return rows.length == size() ? this : subset(rows);
    }

    /** Return the samples that don't have a label, such as those that already have the target of an attack. */
    public LabeledData withoutLabel(int label) {
        int[] own = labels();
        return subset(java.util.stream.IntStream.range(0, own.length)
                .filter(i -> own[i] != label)
                .toArray());
    }

    /** Return the samples at the given positions, in the order given. */
    public LabeledData subset(int... positions) {
        int[] chosenLabels = new int[positions.length];
        long[] chosenIds = new long[positions.length];
        for (int i = 0; i < positions.length; i++) {
            chosenLabels[i] = labels[positions[i]];
            chosenIds[i] = ids[positions[i]];
        }
        return new LabeledData(name, Rows.select(inputs, positions), chosenLabels, chosenIds);
    }

    /** Return all samples in a random order that depends on the seed alone. */
    public LabeledData shuffled(long seed) {
        int[] order = new int[size()];
        Arrays.setAll(order, i -> i);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = order.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        return subset(order);
    }

    /** Return the same samples with their inputs replaced, one for one. */
    public LabeledData withInputs(INDArray replacement) {
        if (replacement.size(0) != size()) {
            throw new ConfigurationException(
                    replacement.size(0) + " inputs can't replace those of " + size() + " samples: give one per sample");
        }
        return new LabeledData(name, replacement, labels, ids);
    }

    /**
     * Return the same samples with all inputs multiplied by a factor, such as {@code 1 / 255.0} for bytes that a model takes
     * as fractions. Computed in double precision.
     *
     * @throws ConfigurationException if the factor is zero or not finite
     */
    public LabeledData scaled(double factor) {
        if (factor == 0 || !Double.isFinite(factor)) {
            throw new ConfigurationException("the inputs of " + name + " can't be scaled by " + factor
                    + ": give a finite factor other than 0, such as 1 / 255.0");
        }
        INDArray scaled = inputs.castTo(DataType.DOUBLE).mul(factor).castTo(inputs.dataType());
        return new LabeledData(name, scaled, labels, ids);
    }

    /** Return the same samples with inputs of another shape, {@code [n, shape...]}, same number of features, C order. */
    public LabeledData reshaped(long... sampleShape) {
        long[] shape = new long[sampleShape.length + 1];
        shape[0] = size();
        System.arraycopy(sampleShape, 0, shape, 1, sampleShape.length);
        return new LabeledData(name, inputs.reshape('c', shape), labels, ids);
    }

    /** Return the SHA-256 of shape, values (as doubles) and labels, in hex: equal for equal data, whatever its origin. */
    public String sha256() {
        MessageDigest digest = Sha256.digest();
        for (long size : inputs.shape()) {
            digest.update(ByteBuffer.allocate(Long.BYTES).putLong(size).array());
        }
        double[] values = Rows.toDoubles(inputs);
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES + labels.length * Integer.BYTES);
        bytes.asDoubleBuffer().put(values);
        bytes.position(values.length * Double.BYTES);
        bytes.asIntBuffer().put(labels);
        digest.update(bytes.array());
        return Sha256.hex(digest);
    }

    /**
     * Return a key for every sample that depends on its values and its label alone: the first 16 hex digits of their SHA-256. Equal
     * samples are told apart by their order: {@code …}, {@code …-2}, {@code …-3}.
     */
    public List<String> sampleKeys() {
        double[][] rows = Rows.toRows(inputs);
        Map<String, Integer> seen = new HashMap<>();
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < rows.length; i++) {
            ByteBuffer bytes = ByteBuffer.allocate(rows[i].length * Double.BYTES + Integer.BYTES);
            bytes.asDoubleBuffer().put(rows[i]);
            bytes.position(rows[i].length * Double.BYTES);
            bytes.putInt(labels[i]);
            MessageDigest digest = Sha256.digest();
            digest.update(bytes.array());
            String key = Sha256.hex(digest).substring(0, 16);
            int count = seen.merge(key, 1, Integer::sum);
            keys.add(count == 1 ? key : key + "-" + count);
        }
        return keys;
    }

    @Override
    public String toString() {
        return name + " (" + size() + " samples)";
    }
}
