package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.model.PreprocessedModel;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Carries out an {@link EvaluationPlan}: each attack when it is first asked for, and never twice.
 *
 * <p>All input is checked when the evaluator is created, before any work. Not thread-safe.
 */
public final class Evaluator {

    private static final int GRADIENT_CHECK_SAMPLES = 4;

    private final EvaluationPlan plan;
    private final LabelModel model;
    private final LabeledData data;
    private final int[] cleanPredictions;
    private final int[] attacked;
    private final Optional<GradientCheck> gradientCheck;
    private final List<String> notes = new ArrayList<>();
    private final Map<PlannedAttack, List<AttackResult>> results = new LinkedHashMap<>();
    private final AttackEngine engine;

    /**
     * Check the plan against model and data, classify the clean samples and, if an attack needs gradients, check these.
     *
     * @throws ConfigurationException if something doesn't fit, with the offending value and the mend
     */
    public Evaluator(EvaluationPlan plan) {
        this(plan, (broken, total) -> {});
    }

    /** Create an evaluator that reports how its attacks get on; see {@link #Evaluator(EvaluationPlan)}. */
    public Evaluator(EvaluationPlan plan, AttackEngine.Heartbeat heartbeat) {
        Backend.require();
        this.plan = plan;
        this.model = plan.model();
        ModelInfo info = model.info();
        this.data = DataCheck.fit(plan.data(), info, plan.goal(), plan.constraints());
        for (PlannedAttack attack : plan.attacks()) {
            if (!attack.attack().access().offeredBy(model)) {
                throw new ConfigurationException(attack.attack().name() + " needs "
                        + attack.attack().access() + " of the model, which " + info.name() + " doesn't offer");
            }
            for (double epsilon : attack.epsilons()) {
                plan.threat(attack, epsilon).requireWithin(Rows.features(data.inputs()));
            }
        }
        plan.policy().requireDecidable(data.size());
        this.notes.addAll(info.warnings());
        this.notes.addAll(DataCheck.notes(data, info));
        plan.weakness().ifPresent(notes::add);
        this.engine = AttackEngine.of(model, plan.seed())
                .withBatchSize(plan.batchSize())
                .withHeartbeat(heartbeat);
        this.cleanPredictions = predict();
        this.attacked = IntStream.range(0, data.size())
                .filter(i -> cleanPredictions[i] == data.label(i))
                .toArray();
        this.gradientCheck = checkGradients();
        gradientCheck.filter(check -> !check.passed()).ifPresent(check -> notes.add(check.message()));
    }

    private int[] predict() {
        int[] predictions = new int[data.size()];
        for (int from = 0; from < predictions.length; from += plan.batchSize()) {
            int to = Math.min(from + plan.batchSize(), predictions.length);
            int[] batch = model.predict(
                    Rows.select(data.inputs(), IntStream.range(from, to).toArray()));
            System.arraycopy(batch, 0, predictions, from, to - from);
        }
        return predictions;
    }

    private Optional<GradientCheck> checkGradients() {
        boolean needed =
                plan.attacks().stream().anyMatch(planned -> planned.attack().access() == Access.GRADIENTS);
        if (!needed || !(model instanceof DifferentiableModel differentiable)) {
            return Optional.empty();
        }
        LabeledData few = data.first(GRADIENT_CHECK_SAMPLES);
        INDArray inputs = few.inputs();
        // a declared approximation is no derivative: check what lies behind it, where its inputs land
        while (differentiable instanceof PreprocessedModel wrapped
                && !wrapped.preprocessing().exact()) {
            inputs = wrapped.preprocessing().apply(inputs);
            differentiable = wrapped.inner();
        }
        return Optional.of(GradientCheck.of(differentiable, inputs, few.labels()));
    }

    /**
     * Return the results of a planned attack, one per epsilon, ascending; runs it if it has not run yet, and before it the earlier
     * attacks of its suite. An epsilon is missing where the suite stopped before this attack, because the verdict was decided.
     *
     * <p>What breaks a sample at a small epsilon breaks it at every larger one, so a larger epsilon is tried only on samples
     * that still stand, and robust accuracy never rises with epsilon.
     */
    public List<AttackResult> results(PlannedAttack attack) {
        List<AttackResult> known = results.get(attack);
        if (known == null) {
            known = attack.attack().minimizesNorm() && !attack.inSuite() ? searchNearest(attack) : runAscending(attack);
            results.put(attack, known);
        }
        return known;
    }

    private List<AttackResult> runAscending(PlannedAttack planned) {
        List<AttackResult> ascending = new ArrayList<>();
        SampleOutcome[] outcomes = initialOutcomes();
        for (double epsilon : planned.epsilons()) {
            ThreatModel threat = plan.threat(planned, epsilon);
            List<AttackResult> before = before(planned, threat);
            if (decided(before)) {
                notes.add(planned.suite() + " stopped early (" + threat.label() + "): after "
                        + before.get(before.size() - 1).attack().label()
                        + " robust accuracy is surely below the threshold, whatever the other attacks find");
                continue;
            }
            for (int i = 0; i < outcomes.length; i++) {
                outcomes[i] = brokenBy(before, i)
                        ? SampleOutcome.unbroken(data.id(i), data.label(i), SampleStatus.BROKEN_BEFORE, 0, 0)
                        : outcomes[i].withoutCost();
            }
            int[] standing = Arrays.stream(attacked)
                    .filter(i -> outcomes[i].status() != SampleStatus.BROKEN
                            && outcomes[i].status() != SampleStatus.BROKEN_BEFORE)
                    .toArray();
            AttackRun run = run(planned, threat, standing);
            for (int i = 0; i < standing.length; i++) {
                outcomes[standing[i]] = run.outcomes().get(i);
            }
            ascending.add(result(planned, threat, outcomes, run));
        }
        return List.copyOf(ascending);
    }

    /** The results of the attacks that come earlier in the suite, under one threat model. */
    private List<AttackResult> before(PlannedAttack planned, ThreatModel threat) {
        return plan.before(planned).stream()
                .flatMap(earlier -> results(earlier).stream())
                .filter(result -> result.threatModel().equals(threat))
                .toList();
    }

    private static boolean brokenBy(List<AttackResult> results, int position) {
        return results.stream()
                .anyMatch(result -> result.outcomes().get(position).status() == SampleStatus.BROKEN);
    }

    /** Say whether the verdict is FAIL even if no further sample breaks. A found adversarial example is a fact; so this is exact. */
    private boolean decided(List<AttackResult> before) {
        long standing =
                Arrays.stream(attacked).filter(i -> !brokenBy(before, i)).count();
        return !before.isEmpty()
                && Verdict.decide(data.size(), (int) standing, 0, List.of(), plan.policy())
                                .outcome()
                        == Outcome.FAIL;
    }

    private List<AttackResult> searchNearest(PlannedAttack planned) {
        AttackRun run = run(planned, plan.threat(planned, ThreatModel.UNBOUNDED), attacked);
        List<AttackResult> ascending = new ArrayList<>();
        for (double epsilon : planned.epsilons()) {
            SampleOutcome[] outcomes = initialOutcomes();
            for (int i = 0; i < attacked.length; i++) {
                outcomes[attacked[i]] = run.outcomes().get(i).within(planned.norm(), epsilon);
            }
            ascending.add(result(planned, plan.threat(planned, epsilon), outcomes, run));
        }
        return List.copyOf(ascending);
    }

    private AttackRun run(PlannedAttack planned, ThreatModel threat, int[] positions) {
        INDArray inputs = positions.length == 0 ? data.inputs() : Rows.select(data.inputs(), positions);
        int[] labels = Arrays.stream(positions).map(data::label).toArray();
        long[] ids = Arrays.stream(positions).mapToLong(data::id).toArray();
        return (planned.inSuite() ? engine.stoppingWithinEpsilon() : engine)
                .run(planned.attack(), threat, inputs, labels, ids);
    }

    private SampleOutcome[] initialOutcomes() {
        SampleOutcome[] outcomes = new SampleOutcome[data.size()];
        for (int i = 0; i < outcomes.length; i++) {
            SampleStatus status = cleanPredictions[i] == data.label(i) ? SampleStatus.ROBUST : SampleStatus.CLEAN_WRONG;
            outcomes[i] = SampleOutcome.unbroken(data.id(i), data.label(i), status, 0, 0);
        }
        return outcomes;
    }

    private static AttackResult result(
            PlannedAttack planned, ThreatModel threat, SampleOutcome[] outcomes, AttackRun run) {
        return new AttackResult(
                planned.attack(),
                threat,
                List.of(outcomes),
                run.unconfirmed(),
                run.seconds(),
                run.cpuSeconds(),
                planned.suite());
    }

    /** Report on one planned attack at one of its epsilons; runs it, for all its epsilons, if it has not run yet. */
    public RobustnessReport report(PlannedAttack attack, double epsilon) {
        return report(List.of(attack), epsilon);
    }

    /**
     * Report on the per-sample worst case over some planned attacks of one threat model, such as those of a suite; runs those that have
     * not run yet.
     */
    public RobustnessReport report(List<PlannedAttack> attacks, double epsilon) {
        ThreatModel threat = plan.threat(attacks.get(0), epsilon);
        List<AttackResult> wanted = attacks.stream()
                .flatMap(attack -> results(attack).stream())
                .filter(result -> result.threatModel().equals(threat))
                .toList();
        return RobustnessReport.of(evaluation(), wanted, plan.policy());
    }

    /** Report on the per-sample worst case over all attacks planned for a threat model; runs those that have not run yet. */
    public RobustnessReport worstCase(ThreatModel threat) {
        plan.attacks().stream()
                .filter(planned -> planned.epsilons().stream()
                        .anyMatch(epsilon -> plan.threat(planned, epsilon).equals(threat)))
                .forEach(this::results);
        return RobustnessReport.worstCase(evaluation(), threat, plan.policy());
    }

    /** Run all attacks of the plan and return the facts. */
    public Evaluation evaluate() {
        plan.attacks().forEach(this::results);
        return evaluation();
    }

    /** Return the facts known so far. */
    public Evaluation evaluation() {
        List<AttackResult> known = plan.attacks().stream()
                .flatMap(planned -> results.getOrDefault(planned, List.of()).stream())
                .toList();
        return new Evaluation(
                plan.name(),
                model.info(),
                data,
                data.sha256(),
                Arrays.stream(cleanPredictions).boxed().toList(),
                known,
                gradientCheck,
                List.copyOf(new TreeSet<>(notes)),
                Backend.describe(),
                plan.seed(),
                plan.batchSize());
    }
}
