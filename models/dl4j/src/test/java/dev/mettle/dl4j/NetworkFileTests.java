package dev.mettle.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mettle.core.ConfigurationException;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.linalg.factory.Nd4j;

/** Model files, good and bad. */
class NetworkFileTests {

    @TempDir
    Path folder;

    private final MultiLayerNetwork network = Networks.small();

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"FLOAT", "DOUBLE"})
    void aSavedNetworkIsTheNetworkThatWasSaved(DataType type) throws IOException {
        MultiLayerNetwork saved = Networks.layers(
                type, InputType.feedForward(3), Networks.dense(5), new BatchNormalization(), Networks.softmax());
        Path file = folder.resolve("net.zip");
        ModelSerializer.writeModel(saved, file.toFile(), true);

        Dl4jClassifier loaded = Dl4jClassifier.load(file).withInputRange(0, 1);

        INDArray x = Networks.inputs(type, 7, 3);
        assertThat(loaded.info().name()).isEqualTo("net.zip");
        assertThat(loaded.info().dataType()).isEqualTo(type);
        assertThat(loaded.info().warnings()).isEmpty();
        Dl4jClassifier original = Dl4jClassifier.of(saved).withInputRange(0, 1);
        assertThat(loaded.logits(x)).isEqualTo(original.logits(x));
        assertThat(loaded.info().sha256()).isEqualTo(original.info().sha256()).hasSize(64);
    }

    @Test
    void aSavedGraphIsTheGraphThatWasSaved() throws IOException {
        ComputationGraph saved = Networks.graph(Networks.graph()
                .addLayer("z", Networks.dense(6), "in")
                .addLayer("a", Networks.dense(6), "in")
                .addLayer("out", Networks.softmax(), "z", "a")
                .setOutputs("out")
                .setInputTypes(InputType.feedForward(3)));
        Path file = folder.resolve("graph.zip");
        ModelSerializer.writeModel(saved, file.toFile(), false);

        Dl4jClassifier loaded = Dl4jClassifier.load(file).withInputRange(0, 1);

        INDArray x = Networks.inputs(DataType.DOUBLE, 7, 3);
        assertThat(loaded.predict(x))
                .isEqualTo(saved.outputSingle(false, x).argMax(1).toIntVector());
    }

    @Test
    void aNormalizerIsNotAppliedButReported() throws IOException {
        NormalizerStandardize normalizer = new NormalizerStandardize();
        normalizer.fit(new DataSet(Networks.inputs(DataType.FLOAT, 9, 3), Nd4j.zeros(9, 4)));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        NormalizerSerializer.getDefault().write(normalizer, bytes);
        Map<String, byte[]> entries = entries();
        entries.put("normalizer.bin", bytes.toByteArray());

        Dl4jClassifier loaded = Dl4jClassifier.load(write("net.zip", entries)).withInputRange(0, 1);

        assertThat(loaded.info().warnings())
                .containsExactly(
                        "the file net.zip holds a normalizer, which is not applied: inputs must be normalized already,"
                                + " or the normalization moved into the network");
        INDArray x = Networks.inputs(DataType.FLOAT, 7, 3);
        assertThat(loaded.logits(x))
                .isEqualTo(Dl4jClassifier.of(network).withInputRange(0, 1).logits(x));
    }

    @Test
    void objectsInTheFileAreNeverDeserialized() throws IOException {
        ByteArrayOutputStream object = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(object)) {
            out.writeObject(new Malicious());
        }
        Map<String, byte[]> entries = entries();
        entries.put("preprocessor.bin", object.toByteArray());
        entries.put("normalizer.bin", object.toByteArray());
        entries.put("updaterState.bin", object.toByteArray());
        Path file = write("evil.zip", entries);

        assertThat(Dl4jClassifier.load(file).withInputRange(0, 1).info().classes())
                .isEqualTo(4);

        assertThat(Malicious.executed).isFalse();
        // the same file in Deeplearning4j's own reader: proof that the trap works
        try {
            ModelSerializer.restoreMultiLayerNetwork(file.toFile(), false);
        } catch (ClassCastException e) {
            assertThat(e).hasMessageContaining("Malicious");
        }
        assertThat(Malicious.executed).isTrue();
    }

    @Test
    void aMissingFileIsNamed() {
        Path file = folder.resolve("net.zip");

        assertRefused(file, "there is no model file " + file.toAbsolutePath());
    }

    @Test
    void aDirectoryIsNoModel() {
        assertRefused(
                folder,
                folder.toAbsolutePath() + " is a directory: give the model file that ModelSerializer.writeModel wrote");
    }

    @Test
    void aTextIsNoModel() throws IOException {
        Path file = Files.writeString(folder.resolve("net.zip"), "not a model");

        assertRefused(
                file,
                "net.zip is no Deeplearning4j model: it isn't a zip; save the network with ModelSerializer.writeModel");
    }

    @Test
    void anEmptyFileIsNoModel() throws IOException {
        Path file = Files.createFile(folder.resolve("net.zip"));

        assertRefused(
                file,
                "net.zip is no Deeplearning4j model: it isn't a zip; save the network with ModelSerializer.writeModel");
    }

    @Test
    void aTruncatedFileIsReported() throws IOException {
        Path whole = write("whole.zip", entries());
        byte[] bytes = Files.readAllBytes(whole);
        Path file = Files.write(folder.resolve("net.zip"), Arrays.copyOf(bytes, bytes.length / 2));

        assertRefused(file, "net.zip is truncated or damaged (zip END header not found): save or copy the model again");
    }

    @Test
    void aFlippedBitIsReported() throws IOException {
        Path file = folder.resolve("net.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.setLevel(0);
            for (Map.Entry<String, byte[]> entry : entries().entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        byte[] bytes = Files.readAllBytes(file);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int weights = text.indexOf("FLOAT", text.indexOf("coefficients.bin")) + "FLOAT".length();
        bytes[weights] ^= 1;
        Files.write(file, bytes);

        assertRefused(
                file,
                "net.zip is truncated or damaged (wrong checksum of coefficients.bin): save or copy the model again");
    }

    @Test
    void aZipOfSomethingElseIsNoModel() throws IOException {
        Path file = write("net.zip", Map.of("readme.txt", new byte[] {1}));

        assertRefused(
                file,
                "net.zip is no Deeplearning4j model: it has no entry configuration.json; save the network with"
                        + " ModelSerializer.writeModel");
    }

    @Test
    void aModelWithoutWeightsIsNoModel() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.remove("coefficients.bin");

        assertRefused(
                write("net.zip", entries),
                "net.zip is no Deeplearning4j model: it has no entry coefficients.bin; save the network with"
                        + " ModelSerializer.writeModel");
    }

    @Test
    void manyEntriesAreNoModel() throws IOException {
        Map<String, byte[]> entries = entries();
        for (int i = 0; i < 200; i++) {
            entries.put("entry" + i, new byte[0]);
        }

        assertRefused(
                write("net.zip", entries),
                "net.zip is no Deeplearning4j model: it has 202 entries, and a model has less than ten");
    }

    @Test
    void aHugeConfigurationIsNotRead() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put("configuration.json", new byte[(1 << 24) + 1]);

        assertRefused(
                write("net.zip", entries),
                "net.zip has a configuration.json of more than 16 MiB: that is no configuration of a network");
    }

    @Test
    void brokenJsonIsReported() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put("configuration.json", "{\"confs\": [".getBytes(StandardCharsets.UTF_8));

        assertRefused(
                write("net.zip", entries),
                "net.zip has a configuration.json that Deeplearning4j can't read (JsonEOFException: Unexpected end-of-input:"
                        + " expected close marker for Array (start marker at [Source: (String)\"{\"confs\": [\"; line: 1, column:"
                        + " 11])): put custom layers on the class path, or save the network with Deeplearning4j 1.0.0-M2.1");
    }

    @Test
    void deeplyNestedJsonIsReported() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put("configuration.json", ("{\"confs\":" + "[".repeat(1_000_000)).getBytes(StandardCharsets.UTF_8));

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.load(write("net.zip", entries)))
                .withMessageStartingWith("net.zip has a configuration.json that Deeplearning4j can't read (");
    }

    @Test
    void otherJsonIsNoModel() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put("configuration.json", "{\"answer\": 42}".getBytes(StandardCharsets.UTF_8));

        assertRefused(
                write("net.zip", entries),
                "net.zip is no Deeplearning4j model: its configuration.json describes neither a MultiLayerNetwork nor a"
                        + " ComputationGraph");
    }

    @Test
    void anUnknownLayerIsReported() throws IOException {
        Map<String, byte[]> entries = entries();
        String json = new String(entries.get("configuration.json"), StandardCharsets.UTF_8);
        entries.put(
                "configuration.json",
                json.replace("org.deeplearning4j.nn.conf.layers.DenseLayer", "com.example.MyLayer")
                        .getBytes(StandardCharsets.UTF_8));

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.load(write("net.zip", entries)))
                .withMessageStartingWith(
                        "net.zip has a configuration.json that Deeplearning4j can't read (InvalidTypeIdException: ")
                .withMessageContaining("com.example.MyLayer")
                .withMessageEndingWith(
                        "): put custom layers on the class path, or save the network with Deeplearning4j 1.0.0-M2.1");
    }

    @Test
    void aClassThatIsNoLayerIsNotInstantiated() throws IOException {
        Map<String, byte[]> entries = entries();
        String json = new String(entries.get("configuration.json"), StandardCharsets.UTF_8);
        entries.put(
                "configuration.json",
                json.replace("org.deeplearning4j.nn.conf.layers.DenseLayer", Malicious.class.getName())
                        .getBytes(StandardCharsets.UTF_8));

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.load(write("net.zip", entries)))
                .withMessageContaining("Not a subtype");
    }

    @Test
    void tooFewParametersAreReported() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put("coefficients.bin", array(Nd4j.zeros(1, 43)));

        assertRefused(
                write("net.zip", entries),
                "net.zip holds 43 parameters but its configuration asks for 44: save the model again");
    }

    @Test
    void tooManyParametersAreReported() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put("coefficients.bin", array(Nd4j.zeros(1, 45)));

        assertRefused(
                write("net.zip", entries),
                "net.zip holds 45 parameters but its configuration asks for 44: save the model again");
    }

    @Test
    void missingBytesAreReported() throws IOException {
        Map<String, byte[]> entries = entries();
        byte[] coefficients = entries.get("coefficients.bin");
        entries.put("coefficients.bin", Arrays.copyOf(coefficients, coefficients.length - 3));

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.load(write("net.zip", entries)))
                .withMessage("net.zip is truncated or damaged (its end is missing): save or copy the model again");
    }

    @Test
    void surplusBytesAreReported() throws IOException {
        Map<String, byte[]> entries = entries();
        byte[] coefficients = entries.get("coefficients.bin");
        entries.put("coefficients.bin", Arrays.copyOf(coefficients, coefficients.length + 3));

        assertRefused(
                write("net.zip", entries),
                "net.zip holds more than the 44 parameters that its header declares: save the model again");
    }

    @Test
    void aHeaderThatDeclaresTooMuchCostsNoMemory() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeUTF("LONG_SHAPE");
            out.writeLong(0);
            out.writeUTF("LONG");
            out.writeUTF("MIXED_DATA_TYPES");
            out.writeLong(1L << 60);
            out.writeUTF("FLOAT");
        }
        Map<String, byte[]> entries = entries();
        entries.put("coefficients.bin", bytes.toByteArray());

        assertRefused(
                write("net.zip", entries),
                "net.zip holds 1152921504606846976 parameters but its configuration asks for 44: save the model again");
    }

    @Test
    void garbageInsteadOfParametersIsReported() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put("coefficients.bin", new byte[] {0, 2, 'N', 'O', 1, 2, 3, 4, 5, 6, 7, 8, 9});

        assertRefused(
                write("net.zip", entries),
                "net.zip is truncated or damaged (coefficients.bin holds no array): save or copy the model again");
    }

    @Test
    void wholeNumbersAreNoParameters() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put("coefficients.bin", array(Nd4j.zeros(DataType.INT32, 1, 44)));

        assertRefused(
                write("net.zip", entries),
                "net.zip holds parameters of type INT: convert the network to FLOAT or DOUBLE");
    }

    @Test
    void weightsThatAreNotNumbersAreReported() throws IOException {
        network.getParam("1_b").putScalar(2, Float.NaN);
        Path file = folder.resolve("net.zip");
        ModelSerializer.writeModel(network, file.toFile(), false);

        assertRefused(
                file,
                "the model net.zip holds NaN in its parameter layer1_b: its training diverged, or the file is damaged");
    }

    private static void assertRefused(Path file, String message) {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Dl4jClassifier.load(file))
                .withMessage(message);
    }

    private Map<String, byte[]> entries() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put(
                "configuration.json",
                network.getLayerWiseConfigurations().toJson().getBytes(StandardCharsets.UTF_8));
        entries.put("coefficients.bin", array(network.params()));
        return entries;
    }

    private static byte[] array(INDArray array) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            Nd4j.write(array, out);
        }
        return bytes.toByteArray();
    }

    private Path write(String name, Map<String, byte[]> entries) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return file;
    }

    /** Runs code when it is deserialized, as an attacker's object would. */
    private static final class Malicious implements Serializable {

        private static final long serialVersionUID = 1L;

        private static boolean executed;

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            executed = true;
        }
    }
}
