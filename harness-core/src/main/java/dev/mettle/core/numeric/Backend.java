package dev.mettle.core.numeric;

import dev.mettle.core.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The ND4J backend, which the user puts on the class path: {@code nd4j-native} or one of {@code nd4j-cuda-…}. */
public final class Backend {

    private Backend() {}

    /**
     * Refuse to go on without a backend that works on this machine.
     *
     * @throws ConfigurationException if there is none; the message names the dependency to add
     */
    public static void require() {
        try {
            try (INDArray probe = Nd4j.zeros(1)) {
                probe.sumNumber();
            }
        } catch (LinkageError | RuntimeException e) {
            String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
            throw new ConfigurationException(
                    "there is no ND4J backend for " + platform
                            + " on the class path: add org.nd4j:nd4j-native:1.0.0-M2.1 and, with a classifier such as linux-x86_64,"
                            + " its native library as test dependencies",
                    e);
        }
    }

    /** Describe backend, versions and platform, sorted by name. */
    public static Map<String, String> describe() {
        Properties nd4j = Nd4j.getExecutioner().getEnvironmentInformation();
        TreeMap<String, String> facts = new TreeMap<>();
        facts.put("backend", String.valueOf(nd4j.get("backend")));
        facts.put("blas", String.valueOf(nd4j.get("blas.vendor")));
        facts.put("nd4j", version("org.nd4j", "nd4j-api").orElse("unknown"));
        facts.put("java", System.getProperty("java.version"));
        facts.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("mettle", version("dev.mettle", "mettle-core").orElse("development"));
        return facts;
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
}
