package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustPolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * More effort never makes a model look more robust: more steps, more restarts, more attacks. On random networks that are not convex,
 * for every attack of the catalog.
 */
class MonotonicityTests {

    private static final long[] IMAGE = {1, 5, 5};
    private static final INDArray INPUTS = Samples.interior(12, DataType.DOUBLE, IMAGE);

    /** One option of effort of an attack, given as it is written on the command line but for the number. */
    private record Effort(String attack, String option, int few) {

        Attack times(int factor) {
            return AttackCatalog.parse(attack + (attack.contains(":") ? "," : ":") + option + "=" + factor * few);
        }

        @Override
        public String toString() {
            return attack + " " + option;
        }
    }

    /** Attacks whose first steps don't depend on how many follow: the longer run begins with the shorter one. */
    private static final List<Effort> PREFIXES = List.of(
            new Effort("noise", "draws", 20),
            new Effort("bim:step=0.01", "steps", 4),
            new Effort("mi-fgsm:step=0.01", "steps", 4),
            new Effort("pgd:step=0.02", "steps", 6),
            new Effort("pgd:step=0.02,optimizer=adam,loss=margin", "steps", 6),
            new Effort("deepfool", "steps", 2),
            new Effort("fab", "steps", 5),
            new Effort("fab-t", "steps", 5),
            new Effort("cw", "search-steps", 3),
            new Effort("ead", "search-steps", 3),
            new Effort("jsma:gamma=1", "most-pairs", 2),
            new Effort("square", "queries", 40),
            new Effort("spsa:samples=8", "queries", 100),
            new Effort("nes:samples=10", "queries", 100),
            new Effort("simba", "queries", 40),
            new Effort("one-pixel:population=12", "generations", 4),
            new Effort("spatial:search=random", "draws", 10));

    /**
     * Attacks whose step sizes, thresholds or radii fall towards the end, or that share out their queries: a longer run takes another way,
     * which is better in most samples and may be worse in one. So successes are counted over all networks.
     */
    private static final List<Effort> SCHEDULES = List.of(
            new Effort("apgd-ce", "steps", 10),
            new Effort("apgd-dlr", "steps", 10),
            new Effort("apgd-t", "steps", 10),
            new Effort("ddn", "steps", 20),
            new Effort("fmn", "steps", 20),
            new Effort("cw", "steps", 40),
            new Effort("cw-linf", "steps", 10),
            new Effort("cw-l0", "steps", 10),
            new Effort("ead", "steps", 40),
            new Effort("bb", "steps", 20),
            new Effort("sigma-zero", "steps", 40),
            new Effort("hsj", "queries", 300),
            new Effort("geoda", "queries", 300),
            new Effort("boundary", "queries", 300),
            new Effort("pointwise", "queries", 100),
            new Effort("uap", "epochs", 4),
            new Effort("patch", "epochs", 4));

    /** These take one step. */
    private static final Set<String> SINGLE = Set.of("fgsm", "corruption");

    @Test
    void every_attack_of_the_catalog_takes_part() {
        Set<String> names = new HashSet<>(SINGLE);
        Stream.concat(PREFIXES.stream(), SCHEDULES.stream())
                .forEach(effort -> names.add(effort.attack().split(":", 2)[0]));
        assertThat(names)
                .containsExactlyInAnyOrderElementsOf(AttackCatalog.entries().stream()
                        .map(AttackCatalog.Entry::name)
                        .toList());
    }

    /** A network that takes its features for the pixels of an image. */
    private record Pictures(DifferentiableModel model) implements WrappedModel {
        @Override
        public ModelInfo info() {
            ModelInfo info = model.info();
            return new ModelInfo(
                    info.name(),
                    ModelInfo.shape(IMAGE),
                    info.classes(),
                    info.inputRange(),
                    info.dataType(),
                    info.sha256(),
                    List.of());
        }
    }

    private static DifferentiableModel network(long seed) {
        return new Pictures(ReluModel.random(4, 25, 20, seed));
    }

    /** A budget at which some attacks succeed on some samples. */
    private static ThreatModel threat(Attack attack, Norm norm, DifferentiableModel model) {
        return attack.transformation().isEmpty()
                ? new ThreatModel(norm, epsilon(norm), model.info().inputRange())
                : ThreatModel.of(attack.transformation(), model.info().inputRange());
    }

    private static double epsilon(Norm norm) {
        return switch (norm) {
            case LINF -> 0.05;
            case L2 -> 0.2;
            case L1 -> 0.6;
            case L0 -> 2;
        };
    }

    private static List<SampleOutcome> run(Attack attack, Norm norm, long seed) {
        DifferentiableModel model = network(seed);
        return AttackEngine.of(model, 3)
                .run(
                        attack,
                        threat(attack, norm, model),
                        INPUTS,
                        model.predict(INPUTS),
                        LongStream.range(0, INPUTS.size(0)).toArray())
                .outcomes();
    }

    private static long broken(List<SampleOutcome> outcomes) {
        return outcomes.stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .count();
    }

    private static Stream<Arguments> withNorms(Stream<Effort> efforts) {
        return efforts.flatMap(
                effort -> effort.times(1).norms().stream().sorted().map(norm -> Arguments.of(effort, norm)));
    }

    static Stream<Arguments> prefixes() {
        return withNorms(PREFIXES.stream());
    }

    static Stream<Arguments> schedules() {
        return withNorms(SCHEDULES.stream());
    }

    static Stream<Arguments> restarts() {
        return withNorms(AttackCatalog.entries().stream()
                .filter(entry -> entry.defaults().parameters().containsKey("restarts"))
                .map(entry -> new Effort(entry.name(), "restarts", 1)));
    }

    /** Every sample that {@code few} breaks {@code many} breaks, and, where the nearest example counts, no farther away. */
    private static int gained(List<SampleOutcome> few, List<SampleOutcome> many, Norm norm) {
        int gained = 0;
        for (int i = 0; i < few.size(); i++) {
            if (few.get(i).status() == SampleStatus.BROKEN) {
                assertThat(many.get(i).status()).as("sample %d", i).isEqualTo(SampleStatus.BROKEN);
                assertThat(many.get(i).breakingDistance(norm))
                        .as("sample %d", i)
                        .isLessThanOrEqualTo(few.get(i).breakingDistance(norm));
            } else {
                gained += many.get(i).status() == SampleStatus.BROKEN ? 1 : 0;
            }
        }
        return gained;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("prefixes")
    void twice_the_steps_break_the_same_samples_and_more(Effort effort, Norm norm) {
        for (long seed = 1; seed <= 2; seed++) {
            gained(run(effort.times(1), norm, seed), run(effort.times(2), norm, seed), norm);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("schedules")
    void twice_the_steps_break_as_many_samples_where_the_way_depends_on_their_number(Effort effort, Norm norm) {
        long few = 0;
        long many = 0;
        for (long seed = 1; seed <= 4; seed++) {
            few += broken(run(effort.times(1), norm, seed));
            many += broken(run(effort.times(2), norm, seed));
        }
        assertThat(many).isGreaterThanOrEqualTo(few);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("restarts")
    void more_restarts_never_lose_a_broken_sample(Effort effort, Norm norm) {
        Attack attack = AttackContractTests.smaller(effort.times(1));
        Attack restarted = AttackOptions.with(attack, Map.of("restarts", "3"));
        for (long seed = 1; seed <= 2; seed++) {
            gained(run(attack, norm, seed), run(restarted, norm, seed), norm);
        }
    }

    /** So that the tests above don't pass because a longer run is the shorter one. */
    @Test
    void effort_pays() {
        int bySteps = 0;
        for (Effort effort : PREFIXES) {
            for (Norm norm : effort.times(1).norms()) {
                bySteps += gained(run(effort.times(1), norm, 1), run(effort.times(4), norm, 1), norm) > 0 ? 1 : 0;
            }
        }
        assertThat(bySteps).isGreaterThan(5);
        int byRestarts = 0;
        for (Attack attack : List.of(new Pgd().withSteps(2), new SquareAttack().withQueries(15), new BrendelBethge())) {
            Attack restarted = AttackOptions.with(attack, Map.of("restarts", "10"));
            byRestarts += gained(run(attack, Norm.L2, 1), run(restarted, Norm.L2, 1), Norm.L2) > 0 ? 1 : 0;
        }
        assertThat(byRestarts).isGreaterThan(1);
    }

    static Stream<Arguments> additions() {
        return AttackContractTests.attacksAndNorms()
                .filter(arguments ->
                        ((Attack) arguments.get()[0]).transformation().isEmpty());
    }

    /**
     * In a suite an attack gets only what those before it left standing, and breaks of it what it would break alone: a sample is
     * robust if, and only if, it withstands every attack alone. A universal perturbation is fitted to the samples there are, so of it
     * only the first half holds. Attacks with a transformation have a threat model of their own, and no part in a suite.
     */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("additions")
    void adding_an_attack_never_raises_robust_accuracy(Attack attack, Norm norm) {
        Attack first = norm == Norm.L0 ? new RandomNoise() : new Fgsm();
        List<SampleOutcome> before = evaluate(norm, first);
        if (attack.getClass() == first.getClass()) {
            return; // a suite names an attack once
        }
        Predicate<SampleOutcome> robust = outcome -> outcome.status() != SampleStatus.BROKEN;
        List<SampleOutcome> alone = evaluate(norm, attack);
        for (Attack[] suite : new Attack[][] {{first, attack}, {attack, first}}) {
            List<SampleOutcome> together = evaluate(norm, suite);
            for (int i = 0; i < together.size(); i++) {
                boolean withstandsBoth = robust.test(before.get(i)) && robust.test(alone.get(i));
                if (!attack.universal()) {
                    assertThat(robust.test(together.get(i))).as("sample %d", i).isEqualTo(withstandsBoth);
                } else if (robust.test(together.get(i))) {
                    assertThat(robust.test(before.get(i))).as("sample %d", i).isTrue();
                }
            }
        }
    }

    private static List<SampleOutcome> evaluate(Norm norm, Attack... attacks) {
        DifferentiableModel model = network(1);
        List<SampleOutcome> outcomes =
                new ArrayList<>(RobustnessEvaluation.of(model, LabeledData.of(INPUTS, model.predict(INPUTS)))
                        .attack(attacks)
                        .norm(norm)
                        .epsilon(epsilon(norm))
                        .trust(TrustPolicy.OFF) // what the attack does by itself
                        .run()
                        .outcomes());
        assertThat(outcomes).hasSize((int) INPUTS.size(0));
        return outcomes;
    }
}
