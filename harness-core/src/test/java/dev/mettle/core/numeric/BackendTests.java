package dev.mettle.core.numeric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackendTests {

    @Test
    void reportsNameBackendDeviceAndVersions() {
        assertThat(Backend.describe())
                .containsKeys("backend", "blas", "device", "helpers", "java", "mettle", "nd4j", "os")
                .containsEntry("backend", Backend.isCuda() ? "CUDA" : "CPU")
                .doesNotContainValue("null");
    }

    @Test
    void theStatementAgreesWithTheReport() {
        assertThat(Backend.statement())
                .startsWith("ND4J " + Backend.describe().get("nd4j") + " on "
                        + Backend.describe().get("backend") + " ("
                        + Backend.describe().get("device"))
                .hasLineCount(1);
        assertThat(Backend.statement().contains(", oneDNN")).isEqualTo(Backend.hasOneDnn());
    }

    @Test
    void aMissingBackendIsNamedWithWhatToAdd() {
        assertThat(Backend.missing("Linux amd64", false))
                .isEqualTo("there is no ND4J backend for Linux amd64 on the class path: add"
                        + " org.nd4j:nd4j-native:1.0.0-M2.1 and, with a classifier such as linux-x86_64, its native"
                        + " library as test dependencies");
        assertThat(Backend.missing("Linux amd64", true))
                .isEqualTo(
                        "ND4J's CUDA build on the class path doesn't work on this machine (Linux amd64): it needs the"
                                + " natives of this platform as a dependency with a classifier, an NVIDIA GPU with its driver,"
                                + " and the libraries of CUDA 11; to run on the CPU, use org.nd4j:nd4j-native in its place");
    }

    @Test
    void theBackendIsIntroducedOnce() {
        List<String> lines = new ArrayList<>();
        Backend.introduce(line -> {}, line -> {});

        Backend.introduce(lines::add, lines::add);

        assertThat(lines).isEmpty();
    }
}
