package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.certification.CertificationPlan;
import dev.mettle.core.certification.CertificationPolicy;
import dev.mettle.core.certification.CertificationText;
import dev.mettle.core.certification.Certifier;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.defenses.certification.RandomizedSmoothing;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * What a certified test method asks for: its annotations and the properties of the run, checked.
 *
 * @param test the annotation
 * @param certifier what certifies
 * @param attacks what attacks, if anything
 * @param policy how certificates become a verdict
 * @param run how the test is run
 */
record CertifiedTestPlan(
        CertifiedRobustnessTest test,
        Certifier certifier,
        List<Attack> attacks,
        CertificationPolicy policy,
        RunSettings run) {

    static CertifiedTestPlan of(CertifiedRobustnessTest test, ExtensionContext context) {
        RobustnessProperties properties = new RobustnessProperties(context::getConfigurationParameter);
        List<Attack> attacks = new ArrayList<>();
        for (Class<? extends Attack> type : test.attacks()) {
            attacks.add(SourceMethod.create(type, AttackSource.class));
        }
        for (Object each : AttackSources.fromMethod(context)) {
            if (!(each instanceof Attack attack)) {
                throw new ConfigurationException("@AttackSource of a certified test gives " + each
                        + ": give attacks on their own, which run at the radius of the test");
            }
            attacks.add(attack);
        }
        OptionalDouble required = Double.isNaN(test.minCertifiedAccuracy())
                ? OptionalDouble.empty()
                : OptionalDouble.of(test.minCertifiedAccuracy());
        return new CertifiedTestPlan(
                test,
                certifier(test, context),
                attacks,
                new CertificationPolicy(required, test.confidence(), test.decision()),
                RunSettings.of(context, properties, test.seed(), test.samples(), test.batchSize()));
    }

    private static Certifier certifier(CertifiedRobustnessTest test, ExtensionContext context) {
        List<Certifier> given = new ArrayList<>();
        if (!Double.isNaN(test.sigma())) {
            given.add(new RandomizedSmoothing(test.sigma(), test.n0(), test.n(), test.alpha()));
        }
        if (test.certifier() != Certifier.class) {
            given.add(SourceMethod.create(test.certifier(), CertifierSource.class));
        }
        AnnotationSupport.findAnnotation(context.getTestMethod(), CertifierSource.class)
                .ifPresent(source -> given.add(read(source, context)));
        if (given.isEmpty()) {
            throw new ConfigurationException(
                    "there is nothing to certify with: set sigma for randomized smoothing, name a"
                            + " certifier, or add a @CertifierSource");
        }
        if (given.size() > 1) {
            throw new ConfigurationException("there are " + given.size() + " certifiers, "
                    + String.join(", ", given.stream().map(Certifier::label).toList())
                    + ": keep one of sigma, certifier and @CertifierSource");
        }
        return given.get(0);
    }

    private static Certifier read(CertifierSource source, ExtensionContext context) {
        SourceMethod named = new SourceMethod(CertifierSource.class, "Certifier", source.value());
        Method method = named.find(context);
        Object value = named.call(method, context);
        if (value instanceof Certifier certifier) {
            return certifier;
        }
        throw new ConfigurationException("@CertifierSource " + SourceMethod.describe(method) + " gives "
                + (value == null ? "null" : "a " + value.getClass().getName()) + ": give a Certifier");
    }

    /** Return the name of the run, such as {@code randomized smoothing (σ = 0.25), L2 radius 0.5}. */
    String label() {
        return certifier.label() + ", " + CertificationText.radius(test.norm(), test.radius());
    }

    /** Bind the plan to a model and data. */
    CertificationPlan on(LabelModel model, LabeledData data) {
        return new CertificationPlan(
                run.name(),
                model,
                data.first(run.samples()),
                certifier,
                test.norm(),
                test.radius(),
                Arrays.stream(test.radii()).boxed().toList(),
                attacks,
                policy,
                run.seed(),
                run.batchSize());
    }
}
