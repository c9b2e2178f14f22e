package dev.mettle.core.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class AttackEngineTests {

    private static final Box BOX = Box.of(0, 1);
    private static final AffineModel MODEL = AffineModel.random(3, 5, DataType.DOUBLE, 6);
    private static final INDArray INPUTS = Samples.uniform(30, DataType.DOUBLE, 6);

    /** An attack made of a lambda. */
    private record Scripted(Access access, int restarts, boolean minimizesNorm, Consumer<AttackContext> script)
            implements Attack {

        static Scripted of(Access access, Consumer<AttackContext> script) {
            return new Scripted(access, 1, false, script);
        }

        @Override
        public String name() {
            return "Scripted";
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of();
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(Norm.values());
        }

        @Override
        public Passes passes(int classes) {
            return new Passes(2, 1);
        }

        @Override
        public void run(AttackContext context) {
            script.accept(context);
        }
    }

    private static final Attack NOISE = new Scripted(Access.LABELS, 3, false, context -> {
        SampleBatch batch = context.samples();
        for (int draw = 0; draw < 4 && !batch.isEmpty(); draw++) {
            batch.propose(batch.randomStart());
            batch = batch.select(batch.standing());
        }
    });

    private static List<SampleOutcome> run(LabelModel model, Attack attack, Norm norm, double epsilon, int... rows) {
        return run(AttackEngine.of(model, 3), model, attack, norm, epsilon, rows);
    }

    private static List<SampleOutcome> run(
            AttackEngine engine, LabelModel model, Attack attack, Norm norm, double epsilon, int... rows) {
        int[] chosen = rows.length == 0 ? IntStream.range(0, 30).toArray() : rows;
        INDArray inputs = Rows.select(INPUTS, chosen);
        long[] ids = Arrays.stream(chosen).asLongStream().toArray();
        return engine.run(attack, new ThreatModel(norm, epsilon, BOX), inputs, model.predict(inputs), ids)
                .outcomes();
    }

    private static double[] adversarial(SampleOutcome outcome) {
        return Rows.toRows(Objects.requireNonNull(outcome.adversarial()))[0];
    }

    @Test
    void results_of_a_sample_depend_neither_on_batch_size_nor_on_order_nor_on_company() {
        List<SampleOutcome> all = run(MODEL, NOISE, Norm.L2, 0.8);
        assertThat(all).anyMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
        assertThat(all).anyMatch(outcome -> outcome.status() == SampleStatus.ROBUST);
        int[] reversed = IntStream.range(0, 30).map(i -> 29 - i).toArray();
        List<SampleOutcome> backwards = run(MODEL, NOISE, Norm.L2, 0.8, reversed);
        for (int size : new int[] {1, 3, 8}) {
            List<SampleOutcome> small = run(AttackEngine.of(MODEL, 3).withBatchSize(size), MODEL, NOISE, Norm.L2, 0.8);
            for (int i = 0; i < 30; i++) {
                for (SampleOutcome other : List.of(
                        small.get(i),
                        backwards.get(29 - i),
                        run(MODEL, NOISE, Norm.L2, 0.8, i).get(0))) {
                    assertThat(other.status()).isEqualTo(all.get(i).status());
                    assertThat(other.forwards()).isEqualTo(all.get(i).forwards());
                    if (other.adversarial() != null) {
                        assertThat(adversarial(other)).containsExactly(adversarial(all.get(i)));
                    }
                }
            }
        }
    }

    @Test
    void reports_after_every_query_how_many_samples_are_broken() {
        List<Integer> beats = new ArrayList<>();
        AttackEngine engine = AttackEngine.of(MODEL, 3).withBatchSize(8).withHeartbeat((broken, total) -> {
            assertThat(total).isEqualTo(30);
            beats.add(broken);
        });

        List<SampleOutcome> outcomes = run(engine, MODEL, NOISE, Norm.L2, 0.8);

        assertThat(beats).isSorted().endsWith(broken(outcomes).size());
    }

    @Test
    void the_same_seed_gives_the_same_result_and_another_seed_another() {
        List<SampleOutcome> first = run(MODEL, NOISE, Norm.L2, 0.8);
        assertThat(broken(run(MODEL, NOISE, Norm.L2, 0.8))).isEqualTo(broken(first));
        List<SampleOutcome> other = run(AttackEngine.of(MODEL, 4), MODEL, NOISE, Norm.L2, 0.8);
        assertThat(other.stream().map(SampleOutcome::forwards).toList())
                .isNotEqualTo(first.stream().map(SampleOutcome::forwards).toList());
    }

    private static List<Long> broken(List<SampleOutcome> outcomes) {
        return outcomes.stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .map(SampleOutcome::id)
                .toList();
    }

    @Test
    void more_restarts_never_save_a_sample() {
        Set<Long> before = Set.of();
        for (int restarts = 1; restarts <= 4; restarts++) {
            Attack attack = new Scripted(
                    Access.LABELS,
                    restarts,
                    false,
                    context -> context.samples().propose(context.samples().randomStart()));
            Set<Long> now = Set.copyOf(broken(run(MODEL, attack, Norm.L2, 0.8)));
            assertThat(now).containsAll(before);
            before = now;
        }
        assertThat(before).isNotEmpty();
    }

    @Test
    void counts_every_pass_of_every_sample_and_none_after_it_is_broken() {
        Attack attack = new Scripted(Access.GRADIENTS, 2, false, context -> {
            SampleBatch batch = context.samples();
            batch.gradient(batch.inputs(), new CrossEntropy());
            batch.logits(batch.inputs());
            SampleBatch first = batch.select(new int[] {0});
            first.propose(first.inputs());
        });
        List<SampleOutcome> outcomes = run(MODEL, attack, Norm.L2, 0.5);
        assertThat(outcomes.get(0).forwards()).isEqualTo(6);
        assertThat(outcomes.get(1).forwards()).isEqualTo(4);
        assertThat(outcomes).allMatch(outcome -> outcome.backwards() == 2);
    }

    @Test
    void a_proposal_outside_ball_or_box_or_not_finite_counts_for_nothing() {
        Attack cheat = Scripted.of(Access.LABELS, context -> {
            SampleBatch batch = context.samples();
            batch.propose(batch.inputs().rsub(1)); // far outside the ball
            batch.propose(batch.inputs().add(0.3)); // outside the box for many
            batch.propose(batch.inputs().mul(Double.NaN));
        });
        for (SampleOutcome outcome : run(MODEL, cheat, Norm.L2, 0.1)) {
            assertThat(outcome.status()).isEqualTo(SampleStatus.ROBUST);
            assertThat(outcome.adversarial()).isNull();
        }
        for (SampleOutcome outcome : run(MODEL, cheat, Norm.L2, 2)) {
            if (outcome.adversarial() != null) {
                assertThat(Arrays.stream(adversarial(outcome))).allMatch(value -> value >= 0 && value <= 1);
            }
        }
    }

    @Test
    void the_original_model_has_the_last_word() {
        DifferentiableModel liar = new Delegating(MODEL) {
            @Override
            public Judgement[] judge(INDArray inputs, Aim[] aims) {
                return Arrays.stream(aims)
                        .map(aim -> new Judgement(aim.label(), false))
                        .toArray(Judgement[]::new); // the deployed model isn't fooled by anything
            }
        };
        AttackRun run = AttackEngine.of(liar, 3)
                .run(
                        NOISE,
                        new ThreatModel(Norm.L2, 1.5, BOX),
                        INPUTS,
                        MODEL.predict(INPUTS),
                        IntStream.range(0, 30).asLongStream().toArray());
        assertThat(broken(run.outcomes())).isEmpty();
        assertThat(run.unconfirmed()).isPositive();
    }

    /** Minimum-norm attacks end so near the boundary that one batch rounds their result to one side, and another to the other. */
    @Test
    void a_nearest_example_that_rounding_carries_back_is_moved_outward() {
        double[] boundary = {0.5};
        LabelModel rounding = new LabelModel() {
            @Override
            public ModelInfo info() {
                return MODEL.info();
            }

            @Override
            public int[] predict(INDArray inputs) {
                return Arrays.stream(Rows.toRows(inputs))
                        .mapToInt(row -> row[0] > boundary[0] ? 1 : 0)
                        .toArray();
            }
        };
        Attack nearest = new Scripted(Access.LABELS, 1, true, context -> {
            SampleBatch batch = context.samples();
            batch.propose(batch.inputs().add(0.25 + 1e-9));
            boundary[0] += 1e-8; // what the engine's batch sees
        });
        AttackRun run = AttackEngine.of(rounding, 3)
                .run(
                        nearest,
                        new ThreatModel(Norm.LINF, ThreatModel.UNBOUNDED, BOX),
                        Nd4j.valueArrayOf(new long[] {1, 6}, 0.25, DataType.DOUBLE),
                        new int[] {0},
                        new long[] {0});
        assertThat(run.unconfirmed()).isZero();
        assertThat(run.outcomes().get(0).breakingDistance(Norm.LINF)).isBetween(0.25 + 1e-8, 0.2501);
    }

    /** An attack that walks in from afar must know how far it has come, even where only what lies within epsilon counts. */
    @Test
    void a_minimum_norm_attack_within_a_budget_sees_what_it_found_beyond_it() {
        Attack walk = new Scripted(Access.LABELS, 1, true, context -> {
            SampleBatch batch = context.samples();
            INDArray x = batch.inputs().rsub(1);
            for (int step = 0; step < 60; step++) {
                batch.propose(x);
                assertThat(batch.best()).isNotNull();
                x = batch.best().sub(batch.inputs()).muli(0.9).addi(batch.inputs());
            }
        });
        ThreatModel threat = new ThreatModel(Norm.L2, 0.3, BOX);
        int[] labels = MODEL.predict(INPUTS);
        long[] ids = IntStream.range(0, labels.length).asLongStream().toArray();
        AttackRun nearest = AttackEngine.of(MODEL, 3).run(walk, threat, INPUTS, labels, ids);
        AttackRun within = AttackEngine.of(MODEL, 3).stoppingWithinEpsilon().run(walk, threat, INPUTS, labels, ids);
        assertThat(within.outcomes().stream().map(outcome -> outcome.status() == SampleStatus.BROKEN))
                .containsExactlyElementsOf(nearest.outcomes().stream()
                        .map(outcome -> outcome.status() == SampleStatus.BROKEN)
                        .toList())
                .contains(true, false);
        assertThat(within.outcomes().stream().mapToLong(SampleOutcome::forwards).sum())
                .isLessThanOrEqualTo(nearest.outcomes().stream()
                        .mapToLong(SampleOutcome::forwards)
                        .sum());
    }

    @Test
    void never_changes_the_inputs() {
        double[] before = Rows.toDoubles(INPUTS);
        run(MODEL, NOISE, Norm.LINF, 0.5);
        assertThat(Rows.toDoubles(INPUTS)).containsExactly(before);
    }

    @Test
    void zero_and_invalid_gradients_are_no_evidence_of_robustness() {
        Attack gradientOnly = Scripted.of(
                Access.GRADIENTS,
                context -> context.samples().gradient(context.samples().inputs(), new CrossEntropy()));
        DifferentiableModel zero = withGradient(0);
        DifferentiableModel invalid = withGradient(Double.NaN);
        DifferentiableModel infinite = withGradient(Double.POSITIVE_INFINITY);
        assertThat(run(zero, gradientOnly, Norm.L2, 1)).allMatch(o -> o.status() == SampleStatus.GRADIENT_ZERO);
        assertThat(run(invalid, gradientOnly, Norm.L2, 1)).allMatch(o -> o.status() == SampleStatus.GRADIENT_INVALID);
        assertThat(run(infinite, gradientOnly, Norm.L2, 1)).allMatch(o -> o.status() == SampleStatus.GRADIENT_INVALID);
        assertThat(run(MODEL, gradientOnly, Norm.L2, 1)).allMatch(o -> o.status() == SampleStatus.ROBUST);
    }

    private static DifferentiableModel withGradient(double value) {
        return new Delegating(MODEL) {
            @Override
            public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
                InputGradient pass = MODEL.gradient(inputs, lossGradient);
                return new InputGradient(pass.logits(), inputs.dup().assign(value));
            }
        };
    }

    @Test
    void a_search_that_finds_nothing_at_any_distance_is_no_evidence_of_robustness() {
        Attack idle = new Scripted(Access.LABELS, 1, true, context -> {});
        assertThat(run(MODEL, idle, Norm.L2, 0.5)).allMatch(o -> o.status() == SampleStatus.SEARCH_FAILED);
    }

    @Test
    void a_minimum_norm_attack_keeps_the_nearest_example_and_is_judged_by_epsilon() {
        Attack search = new Scripted(Access.LABELS, 1, true, context -> {
            for (int step = 20; step >= 1; step--) {
                SampleBatch batch = context.samples();
                batch.propose(batch.inputs().mul(1 - step / 20.0)); // from black to the clean input
            }
        });
        List<SampleOutcome> unbounded = run(MODEL, search, Norm.L2, ThreatModel.UNBOUNDED);
        List<SampleOutcome> bounded = run(MODEL, search, Norm.L2, 1.2);
        int within = 0;
        for (int i = 0; i < 30; i++) {
            double distance = unbounded.get(i).breakingDistance(Norm.L2);
            if (unbounded.get(i).status() == SampleStatus.BROKEN) {
                assertThat(bounded.get(i).status())
                        .isEqualTo(distance <= 1.2 ? SampleStatus.BROKEN : SampleStatus.ROBUST);
                within += distance <= 1.2 ? 1 : 0;
            }
        }
        assertThat(within).isPositive();
    }

    @Test
    void refuses_an_attack_that_asks_for_more_than_it_declares() {
        Attack nosy = Scripted.of(
                Access.LABELS,
                context -> context.samples().logits(context.samples().inputs()));
        assertThatThrownBy(() -> run(MODEL, nosy, Norm.L2, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Scripted asks for LOGITS but declares LABELS");
    }

    @Test
    void refuses_a_model_that_offers_less_than_the_attack_needs() {
        LabelModel labelsOnly = new LabelModel() {
            @Override
            public ModelInfo info() {
                return MODEL.info();
            }

            @Override
            public int[] predict(INDArray inputs) {
                return MODEL.predict(inputs);
            }
        };
        Attack gradients = Scripted.of(Access.GRADIENTS, context -> {});
        assertThatThrownBy(() -> run(labelsOnly, gradients, Norm.L2, 1))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("Scripted needs GRADIENTS of the model, which affine doesn't offer");
        assertThat(broken(run(labelsOnly, NOISE, Norm.L2, 0.8))).isEqualTo(broken(run(MODEL, NOISE, Norm.L2, 0.8)));
    }

    @Test
    void epsilon_zero_changes_nothing() {
        for (Norm norm : Norm.values()) {
            assertThat(run(MODEL, NOISE, norm, 0)).allMatch(outcome -> outcome.status() == SampleStatus.ROBUST);
        }
    }

    @Test
    void the_worst_case_is_never_better_than_any_attack() {
        List<SampleOutcome> first = run(MODEL, NOISE, Norm.L2, 0.8);
        List<SampleOutcome> second = run(AttackEngine.of(MODEL, 9), MODEL, NOISE, Norm.L2, 0.8);
        for (int i = 0; i < 30; i++) {
            SampleOutcome worst = WorstCase.of(first.get(i), second.get(i), Norm.L2);
            assertThat(worst.breakingDistance(Norm.L2))
                    .isEqualTo(Math.min(
                            first.get(i).breakingDistance(Norm.L2),
                            second.get(i).breakingDistance(Norm.L2)));
        }
        SampleOutcome robust = SampleOutcome.unbroken(0, 0, SampleStatus.ROBUST, 1, 0);
        SampleOutcome undecided = SampleOutcome.unbroken(0, 0, SampleStatus.GRADIENT_ZERO, 1, 1);
        assertThat(WorstCase.of(robust, undecided, Norm.L2).status()).isEqualTo(SampleStatus.GRADIENT_ZERO);
        assertThat(WorstCase.of(undecided, robust, Norm.L2).status()).isEqualTo(SampleStatus.GRADIENT_ZERO);
    }

    @Test
    void generates_examples_and_returns_the_clean_input_where_it_fails() {
        AttackGenerator generator = NOISE.against(MODEL, Norm.L2, 0.8);
        int[] labels = MODEL.predict(INPUTS);
        labels[0] = (labels[0] + 1) % 3; // already misclassified
        AdversarialExamples examples = generator.generate(INPUTS, labels);
        double[][] clean = Rows.toRows(INPUTS);
        double[][] made = Rows.toRows(examples.inputs());
        assertThat(examples.outcomes().get(0).status()).isEqualTo(SampleStatus.CLEAN_WRONG);
        assertThat(examples.broken()).isBetween(1, 29);
        for (int i = 0; i < 30; i++) {
            if (examples.isAdversarial(i)) {
                assertThat(MODEL.predict(Rows.select(examples.inputs(), new int[] {i}))[0])
                        .isNotEqualTo(labels[i]);
                assertThat(examples.distance(i)).isBetween(0.0, 0.8000008);
            } else {
                assertThat(made[i]).containsExactly(clean[i]);
                assertThat(examples.distance(i)).isZero();
            }
        }
    }

    /** A model that passes everything on. */
    private static class Delegating implements DifferentiableModel {
        private final DifferentiableModel model;

        Delegating(DifferentiableModel model) {
            this.model = model;
        }

        @Override
        public ModelInfo info() {
            return model.info();
        }

        @Override
        public int[] predict(INDArray inputs) {
            return model.predict(inputs);
        }

        @Override
        public Judgement[] judge(INDArray inputs, Aim[] aims) {
            return model.judge(inputs, aims);
        }

        @Override
        public INDArray logits(INDArray inputs) {
            return model.logits(inputs);
        }

        @Override
        public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
            return model.gradient(inputs, lossGradient);
        }

        @Override
        public DifferentiableModel inDoublePrecision() {
            return this;
        }
    }

    @Test
    void a_trace_holds_every_query_of_one_sample_and_the_outcome_of_any_batch() {
        ThreatModel threat = new ThreatModel(Norm.LINF, 0.2, BOX);
        int[] labels = MODEL.predict(INPUTS);
        long[] ids = LongStream.range(100, 130).toArray();
        List<SampleOutcome> together = AttackEngine.of(MODEL, 3)
                .run(NOISE, threat, INPUTS, labels, ids)
                .outcomes();
        assertThat(together).extracting(SampleOutcome::status).contains(SampleStatus.BROKEN, SampleStatus.ROBUST);

        for (int i = 0; i < labels.length; i++) {
            INDArray input = Rows.select(INPUTS, new int[] {i});
            AttackTrace trace = AttackEngine.of(MODEL, 3)
                    .trace(NOISE, threat, input, new int[] {labels[i]}, new long[] {ids[i]}, 0);
            assertThat(AttackEngine.of(MODEL, 3)
                            .withBatchSize(4)
                            .trace(NOISE, threat, INPUTS, labels, ids, i)
                            .queries())
                    .isEqualTo(trace.queries());

            SampleOutcome outcome = trace.outcome();
            assertThat(outcome.status()).isEqualTo(together.get(i).status());
            assertThat(outcome.distances()).isEqualTo(together.get(i).distances());
            assertThat(outcome.exampleSha256()).isEqualTo(together.get(i).exampleSha256());
            assertThat(trace.queries()).hasSize((int) outcome.forwards());
            for (int query = 0; query < trace.queries().size(); query++) {
                Query each = trace.queries().get(query);
                assertThat(each.restart()).isEqualTo(query / 4);
                assertThat(each.asked()).isEqualTo(Access.LABELS);
                assertThat(each.backwards()).isZero();
                assertThat(each.gradientNorm()).isNaN();
                assertThat(each.distance()).isBetween(0.0, 0.2 + 1e-9);
                // the attack leaves a sample alone as soon as it is broken
                assertThat(each.reachesAim())
                        .isEqualTo(outcome.status() == SampleStatus.BROKEN
                                && query == trace.queries().size() - 1);
            }
        }
    }

    @Test
    void a_trace_tells_margin_gradient_and_distance_of_every_point() {
        ThreatModel threat = new ThreatModel(Norm.L2, 0.5, BOX);
        INDArray input = Rows.select(INPUTS, new int[] {0});
        int label = MODEL.predict(input)[0];
        double[] clean = Rows.toRows(input)[0];
        double[] logits = MODEL.logits(clean);
        Attack asking = new Scripted(Access.GRADIENTS, 1, true, context -> {
            SampleBatch batch = context.samples();
            batch.logits(batch.inputs());
            batch.gradients(batch.inputs(), z -> List.of(oneHot(z, 0, 1), oneHot(z, 1, -2), oneHot(z, 2, 0)));
            batch.logits(batch.inputs().add(0.0625), new int[] {0});
        });

        List<Query> queries = AttackEngine.of(MODEL, 3)
                .trace(asking, threat, input, new int[] {label}, new long[] {0}, 0)
                .queries();

        double margin = -Aim.awayFrom(label).lead(logits);
        assertThat(queries).extracting(Query::asked).containsExactly(Access.LOGITS, Access.GRADIENTS, Access.LOGITS);
        assertThat(queries.get(0).margin()).isPositive().isEqualTo(margin);
        assertThat(queries.get(0).distance()).isZero();
        assertThat(queries.get(1).backwards()).isEqualTo(3);
        assertThat(queries.get(1).gradientNorm())
                .isCloseTo(
                        Math.max(length(MODEL.weights()[0]), 2 * length(MODEL.weights()[1])),
                        org.assertj.core.data.Offset.offset(1e-12));
        assertThat(queries.get(2).distance())
                .isCloseTo(0.0625 * Math.sqrt(6), org.assertj.core.data.Offset.offset(1e-12));
    }

    @Test
    void a_trace_of_one_sample_can_not_show_what_all_samples_decide() {
        Attack universal = new Attack() {
            @Override
            public String name() {
                return "All";
            }

            @Override
            public Map<String, String> parameters() {
                return Map.of();
            }

            @Override
            public Access access() {
                return Access.LABELS;
            }

            @Override
            public Set<Norm> norms() {
                return Set.of(Norm.LINF);
            }

            @Override
            public boolean universal() {
                return true;
            }

            @Override
            public Passes passes(int classes) {
                return new Passes(1, 0);
            }

            @Override
            public void run(AttackContext context) {}
        };

        assertThatThrownBy(() -> AttackEngine.of(MODEL, 3)
                        .trace(universal, new ThreatModel(Norm.LINF, 0.2, BOX), INPUTS, new int[30], new long[30], 0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("All makes one perturbation for all samples: it can't be run on one of them alone");
    }

    private static INDArray oneHot(INDArray logits, int label, double value) {
        double[] row = new double[(int) logits.size(1)];
        row[label] = value;
        return Rows.fromRows(new double[][] {row}, logits);
    }

    private static double length(double[] vector) {
        return Math.sqrt(Arrays.stream(vector).map(value -> value * value).sum());
    }
}
