package dev.mettle.benchmarks;

import dev.mettle.core.data.LabeledData;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.nd4j.linalg.factory.Nd4j;

/** The four files of MNIST as their authors publish them, compressed, in one folder. */
final class Mnist {

    private static final int IMAGES = 0x803;
    private static final int LABELS = 0x801;

    private Mnist() {}

    /** Read the first training images, in [0, 1], shape {@code [n, 1, 28, 28]}. */
    static LabeledData training(Path folder, int count) {
        return read(folder, "train", count);
    }

    /** Read the first test images, in [0, 1], shape {@code [n, 1, 28, 28]}. */
    static LabeledData test(Path folder, int count) {
        return read(folder, "t10k", count);
    }

    private static LabeledData read(Path folder, String part, int count) {
        Path images = folder.resolve(part + "-images-idx3-ubyte.gz");
        Path labels = folder.resolve(part + "-labels-idx1-ubyte.gz");
        try (DataInputStream in = open(images, IMAGES);
                DataInputStream numbers = open(labels, LABELS)) {
            int size = Math.min(count, Math.min(in.readInt(), numbers.readInt()));
            int height = in.readInt();
            int width = in.readInt();
            byte[] pixels = in.readNBytes(size * height * width);
            byte[] classes = numbers.readNBytes(size);
            float[] values = new float[pixels.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = (pixels[i] & 0xff) / 255f;
            }
            int[] truth = new int[size];
            for (int i = 0; i < size; i++) {
                truth[i] = classes[i];
            }
            return LabeledData.of("mnist-" + part, Nd4j.createFromArray(values).reshape(size, 1, height, width), truth);
        } catch (IOException e) {
            throw new BenchmarkException("can't read MNIST from " + folder + ": " + e.getMessage(), e);
        }
    }

    private static DataInputStream open(Path file, int magic) throws IOException {
        InputStream bytes = new GZIPInputStream(Files.newInputStream(file), 1 << 16);
        DataInputStream in = new DataInputStream(bytes);
        if (in.readInt() != magic) {
            in.close();
            throw new IOException(file + " is no file of MNIST");
        }
        return in;
    }
}
