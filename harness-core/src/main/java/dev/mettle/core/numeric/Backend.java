package dev.mettle.core.numeric;

import dev.mettle.core.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The ND4J backend, which the user puts on the class path: {@code nd4j-native} or one of {@code nd4j-cuda-…}. */
public final class Backend {

    private static final AtomicBoolean INTRODUCED = new AtomicBoolean();

    private Backend() {}

    /**
     * Refuse to go on without a backend that works on this machine. Call it before anything else of ND4J: on a GPU that a
     * build holds no code for, ND4J would crash.
     *
     * @throws ConfigurationException if there is none; the message names the dependency to add
     */
    public static void require() {
        CudaPreflight.check();
        try {
            try (INDArray probe = Nd4j.zeros(1)) {
                probe.sumNumber();
            }
        } catch (LinkageError | RuntimeException e) {
            String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
            throw new ConfigurationException(missing(platform, CudaPreflight.hasCudaOnClassPath()), e);
        }
    }

    static String missing(String platform, boolean hasCuda) {
        return hasCuda
                ? "ND4J's CUDA build on the class path doesn't work on this machine (" + platform
                        + "): it needs the natives of this platform as a dependency with a classifier, an NVIDIA GPU with its"
                        + " driver, and the libraries of CUDA 11; to run on the CPU, use org.nd4j:nd4j-native in its place"
                : "there is no ND4J backend for " + platform
                        + " on the class path: add org.nd4j:nd4j-native:1.0.0-M2.1 and, with a classifier such as linux-x86_64,"
                        + " its native library as test dependencies";
    }

    /**
     * Say in one line what ND4J runs on, such as {@code ND4J 1.0.0-M2.1 on CPU (AMD EPYC, AVX2), oneDNN, 2 threads}.
     *
     * @throws ConfigurationException if there is no backend; see {@link #require}
     */
    public static String statement() {
        return facts().statement();
    }

    /**
     * Name the dependency that makes ND4J much faster on this machine, if there is one and it isn't in use yet.
     *
     * @throws ConfigurationException if there is no backend; see {@link #require}
     */
    public static Optional<String> advice() {
        return facts().advice(System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    /**
     * Give the {@link #statement} and the {@link #advice} to whoever prints first; do nothing the next times, in this JVM.
     *
     * @param statement takes the statement
     * @param warning takes the advice, if there is one
     * @throws ConfigurationException if there is no backend; see {@link #require}
     */
    public static void introduce(Consumer<String> statement, Consumer<String> warning) {
        require();
        if (INTRODUCED.compareAndSet(false, true)) {
            statement.accept(statement());
            advice().ifPresent(warning);
        }
    }

    /**
     * Tell whether convolutions run on oneDNN, about 10 times as fast as without it.
     *
     * @return false on a GPU, whatever the build
     * @throws ConfigurationException if there is no backend; see {@link #require}
     */
    public static boolean hasOneDnn() {
        require();
        return OneDnn.ACTIVE;
    }

    /**
     * Tell whether ND4J runs on a GPU.
     *
     * @throws ConfigurationException if there is no backend; see {@link #require}
     */
    public static boolean isCuda() {
        return facts().isCuda();
    }

    /**
     * Describe backend, device, versions and platform, sorted by name.
     *
     * @throws ConfigurationException if there is no backend; see {@link #require}
     */
    public static Map<String, String> describe() {
        BackendFacts nd4j = facts();
        TreeMap<String, String> facts = new TreeMap<>(nd4j.describe());
        facts.put(
                "blas",
                String.valueOf(Nd4j.getExecutioner().getEnvironmentInformation().get("blas.vendor")));
        facts.put("java", System.getProperty("java.version"));
        facts.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("mettle", version("dev.mettle", "mettle-core").orElse("development"));
        return facts;
    }

    private static BackendFacts facts() {
        require();
        return BackendFacts.read();
    }

    /**
     * Find the version of a library on the class path. Read from what Maven leaves in every jar, since ND4J's manifests name no
     * version, and one manifest can't speak for all libraries of a merged jar.
     */
    public static Optional<String> version(String group, String artifact) {
        String resource = "/META-INF/maven/" + group + "/" + artifact + "/pom.properties";
        try (InputStream in = Backend.class.getResourceAsStream(resource)) {
            if (in == null) {
                return Optional.empty();
            }
            Properties properties = new Properties();
            properties.load(in);
            return Optional.ofNullable(properties.getProperty("version"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asked for in the inner loop of models, so remembered. */
    private static final class OneDnn {
        static final boolean ACTIVE = BackendFacts.read().hasOneDnn();
    }
}
