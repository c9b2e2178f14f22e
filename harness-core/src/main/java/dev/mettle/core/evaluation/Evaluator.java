package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.ExactPart;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.SequentialSamples;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Carries out an {@link EvaluationPlan}: each attack when it is first asked for, and never twice on a sample.
 *
 * <p>Where the policy lets it stop early, samples are taken a few at a time in a random order. All attacks that are judged together run on
 * them; then, if the verdict is certain, the other samples are left. What is found on a sample doesn't depend on that.
 *
 * <p>All input is checked when the evaluator is created, before any work. Not thread-safe.
 */
public final class Evaluator {

    private static final int GRADIENT_CHECK_SAMPLES = 4;

    private final EvaluationPlan plan;
    private final LabelModel model;
    private final LabeledData data;
    private final int[] cleanPredictions;
    private final int[] order;
    private final String dataSha256;
    private final Optional<GradientCheck> gradientCheck;
    private final List<String> notes = new ArrayList<>();
    private final Map<PlannedAttack, Work> work = new HashMap<>();
    private final AttackEngine.Heartbeat heartbeat;
    private final AttackEngine engine;
    private final Recall recall;
    private final Trust trust;

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
        this(plan, heartbeat, ResultStore.NONE, KnownExamples.NONE);
    }

    /**
     * Create an evaluator that remembers what its attacks find, and tries known examples first; see {@link #Evaluator(EvaluationPlan)}.
     */
    public Evaluator(EvaluationPlan plan, AttackEngine.Heartbeat heartbeat, ResultStore store, KnownExamples known) {
        Backend.require();
        this.plan = plan;
        this.heartbeat = heartbeat;
        this.model = plan.model();
        ModelInfo info = model.info();
        this.data = plan.fittedData();
        this.dataSha256 = data.sha256();
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
        plan.policy().requireDecidablePerClass(DataCheck.samplesPerClass(data, info, plan.goal()));
        this.notes.addAll(info.warnings());
        this.notes.addAll(DataCheck.notes(data, info));
        if (plan.policy().isRequiring()) {
            plan.weakness().ifPresent(notes::add);
        }
        plan.jointly().ifPresent(notes::add);
        this.engine = AttackEngine.of(model, plan.seed())
                .withBatchSize(plan.batchSize())
                .withHeartbeat(heartbeat);
        this.cleanPredictions = predict();
        abstention().ifPresent(notes::add);
        this.recall = new Recall(store, known, model, data, cleanPredictions, plan.seed(), plan.batchSize());
        this.order = plan.policy().decision().stopsEarly()
                ? Counting.order(data, plan.seed())
                : IntStream.range(0, data.size()).toArray();
        this.gradientCheck = checkGradients();
        gradientCheck.filter(check -> !check.passed()).ifPresent(check -> notes.add(check.message()));
        this.trust = new Trust(plan, data, gradientCheck, recall, this::run);
    }

    private int[] predict() {
        int[] predictions = new int[data.size()];
        for (int from = 0; from < predictions.length; from += plan.batchSize()) {
            int to = Math.min(from + plan.batchSize(), predictions.length);
            int[] batch = engine.decide(
                    Rows.select(data.inputs(), IntStream.range(from, to).toArray()));
            System.arraycopy(batch, 0, predictions, from, to - from);
        }
        return predictions;
    }

    private Optional<String> abstention() {
        long count = Arrays.stream(cleanPredictions)
                .filter(label -> label == LabelModel.ABSTAINED)
                .count();
        return count == 0
                ? Optional.empty()
                : Optional.of("the model abstains on " + count + " of " + cleanPredictions.length
                        + " clean samples: they are neither right nor attacked, and count against both accuracies");
    }

    private Optional<GradientCheck> checkGradients() {
        // doubts may call for attacks that follow gradients, whatever the plan's do
        boolean needed = plan.trust() == TrustPolicy.ESCALATE
                || plan.attacks().stream().anyMatch(planned -> planned.attack().access() == Access.GRADIENTS);
        if (!needed || !(model instanceof DifferentiableModel differentiable)) {
            return Optional.empty();
        }
        LabeledData few = data.first(GRADIENT_CHECK_SAMPLES);
        // a declared approximation is no derivative: check what lies behind it, where its inputs land
        ExactPart part = differentiable.atOneDraw().exactPart(few.inputs());
        return Optional.of(GradientCheck.of(part.model(), part.inputs(), few.labels()));
    }

    /**
     * Return the results of a planned attack, one per epsilon, ascending; runs it, and before it the earlier attacks of its suite, as far
     * as it takes to judge it on its own. An epsilon is missing where the suite stopped before this attack, because the verdict was
     * decided.
     *
     * <p>What breaks a sample at a small epsilon breaks it at every larger one, so a larger epsilon is tried only on samples
     * that still stand, and robust accuracy never rises with epsilon.
     */
    public List<AttackResult> results(PlannedAttack attack) {
        List<PlannedAttack> suite = new ArrayList<>(plan.before(attack));
        suite.add(attack);
        for (double epsilon : attack.epsilons()) {
            settle(suite, plan.threat(attack, epsilon));
        }
        return known(attack);
    }

    private List<AttackResult> known(PlannedAttack attack) {
        Work done = work.get(attack);
        return done == null ? List.of() : done.results();
    }

    /** Run attacks, all on the same samples, until what these say under a threat model is certain. */
    private void settle(List<PlannedAttack> attacks, ThreatModel threat) {
        int step = step(attacks, threat);
        int reached =
                attacks.stream().mapToInt(attack -> work(attack).done).min().orElseThrow();
        while (reached < data.size()
                && (reached == 0
                        || !report(trust.withFound(known(attacks, threat))).isCertain())) {
            reached = Math.min(reached + step, data.size());
            for (PlannedAttack attack : attacks) {
                advance(attack, reached);
            }
        }
    }

    private int step(List<PlannedAttack> attacks, ThreatModel threat) {
        VerdictPolicy policy = plan.policy();
        boolean jointly = attacks.stream().anyMatch(planned -> planned.attack().universal());
        return policy.decision().stopsEarly() && policy.at(threat.epsilon()).isRequiring() && !jointly
                ? SequentialSamples.STEP
                : data.size();
    }

    private Work work(PlannedAttack planned) {
        return work.computeIfAbsent(planned, Work::new);
    }

    private List<AttackResult> known(List<PlannedAttack> attacks, ThreatModel threat) {
        return attacks.stream()
                .flatMap(attack -> known(attack).stream())
                .filter(result -> result.threatModel().equals(threat))
                .toList();
    }

    private RobustnessReport report(List<AttackResult> results) {
        return RobustnessReport.of(evaluation(), results, plan.policy(), model);
    }

    /** Run an attack, and before it the earlier attacks of its suite, on all samples up to a place in their order. */
    private void advance(PlannedAttack planned, int until) {
        Work own = work(planned);
        if (own.done >= until) {
            return;
        }
        plan.before(planned).forEach(earlier -> advance(earlier, until));
        int[] positions = Arrays.copyOfRange(order, own.done, until);
        heartbeat.begin(planned.attack().label()
                + (positions.length < data.size()
                        ? ", samples " + (own.done + 1) + " to " + until + " of " + data.size()
                        : ""));
        if (planned.attack().minimizesNorm() && !planned.inSuite()) {
            searchNearest(own, positions);
        } else {
            runAscending(own, positions);
        }
        own.done = until;
    }

    private void runAscending(Work own, int[] positions) {
        PlannedAttack planned = own.planned;
        SampleOutcome[] outcomes = new SampleOutcome[data.size()];
        for (int i : positions) {
            outcomes[i] = initialOutcome(i);
        }
        for (double epsilon : planned.epsilons()) {
            ThreatModel threat = plan.threat(planned, epsilon);
            List<AttackResult> before = known(plan.before(planned), threat);
            if (positions.length == data.size() && failsAfter(before)) {
                notes.add(planned.suite() + " stopped early (" + threat.label() + "): after "
                        + before.get(before.size() - 1).attack().label()
                        + " robust accuracy is surely below the threshold, whatever the other attacks find");
                continue;
            }
            for (int i : positions) {
                outcomes[i] = brokenBy(before, i)
                        ? SampleOutcome.unbroken(data.id(i), data.label(i), SampleStatus.BROKEN_BEFORE, 0, 0)
                        : outcomes[i].withoutCost();
            }
            int[] standing = Arrays.stream(positions)
                    .filter(this::isCorrect)
                    .filter(i -> outcomes[i].status() != SampleStatus.BROKEN
                            && outcomes[i].status() != SampleStatus.BROKEN_BEFORE)
                    .toArray();
            AttackRun run = run(planned, threat, standing);
            for (int i = 0; i < standing.length; i++) {
                outcomes[standing[i]] = run.outcomes().get(i);
            }
            own.add(epsilon, positions, outcomes, run);
        }
    }

    private static boolean brokenBy(List<AttackResult> results, int position) {
        return results.stream()
                .anyMatch(result -> result.outcomes().get(position).status() == SampleStatus.BROKEN);
    }

    /** Say whether the verdict is FAIL even if no further sample breaks. A found adversarial example is a fact; so this is exact. */
    private boolean failsAfter(List<AttackResult> before) {
        return !before.isEmpty() && report(before).isSureToFail();
    }

    private void searchNearest(Work own, int[] positions) {
        PlannedAttack planned = own.planned;
        int[] standing = Arrays.stream(positions).filter(this::isCorrect).toArray();
        AttackRun run = run(planned, plan.threat(planned, ThreatModel.UNBOUNDED), standing);
        for (double epsilon : planned.epsilons()) {
            SampleOutcome[] outcomes = new SampleOutcome[data.size()];
            for (int i : positions) {
                outcomes[i] = initialOutcome(i);
            }
            for (int i = 0; i < standing.length; i++) {
                outcomes[standing[i]] = run.outcomes().get(i).within(planned.norm(), epsilon);
            }
            own.add(epsilon, positions, outcomes, run);
        }
    }

    private AttackRun run(PlannedAttack planned, ThreatModel threat, int[] positions) {
        return recall.run(planned, threat, planned.inSuite() ? engine.stoppingWithinEpsilon() : engine, positions);
    }

    private boolean isCorrect(int position) {
        return cleanPredictions[position] == data.label(position);
    }

    private SampleOutcome initialOutcome(int position) {
        SampleStatus status =
                isCorrect(position) ? SampleStatus.ROBUST : SampleStatus.ofWrong(cleanPredictions[position]);
        return SampleOutcome.unbroken(data.id(position), data.label(position), status, 0, 0);
    }

    /** How far a planned attack got, and what it found. */
    private final class Work {

        private final PlannedAttack planned;
        private final Map<Double, Found> found = new TreeMap<>();
        private int done;

        Work(PlannedAttack planned) {
            this.planned = planned;
        }

        void add(double epsilon, int[] positions, SampleOutcome[] outcomes, AttackRun run) {
            found.computeIfAbsent(epsilon, each -> new Found()).add(positions, outcomes, run);
        }

        List<AttackResult> results() {
            return found.entrySet().stream()
                    .map(entry -> entry.getValue().result(planned, plan.threat(planned, entry.getKey())))
                    .toList();
        }
    }

    /** What a planned attack found at one epsilon. */
    private final class Found {

        private final SampleOutcome[] outcomes = new SampleOutcome[data.size()];
        private int unconfirmed;
        private double seconds;
        private double cpuSeconds;
        private int recalled;

        Found() {
            Arrays.setAll(
                    outcomes, i -> SampleOutcome.unbroken(data.id(i), data.label(i), SampleStatus.NOT_EVALUATED, 0, 0));
        }

        void add(int[] positions, SampleOutcome[] more, AttackRun run) {
            for (int i : positions) {
                outcomes[i] = more[i];
            }
            unconfirmed += run.unconfirmed();
            seconds += run.seconds();
            cpuSeconds += run.cpuSeconds();
            recalled += run.recalled();
        }

        AttackResult result(PlannedAttack planned, ThreatModel threat) {
            return new AttackResult(
                    planned.attack(),
                    threat,
                    List.of(outcomes),
                    unconfirmed,
                    seconds,
                    cpuSeconds,
                    planned.suite(),
                    recalled);
        }
    }

    /** Report on one planned attack at one of its epsilons; runs it, for all its epsilons, if it has not run yet. */
    public RobustnessReport report(PlannedAttack attack, double epsilon) {
        return report(List.of(attack), epsilon);
    }

    /**
     * Report on the per-sample worst case over some planned attacks of one threat model, such as those of a suite; runs them on as many
     * samples as the verdict needs.
     */
    public RobustnessReport report(List<PlannedAttack> attacks, double epsilon) {
        return trusted(attacks, plan.threat(attacks.get(0), epsilon));
    }

    /** Judge, and where trust checks break samples so that the verdict is no longer certain, go on with more samples. */
    private RobustnessReport trusted(List<PlannedAttack> attacks, ThreatModel threat) {
        int before = 0;
        while (true) {
            settle(attacks, threat);
            RobustnessReport report = report(trust.judge(this::evaluation, known(attacks, threat)));
            int evaluated = report.evaluatedCount();
            if (evaluated == data.size() || evaluated == before || report.isCertain()) {
                return report;
            }
            before = evaluated;
        }
    }

    /** Report on the per-sample worst case over all attacks planned for a threat model; runs those that have not run yet. */
    public RobustnessReport worstCase(ThreatModel threat) {
        return trusted(planned(threat), threat);
    }

    private List<PlannedAttack> planned(ThreatModel threat) {
        return plan.attacks().stream()
                .filter(planned -> planned.epsilons().stream()
                        .anyMatch(epsilon -> plan.threat(planned, epsilon).equals(threat)))
                .toList();
    }

    /** Run all attacks of the plan, as far as it takes to judge their per-sample worst case, and the trust checks; return the facts. */
    public Evaluation evaluate() {
        plan.threats().stream()
                .filter(threat -> {
                    settle(planned(threat), threat);
                    return !known(planned(threat), threat).isEmpty();
                })
                .toList()
                .forEach(this::worstCase);
        return evaluation();
    }

    /** Return the facts known so far. */
    public Evaluation evaluation() {
        List<AttackResult> known = new ArrayList<>();
        plan.attacks().forEach(planned -> known.addAll(known(planned)));
        known.addAll(trust.added());
        known.stream()
                .map(AttackResult::threatModel)
                .distinct()
                .map(threat -> known.stream()
                        .filter(result -> result.threatModel().equals(threat))
                        .toList())
                .toList()
                .forEach(same -> known.addAll(FoundByChecks.beyond(trust.reports(), same)));
        TreeSet<String> allNotes = new TreeSet<>(notes);
        allNotes.addAll(trust.notes());
        return new Evaluation(
                plan.name(),
                model.info(),
                data,
                dataSha256,
                Arrays.stream(cleanPredictions).boxed().toList(),
                known,
                gradientCheck,
                List.copyOf(allNotes),
                Backend.describe(),
                plan.seed(),
                plan.batchSize(),
                trust.reports());
    }
}
