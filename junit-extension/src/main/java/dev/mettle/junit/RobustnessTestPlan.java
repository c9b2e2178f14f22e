package dev.mettle.junit;

import dev.mettle.attacks.Pgd;
import dev.mettle.attacks.Suite;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.EvaluationPlan;
import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.evaluation.ResultStore;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What a test method asks for: its annotations and the properties of the run, checked.
 *
 * @param name the name of the test, such as {@code DigitsRobustnessTests.staysAccurate}
 * @param attacks the attacks, each with its norm and its epsilons
 * @param goal what the attacker wants
 * @param policy how facts become a verdict
 * @param seed the base seed of all random draws
 * @param samples the largest number of samples
 * @param batchSize how many samples to attack at once
 * @param expectation what the verdict is expected to be
 * @param baseline compares reports with baselines, if the test asks for it
 * @param store remembers what attacks find
 * @param trust what to do about trust
 * @param reproduce a command that runs the test again
 */
record RobustnessTestPlan(
        String name,
        List<PlannedAttack> attacks,
        Goal goal,
        VerdictPolicy policy,
        long seed,
        int samples,
        int batchSize,
        Expectation expectation,
        Optional<BaselineCheck> baseline,
        Optional<CorpusCheck> corpus,
        ResultStore store,
        TrustPolicy trust,
        String reproduce) {

    static RobustnessTestPlan of(RobustnessTest test, ExtensionContext context) {
        RobustnessProperties properties = new RobustnessProperties(context::getConfigurationParameter);
        VerdictPolicy policy = policy(test);
        List<PlannedAttack> attacks = attacks(test, context);
        for (PlannedAttack attack : attacks) {
            if (policy.isRequiring()
                    && attack.attack().transformation().isEmpty()
                    && attack.epsilons().contains(ThreatModel.UNBOUNDED)) {
                throw new ConfigurationException(
                        (policy.minRobustAccuracy().isPresent()
                                        ? "minRobustAccuracy = " + test.minRobustAccuracy()
                                        : "minRobustAccuracyPerClass = " + test.minRobustAccuracyPerClass())
                                + " needs an epsilon: without one "
                                + attack.attack().label()
                                + " searches without a bound, which no model withstands; set epsilon, or leave the threshold out");
            }
        }
        RunSettings run = RunSettings.of(context, properties, test.seed(), test.samples(), test.batchSize());
        return new RobustnessTestPlan(
                run.name(),
                attacks,
                new Goal(test.goal(), test.targetClass()),
                policy,
                run.seed(),
                run.samples(),
                run.batchSize(),
                new Expectation(expectedVerdict(test, policy), test.onInconclusive()),
                BaselineCheck.of(context, properties, run.reproduce()),
                CorpusCheck.of(context, properties, run.reproduce()),
                properties.cache(context.getRequiredTestClass()),
                test.onUntrusted() == OnUntrusted.ESCALATE ? TrustPolicy.ESCALATE : TrustPolicy.CHECK,
                run.reproduce());
    }

    /** Return the same attacks without anything required, for a model that is only there to compare with. */
    RobustnessTestPlan measuring() {
        return new RobustnessTestPlan(
                name,
                attacks,
                goal,
                VerdictPolicy.measureOnly().withConfidence(policy.confidence()),
                seed,
                samples,
                batchSize,
                expectation,
                Optional.empty(),
                Optional.empty(),
                store,
                TrustPolicy.OFF,
                reproduce);
    }

    /** Bind the plan to a model and data. */
    EvaluationPlan on(LabelModel model, LabeledData data, Constraints constraints) {
        return new EvaluationPlan(name, model, data, attacks, policy, seed, batchSize, goal, constraints, trust);
    }

    private static VerdictPolicy policy(RobustnessTest test) {
        return new VerdictPolicy(
                optional(test.minRobustAccuracy()),
                test.confidence(),
                test.decision(),
                optional(test.minRobustAccuracyPerClass()),
                Arrays.stream(test.thresholds())
                        .map(each -> new dev.mettle.core.verdict.Threshold(each.epsilon(), each.minRobustAccuracy()))
                        .toList());
    }

    private static OptionalDouble optional(double value) {
        return Double.isNaN(value) ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    private static Outcome expectedVerdict(RobustnessTest test, VerdictPolicy policy) {
        Outcome expected = test.expectedVerdict();
        if (expected != Outcome.PASS && expected != Outcome.FAIL) {
            throw new ConfigurationException("expectedVerdict = " + expected
                    + " can't be expected: use PASS, or FAIL for a documented weakness");
        }
        if (expected == Outcome.FAIL && !policy.isRequiring()) {
            throw new ConfigurationException(
                    "expectedVerdict = FAIL needs a threshold that the model misses: set minRobustAccuracy");
        }
        return expected;
    }

    private static List<PlannedAttack> attacks(RobustnessTest test, ExtensionContext context) {
        List<Object> given = new ArrayList<>();
        for (Class<? extends Attack> type : test.attacks()) {
            given.add(SourceMethod.create(type, AttackSource.class));
        }
        given.addAll(AttackSources.fromMethod(context));
        for (Suite suite : test.suite()) {
            given.add(suite.in(test.norm()));
        }
        if (given.isEmpty()) {
            given.add(new Pgd());
        }
        List<Double> epsilons = epsilons(test);
        Map<Key, TreeSet<Double>> byAttack = new LinkedHashMap<>();
        List<PlannedAttack> inSuites = new ArrayList<>();
        for (Object each : given) {
            if (each instanceof AttackSuite suite) {
                if (epsilons.isEmpty()) {
                    throw missingEpsilon(suite.label());
                }
                inSuites.addAll(PlannedAttack.of(suite, test.norm(), epsilons));
            } else if (each instanceof BudgetedAttack own) {
                add(byAttack, own);
            } else {
                Attack attack = (Attack) each;
                Norm norm = attack.transformation().isEmpty() ? test.norm() : Norm.L2;
                for (double epsilon : epsilonsOf(attack, epsilons)) {
                    add(byAttack, attack.within(norm, epsilon));
                }
            }
        }
        List<PlannedAttack> planned = new ArrayList<>();
        byAttack.forEach((key, own) -> planned.add(new PlannedAttack(key.attack(), key.norm(), List.copyOf(own))));
        planned.addAll(inSuites);
        return planned;
    }

    private static void add(Map<Key, TreeSet<Double>> byAttack, BudgetedAttack attack) {
        TreeSet<Double> epsilons =
                byAttack.computeIfAbsent(new Key(attack.attack(), attack.norm()), key -> new TreeSet<>());
        if (!epsilons.add(attack.epsilon())) {
            throw new ConfigurationException(attack + " is planned twice: name it once");
        }
    }

    private static List<Double> epsilons(RobustnessTest test) {
        if (!Double.isNaN(test.epsilon()) && test.epsilons().length > 0) {
            throw new ConfigurationException("both epsilon = " + Epsilons.format(test.epsilon()) + " and epsilons = "
                    + Arrays.stream(test.epsilons()).mapToObj(Epsilons::format).toList()
                    + " are set: set one of them");
        }
        DoubleStream own =
                Double.isNaN(test.epsilon()) ? Arrays.stream(test.epsilons()) : DoubleStream.of(test.epsilon());
        return DoubleStream.concat(own, Arrays.stream(test.thresholds()).mapToDouble(Threshold::epsilon))
                .boxed()
                .distinct()
                .toList();
    }

    private static List<Double> epsilonsOf(Attack attack, List<Double> epsilons) {
        if (!attack.transformation().isEmpty()) {
            return List.of(ThreatModel.UNBOUNDED);
        }
        if (!epsilons.isEmpty()) {
            return epsilons;
        }
        if (attack.minimizesNorm()) {
            return List.of(ThreatModel.UNBOUNDED);
        }
        throw missingEpsilon(attack.name());
    }

    private static ConfigurationException missingEpsilon(String attack) {
        return new ConfigurationException("the epsilon for " + attack
                + " is missing: set epsilon in input units of the model, such as epsilon = 8 / 255.0");
    }

    private record Key(Attack attack, Norm norm) {}
}
