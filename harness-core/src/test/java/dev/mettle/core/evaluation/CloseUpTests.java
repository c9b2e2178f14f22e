package dev.mettle.core.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.attack.AttackTrace;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.Query;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The model is sure by {@code slope (2x − 1)} logits that its only feature x is above one half. Sample i is 0.01 (i + 1) away from there,
 * on either side in turn, and the model is wrong about sample 0.
 */
class CloseUpTests {

    private static final int SAMPLES = 40;
    private static final double EPSILON = 0.205;

    /** Remembers what it is asked. */
    private static final class Watched implements DifferentiableModel {

        private final AffineModel inner;
        private final boolean randomized;
        private final int unanswered;
        private final List<String> asked = new ArrayList<>();

        Watched(double slope, boolean randomized, int unanswered) {
            this.inner = new AffineModel(
                    new double[][] {{slope}, {-slope}},
                    new double[] {-slope / 2, slope / 2},
                    Box.of(0, 1),
                    DataType.DOUBLE,
                    1);
            this.randomized = randomized;
            this.unanswered = unanswered;
        }

        Watched() {
            this(5, false, 0);
        }

        private <T> T remember(String what, INDArray inputs, T answer) {
            asked.add(what + " " + inputs.size(0));
            return answer;
        }

        @Override
        public ModelInfo info() {
            asked.add("info"); // which may hash all weights, so it must not be asked for every sample
            return inner.info();
        }

        @Override
        public boolean randomized() {
            return randomized;
        }

        @Override
        public int[] predict(INDArray inputs) {
            return remember("labels", inputs, inner.predict(inputs));
        }

        /** The logits, and as many large ones more that stand for no class. */
        @Override
        public INDArray logits(INDArray inputs) {
            double[][] rows = Rows.toRows(inner.logits(inputs));
            for (int i = 0; i < rows.length; i++) {
                rows[i] = Arrays.copyOf(rows[i], rows[i].length + unanswered);
                Arrays.fill(rows[i], rows[i].length - unanswered, rows[i].length, 50);
            }
            double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
            return remember(
                    "logits",
                    inputs,
                    Rows.fromDoubles(flat, new long[] {rows.length, rows[0].length}, DataType.DOUBLE));
        }

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            return remember("gradients", inputs, inner.gradient(inputs, lossGradient));
        }

        @Override
        public DifferentiableModel inDoublePrecision() {
            return this;
        }
    }

    private record Labels(LabelModel inner) implements LabelModel {
        @Override
        public ModelInfo info() {
            return inner.info();
        }

        @Override
        public int[] predict(INDArray inputs) {
            return inner.predict(inputs);
        }
    }

    /**
     * Goes straight for the decision boundary in equal steps, as far as a part of epsilon, and leaves a sample alone when it is broken;
     * in each restart with another number of steps.
     */
    private record March(
            String name, List<Integer> steps, double part, Access access, boolean minimizesNorm, boolean universal)
            implements Attack {

        March(String name, double part, Integer... steps) {
            this(name, List.of(steps), part, Access.GRADIENTS, false, false);
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of("part", String.valueOf(part));
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(Norm.LINF);
        }

        @Override
        public int restarts() {
            return steps.size();
        }

        @Override
        public Passes passes(int classes) {
            long all = steps.stream().mapToLong(Integer::longValue).sum();
            return new Passes(all, access == Access.GRADIENTS ? all : 0);
        }

        @Override
        public Optional<Attack> longer() {
            return part < 1 ? Optional.of(new March("Further", 1, steps.toArray(Integer[]::new))) : Optional.empty();
        }

        @Override
        public void run(AttackContext context) {
            int last = steps.get(context.restart());
            for (int step = 1; step <= last; step++) {
                SampleBatch all = context.samples();
                SampleBatch batch = all.select(all.standing());
                if (batch.isEmpty()) {
                    return;
                }
                double[][] points = Rows.toRows(batch.inputs());
                double reach = Math.min(batch.perturbations().epsilon(), 0.5) * part * step / last;
                for (int i = 0; i < points.length; i++) {
                    points[i][0] += batch.labels()[i] == 0 ? -reach : reach;
                }
                INDArray there = Rows.fromRows(points, batch.inputs());
                if (access == Access.GRADIENTS) {
                    batch.gradient(there, new Margin());
                } else {
                    batch.propose(there);
                }
            }
        }
    }

    private static final Attack WHOLE = new March("Whole", 1, 10);
    private static final Attack HALF = new March("Half", 0.5, 7, 5);
    private static final Attack LAME = new March("Lame", 0.01, 3);
    private static final Attack BLIND = new March("Blind", List.of(8, 4), 0.7, Access.LABELS, false, false);
    private static final Attack NEAREST = new March("Nearest", List.of(200, 3), 1, Access.GRADIENTS, true, false);
    private static final Attack UNIVERSAL = new March("Universal", List.of(2), 1, Access.LABELS, false, true);

    private static LabeledData data() {
        return data(1);
    }

    private static LabeledData data(int times) {
        int samples = times * SAMPLES;
        double[] inputs = new double[samples];
        int[] labels = new int[samples];
        for (int i = 0; i < samples; i++) {
            labels[i] = i % 2;
            inputs[i] = 0.5 + (labels[i] == 0 ? 0.01 : -0.01) * (i % SAMPLES + 1);
        }
        labels[0] = 1;
        return LabeledData.of("points", Rows.fromDoubles(inputs, new long[] {samples, 1}, DataType.DOUBLE), labels);
    }

    private static RobustnessEvaluation evaluation(LabelModel model, Attack... attacks) {
        return RobustnessEvaluation.of(model, data())
                .attack(attacks)
                .norm(Norm.LINF)
                .epsilon(EPSILON)
                .trust(TrustPolicy.OFF);
    }

    private static CloseUp closeUp(RobustnessReport report) {
        return report.closeUp().orElseThrow();
    }

    /** The probability that the model with this slope gives a class at a point, in closed form. */
    private static double probability(double slope, double x, int label) {
        double lead = slope * (2 * x - 1);
        return 1 / (1 + Math.exp(label == 0 ? -lead : lead));
    }

    private static double clean(SampleOutcome sample) {
        return data().inputs().getDouble(sample.id(), 0);
    }

    private static double adversarial(SampleOutcome sample) {
        return Objects.requireNonNull(sample.adversarial()).getDouble(0, 0);
    }

    @Test
    void the_model_is_at_hand_where_an_evaluator_made_the_report() {
        EvaluationPlan plan = evaluation(new Watched(), WHOLE, HALF).plan();
        Evaluator evaluator = new Evaluator(plan);
        RobustnessReport one = evaluator.report(plan.attacks().get(0), EPSILON);
        RobustnessReport worst = evaluator.worstCase(one.threatModel());

        assertThat(one.closeUp()).isPresent();
        assertThat(worst.closeUp()).isPresent();
        assertThat(worst.closeUp()).isEqualTo(worst.closeUp());
        assertThat(RobustnessReport.of(one.evaluation(), one.results(), VerdictPolicy.measureOnly())
                        .closeUp())
                .isEmpty();
        assertThat(RobustnessReport.worstCase(one.evaluation(), one.threatModel(), VerdictPolicy.measureOnly())
                        .closeUp())
                .isEmpty();
    }

    @Test
    void confidences_are_the_softmax_of_the_logits() {
        RobustnessReport report = evaluation(new Watched(), WHOLE).run();
        List<SampleOutcome> broken = report.brokenSamples();
        List<Confidence> confidences = closeUp(report).confidences(broken).orElseThrow();

        // those less than epsilon away, but for the one that the model is wrong about
        assertThat(broken).hasSize(19);
        assertThat(confidences).hasSize(19);
        for (int i = 0; i < broken.size(); i++) {
            SampleOutcome sample = broken.get(i);
            Confidence confidence = confidences.get(i);
            assertThat(confidence.id()).isEqualTo(sample.id());
            assertThat(confidence.clean())
                    .isBetween(0.5, 1.0)
                    .isCloseTo(probability(5, clean(sample), sample.label()), offset(1e-12));
            assertThat(confidence.adversarial().orElseThrow())
                    .isBetween(0.5, 1.0)
                    .isCloseTo(probability(5, adversarial(sample), 1 - sample.label()), offset(1e-12));
        }
    }

    @Test
    void confidences_do_not_overflow_where_logits_are_large() {
        RobustnessReport report = evaluation(new Watched(1e6, false, 0), WHOLE).run();
        assertThat(closeUp(report).confidences(report.brokenSamples()).orElseThrow())
                .hasSize(19)
                .allSatisfy(confidence -> {
                    assertThat(confidence.clean()).isEqualTo(1);
                    assertThat(confidence.adversarial()).hasValue(1);
                });
    }

    @Test
    void nothing_is_computed_before_it_is_asked_for_and_nothing_twice() {
        Watched model = new Watched();
        RobustnessReport report = evaluation(model, WHOLE, HALF).run();
        report.verdict();
        List<SampleOutcome> broken = report.brokenSamples();
        model.asked.clear();
        CloseUp closeUp = closeUp(report);
        assertThat(model.asked).isEmpty();

        List<Confidence> first = closeUp.confidences(broken.subList(0, 5)).orElseThrow();
        assertThat(model.asked).containsExactly("logits 5", "logits 5");
        assertThat(closeUp.confidences(broken.subList(0, 5))).contains(first);
        assertThat(closeUp.confidences(List.of())).contains(List.of());
        assertThat(model.asked).hasSize(2);
        assertThat(closeUp.confidences(broken.subList(3, 8)).orElseThrow().subList(0, 2))
                .isEqualTo(first.subList(3, 5));
        assertThat(model.asked).containsExactly("logits 5", "logits 5", "logits 3", "logits 3");

        model.asked.clear();
        AttackTraces traces = closeUp.traces();
        assertThat(traces.traced()).hasSize(2);
        model.asked.removeIf("info"::equals);
        assertThat(model.asked).isNotEmpty().allMatch(call -> call.endsWith(" 1"));
        model.asked.clear();
        assertThat(closeUp.traces()).isSameAs(traces);
        assertThat(closeUp(report).traces(0.05)).isSameAs(traces);
        assertThat(model.asked).isEmpty();
    }

    @Test
    void the_model_is_asked_in_batches_no_larger_than_those_of_the_evaluation() {
        Watched model = new Watched();
        RobustnessReport report = evaluation(model, WHOLE).batchSize(8).run();
        model.asked.clear();
        List<Confidence> confidences =
                closeUp(report).confidences(report.brokenSamples()).orElseThrow();

        assertThat(model.asked).containsExactly("logits 8", "logits 8", "logits 8", "logits 8", "logits 3", "logits 3");
        RobustnessReport atOnce = evaluation(new Watched(), WHOLE).run();
        assertThat(closeUp(atOnce).confidences(atOnce.brokenSamples())).contains(confidences);
    }

    @Test
    void a_model_without_logits_or_with_random_draws_has_no_confidences() {
        RobustnessReport labels = evaluation(new Labels(new Watched()), BLIND).run();
        assertThat(labels.brokenCount()).isPositive();
        assertThat(closeUp(labels).confidences(labels.brokenSamples())).isEmpty();

        Watched randomized = new Watched(5, true, 0);
        RobustnessReport drawn = evaluation(randomized, WHOLE).run();
        randomized.asked.clear();
        assertThat(drawn.brokenCount()).isPositive();
        assertThat(closeUp(drawn).confidences(drawn.brokenSamples())).isEmpty();
        assertThat(randomized.asked).isEmpty();
    }

    @Test
    void no_answer_is_no_class() {
        RobustnessReport report = evaluation(new Watched(5, false, 1), BLIND).run();
        SampleOutcome broken = report.brokenSamples().get(0);
        SampleOutcome refused = new SampleOutcome(
                broken.id(),
                broken.label(),
                SampleStatus.BROKEN,
                broken.adversarial(),
                LabelModel.ABSTAINED,
                broken.distances(),
                1,
                0);
        List<Confidence> confidences =
                closeUp(report).confidences(List.of(broken, refused)).orElseThrow();

        double clean = probability(5, clean(broken), broken.label());
        assertThat(confidences)
                .extracting(Confidence::clean)
                .allSatisfy(each -> assertThat(each).isCloseTo(clean, offset(1e-12)));
        assertThat(confidences.get(0).adversarial().orElseThrow())
                .isCloseTo(probability(5, adversarial(broken), 1 - broken.label()), offset(1e-12));
        assertThat(confidences.get(1).adversarial()).isEqualTo(OptionalDouble.empty());
    }

    @Test
    void refuses_samples_that_are_not_broken_or_not_of_the_report() {
        RobustnessReport report = evaluation(new Watched(), WHOLE).run();
        SampleOutcome broken = report.brokenSamples().get(0);
        SampleOutcome stranger = new SampleOutcome(
                77,
                broken.label(),
                SampleStatus.BROKEN,
                broken.adversarial(),
                broken.adversarialLabel(),
                broken.distances(),
                1,
                0);

        assertThatThrownBy(() -> closeUp(report)
                        .confidences(List.of(broken, report.outcomes().get(39))))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("sample #39 is ROBUST: only broken samples have an adversarial example to look at");
        assertThatThrownBy(() -> closeUp(report).confidences(List.of(stranger)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("sample #77 with label 1 is none of points: give samples of this report");
    }

    private static AttackTrace reproduced(LabelModel model, TracedAttack traced) {
        AttackResult result = traced.result();
        PlannedAttack planned = new PlannedAttack(result.attack(), Norm.LINF, List.of(EPSILON), result.suite());
        return new Reproduction(model, data(), Goal.untargeted(), Constraints.none(), RobustnessEvaluation.DEFAULT_SEED)
                .run(planned, EPSILON, traced.reported().id());
    }

    private static List<Query> queries(TracedAttack traced) {
        return traced.points().stream().map(TracedAttack.Point::query).toList();
    }

    @Test
    void a_trace_is_that_of_the_attack_on_the_sample_that_it_broke_by_the_smallest_perturbation() {
        Watched model = new Watched();
        AttackSuite suite = new AttackSuite("Marches", "1", List.of(HALF, NEAREST, WHOLE));
        RobustnessReport report =
                evaluation(model, BLIND, LAME, NEAREST).suite(suite).run();
        AttackTraces traces = closeUp(report).traces(1);

        assertThat(traces.leftOut()).isEmpty();
        assertThat(traces.traced())
                .extracting(TracedAttack::label)
                .containsExactly("Blind", "Lame", "Nearest", "Half", "Nearest", "Whole");
        assertThat(traces.traced()).extracting(TracedAttack::result).containsExactlyElementsOf(report.results());
        for (TracedAttack traced : traces.traced()) {
            SampleOutcome reported = traced.reported();
            assertThat(traced.isAsReported()).isTrue();
            assertThat(traced.outcome().forwards()).isEqualTo(reported.forwards());
            assertThat(traced.outcome().backwards()).isEqualTo(reported.backwards());
            AttackTrace reproduced = reproduced(model, traced);
            assertThat(reproduced.outcome().exampleSha256())
                    .isEqualTo(traced.outcome().exampleSha256());
            assertThat(queries(traced)).isEqualTo(reproduced.queries());
            assertThat(traced.queries()).isEqualTo(reproduced.queries().size());

            double[] distances = traced.result().outcomes().stream()
                    .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                    .mapToDouble(outcome -> outcome.breakingDistance(Norm.LINF))
                    .toArray();
            if (distances.length == 0) {
                // the model is wrong about sample 0, and in the suite the others broke the next 19
                assertThat(reported.id()).isEqualTo(traced.result().suite().isEmpty() ? 1 : 20);
                assertThat(reported.status()).isEqualTo(SampleStatus.ROBUST);
            } else {
                assertThat(reported.breakingDistance(Norm.LINF))
                        .isEqualTo(Arrays.stream(distances).min().orElseThrow());
            }
        }
        assertThat(traces.traced().get(1).reported().status()).isEqualTo(SampleStatus.ROBUST);
        assertThat(traces.passes())
                .isEqualTo(traces.traced().stream()
                        .mapToLong(each ->
                                each.outcome().forwards() + each.outcome().backwards())
                        .sum());
    }

    @Test
    void a_model_without_logits_has_traces_without_margins() {
        RobustnessReport report = evaluation(new Labels(new Watched()), BLIND).run();
        TracedAttack traced = closeUp(report).traces().traced().get(0);

        assertThat(traced.isAsReported()).isTrue();
        assertThat(queries(traced)).isNotEmpty().allSatisfy(query -> {
            assertThat(query.margin()).isNaN();
            assertThat(query.gradientNorm()).isNaN();
            assertThat(query.distance()).isPositive();
        });
    }

    @Test
    void of_a_long_trace_the_first_the_last_and_evenly_spaced_queries_are_kept() {
        RobustnessReport report = evaluation(new Watched(), new March("Long", 0.01, 1000, 200, 201))
                .run();
        TracedAttack traced = closeUp(report).traces().traced().get(0);

        assertThat(traced.queries()).isEqualTo(1401);
        assertThat(traced.points()).hasSize(600);
        for (int restart = 0; restart < 3; restart++) {
            int own = restart;
            List<TracedAttack.Point> points = traced.points().stream()
                    .filter(point -> point.query().restart() == own)
                    .toList();
            int asked = List.of(1000, 200, 201).get(restart);
            assertThat(points).hasSize(200);
            assertThat(points.get(0).number()).isZero();
            assertThat(points.get(199).number()).isEqualTo(asked - 1);
            for (int i = 0; i < 200; i++) {
                // query k of n is k+1 of n steps to a hundredth of epsilon: a point must hold the query of its number
                TracedAttack.Point point = points.get(i);
                assertThat(point.query().distance())
                        .isCloseTo(0.01 * EPSILON * (point.number() + 1) / asked, offset(1e-12));
                assertThat(point.number() - i * (asked - 1) / 199.0).isBetween(-0.5, 0.5);
            }
        }
    }

    @Test
    void traces_keep_within_their_share() {
        Watched model = new Watched();
        Attack dear = new March("Dear", 0.01, 100);
        RobustnessReport report = evaluation(model, dear, LAME, WHOLE).run();
        long dearPasses = 39 * 200;
        long lamePasses = 39 * 6;
        long spent = report.outcomes().stream()
                .mapToLong(outcome -> outcome.forwards() + outcome.backwards())
                .sum();
        long wholePasses = spent - dearPasses - lamePasses;
        assertThat(wholePasses).isBetween(39L * 2, 39L * 20);
        CloseUp closeUp = closeUp(report);

        AttackTraces usual = closeUp.traces();
        assertThat(usual.traced()).extracting(TracedAttack::label).containsExactly("Dear", "Lame", "Whole");
        assertThat(usual.passes()).isLessThanOrEqualTo((long) (0.05 * spent));

        model.asked.clear();
        AttackTraces little = closeUp.traces(0.001);
        int allowed = (int) (0.001 * spent);
        assertThat(little.traced()).extracting(TracedAttack::label).containsExactly("Lame", "Whole");
        assertThat(little.leftOut())
                .containsExactly("Dear is not traced: on sample #1 it takes up to 200 passes, but of the " + allowed
                        + " for all traces (0.1% of what the attacks took) only " + allowed + " are left");
        assertThat(little.passes()).isEqualTo(6 + 2).isLessThanOrEqualTo(allowed);
        // beside the traces: each judges the clean sample, and one its example
        assertThat(model.asked.stream().filter(call -> call.startsWith("gradients")))
                .hasSize(3 + 1);

        model.asked.clear();
        AttackTraces none = closeUp.traces(0);
        assertThat(none.traced()).isEmpty();
        assertThat(none.leftOut()).hasSize(3);
        assertThat(none.leftOut().get(1))
                .isEqualTo("Lame is not traced: on sample #1 it takes up to 6 passes, but of the 0 for all traces"
                        + " (0.0% of what the attacks took) only 0 are left");
        assertThat(none.passes()).isZero();
        assertThat(model.asked).isEmpty();

        for (double wrong : new double[] {-0.1, 1.5, Double.NaN}) {
            assertThatThrownBy(() -> closeUp.traces(wrong))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessage("the share of passes for traces is " + wrong + ": give 0 to 1");
        }
    }

    @Test
    void says_which_attacks_can_not_be_traced() {
        EvaluationPlan plan = RobustnessEvaluation.of(
                        new Watched(), data().subset(IntStream.range(0, 9).toArray()))
                .attack(UNIVERSAL, WHOLE)
                .norm(Norm.LINF)
                .epsilon(EPSILON, 2 * EPSILON)
                .trust(TrustPolicy.OFF)
                .plan();
        Evaluator evaluator = new Evaluator(plan);

        assertThat(closeUp(evaluator.report(plan.attacks(), EPSILON)).traces().leftOut())
                .containsExactly("Universal is not traced: it makes one perturbation for all samples");
        // every sample broke under the smaller epsilon
        AttackTraces traces =
                closeUp(evaluator.report(plan.attacks(), 2 * EPSILON)).traces(1);
        assertThat(traces.leftOut())
                .containsExactly(
                        "Universal is not traced: it makes one perturbation for all samples",
                        "Whole is not traced: it attacked no sample under this threat model");
        assertThat(traces.traced()).isEmpty();
    }

    @Test
    void what_trust_checks_tried_is_not_traced() {
        RobustnessReport report = RobustnessEvaluation.of(new Watched(), data(10))
                .attack(HALF)
                .norm(Norm.LINF)
                .epsilon(EPSILON)
                .minRobustAccuracy(0.1)
                .run();
        assertThat(report.foundByChecks()).isNotEmpty();

        AttackTraces traces = closeUp(report).traces(1);
        assertThat(traces.traced()).extracting(TracedAttack::label).containsExactly("Half");
        assertThat(traces.leftOut()).isEmpty();
    }

    @Test
    void a_result_known_from_an_earlier_run_has_the_same_trace() {
        Map<String, AttackRun> kept = new HashMap<>();
        ResultStore store = new ResultStore() {
            @Override
            public Optional<AttackRun> find(String task, String model) {
                return Optional.ofNullable(kept.get(task + model));
            }

            @Override
            public List<AttackRun> findEarlier(String task) {
                return List.of();
            }

            @Override
            public void store(String task, String model, AttackRun run) {
                kept.put(task + model, run);
            }

            @Override
            public Optional<Checked> findChecked(String task, String model) {
                return Optional.empty();
            }

            @Override
            public void store(String task, String model, Checked checked) {}
        };
        RobustnessReport first =
                evaluation(new Watched(), WHOLE, HALF).remember(store).run();
        RobustnessReport second =
                evaluation(new Watched(), WHOLE, HALF).remember(store).run();
        assertThat(first.recalled()).isZero();
        assertThat(second.recalled()).isEqualTo(2 * 39);

        AttackTraces fresh = closeUp(first).traces();
        AttackTraces recalled = closeUp(second).traces();
        assertThat(recalled.traced()).hasSize(2);
        assertThat(recalled.traced().stream().map(CloseUpTests::queries))
                .isEqualTo(fresh.traced().stream().map(CloseUpTests::queries).toList());
        assertThat(recalled.traced()).allMatch(TracedAttack::isAsReported);
        assertThat(recalled.passes()).isEqualTo(fresh.passes());
    }

    /** The report owes its examples to a pass each; what the attack would take is not known from that. */
    @Test
    void an_attack_that_only_confirmed_known_examples_is_taken_to_be_as_dear_as_it_can_be() {
        KnownExamples known = (attack, key) -> List.of(
                Rows.fromDoubles(new double[] {0.499}, new long[] {1, 1}, DataType.DOUBLE),
                Rows.fromDoubles(new double[] {0.501}, new long[] {1, 1}, DataType.DOUBLE));
        RobustnessReport report =
                evaluation(new Watched(), WHOLE).knownExamples(known).run();
        assertThat(report.recalled()).isEqualTo(19);
        SampleOutcome nearest = report.brokenSamples().get(0);
        assertThat(nearest.forwards()).isEqualTo(1);

        // 19 confirmed by a pass each, 20 attacked in vain
        int allowed = (int) (0.04 * (19 + 20 * 20));
        assertThat(closeUp(report).traces(0.04).leftOut())
                .containsExactly("Whole is not traced: on sample #1 it takes up to 20 passes, but of the " + allowed
                        + " for all traces (4.0% of what the attacks took) only " + allowed + " are left");
        TracedAttack traced = closeUp(report).traces().traced().get(0);
        assertThat(traced.outcome().status()).isEqualTo(SampleStatus.BROKEN);
        assertThat(traced.isAsReported()).isFalse();
    }
}
