package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackGenerator;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.defenses.Defended;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The objects that a robustness test may take as parameters.
 *
 * @param planned all attacks of the test
 * @param seed the base seed
 */
record InvocationParameters(List<PlannedAttack> planned, long seed) {

    private static final Set<Class<?>> FACTS = Set.of(
            RobustnessReport.class,
            RobustnessCurve.class,
            Evaluation.class,
            AttackGenerator.class,
            LabeledData.class,
            Defended.class);

    static boolean supports(Class<?> type) {
        return FACTS.contains(type) || Attack.class.isAssignableFrom(type) || LabelModel.class.isAssignableFrom(type);
    }

    /**
     * Refuse parameters that could not be resolved, before any work.
     *
     * @throws ConfigurationException if a parameter asks for an attack that the test has none of
     */
    void requireResolvable(Method method, List<Invocation> invocations) {
        boolean several = invocations.stream().anyMatch(Invocation::isWorstCase);
        for (Class<?> type : method.getParameterTypes()) {
            if (type == Attack.class && several) {
                throw new ConfigurationException(
                        method.getName() + " takes an Attack, but its worst case is that of several:"
                                + " take an AttackGenerator, or one attack by its class");
            }
            if (Attack.class.isAssignableFrom(type)) {
                attack(type);
            }
        }
    }

    /**
     * Refuse parameters that ask for another model than the one under test.
     *
     * @throws ConfigurationException if the model is not of the declared type
     */
    static void requireModel(Method method, LabelModel model) {
        for (Class<?> type : method.getParameterTypes()) {
            if (LabelModel.class.isAssignableFrom(type) && !type.isInstance(model)) {
                throw new ConfigurationException(method.getName() + " takes a " + type.getSimpleName()
                        + ", but the model under test is a " + model.getClass().getSimpleName()
                        + ": declare the parameter as " + model.getClass().getSimpleName() + " or LabelModel");
            }
        }
    }

    Object resolve(
            Class<?> type,
            Invocation invocation,
            RobustnessReport report,
            LabelModel model,
            Optional<Defended<?>> defended) {
        if (type == Defended.class) {
            return defended.orElseThrow(
                    () -> new ConfigurationException(
                            "there is no defense whose Defended could be passed: name one with @DefendedBy, or take the model"));
        }
        if (type == RobustnessReport.class) {
            return report;
        }
        if (type == RobustnessCurve.class) {
            return report.curve();
        }
        if (type == Evaluation.class) {
            return report.evaluation();
        }
        if (type == LabeledData.class) {
            return report.evaluation().data();
        }
        if (type == AttackGenerator.class) {
            return new AttackGenerator(report.attacks(), model, report.threatModel(), seed);
        }
        return LabelModel.class.isAssignableFrom(type) ? model : own(type, invocation);
    }

    /** Prefer the attack of this very run to others of the same class. */
    private Attack own(Class<?> type, Invocation invocation) {
        return invocation.attacks().stream()
                .map(PlannedAttack::attack)
                .filter(type::isInstance)
                .findFirst()
                .orElseGet(() -> attack(type));
    }

    private Attack attack(Class<?> type) {
        return planned.stream()
                .map(PlannedAttack::attack)
                .filter(type::isInstance)
                .findFirst()
                .orElseGet(() -> SourceMethod.create(type.asSubclass(Attack.class), AttackSource.class));
    }
}
