package dev.mettle.core.numeric;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CudaBuildTests {

    @ParameterizedTest
    @CsvSource({
        // no code for Kepler before 3.7, nor for the years after Ada
        "nd4j-cuda-11.6, 3.5, false",
        "nd4j-cuda-11.6, 3.7, true",
        "nd4j-cuda-11.6, 5.3, true",
        "nd4j-cuda-11.6, 7.5, true",
        "nd4j-cuda-11.6, 8.6, true",
        "nd4j-cuda-11.6, 8.9, true",
        "nd4j-cuda-11.6, 9.0, false",
        "nd4j-cuda-11.6, 10.0, false",
        "nd4j-cuda-11.6, 12.0, false",
        "nd4j-cuda-11.4, 8.9, true",
        "nd4j-cuda-11.4, 9.0, false",
        // what is newer than the machine code is compiled by the driver
        "nd4j-cuda-11.2, 3.0, false",
        "nd4j-cuda-11.2, 3.5, true",
        "nd4j-cuda-11.2, 8.9, true",
        "nd4j-cuda-11.2, 9.0, true",
        "nd4j-cuda-11.2, 12.0, true",
        "nd4j-cuda-11.0, 8.6, true",
        "nd4j-cuda-11.0, 10.0, true",
    })
    void runsOnWhatItHoldsCodeFor(String artifact, String capability, boolean runs) {
        assertThat(build(artifact).runsOn(ComputeCapability.of(capability))).isEqualTo(runs);
    }

    @ParameterizedTest
    @CsvSource({
        "nd4j-cuda-11.6, nd4j-cuda-11.6:1.0.0-M2.1, 3.7 to 8.9",
        "nd4j-cuda-11.4, nd4j-cuda-11.4:1.0.0-M2.1, 3.7 to 8.9",
        "nd4j-cuda-11.2, nd4j-cuda-11.2:1.0.0-M1.1, 3.5 and newer",
        "nd4j-cuda-11.0, nd4j-cuda-11.0:1.0.0-M1.1, 3.5 and newer",
    })
    void saysWhatItRunsOn(String artifact, String name, String range) {
        assertThat(build(artifact)).hasToString(name);
        assertThat(build(artifact).range()).isEqualTo(range);
    }

    static CudaBuild build(String artifact) {
        return CudaBuild.KNOWN.stream()
                .filter(build -> build.artifact().equals(artifact))
                .findFirst()
                .orElseThrow();
    }
}
