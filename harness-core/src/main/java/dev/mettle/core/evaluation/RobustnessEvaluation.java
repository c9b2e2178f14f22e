package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.Threshold;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Evaluates the robustness of a model in one sentence, without JUnit:
 *
 * <pre>{@code
 * RobustnessReport report = RobustnessEvaluation.of(model, digits)
 *         .attack(Pgd.linf(8 / 255.0))
 *         .minRobustAccuracy(0.60)
 *         .seed(42)
 *         .run();
 * }</pre>
 */
public final class RobustnessEvaluation {

    /** The base seed where none is given. */
    public static final long DEFAULT_SEED = 20240229;

    /** How many samples are attacked at once where nothing else is said. */
    public static final int DEFAULT_BATCH_SIZE = 128;

    private static final Logger LOG = LoggerFactory.getLogger(RobustnessEvaluation.class);

    private final LabelModel model;
    private LabeledData data;
    private String name = "robustness evaluation";
    private final List<Attack> attacks = new ArrayList<>();
    private final List<BudgetedAttack> budgeted = new ArrayList<>();
    private @Nullable Norm norm;
    private final List<AttackSuite> suites = new ArrayList<>();
    private double[] epsilons = {};
    private Goal goal = Goal.untargeted();
    private Constraints constraints = Constraints.none();
    private VerdictPolicy policy = VerdictPolicy.measureOnly();
    private ResultStore store = ResultStore.NONE;
    private KnownExamples known = KnownExamples.NONE;
    private TrustPolicy trust = TrustPolicy.CHECK;
    private long seed = DEFAULT_SEED;
    private int batchSize = DEFAULT_BATCH_SIZE;

    private RobustnessEvaluation(LabelModel model, LabeledData data) {
        this.model = model;
        this.data = data;
    }

    /** Start to describe an evaluation. */
    public static RobustnessEvaluation of(LabelModel model, LabeledData data) {
        return new RobustnessEvaluation(model, data);
    }

    /** Name the evaluation in reports. */
    public RobustnessEvaluation name(String newName) {
        this.name = newName;
        return this;
    }

    /** Add attacks that run with the norm and the epsilons of the evaluation; see {@link #norm} and {@link #epsilon}. */
    public RobustnessEvaluation attack(Attack... more) {
        attacks.addAll(Arrays.asList(more));
        return this;
    }

    /** Add attacks with a norm and an epsilon of their own. */
    public RobustnessEvaluation attack(BudgetedAttack... more) {
        budgeted.addAll(Arrays.asList(more));
        return this;
    }

    /** Add the attacks of a suite; each runs on the samples that those before it left standing. */
    public RobustnessEvaluation suite(AttackSuite suite) {
        suites.add(suite);
        return this;
    }

    /** Set what the attacker wants; any wrong label, unless set. */
    public RobustnessEvaluation goal(Goal newGoal) {
        this.goal = newGoal;
        return this;
    }

    /** Set what may be done to which feature. */
    public RobustnessEvaluation constraints(Constraints newConstraints) {
        this.constraints = newConstraints;
        return this;
    }

    /** Set the norm of the attacks that have none of their own. */
    public RobustnessEvaluation norm(Norm newNorm) {
        this.norm = newNorm;
        return this;
    }

    /** Set one or several epsilons, in input units of the model, for the attacks that have none of their own. */
    public RobustnessEvaluation epsilon(double... newEpsilons) {
        this.epsilons = newEpsilons.clone();
        return this;
    }

    /** Use only the first {@code count} samples. */
    public RobustnessEvaluation samples(int count) {
        if (count < 1) {
            throw new ConfigurationException("the number of samples is " + count + ": give at least 1");
        }
        this.data = data.first(count);
        return this;
    }

    /** Require a robust accuracy, a fraction, at every epsilon. */
    public RobustnessEvaluation minRobustAccuracy(double fraction) {
        return policy(policy.withMinRobustAccuracy(fraction));
    }

    /** Require a robust accuracy, a fraction, of every class. */
    public RobustnessEvaluation minRobustAccuracyPerClass(double fraction) {
        return policy(policy.withMinRobustAccuracyPerClass(fraction));
    }

    /** Require a robust accuracy at one epsilon, which is added to those evaluated; to be repeated for others. */
    public RobustnessEvaluation require(double epsilon, double robustAccuracy) {
        List<Threshold> thresholds = new ArrayList<>(policy.thresholds());
        thresholds.add(new Threshold(epsilon, robustAccuracy));
        return policy(policy.withThresholds(thresholds));
    }

    /** Set which bounds decide, and whether to stop when they do; by all samples, unless set. */
    public RobustnessEvaluation decision(Decision decision) {
        return policy(policy.withDecision(decision));
    }

    /** Set how facts become a verdict. */
    public RobustnessEvaluation policy(VerdictPolicy newPolicy) {
        this.policy = newPolicy;
        return this;
    }

    /** Set the base seed of all random draws. */
    public RobustnessEvaluation seed(long newSeed) {
        this.seed = newSeed;
        return this;
    }

    /** Set where to remember what attacks find, so that an equal evaluation need not search it again; nowhere, unless set. */
    public RobustnessEvaluation remember(ResultStore newStore) {
        this.store = newStore;
        return this;
    }

    /** Set adversarial examples to try before attacks search anew; none, unless set. */
    public RobustnessEvaluation knownExamples(KnownExamples newKnown) {
        this.known = newKnown;
        return this;
    }

    /** Set how many samples are attacked at once. Results don't depend on it; memory and speed do. */
    public RobustnessEvaluation batchSize(int size) {
        this.batchSize = size;
        return this;
    }

    /** Run the attacks that trust checks call for where these raise doubts, and judge again. */
    public RobustnessEvaluation escalating() {
        return trust(TrustPolicy.ESCALATE);
    }

    /** Set what to do about trust; the checks run, unless set. */
    public RobustnessEvaluation trust(TrustPolicy newTrust) {
        this.trust = newTrust;
        return this;
    }

    /**
     * Return the plan.
     *
     * @throws ConfigurationException if there is no attack, or a norm or an epsilon is missing
     */
    public EvaluationPlan plan() {
        List<PlannedAttack> planned = new ArrayList<>();
        List<Double> all = Stream.concat(
                        Arrays.stream(epsilons).boxed(),
                        policy.thresholds().stream().map(Threshold::epsilon))
                .distinct()
                .toList();
        for (Attack attack : attacks) {
            List<Double> own = all;
            if (own.isEmpty() && attack.minimizesNorm()) {
                own = List.of(ThreatModel.UNBOUNDED);
            }
            planned.add(PlannedAttack.of(attack, normOf(attack), own));
        }
        for (AttackSuite suite : suites) {
            planned.addAll(PlannedAttack.of(suite, normOf(suite.attacks().get(0)), all));
        }
        budgeted.forEach(attack -> planned.add(PlannedAttack.of(attack)));
        return new EvaluationPlan(name, model, data, planned, policy, seed, batchSize, goal, constraints, trust);
    }

    private Norm normOf(Attack attack) {
        if (norm != null && attack.transformation().isEmpty()) {
            return norm;
        }
        if (attack.norms().size() == 1) {
            return attack.norms().iterator().next();
        }
        throw new ConfigurationException("the norm for " + attack.name() + " is missing: set one of "
                + attack.norms().stream().sorted().map(Norm::symbol).toList());
    }

    /** Run all attacks and report on their per-sample worst case under every threat model, such as at every epsilon. */
    public List<RobustnessReport> reports() {
        Evaluator evaluator = evaluator();
        List<RobustnessReport> reports = evaluator.evaluate().threatModels().stream()
                .map(evaluator::worstCase)
                .toList();
        reports.forEach(report -> EvaluationListeners.reported(Reported.of(report, Outcome.PASS, "")));
        return reports;
    }

    private Evaluator evaluator() {
        Evaluator evaluator = new Evaluator(plan(), (broken, total) -> {}, store, known);
        Backend.introduce(LOG::info, LOG::warn);
        return evaluator;
    }

    /** Run all attacks and return the facts. */
    public Evaluation evaluate() {
        return evaluator().evaluate();
    }

    /**
     * Run all attacks and the trust checks, and report on the per-sample worst case.
     *
     * @throws ConfigurationException if there are several threat models: use {@link #reports}
     */
    public RobustnessReport run() {
        Evaluator evaluator = evaluator();
        RobustnessReport report = evaluator.worstCase(evaluator.evaluate().onlyThreatModel());
        EvaluationListeners.reported(Reported.of(report, Outcome.PASS, ""));
        return report;
    }
}
