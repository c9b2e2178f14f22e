package dev.mettle.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.Samples;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class NumpyFilesTests {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Test
    void reads_back_what_it_writes() {
        for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
            INDArray array = Samples.uniform(3, type, 2, 4);
            Path file = folder.resolve(type + ".npy");
            NumpyFiles.write(file, array);
            INDArray back = NumpyFiles.read(file);
            assertThat(back.dataType()).isEqualTo(type);
            assertThat(back.shape()).containsExactly(3, 2, 4);
            assertThat(Rows.toDoubles(back)).containsExactly(Rows.toDoubles(array));
        }
    }

    @Test
    void writes_a_header_that_numpy_aligns_to_64_bytes() throws IOException {
        Path file = folder.resolve("x.npy");
        NumpyFiles.write(file, Samples.uniform(2, DataType.FLOAT, 3));
        byte[] bytes = Files.readAllBytes(file);
        int header = (bytes[8] & 0xFF) | ((bytes[9] & 0xFF) << 8);
        assertThat((10 + header) % 64).isZero();
        assertThat(new String(bytes, 10, header, StandardCharsets.ISO_8859_1))
                .startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }")
                .endsWith("\n");
        assertThat(bytes).hasSize(10 + header + 6 * 4);
    }

    @Test
    void reads_the_number_types_of_numpy() throws IOException {
        assertThat(read("<i8", "(2,)", "0100000000000000feffffffffffffff")).containsExactly(1, -2);
        assertThat(read(">i2", "(2,)", "0102ff00")).containsExactly(258, -256);
        assertThat(read("|u1", "(3,)", "00ff80")).containsExactly(0, 255, 128);
        assertThat(read("<f2", "(3,)", "003c00c00100")).containsExactly(1, -2, 0x1p-24);
        assertThat(read("<u4", "(1,)", "ffffffff")).containsExactly(4294967295.0);
        assertThat(read("|b1", "(2,)", "0100")).containsExactly(1, 0);
        assertThat(read("<f4", "()", "0000803f")).containsExactly(1);
    }

    @Test
    void reads_fortran_order() throws IOException {
        Path file = npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "010203040506");
        assertThat(Rows.toDoubles(NumpyFiles.read(file))).containsExactly(1, 3, 5, 2, 4, 6);
    }

    @Test
    void names_a_damaged_file() throws IOException {
        Path missing = folder.resolve("missing.npy");
        assertThatThrownBy(() -> NumpyFiles.read(missing))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("there is no file " + missing.toAbsolutePath());
        Path text = Files.writeString(folder.resolve("text.npy"), "these are no numbers");
        assertThatThrownBy(() -> NumpyFiles.read(text)).hasMessage("text.npy is no .npy file: write it with np.save");
        Path shortened = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000), }", "00000000");
        assertThatThrownBy(() -> NumpyFiles.read(shortened))
                .hasMessage(
                        "a.npy is truncated or damaged: shape [1000000, 1000] of 4-byte numbers needs 4000000000 bytes but 4 are"
                                + " there");
        Path objects = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "80");
        assertThatThrownBy(() -> NumpyFiles.read(objects))
                .hasMessageStartingWith(
                        "a.npy has an array type that is not understood: save plain integers or floats (header {'descr': '|O'");
        Path complex = npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "0000000000000000");
        assertThatThrownBy(() -> NumpyFiles.read(complex))
                .hasMessage("a.npy holds numbers of type c8: save plain integers or floats");
    }

    @Test
    void reads_labels_as_numbers_or_one_hot() throws IOException {
        assertThat(NumpyFiles.labels("y", NumpyFiles.read(npy("|u1", "(3,)", "020001"))))
                .containsExactly(2, 0, 1);
        assertThat(NumpyFiles.labels("y", NumpyFiles.read(npy("|u1", "(2, 3)", "000001010000"))))
                .containsExactly(2, 0);
        INDArray twoOnes = NumpyFiles.read(npy("|u1", "(1, 3)", "010001"));
        assertThatThrownBy(() -> NumpyFiles.labels("y", twoOnes))
                .hasMessage("label 0 of y is not one-hot: give whole numbers of shape [n], or rows with a single 1");
        INDArray half = NumpyFiles.read(npy("<f4", "(1,)", "0000003f"));
        assertThatThrownBy(() -> NumpyFiles.labels("y", half))
                .hasMessage("label 0 of y is 0.5: labels are whole numbers, counted from 0");
    }

    @Test
    void loads_an_archive_and_says_what_it_lacks() throws IOException {
        Path inputs = npy("|u1", "(2, 2)", "01020304");
        Path archive = folder.resolve("data.npz");
        zip(archive, "x.npy", Files.readAllBytes(inputs), "y.npy", Files.readAllBytes(npy("|u1", "(2,)", "0100")));
        LabeledData data = LabeledData.load(archive);
        assertThat(data.labels()).containsExactly(1, 0);
        assertThat(Rows.toDoubles(data.inputs())).containsExactly(1, 2, 3, 4);
        zip(archive, "x.npy", Files.readAllBytes(inputs));
        assertThatThrownBy(() -> LabeledData.load(archive))
                .hasMessage("data.npz holds the arrays [x] but needs 'inputs' and 'labels' (or 'x' and 'y')");
        Files.writeString(archive, "no archive");
        assertThatThrownBy(() -> LabeledData.load(archive))
                .hasMessage("data.npz is no .npz archive: write it with np.savez(file, inputs=…, labels=…)");
        assertThatThrownBy(() -> LabeledData.fromClasspath("nowhere.npz"))
                .hasMessage("there is no data file nowhere.npz on the class path: put it in src/test/resources");
    }

    private double[] read(String type, String shape, String hex) throws IOException {
        return Rows.toDoubles(NumpyFiles.read(npy(type, shape, hex)));
    }

    private Path npy(String type, String shape, String hex) throws IOException {
        return npy("{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }", hex);
    }

    private Path npy(String header, String hex) throws IOException {
        byte[] head = header.getBytes(StandardCharsets.ISO_8859_1);
        byte[] body = HexFormat.of().parseHex(hex);
        byte[] start = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) head.length, (byte) (head.length >>> 8)};
        byte[] all = Arrays.copyOf(start, 10 + head.length + body.length);
        System.arraycopy(head, 0, all, 10, head.length);
        System.arraycopy(body, 0, all, 10 + head.length, body.length);
        return Files.write(folder.resolve("a.npy"), all);
    }

    private static void zip(Path archive, Object... namesAndBytes) throws IOException {
        try (OutputStream out = Files.newOutputStream(archive);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (int i = 0; i < namesAndBytes.length; i += 2) {
                zip.putNextEntry(new ZipEntry((String) namesAndBytes[i]));
                zip.write((byte[]) namesAndBytes[i + 1]);
            }
        }
    }
}
