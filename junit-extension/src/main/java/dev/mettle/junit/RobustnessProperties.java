package dev.mettle.junit;

import static org.apiguardian.api.API.Status.EXPERIMENTAL;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.ResultStore;
import dev.mettle.memory.ResultFolder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apiguardian.api.API;

/**
 * The settings of a run, as opposed to those of a test.
 *
 * <p>They are JUnit configuration parameters: give them on the command line, which wins, or in a file
 * {@code junit-platform.properties} on the test class path.
 *
 * <pre>{@code
 * mvn test -Dmettle.seed=random -Dmettle.samples=200
 * }</pre>
 */
@API(status = EXPERIMENTAL, since = "0.1")
public final class RobustnessProperties {

    /** The base seed of all random draws: a number, or {@value #RANDOM} for a new one in every run; always printed. */
    public static final String SEED = "mettle.seed";

    /** The largest number of samples per test. */
    public static final String SAMPLES = "mettle.samples";

    /** The number of samples to attack at once. */
    public static final String BATCH = "mettle.batch";

    /**
     * How messages say to run a single test again, with {@value #TEST} for {@code Class#method}: for projects that don't run
     * them with {@value #MVN_TEST}.
     */
    public static final String COMMAND = "mettle.command";

    /**
     * What to do with baselines: {@code compare}, {@code update} to record them anew, or {@code off}.
     *
     * @see Baseline
     */
    public static final String BASELINE = "mettle.baseline";

    /** The folder of the baselines, if not {@code src/test/resources/mettle/baselines} of the project of the test class. */
    public static final String BASELINES = "mettle.baselines";

    /**
     * What to do with known adversarial examples: {@code compare}, {@code update} to keep new ones and to close those that the model resists,
     * or {@code off}.
     *
     * @see Corpus
     */
    public static final String CORPUS = "mettle.corpus";

    /** The folder of the known examples, if not {@code src/test/resources/mettle/corpus} of the project of the test class. */
    public static final String CORPORA = "mettle.corpora";

    /**
     * Where to remember what attacks found, so that a test of an unchanged model takes seconds: a folder, or {@code off}. Not set, it is
     * {@code target/mettle/results} of the project, and off on CI.
     */
    public static final String CACHE = "mettle.cache";

    /** Whether tests run on CI, {@code true} or {@code false}, if the environment variable {@code CI} doesn't tell it right. */
    public static final String CI = "mettle.ci";

    private static final String TEST = "{test}";
    private static final String MVN_TEST = "mvn test -Dtest={test}";

    /** The value of {@link #SEED} that draws a new seed in every run. */
    public static final String RANDOM = "random";

    private final Function<String, Optional<String>> parameters;

    /**
     * Create the properties.
     *
     * @param parameters looks up a configuration parameter by its name
     */
    RobustnessProperties(Function<String, Optional<String>> parameters) {
        this.parameters = parameters;
    }

    /** Say whether the seed is to be drawn. */
    boolean randomSeed() {
        return parameters.apply(SEED).filter(RANDOM::equals).isPresent();
    }

    /** Return the seed, if it is given as a number. */
    OptionalLong seed() {
        Optional<String> text = parameters.apply(SEED).filter(value -> !RANDOM.equals(value));
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(text.get().trim()));
        } catch (NumberFormatException e) {
            throw new ConfigurationException(
                    SEED + " is \"" + text.get() + "\": give a whole number, or " + RANDOM + " to draw one", e);
        }
    }

    /** Return the cap on the number of samples, if there is one. */
    OptionalInt samples() {
        return count(SAMPLES);
    }

    /** Return the batch size, if it is set. */
    OptionalInt batch() {
        return count(BATCH);
    }

    /** Return the command that runs a test, such as {@code mvn test -Dtest=DigitsRobustnessTests#staysAccurate}. */
    String command(String test) {
        String command = parameters.apply(COMMAND).orElse(MVN_TEST).trim();
        if (!command.contains(TEST)) {
            throw new ConfigurationException(COMMAND + " is \"" + command + "\": it needs " + TEST
                    + " where the test is named, as in " + MVN_TEST);
        }
        boolean expanded = test.contains("$"); // a shell would expand $Inner
        return Arrays.stream(command.split(" +"))
                .map(word -> expanded && word.contains(TEST) ? "'" + word + "'" : word)
                .collect(Collectors.joining(" "))
                .replace(TEST, test);
    }

    /** Return what to do with baselines. */
    Recording baseline() {
        return recording(BASELINE);
    }

    /** Return what to do with known examples. */
    Recording corpus() {
        return recording(CORPUS);
    }

    private Recording recording(String key) {
        String text = parameters.apply(key).orElse("compare").trim();
        return Arrays.stream(Recording.values())
                .filter(mode -> mode.name().toLowerCase(Locale.ROOT).equals(text))
                .findFirst()
                .orElseThrow(
                        () -> new ConfigurationException(key + " is \"" + text + "\": give compare, update or off"));
    }

    /** Return the folder of the baselines, if it is set. */
    Optional<Path> baselineFolder() {
        return parameters.apply(BASELINES).map(Path::of);
    }

    /** Return the folder of the known examples, if it is set. */
    Optional<Path> corpusFolder() {
        return parameters.apply(CORPORA).map(Path::of);
    }

    /** Return where to remember what attacks found. */
    ResultStore cache(Class<?> testClass) {
        Optional<String> own = parameters.apply(CACHE).map(String::trim);
        if (own.isEmpty() ? onCi() : own.get().equals("off")) {
            return ResultStore.NONE;
        }
        return ResultFolder.of(own.map(Path::of)
                .orElseGet(() -> ProjectFolder.of(testClass).resolve(Path.of("target", "mettle", "results"))));
    }

    /** Say whether tests run on CI, where nothing may be recorded. */
    boolean onCi() {
        Optional<String> own = parameters.apply(CI);
        if (own.isEmpty()) {
            String variable = System.getenv("CI");
            return variable != null && !variable.isBlank() && !variable.equalsIgnoreCase("false");
        }
        return switch (own.get().trim()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new ConfigurationException(CI + " is \"" + own.get() + "\": give true or false");
        };
    }

    private OptionalInt count(String key) {
        Optional<String> text = parameters.apply(key);
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        String mend = key + " is \"" + text.get() + "\": give a whole number of at least 1";
        try {
            int count = Integer.parseInt(text.get().trim());
            if (count < 1) {
                throw new ConfigurationException(mend);
            }
            return OptionalInt.of(count);
        } catch (NumberFormatException e) {
            throw new ConfigurationException(mend, e);
        }
    }
}
