package dev.mettle.core.numeric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CudaPreflightTests {

    @Test
    void aGpuThatIsTooNewIsRefusedWithTheBuildThatRunsOnIt() {
        assertThatThrownBy(() -> check("nd4j-cuda-11.6", "9.0"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "nd4j-cuda-11.6:1.0.0-M2.1 holds no code for GPU 0 of this machine, whose compute capability"
                                + " is 9.0: it runs on 3.7 to 8.9 and would crash here with error code [13]; use"
                                + " org.nd4j:nd4j-cuda-11.2:1.0.0-M1.1, with all of ND4J and Deeplearning4j in version"
                                + " 1.0.0-M1.1, or org.nd4j:nd4j-native in its place");
    }

    @Test
    void aGpuThatIsTooOldForAllBuildsLeavesTheCpu() {
        assertThatThrownBy(() -> check("nd4j-cuda-11.2", "3.0"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "nd4j-cuda-11.2:1.0.0-M1.1 holds no code for GPU 0 of this machine, whose compute capability"
                                + " is 3.0: it runs on 3.5 and newer and would crash here with error code [13]; use"
                                + " org.nd4j:nd4j-native in its place");
    }

    @Test
    void oneGpuThatIsTooNewIsEnoughSinceAllArePreparedButItCanBeHidden() {
        assertThatThrownBy(() -> check("nd4j-cuda-11.6", "12.0", "8.9"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "nd4j-cuda-11.6:1.0.0-M2.1 holds no code for GPU 0 of this machine, whose compute capability"
                                + " is 12.0: it runs on 3.7 to 8.9 and would crash here with error code [13]; use"
                                + " org.nd4j:nd4j-cuda-11.2:1.0.0-M1.1, with all of ND4J and Deeplearning4j in version"
                                + " 1.0.0-M1.1, or org.nd4j:nd4j-native in its place, or GPU 1 alone, with the environment"
                                + " variable CUDA_VISIBLE_DEVICES=1");
    }

    @Test
    void gpusThatTheBuildHoldsCodeForPass() {
        assertThatCode(() -> check("nd4j-cuda-11.6", "7.5", "8.9")).doesNotThrowAnyException();
        assertThatCode(() -> check("nd4j-cuda-11.2", "9.0", "12.0")).doesNotThrowAnyException();
    }

    @Test
    void aMachineWithoutGpuIsLeftToNd4j() {
        assertThatCode(() -> check("nd4j-cuda-11.6")).doesNotThrowAnyException();
    }

    @Test
    void theCpuIsPreferredOnlyIfTheUserSaysSo() {
        assertThat(CudaPreflight.prefersCpu(true, Map.of())).isFalse();
        assertThat(CudaPreflight.prefersCpu(true, Map.of("BACKEND_PRIORITY_CPU", "101")))
                .isTrue();
        assertThat(CudaPreflight.prefersCpu(false, Map.of("BACKEND_PRIORITY_CPU", "101")))
                .isFalse();
        assertThat(CudaPreflight.prefersCpu(true, Map.of("BACKEND_PRIORITY_GPU", "-1")))
                .isTrue();
        assertThat(CudaPreflight.prefersCpu(true, Map.of("BACKEND_PRIORITY_CPU", "high")))
                .isFalse();
    }

    private static void check(String artifact, String... capabilities) {
        List<CudaDevice> devices = IntStream.range(0, capabilities.length)
                .mapToObj(i -> new CudaDevice(i, ComputeCapability.of(capabilities[i])))
                .toList();
        CudaPreflight.requireRunnable(CudaBuildTests.build(artifact), devices);
    }
}
