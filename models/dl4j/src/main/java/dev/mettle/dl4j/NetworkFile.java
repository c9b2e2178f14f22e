package dev.mettle.dl4j;

import dev.mettle.core.ConfigurationException;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UTFDataFormatException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.databind.JsonNode;

/**
 * A model file as Deeplearning4j's {@code ModelSerializer} writes it: a zip with {@code configuration.json} and
 * {@code coefficients.bin}.
 *
 * <p>The file is untrusted input. Deeplearning4j's own reader deserializes Java objects from its {@code preprocessor.bin} and
 * allocates whatever size a header declares. This reader touches no other entry than these two, and memory grows only with
 * bytes that are really there.
 *
 * @param network the network
 * @param hasNormalizer whether the file holds a normalizer, which is not applied
 */
record NetworkFile(UserNetwork network, boolean hasNormalizer) {

    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    private static final String NORMALIZER = "normalizer.bin";
    private static final byte[] ZIP = {'P', 'K', 3, 4};
    private static final int MAX_ENTRIES = 100;
    private static final int MAX_CONFIGURATION_BYTES = 1 << 24;
    private static final long MAX_PARAMETERS = 1 << 29;
    private static final int CHUNK = 1 << 16;

    /**
     * Read a model file.
     *
     * @throws ConfigurationException if it is missing, damaged, or no model of Deeplearning4j
     */
    static NetworkFile read(Path path) {
        String name = String.valueOf(path.getFileName());
        if (Files.isDirectory(path)) {
            throw new ConfigurationException(path.toAbsolutePath()
                    + " is a directory: give the model file that ModelSerializer.writeModel wrote");
        }
        if (!Files.isRegularFile(path)) {
            throw new ConfigurationException("there is no model file " + path.toAbsolutePath());
        }
        try {
            if (!startsLikeZip(path)) {
                throw new ConfigurationException(
                        name
                                + " is no Deeplearning4j model: it isn't a zip; save the network with ModelSerializer.writeModel");
            }
            try (ZipFile zip = new ZipFile(path.toFile())) {
                return read(name, zip);
            }
        } catch (EOFException | ZipException | UTFDataFormatException e) {
            String detail = e instanceof EOFException ? "its end is missing" : e.getMessage();
            throw new ConfigurationException(
                    name + " is truncated or damaged (" + detail + "): save or copy the model again", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean startsLikeZip(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            return Arrays.equals(in.readNBytes(ZIP.length), ZIP);
        }
    }

    private static NetworkFile read(String name, ZipFile zip) throws IOException {
        if (zip.size() > MAX_ENTRIES) {
            throw new ConfigurationException(name + " is no Deeplearning4j model: it has " + zip.size()
                    + " entries, and a model has less than ten");
        }
        String json = configuration(name, zip);
        boolean isGraph = isGraph(name, json);
        ZipEntry coefficients = entry(name, zip, COEFFICIENTS);
        UserNetwork network;
        try {
            network = isGraph ? graph(name, json, zip, coefficients) : layers(name, json, zip, coefficients);
        } catch (ConfigurationException e) {
            throw e;
        } catch (RuntimeException
                | StackOverflowError e) { // what Deeplearning4j throws at configurations it can't build
            throw unreadable(name, e);
        }
        return new NetworkFile(network, zip.getEntry(NORMALIZER) != null);
    }

    private static ZipEntry entry(String name, ZipFile zip, String wanted) {
        ZipEntry entry = zip.getEntry(wanted);
        if (entry == null) {
            throw new ConfigurationException(name + " is no Deeplearning4j model: it has no entry " + wanted
                    + "; save the network with ModelSerializer.writeModel");
        }
        return entry;
    }

    private static String configuration(String name, ZipFile zip) throws IOException {
        ZipEntry entry = entry(name, zip, CONFIGURATION);
        try (CheckedInputStream in = new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
            byte[] bytes = in.readNBytes(MAX_CONFIGURATION_BYTES + 1);
            if (bytes.length > MAX_CONFIGURATION_BYTES) {
                throw new ConfigurationException(name + " has a " + CONFIGURATION + " of more than "
                        + (MAX_CONFIGURATION_BYTES >> 20) + " MiB: that is no configuration of a network");
            }
            verify(in, entry);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private static void verify(CheckedInputStream in, ZipEntry entry) throws ZipException {
        if (in.getChecksum().getValue() != entry.getCrc()) {
            throw new ZipException("wrong checksum of " + entry.getName());
        }
    }

    private static boolean isGraph(String name, String json) {
        JsonNode tree;
        try {
            tree = NeuralNetConfiguration.mapper().readTree(json);
        } catch (IOException | StackOverflowError e) { // nested too deeply
            throw unreadable(name, e);
        }
        if (tree.has("vertices") && tree.has("networkInputs")) {
            return true;
        }
        if (!tree.has("confs")) {
            throw new ConfigurationException(name + " is no Deeplearning4j model: its " + CONFIGURATION
                    + " describes neither a MultiLayerNetwork nor a ComputationGraph");
        }
        return false;
    }

    private static ConfigurationException unreadable(String name, Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage()).lines().findFirst().orElse("");
        return new ConfigurationException(
                name + " has a " + CONFIGURATION + " that Deeplearning4j can't read ("
                        + root.getClass().getSimpleName() + ": " + message
                        + "): put custom layers on the class path, or save the network with Deeplearning4j 1.0.0-M2.1",
                cause);
    }

    private static UserNetwork layers(String name, String json, ZipFile zip, ZipEntry entry) throws IOException {
        MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(json);
        long expected = configuration.getConfs().stream()
                .mapToLong(conf -> conf.getLayer().initializer().numParams(conf))
                .sum();
        INDArray parameters = parameters(name, zip, entry, expected);
        configuration.setDataType(parameters.dataType());
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init(parameters, false);
        return new UserNetwork.Layers(network);
    }

    private static UserNetwork graph(String name, String json, ZipFile zip, ZipEntry entry) throws IOException {
        ComputationGraphConfiguration configuration = ComputationGraphConfiguration.fromJson(json);
        long expected = configuration.getVertices().values().stream()
                .mapToLong(vertex -> vertex.numParams(true))
                .sum();
        INDArray parameters = parameters(name, zip, entry, expected);
        configuration.setDataType(parameters.dataType());
        ComputationGraph network = new ComputationGraph(configuration);
        network.init(parameters, false);
        return new UserNetwork.Graph(network);
    }

    /** Read an array as {@code Nd4j.write} writes it: a buffer with the shape, a buffer with the values. */
    private static INDArray parameters(String name, ZipFile zip, ZipEntry entry, long expected) throws IOException {
        try (CheckedInputStream checked = new CheckedInputStream(zip.getInputStream(entry), new CRC32());
                DataInputStream in = new DataInputStream(new BufferedInputStream(checked))) {
            Buffer shape = Buffer.header(in);
            in.skipNBytes(Math.multiplyExact(shape.length, shape.type.equals("INT") ? 4L : 8L));
            Buffer values = Buffer.header(in);
            boolean isDouble = values.type.equals("DOUBLE");
            if (!isDouble && !values.type.equals("FLOAT")) {
                throw new ConfigurationException(
                        name + " holds parameters of type " + values.type + ": convert the network to FLOAT or DOUBLE");
            }
            if (values.length != expected || expected < 1 || expected > MAX_PARAMETERS) {
                throw new ConfigurationException(name + " holds " + values.length
                        + " parameters but its configuration asks for " + expected
                        + (expected > MAX_PARAMETERS ? ", and at most " + MAX_PARAMETERS + " are supported" : "")
                        + ": save the model again");
            }
            INDArray parameters = isDouble
                    ? Nd4j.create(doubles(in, (int) expected), new long[] {1, expected}, 'c')
                    : Nd4j.create(floats(in, (int) expected), new long[] {1, expected}, 'c');
            if (in.read() >= 0) {
                throw new ConfigurationException(name + " holds more than the " + expected
                        + " parameters that its header declares: save the model again");
            }
            verify(checked, entry);
            return parameters;
        }
    }

    private static float[] floats(DataInputStream in, int length) throws IOException {
        float[] values = new float[Math.min(length, CHUNK)];
        for (int i = 0; i < length; i++) {
            if (i == values.length) {
                values = Arrays.copyOf(values, (int) Math.min(length, 2L * i));
            }
            values[i] = in.readFloat();
        }
        return values;
    }

    private static double[] doubles(DataInputStream in, int length) throws IOException {
        double[] values = new double[Math.min(length, CHUNK)];
        for (int i = 0; i < length; i++) {
            if (i == values.length) {
                values = Arrays.copyOf(values, (int) Math.min(length, 2L * i));
            }
            values[i] = in.readDouble();
        }
        return values;
    }

    /** What precedes the values of a data buffer. */
    private record Buffer(long length, String type) {

        static Buffer header(DataInputStream in) throws IOException {
            String allocation = in.readUTF();
            long length = switch (allocation) {
                case "DIRECT", "HEAP", "JAVACPP" -> in.readInt(); // before 1.0.0-beta
                case "LONG_SHAPE", "MIXED_DATA_TYPES" -> in.readLong();
                default -> throw new ZipException(COEFFICIENTS + " holds no array");
            };
            if (length < 0) {
                throw new ZipException(COEFFICIENTS + " declares a negative length");
            }
            return new Buffer(length, in.readUTF());
        }
    }
}
