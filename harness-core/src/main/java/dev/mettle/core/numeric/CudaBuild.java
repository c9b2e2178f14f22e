package dev.mettle.core.numeric;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A CUDA build of ND4J, and the GPUs that it holds code for.
 *
 * <p>Machine code runs on GPUs of its own major compute capability and the same or a higher minor one. PTX, an intermediate
 * code that the driver compiles when it first loads it, runs on all later ones as well. Which of the two a build has, and for
 * what, has been read off its native library with {@code cuobjdump}.
 *
 * @param artifact its artifact id, of the group {@code org.nd4j}
 * @param version its version
 * @param binaries what it holds machine code for, ascending
 * @param ptx what it holds intermediate code for, if it does
 */
record CudaBuild(String artifact, String version, List<ComputeCapability> binaries, Optional<ComputeCapability> ptx) {

    private static final List<ComputeCapability> M2_1 =
            capabilities("3.7", "5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6");
    private static final List<ComputeCapability> M1_1_UP_TO_8_0 =
            capabilities("3.5", "5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0");
    private static final List<ComputeCapability> M1_1_UP_TO_8_6 =
            capabilities("3.5", "5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6");

    /** All that Maven Central has of 1.0.0-M1.1 and 1.0.0-M2.1; the best for most GPUs first. */
    static final List<CudaBuild> KNOWN = List.of(
            new CudaBuild("nd4j-cuda-11.6", "1.0.0-M2.1", M2_1, Optional.empty()),
            new CudaBuild("nd4j-cuda-11.4", "1.0.0-M2.1", M2_1, Optional.empty()),
            new CudaBuild("nd4j-cuda-11.2", "1.0.0-M1.1", M1_1_UP_TO_8_6, Optional.of(ComputeCapability.of("8.6"))),
            new CudaBuild("nd4j-cuda-11.0", "1.0.0-M1.1", M1_1_UP_TO_8_0, Optional.of(ComputeCapability.of("8.0"))));

    private static List<ComputeCapability> capabilities(String... texts) {
        return Stream.of(texts).map(ComputeCapability::of).toList();
    }

    /** Tell whether it holds code that runs on a GPU. */
    boolean runsOn(ComputeCapability gpu) {
        return hasBinaryFor(gpu) || ptx.filter(code -> code.compareTo(gpu) <= 0).isPresent();
    }

    private boolean hasBinaryFor(ComputeCapability gpu) {
        return binaries.stream().anyMatch(code -> code.major() == gpu.major() && code.minor() <= gpu.minor());
    }

    /** Name the GPUs that it runs on, such as {@code 3.7 to 8.9}. */
    String range() {
        ComputeCapability lowest = binaries.get(0);
        ComputeCapability highest = binaries.get(binaries.size() - 1);
        return ptx.isPresent() ? lowest + " and newer" : lowest + " to " + highest.major() + ".9";
    }

    @Override
    public String toString() {
        return artifact + ":" + version;
    }
}
