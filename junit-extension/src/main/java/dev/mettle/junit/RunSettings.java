package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import java.security.SecureRandom;
import java.util.OptionalInt;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * How a test is run, as its annotation and the properties of the run say together.
 *
 * @param name the name of the test, such as {@code DigitsRobustnessTests.staysAccurate}
 * @param seed the base seed of all random draws
 * @param samples the largest number of samples
 * @param batchSize how many samples to run at once
 * @param reproduce a command that runs the test again
 */
record RunSettings(String name, long seed, int samples, int batchSize, String reproduce) {

    private static final int LARGEST_RANDOM_SEED = 100_000_000;

    /**
     * Put the settings together.
     *
     * @param ownSeed the seed that the test pins, or {@link RobustnessTest#SEED_NOT_SET}
     * @param ownSamples the largest number of samples that the test asks for
     * @param ownBatchSize the batch size that the test asks for
     */
    static RunSettings of(
            ExtensionContext context, RobustnessProperties properties, long ownSeed, int ownSamples, int ownBatchSize) {
        String testClass = classNameWithoutPackage(context.getRequiredTestClass());
        String method = context.getRequiredTestMethod().getName();
        long seed = seed(ownSeed, properties, context);
        if (ownSamples < 1) {
            throw new ConfigurationException(
                    "samples = " + ownSamples + ": give at least 1, or leave it out to evaluate all");
        }
        int samples = Math.min(ownSamples, properties.samples().orElse(Integer.MAX_VALUE));
        String reproduce = reproduce(properties.command(testClass + "#" + method), seed, properties.samples());
        if (ownBatchSize < 1) {
            throw new ConfigurationException("batchSize = " + ownBatchSize + ": give at least 1, or leave it out");
        }
        return new RunSettings(
                testClass.replace('$', '.') + "." + method,
                seed,
                samples,
                properties.batch().orElse(ownBatchSize),
                reproduce);
    }

    private static long seed(long own, RobustnessProperties properties, ExtensionContext context) {
        // read it even where the test pins its own, so that a wrong value is reported
        long fromRun = properties.randomSeed()
                ? drawSeed(context.getRoot())
                : properties.seed().orElse(RobustnessEvaluation.DEFAULT_SEED);
        return own == RobustnessTest.SEED_NOT_SET ? fromRun : own;
    }

    /** Draw one seed for all tests of a run, short enough to be typed. */
    private static long drawSeed(ExtensionContext root) {
        return Stores.remember(root, RobustnessProperties.SEED, Long.class, () ->
                (long) new SecureRandom().nextInt(LARGEST_RANDOM_SEED));
    }

    private static String classNameWithoutPackage(Class<?> type) {
        String packageName = type.getPackageName();
        return packageName.isEmpty() ? type.getName() : type.getName().substring(packageName.length() + 1);
    }

    private static String reproduce(String command, long seed, OptionalInt cap) {
        return command + " -D" + RobustnessProperties.SEED + "=" + seed
                + (cap.isPresent() ? " -D" + RobustnessProperties.SAMPLES + "=" + cap.getAsInt() : "");
    }
}
