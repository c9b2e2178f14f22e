package dev.mettle.core.numeric;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CudaRuntimeTests {

    /** Two GPUs, as {@code org.bytedeco.cuda.global.cudart} tells them. */
    public static final class TwoGpus {

        private TwoGpus() {}

        public static int cudaGetDeviceCount(int[] count) {
            count[0] = 2;
            return 0;
        }

        public static int cudaDeviceGetAttribute(int[] value, int attribute, int device) {
            int[] capability = device == 0 ? new int[] {8, 6} : new int[] {9, 0};
            value[0] = capability[attribute - 75];
            return 0;
        }
    }

    /** A machine without a driver: error 35 is {@code cudaErrorInsufficientDriver}. */
    public static final class NoDriver {

        private NoDriver() {}

        public static int cudaGetDeviceCount(int[] count) {
            count[0] = 1;
            return 35;
        }

        public static int cudaDeviceGetAttribute(int[] value, int attribute, int device) {
            value[0] = 9;
            return 0;
        }
    }

    @Test
    void readsTheComputeCapabilityOfEveryGpu() {
        assertThat(CudaRuntime.devices(TwoGpus.class))
                .containsExactly(
                        new CudaDevice(0, new ComputeCapability(8, 6)), new CudaDevice(1, new ComputeCapability(9, 0)));
    }

    @Test
    void findsNoneWithoutADriver() {
        assertThat(CudaRuntime.devices(NoDriver.class)).isEmpty();
    }

    @Test
    void findsNoneInARuntimeThatItDoesNotKnow() {
        assertThat(CudaRuntime.devices(Object.class)).isEmpty();
    }
}
