package dev.mettle.core.numeric;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * What ND4J runs on, as its native library says.
 *
 * @param nd4j its version
 * @param isCuda whether it runs on a GPU
 * @param device the name of the processor, or the GPU and its compute capability
 * @param instructionSet the best one of ND4J's that this processor has; OpenBLAS and oneDNN pick theirs alike
 * @param kernels the instruction set that ND4J's own kernels are built for
 * @param helpers libraries that ND4J hands operations to, such as oneDNN
 * @param threads how many work on one operation
 */
record BackendFacts(
        String nd4j,
        boolean isCuda,
        String device,
        String instructionSet,
        String kernels,
        List<String> helpers,
        int threads) {

    private static final String ONEDNN = "oneDNN";

    /** ND4J 1.0.0-M1.1 has natives of these names as well, but no oneDNN is in them. */
    private static final String VERSION_WITH_ONEDNN = "1.0.0-M2.1";

    private static final Set<String> PLATFORMS_WITH_ONEDNN = Set.of("linux-x86_64", "macosx-x86_64", "windows-x86_64");

    /** Ask ND4J, which has to be there; see {@link Backend#require}. */
    static BackendFacts read() {
        NativeOps natives = NativeOpsHolder.getInstance().getDeviceNativeOps();
        boolean cuda = Nd4j.getExecutioner().type() == ExecutionerType.CUDA;
        return new BackendFacts(
                Backend.version("org.nd4j", "nd4j-api").orElse("(unknown version)"),
                cuda,
                cuda ? gpu(natives) : Processor.name(),
                instructionSet(natives.optimalLevel()),
                instructionSet(natives.binaryLevel()),
                helpers(natives.buildInfo()),
                natives.ompGetMaxThreads());
    }

    private static String gpu(NativeOps natives) {
        int index = Nd4j.getAffinityManager().getDeviceForCurrentThread();
        return gpu(natives.getDeviceName(index), natives.getDeviceMajor(index), natives.getDeviceMinor(index));
    }

    static String gpu(String name, int major, int minor) {
        return name.trim() + ", compute capability " + major + "." + minor;
    }

    /** Name one of the levels that ND4J tells apart, on Intel's and AMD's processors only. */
    static String instructionSet(int level) {
        return switch (level) {
            case 1 -> "x86-64";
            case 2 -> "AVX2";
            case 3 -> "AVX-512";
            default -> System.getProperty("os.arch");
        };
    }

    /** Find the libraries that a build of ND4J names among the macros it was compiled with. */
    static List<String> helpers(String buildInfo) {
        List<String> lines = buildInfo.lines().map(String::trim).toList();
        List<String> helpers = new ArrayList<>();
        if (lines.contains("HAVE_ONEDNN")) {
            helpers.add(ONEDNN);
        }
        if (lines.contains("HAVE_CUDNN")) {
            helpers.add("cuDNN");
        }
        if (lines.contains("HAVE_ARMCOMPUTE")) {
            helpers.add("Arm Compute Library");
        }
        return List.copyOf(helpers);
    }

    boolean hasOneDnn() {
        return !isCuda && helpers.contains(ONEDNN);
    }

    String statement() {
        StringBuilder line = new StringBuilder("ND4J ").append(nd4j).append(isCuda ? " on CUDA (" : " on CPU (");
        line.append(device);
        if (!isCuda) {
            line.append(", ").append(instructionSet);
        }
        line.append(')');
        helpers.forEach(helper -> line.append(", ").append(helper));
        if (!isCuda) {
            line.append(", ").append(threads).append(threads == 1 ? " thread" : " threads");
        }
        return line.toString();
    }

    /** Name the dependency that makes convolutions much faster on an operating system and architecture, if there is one. */
    Optional<String> advice(String os, String architecture) {
        String platform = platform(os, architecture);
        if (isCuda || hasOneDnn() || !nd4j.equals(VERSION_WITH_ONEDNN) || !PLATFORMS_WITH_ONEDNN.contains(platform)) {
            return Optional.empty();
        }
        String library = "org.nd4j:nd4j-native:" + nd4j + ":" + platform;
        return Optional.of("ND4J's convolutions are about 10 times faster with oneDNN: replace the dependency "
                + library + " by " + library + "-onednn");
    }

    /** Name a platform as ND4J's classifiers do. */
    private static String platform(String os, String architecture) {
        String name = os.toLowerCase(Locale.ROOT);
        String system = name.startsWith("mac") ? "macosx" : name.startsWith("windows") ? "windows" : name;
        boolean isIntelOrAmd = architecture.equals("amd64") || architecture.equals("x86_64");
        return system + "-" + (isIntelOrAmd ? "x86_64" : architecture);
    }

    /** The same for reports, by name. */
    Map<String, String> describe() {
        Map<String, String> facts = new TreeMap<>();
        facts.put("backend", isCuda ? "CUDA" : "CPU");
        facts.put("device", device);
        facts.put("helpers", helpers.isEmpty() ? "none" : String.join(", ", helpers));
        facts.put("nd4j", nd4j);
        if (!isCuda) {
            facts.put("instructionSet", instructionSet);
            facts.put("kernels", kernels);
            facts.put("threads", String.valueOf(threads));
        }
        return facts;
    }
}
