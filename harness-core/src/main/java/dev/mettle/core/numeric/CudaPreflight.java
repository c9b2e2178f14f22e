package dev.mettle.core.numeric;

import dev.mettle.core.ConfigurationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks before ND4J starts whether its CUDA build holds code for the GPUs of this machine. ND4J itself doesn't: it picks the
 * build and then dies of {@code cudaGetSymbolAddress(...) failed; Error code: [13]}. Touches no class of ND4J.
 */
final class CudaPreflight {

    private static final String CUDA_BACKEND = "/org/nd4j/linalg/jcublas/JCublasBackend.class";
    private static final String CPU_BACKEND = "/org/nd4j/linalg/cpu/nativecpu/CpuBackend.class";
    private static final int DEFAULT_CUDA_PRIORITY = 100;
    private static final int DEFAULT_CPU_PRIORITY = 0;

    private CudaPreflight() {}

    /**
     * Refuse a CUDA build of ND4J on the class path that can't run on the GPUs of this machine.
     *
     * <p>Lets pass what it can't judge, such as a build that it doesn't know, or a machine without GPU: ND4J then says what is
     * missing.
     *
     * @throws ConfigurationException if the build holds no code for a GPU; the message names one that does
     */
    static void check() {
        if (!isOnClassPath(CUDA_BACKEND) || prefersCpu(isOnClassPath(CPU_BACKEND), System.getenv())) {
            return;
        }
        Optional<CudaBuild> build = CudaBuild.KNOWN.stream()
                .filter(known -> Backend.version("org.nd4j", known.artifact())
                        .filter(known.version()::equals)
                        .isPresent())
                .findFirst();
        if (build.isPresent()) {
            requireRunnable(build.get(), CudaRuntime.devices());
        }
    }

    /** Tell whether a CUDA build of ND4J is on the class path. */
    static boolean hasCudaOnClassPath() {
        return isOnClassPath(CUDA_BACKEND);
    }

    private static boolean isOnClassPath(String resource) {
        return CudaPreflight.class.getResource(resource) != null;
    }

    /** Tell whether ND4J, given the choice, takes the CPU, which the user asks for by environment variables of ND4J. */
    static boolean prefersCpu(boolean hasCpu, Map<String, String> variables) {
        return hasCpu
                && priority(variables, "BACKEND_PRIORITY_CPU", DEFAULT_CPU_PRIORITY)
                        > priority(variables, "BACKEND_PRIORITY_GPU", DEFAULT_CUDA_PRIORITY);
    }

    private static int priority(Map<String, String> variables, String name, int otherwise) {
        try {
            return Integer.parseInt(variables.getOrDefault(name, ""));
        } catch (NumberFormatException e) {
            return otherwise; // as ND4J does
        }
    }

    /** Refuse a build that lacks code for one of the GPUs: ND4J prepares all that it sees. */
    static void requireRunnable(CudaBuild build, List<CudaDevice> devices) {
        for (CudaDevice device : devices) {
            if (!build.runsOn(device.capability())) {
                throw new ConfigurationException(build + " holds no code for GPU " + device.index()
                        + " of this machine, whose compute capability is " + device.capability() + ": it runs on "
                        + build.range() + " and would crash here with error code [13]; use "
                        + String.join(", or ", mends(build, device, devices)));
            }
        }
    }

    private static List<String> mends(CudaBuild build, CudaDevice device, List<CudaDevice> devices) {
        List<String> mends = new ArrayList<>();
        CudaBuild.KNOWN.stream()
                .filter(other -> other.runsOn(device.capability()))
                .findFirst()
                .ifPresent(other -> mends.add("org.nd4j:" + other
                        + (other.version().equals(build.version())
                                ? ""
                                : ", with all of ND4J and Deeplearning4j in version " + other.version())));
        mends.add("org.nd4j:nd4j-native in its place");
        devices.stream()
                .filter(other -> build.runsOn(other.capability()))
                .findFirst()
                .ifPresent(other -> mends.add("GPU " + other.index() + " alone, with the environment variable"
                        + " CUDA_VISIBLE_DEVICES=" + other.index()));
        return mends;
    }
}
