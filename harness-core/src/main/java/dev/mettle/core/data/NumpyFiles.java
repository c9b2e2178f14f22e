package dev.mettle.core.data;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.numeric.Rows;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reads and writes NumPy's {@code .npy} format (version 1 to 3) and reads {@code .npz} archives.
 *
 * <p>Files are untrusted input: only plain number types are read, never pickled objects, and every size is checked against
 * the bytes that are really there before memory is allocated.
 */
public final class NumpyFiles {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([<>|=]?)([a-z])(\\d+)'");
    private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9, ]*)\\)");
    private static final long MAX_BYTES = 1L << 31;

    private NumpyFiles() {}

    /**
     * Read an {@code .npy} file. Integers of 8 to 64 bits and floats of 16 to 64 bits are understood; {@code float64} stays
     * double, everything else becomes float, except integers that float can't hold exactly, which become double.
     *
     * @throws ConfigurationException if the file is missing, damaged, or of another type
     */
    public static INDArray read(Path path) {
        if (!Files.isRegularFile(path)) {
            throw new ConfigurationException("there is no file " + path.toAbsolutePath());
        }
        try (InputStream in = Files.newInputStream(path)) {
            return parse(String.valueOf(path.getFileName()), in.readNBytes((int)
                    Math.min(MAX_BYTES - 16, Integer.MAX_VALUE)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Write an array of float or double as {@code .npy}, in C order. */
    public static void write(Path path, INDArray array) {
        boolean isDouble = array.dataType() == DataType.DOUBLE;
        String shape = Arrays.stream(array.shape()).mapToObj(size -> size + ",").collect(Collectors.joining(" "));
        String header =
                "{'descr': '" + (isDouble ? "<f8" : "<f4") + "', 'fortran_order': False, 'shape': (" + shape + "), }";
        int padding = 64 - (MAGIC.length + 4 + header.length() + 1) % 64;
        String padded = header + " ".repeat(padding % 64) + "\n";
        double[] values = Rows.toDoubles(array);
        ByteBuffer body =
                ByteBuffer.allocate(values.length * (isDouble ? 8 : 4)).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            if (isDouble) {
                body.putDouble(value);
            } else {
                body.putFloat((float) value);
            }
        }
        try (OutputStream file = Files.newOutputStream(path);
                DataOutputStream out = new DataOutputStream(new BufferedOutputStream(file))) {
            out.write(MAGIC);
            out.write(new byte[] {1, 0, (byte) padded.length(), (byte) (padded.length() >>> 8)});
            out.write(padded.getBytes(StandardCharsets.ISO_8859_1));
            out.write(body.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static LabeledData readArchive(String name, InputStream in) throws IOException {
        Map<String, INDArray> arrays = new HashMap<>();
        try (ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                String array = entry.getName().replaceFirst("\\.npy$", "");
                arrays.put(array, parse(name + ":" + entry.getName(), zip.readNBytes(Integer.MAX_VALUE - 16)));
            }
        } catch (ZipException e) {
            throw new ConfigurationException(name + " is damaged: " + e.getMessage(), e);
        }
        if (arrays.isEmpty()) {
            throw new ConfigurationException(
                    name + " is no .npz archive: write it with np.savez(file, inputs=…, labels=…)");
        }
        INDArray inputs = arrays.getOrDefault("inputs", arrays.get("x"));
        INDArray labels = arrays.getOrDefault("labels", arrays.get("y"));
        if (inputs == null || labels == null) {
            throw new ConfigurationException(name + " holds the arrays "
                    + arrays.keySet().stream().sorted().toList() + " but needs 'inputs' and 'labels' (or 'x' and 'y')");
        }
        return LabeledData.of(name, inputs, labels(name, labels));
    }

    /** Turn an array of labels, {@code [n]}, {@code [n, 1]} or one-hot {@code [n, classes]}, into label numbers. */
    static int[] labels(String name, INDArray array) {
        double[][] rows = array.rank() < 2
                ? Arrays.stream(Rows.toDoubles(array))
                        .mapToObj(v -> new double[] {v})
                        .toArray(double[][]::new)
                : Rows.toRows(array);
        int[] labels = new int[rows.length];
        for (int i = 0; i < rows.length; i++) {
            double[] row = rows[i];
            if (row.length == 1) {
                if (row[0] != Math.rint(row[0])) {
                    throw new ConfigurationException("label " + i + " of " + name + " is " + row[0]
                            + ": labels are whole numbers, counted from 0");
                }
                labels[i] = (int) row[0];
                continue;
            }
            labels[i] = -1;
            for (int j = 0; j < row.length; j++) {
                if (row[j] == 1 && labels[i] < 0) {
                    labels[i] = j;
                } else if (row[j] != 0) {
                    labels[i] = -1;
                    break;
                }
            }
            if (labels[i] < 0) {
                throw new ConfigurationException("label " + i + " of " + name
                        + " is not one-hot: give whole numbers of shape [n], or rows with a single 1");
            }
        }
        return labels;
    }

    private static INDArray parse(String name, byte[] bytes) {
        Backend.require();
        if (bytes.length < 12 || !Arrays.equals(MAGIC, Arrays.copyOf(bytes, MAGIC.length))) {
            throw new ConfigurationException(name + " is no .npy file: write it with np.save");
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int major = bytes[6];
        long headerLength = major == 1 ? buffer.getShort(8) & 0xFFFF : buffer.getInt(8) & 0xFFFFFFFFL;
        int headerStart = major == 1 ? 10 : 12;
        if (headerStart + headerLength > bytes.length) {
            throw new ConfigurationException(name + " is truncated: its header is incomplete");
        }
        int bodyStart = (int) (headerStart + headerLength);
        String header = new String(bytes, headerStart, (int) headerLength, StandardCharsets.UTF_8);
        Matcher descr = DESCR.matcher(header);
        Matcher order = ORDER.matcher(header);
        Matcher shapeText = SHAPE.matcher(header);
        if (!descr.find() || !order.find() || !shapeText.find()) {
            throw new ConfigurationException(
                    name + " has an array type that is not understood: save plain integers or floats (header "
                            + header.trim() + ")");
        }
        long[] shape = Arrays.stream(shapeText.group(1).split(","))
                .map(String::trim)
                .filter(text -> !text.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray();
        int width = Integer.parseInt(descr.group(3));
        long length = Arrays.stream(shape).reduce(1, (a, b) -> Math.multiplyExact(a, b));
        if (length * width != (long) bytes.length - bodyStart) {
            throw new ConfigurationException(name + " is truncated or damaged: shape " + Arrays.toString(shape) + " of "
                    + width + "-byte numbers needs " + length * width + " bytes but " + (bytes.length - bodyStart)
                    + " are there");
        }
        ByteBuffer body = buffer.slice(bodyStart, bytes.length - bodyStart)
                .order(">".equals(descr.group(1)) ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        double[] values = new double[(int) length];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(name, body, descr.group(2).charAt(0), width, i);
        }
        boolean wide = (width == 8 && descr.group(2).equals("f")) || exceedsFloat(descr.group(2), values);
        char axes = order.group(1).equals("True") ? 'f' : 'c';
        INDArray array = Nd4j.create(values, shape.length == 0 ? new long[] {1} : shape, axes);
        return (wide ? array : array.castTo(DataType.FLOAT)).dup('c');
    }

    private static boolean exceedsFloat(String kind, double[] values) {
        return !kind.equals("f") && Arrays.stream(values).anyMatch(value -> value != (float) value);
    }

    private static double value(String name, ByteBuffer body, char kind, int width, int i) {
        return switch (kind + "" + width) {
            case "f8" -> body.getDouble(8 * i);
            case "f4" -> body.getFloat(4 * i);
            case "f2" -> halfToFloat(body.getShort(2 * i));
            case "i8" -> body.getLong(8 * i);
            case "i4" -> body.getInt(4 * i);
            case "i2" -> body.getShort(2 * i);
            case "i1" -> body.get(i);
            case "u8" -> Long.parseUnsignedLong(Long.toUnsignedString(body.getLong(8 * i)));
            case "u4" -> body.getInt(4 * i) & 0xFFFFFFFFL;
            case "u2" -> body.getShort(2 * i) & 0xFFFF;
            case "u1", "b1" -> body.get(i) & 0xFF;
            default ->
                throw new ConfigurationException(
                        name + " holds numbers of type " + kind + width + ": save plain integers or floats");
        };
    }

    private static float halfToFloat(short half) {
        int exponent = half >>> 10 & 0x1F;
        int mantissa = half & 0x3FF;
        float size = switch (exponent) {
            case 0 -> mantissa * 0x1p-24f;
            case 31 -> mantissa == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
            default -> (1 + mantissa * 0x1p-10f) * Math.scalb(1f, exponent - 15);
        };
        return half < 0 ? -size : size;
    }
}
