package dev.mettle.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.data.NumpyFiles;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.loss.Margin;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.trust.TrustReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Results that are remembered from one evaluation to the next. */
class ResultFolderTests {

    private static final AtomicInteger ATTACKED = new AtomicInteger();
    private static final AffineModel MODEL = AffineModel.random(3, 5, DataType.DOUBLE, 6);
    private static final LabeledData DATA = data(MODEL);

    @TempDir
    Path folder;

    private static LabeledData data(LabelModel model) {
        INDArray inputs = Samples.uniform(60, DataType.DOUBLE, 6);
        return LabeledData.of("points", inputs, model.predict(inputs));
    }

    /** Takes one step; counts the samples that it is given. */
    private record Step(double share, boolean minimizesNorm, Object extra) implements Attack {

        Step(double share) {
            this(share, false, "");
        }

        @Override
        public String name() {
            return "Step";
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of("share", String.valueOf(share));
        }

        @Override
        public Access access() {
            return Access.GRADIENTS;
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(Norm.LINF);
        }

        @Override
        public Passes passes(int classes) {
            return new Passes(2, 1);
        }

        @Override
        public Optional<Attack> longer() {
            return share < 1 ? Optional.of(new Step(1, minimizesNorm, extra)) : Optional.empty();
        }

        @Override
        public void run(AttackContext context) {
            SampleBatch batch = context.samples();
            ATTACKED.addAndGet(batch.size());
            INDArray gradient = batch.gradient(batch.inputs(), new Margin()).gradient();
            INDArray direction = Transforms.sign(gradient);
            batch.propose(batch.perturbations().box().clip(batch.inputs().add(direction.mul(0.05 * share))));
        }
    }

    @BeforeEach
    void nothingAttackedYet() {
        ATTACKED.set(0);
    }

    private RobustnessReport run(LabelModel model, Attack attack, long seed) {
        return run(model, attack, seed, TrustPolicy.OFF); // the attacks of its checks would count, too
    }

    private RobustnessReport run(LabelModel model, Attack attack, long seed, TrustPolicy trust) {
        return RobustnessEvaluation.of(model, DATA)
                .attack(attack)
                .norm(Norm.LINF)
                .epsilon(0.05)
                .seed(seed)
                .trust(trust)
                .remember(ResultFolder.of(folder))
                .run();
    }

    private static List<String> facts(RobustnessReport report) {
        return report.outcomes().stream()
                .map(outcome -> outcome.id() + " " + outcome.status() + " " + outcome.adversarialLabel() + " "
                        + outcome.distances() + " " + outcome.forwards() + " " + outcome.backwards() + " "
                        + outcome.adversarial())
                .toList();
    }

    private static int broken(RobustnessReport report) {
        return report.brokenCount();
    }

    private Path only(String suffix) throws IOException {
        return files(suffix).get(0);
    }

    @Test
    void an_equal_evaluation_attacks_nothing_and_finds_the_same() {
        RobustnessReport first = run(MODEL, new Step(1), 1);
        assertThat(ATTACKED).hasValue(60);
        assertThat(broken(first)).isBetween(5, 55);
        assertThat(first.recalled()).isZero();
        RobustnessReport second = run(MODEL, new Step(1), 1);
        assertThat(ATTACKED).hasValue(60);
        assertThat(facts(second)).isEqualTo(facts(first));
        assertThat(second.recalled()).isEqualTo(60);
    }

    @Test
    void trust_checks_of_an_equal_evaluation_are_remembered() throws IOException {
        TrustReport first =
                run(MODEL, new Step(1), 1, TrustPolicy.CHECK).trust().orElseThrow();
        assertThat(first.ran()).isTrue();
        ATTACKED.set(0);
        TrustReport second =
                run(MODEL, new Step(1), 1, TrustPolicy.CHECK).trust().orElseThrow();
        assertThat(second).isEqualTo(first);
        assertThat(ATTACKED).hasValue(0);

        for (Path file : files(".json")) {
            String text = Files.readString(file);
            if (text.contains("findings")) {
                Files.writeString(file, text.replace("STRONG_ATTACK", "UNKNOWN"));
            }
        }
        assertThat(run(MODEL, new Step(1), 1, TrustPolicy.CHECK).trust()).contains(first);
        assertThat(ATTACKED.get()).isPositive();
        ATTACKED.set(0);
        assertThat(run(MODEL.withBias(0, 0.002), new Step(1), 1, TrustPolicy.CHECK)
                        .trust())
                .isPresent();
        assertThat(ATTACKED.get()).isPositive();
    }

    private RobustnessReport runOnMany() {
        INDArray inputs = Samples.uniform(1000, DataType.DOUBLE, 6);
        return RobustnessEvaluation.of(MODEL, LabeledData.of("many", inputs, MODEL.predict(inputs)))
                .attack(new Step(0.5))
                .norm(Norm.LINF)
                .epsilon(0.05)
                .minRobustAccuracy(0.1)
                .remember(ResultFolder.of(folder))
                .run();
    }

    @Test
    void what_trust_checks_broke_is_remembered() throws IOException {
        RobustnessReport first = runOnMany();
        assertThat(first.foundByChecks()).hasSize(1);
        assertThat(first.foundByChecks().get(0).suite()).isEqualTo("trust check enough-steps");
        ATTACKED.set(0);
        RobustnessReport second = runOnMany();
        assertThat(ATTACKED).hasValue(0);
        assertThat(facts(second)).isEqualTo(facts(first));
        assertThat(second.verdict()).isEqualTo(first.verdict());
        assertThat(second.foundByChecks().get(0).recalled())
                .isEqualTo(first.foundByChecks().get(0).count(SampleStatus.BROKEN));

        for (Path examples : files(".npy")) {
            INDArray forged = NumpyFiles.read(examples);
            forged.assign(0.5); // far beyond epsilon for most
            NumpyFiles.write(examples, forged);
        }
        RobustnessReport third = runOnMany();
        assertThat(ATTACKED.get()).isPositive();
        assertThat(facts(third)).isEqualTo(facts(first));
    }

    private List<Path> files(String suffix) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix)).toList();
        }
    }

    @Test
    void another_attack_seed_or_epsilon_is_another_task() {
        run(MODEL, new Step(1), 1);
        run(MODEL, new Step(0.9), 1);
        run(MODEL, new Step(1), 2);
        assertThat(ATTACKED).hasValue(180);
    }

    @Test
    void of_a_changed_model_only_what_withstands_the_known_examples_is_attacked() {
        int before = broken(run(MODEL, new Step(1), 1));
        ATTACKED.set(0);
        AffineModel changed = MODEL.withBias(0, 0.002);
        RobustnessReport report = run(changed, new Step(1), 1);
        assertThat(report.recalled()).isBetween(before - 5, before);
        assertThat(ATTACKED).hasValue(report.cleanCount() - report.recalled());
        for (SampleOutcome outcome : report.outcomes()) {
            if (outcome.status() == SampleStatus.BROKEN) {
                assertThat(changed.predict(outcome.adversarial())).isNotEqualTo(new int[] {outcome.label()});
            }
        }
        assertThat(facts(run(changed, new Step(1), 1))).isEqualTo(facts(report));
    }

    @Test
    void of_a_model_that_gets_other_samples_right_the_examples_are_tried_as_well() {
        RobustnessReport before = run(MODEL, new Step(1), 1);
        ATTACKED.set(0);
        AffineModel changed = MODEL.withBias(0, 0.1);
        RobustnessReport report = run(changed, new Step(1), 1);
        assertThat(report.cleanCount()).isLessThan(before.cleanCount());
        assertThat(report.recalled()).isGreaterThan(before.brokenCount() / 2);
        assertThat(ATTACKED).hasValue(report.cleanCount() - report.recalled());
    }

    @Test
    void the_nearest_example_of_another_model_is_not_the_nearest() {
        run(MODEL, new Step(1, true, ""), 1);
        assertThat(run(MODEL, new Step(1, true, ""), 1).recalled()).isEqualTo(60);
        ATTACKED.set(0);
        RobustnessReport report = run(MODEL.withBias(0, 0.002), new Step(1, true, ""), 1);
        assertThat(report.recalled()).isZero();
        assertThat(ATTACKED).hasValue(report.cleanCount());
    }

    @Test
    void an_attack_that_equal_text_does_not_tell_from_others_is_not_remembered() {
        run(MODEL, new Step(1, false, new int[] {1}), 1);
        assertThat(run(MODEL, new Step(1, false, new int[] {1}), 1).recalled()).isZero();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void examples_are_judged_anew_before_they_count() throws IOException {
        RobustnessReport first = run(MODEL, new Step(1), 1);
        Path examples = only(".npy");
        INDArray forged = NumpyFiles.read(examples);
        forged.assign(0.5); // far beyond epsilon for most
        NumpyFiles.write(examples, forged);
        RobustnessReport second = run(MODEL, new Step(1), 1);
        assertThat(ATTACKED.get()).isGreaterThan(60);
        assertThat(second.robustCount()).isEqualTo(first.robustCount());
    }

    @Test
    void entries_that_can_not_be_read_are_found_out_anew() throws IOException {
        List<String> facts = facts(run(MODEL, new Step(1), 1));
        Files.delete(only(".npy"));
        assertThat(facts(run(MODEL, new Step(1), 1))).isEqualTo(facts);
        assertThat(ATTACKED).hasValue(120);
        Files.writeString(only(".json"), "{");
        assertThat(facts(run(MODEL, new Step(1), 1))).isEqualTo(facts);
        assertThat(ATTACKED).hasValue(180);
        assertThat(facts(run(MODEL, new Step(1), 1))).isEqualTo(facts);
        assertThat(ATTACKED).hasValue(180);
    }

    @Test
    void the_folder_forgets_rather_than_grow() throws IOException {
        run(MODEL, new Step(1), 1);
        long size = Files.size(only(".json")) + Files.size(only(".npy"));
        RobustnessEvaluation.of(MODEL, DATA)
                .attack(new Step(0.9))
                .norm(Norm.LINF)
                .epsilon(0.05)
                .remember(ResultFolder.of(folder).withMaxBytes(size + 1))
                .run();
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.filter(file -> file.toString().endsWith(".json"))).hasSize(1);
        }
    }
}
