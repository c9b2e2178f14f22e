package dev.mettle.core.numeric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackendFactsTests {

    private static final String PLAIN = """
            GCC: "7.5.0"
            STD version: 201103L
            DEFAULT_ENGINE: samediff::ENGINE_CPU
            HAVE_FLATBUFFERS
            HAVE_OPENBLAS
            """;

    private static final String WITH_ONEDNN = PLAIN.replace("HAVE_FLATBUFFERS", "HAVE_FLATBUFFERS\nHAVE_ONEDNN");

    @Test
    void helpersAreReadFromTheBuild() {
        assertThat(BackendFacts.helpers(PLAIN)).isEmpty();
        assertThat(BackendFacts.helpers(WITH_ONEDNN)).containsExactly("oneDNN");
        assertThat(BackendFacts.helpers("HAVE_CUDNN\r\n")).containsExactly("cuDNN");
        assertThat(BackendFacts.helpers("HAVE_ARMCOMPUTE")).containsExactly("Arm Compute Library");
    }

    @Test
    void instructionSetsHaveTheirUsualNames() {
        assertThat(BackendFacts.instructionSet(1)).isEqualTo("x86-64");
        assertThat(BackendFacts.instructionSet(2)).isEqualTo("AVX2");
        assertThat(BackendFacts.instructionSet(3)).isEqualTo("AVX-512");
        assertThat(BackendFacts.instructionSet(0)).isEqualTo(System.getProperty("os.arch"));
    }

    @Test
    void theStatementIsOneLine() {
        assertThat(cpu("1.0.0-M2.1", List.of("oneDNN"), 2).statement())
                .isEqualTo("ND4J 1.0.0-M2.1 on CPU (AMD EPYC, AVX2), oneDNN, 2 threads");
        assertThat(cpu("1.0.0-M2.1", List.of(), 1).statement())
                .isEqualTo("ND4J 1.0.0-M2.1 on CPU (AMD EPYC, AVX2), 1 thread");
        assertThat(gpu(List.of("cuDNN")).statement())
                .isEqualTo("ND4J 1.0.0-M2.1 on CUDA (NVIDIA A10, compute capability 8.6), cuDNN");
    }

    @Test
    void reportsTellTheSame() {
        assertThat(cpu("1.0.0-M2.1", List.of("oneDNN"), 2).describe())
                .hasToString("{backend=CPU, device=AMD EPYC, helpers=oneDNN, instructionSet=AVX2, kernels=x86-64,"
                        + " nd4j=1.0.0-M2.1, threads=2}");
        assertThat(gpu(List.of()).describe())
                .hasToString("{backend=CUDA, device=NVIDIA A10, compute capability 8.6, helpers=none,"
                        + " nd4j=1.0.0-M2.1}");
    }

    @Test
    void adviceNamesTheDependencyToAdd() {
        assertThat(cpu("1.0.0-M2.1", List.of(), 2).advice("Linux", "amd64"))
                .contains("ND4J's convolutions are about 10 times faster with oneDNN: replace the dependency"
                        + " org.nd4j:nd4j-native:1.0.0-M2.1:linux-x86_64 by"
                        + " org.nd4j:nd4j-native:1.0.0-M2.1:linux-x86_64-onednn");
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x86_64-onednn",
        "Mac OS X, x86_64, macosx-x86_64-onednn",
        "Windows 11, amd64, windows-x86_64-onednn",
    })
    void adviceIsGivenWhereThereIsAFasterBuild(String os, String architecture, String classifier) {
        assertThat(cpu("1.0.0-M2.1", List.of(), 2).advice(os, architecture))
                .hasValueSatisfying(advice -> assertThat(advice).endsWith(":" + classifier));
    }

    @Test
    void thereIsNoAdviceWhereNothingIsFaster() {
        assertThat(cpu("1.0.0-M2.1", List.of("oneDNN"), 2).advice("Linux", "amd64"))
                .isEmpty();
        assertThat(cpu("1.0.0-M2.1", List.of(), 2).advice("Linux", "aarch64")).isEmpty();
        assertThat(cpu("1.0.0-M2.1", List.of(), 2).advice("Mac OS X", "aarch64"))
                .isEmpty();
        assertThat(cpu("1.0.0-M2.1", List.of(), 2).advice("SunOS", "amd64")).isEmpty();
        assertThat(cpu("1.0.0-M1.1", List.of(), 2).advice("Linux", "amd64")).isEmpty();
        assertThat(gpu(List.of()).advice("Linux", "amd64")).isEmpty();
    }

    @Test
    void aGpuNeverRunsOnOneDnn() {
        assertThat(cpu("1.0.0-M2.1", List.of("oneDNN"), 2).hasOneDnn()).isTrue();
        assertThat(cpu("1.0.0-M2.1", List.of(), 2).hasOneDnn()).isFalse();
        assertThat(gpu(List.of("oneDNN")).hasOneDnn()).isFalse();
    }

    private static BackendFacts cpu(String version, List<String> helpers, int threads) {
        return new BackendFacts(version, false, "AMD EPYC", "AVX2", "x86-64", helpers, threads);
    }

    private static BackendFacts gpu(List<String> helpers) {
        return new BackendFacts(
                "1.0.0-M2.1", true, BackendFacts.gpu("NVIDIA A10 ", 8, 6), "x86-64", "x86-64", helpers, 2);
    }
}
