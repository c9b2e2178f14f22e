package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Apgd;
import dev.mettle.attacks.Pgd;
import dev.mettle.attacks.RandomNoise;
import dev.mettle.attacks.Suite;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Suites, goals and constraints in tests. The model of these tests looks at the first of two features only. */
class ThreatTests {

    abstract static class Base {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(0, 20, 10);
    }

    static class SuiteTestCases extends Base {

        @RobustnessTest(suite = Suite.QUICK, epsilon = 0.1, minRobustAccuracy = 0.5)
        void runsAsOne(RobustnessReport report) {
            assertThat(report.results()).hasSize(3);
            assertThat(report.robustCount()).isEqualTo(20);
        }

        @RobustnessTest(suite = Suite.QUICK, epsilon = 0.1, minRobustAccuracy = 0.9)
        void stopsEarly() {}

        @RobustnessTest(suite = Suite.QUICK, attacks = RandomNoise.class, epsilon = 0.1)
        void besidesAnAttack() {}

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("own")
        void ofOnesOwn() {}

        static List<AttackSuite> own() {
            return List.of(new AttackSuite("Ours", "2", List.of(new RandomNoise(), new Pgd())));
        }

        @RobustnessTest(suite = Suite.QUICK)
        void withoutAnEpsilon() {}

        @RobustnessTest(suite = Suite.AUTO_ATTACK, norm = Norm.L0, epsilon = 1)
        void inAnUnknownNorm() {}
    }

    @Test
    void a_suite_is_one_run_with_one_verdict() {
        Kit kit = Kit.run(SuiteTestCases.class, "runsAsOne");
        assertThat(kit.thrown()).isEmpty();
        assertThat(kit.names()).containsExactly("Mettle quick 1, L∞ ε=0.1");
        assertThat(Kit.run(SuiteTestCases.class, "ofOnesOwn").names()).containsExactly("Ours 2, L∞ ε=0.1");
        assertThat(Kit.run(SuiteTestCases.class, "besidesAnAttack").names())
                .containsExactly("Noise-100, L∞ ε=0.1", "Mettle quick 1, L∞ ε=0.1", "worst case, L∞ ε=0.1");
    }

    @Test
    void a_suite_that_is_decided_stops_and_fails_under_its_own_name() {
        assertThat(Kit.run(SuiteTestCases.class, "stopsEarly").onlyThrown())
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessageStartingWith(
                        "robust accuracy 66.7% under Mettle quick 1 (L∞, ε = 0.1) is below the required 90.0%");
    }

    @Test
    void a_suite_needs_a_norm_that_it_knows_and_an_epsilon() {
        assertThat(Kit.run(SuiteTestCases.class, "withoutAnEpsilon").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "the epsilon for Mettle quick 1 is missing: set epsilon in input units of the model, such as epsilon"
                                + " = 8 / 255.0");
        assertThat(Kit.run(SuiteTestCases.class, "inAnUnknownNorm").onlyThrown())
                .hasMessage("AutoAttack is not defined for the norm L0: use one of [L∞, L2, L1]");
    }

    static class GoalTestCases extends Base {

        @RobustnessTest(attacks = Apgd.class, epsilon = 0.1, goal = Goal.Kind.NEXT)
        void towardsTheNextClass(RobustnessReport report) {
            assertThat(report.brokenCount()).isEqualTo(10);
            assertThat(report.brokenSamples())
                    .allMatch(outcome -> outcome.adversarialLabel() == (outcome.label() + 1) % 2);
        }

        @RobustnessTest(attacks = Apgd.class, epsilon = 0.1, goal = Goal.Kind.CLASS, targetClass = 1)
        void towardsAClassThatSomeHave() {}

        @RobustnessTest(attacks = Apgd.class, epsilon = 0.1, targetClass = 1)
        void towardsAClassWithoutAGoal() {}
    }

    @Test
    void attacks_may_want_one_label() {
        Kit kit = Kit.run(GoalTestCases.class, "towardsTheNextClass");
        assertThat(kit.thrown()).isEmpty();
        assertThat(kit.names()).containsExactly("APGD-CE-100, L∞ ε=0.1 towards the next class");
        assertThat(Kit.run(GoalTestCases.class, "towardsAClassThatSomeHave").onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("sample #1 of samples already has the target class 1: leave such samples out, with"
                        + " data.withoutLabel(1)");
        assertThat(Kit.run(GoalTestCases.class, "towardsAClassWithoutAGoal").onlyThrown())
                .hasMessage(
                        "the target class 1 doesn't go with the goal 'untargeted': leave it out, or choose the goal CLASS");
    }

    static class FrozenTestCases extends Base {

        @InputConstraints
        static final Constraints constraints = Constraints.none().frozen(0);

        @RobustnessTest(attacks = Pgd.class, epsilon = 0.1)
        void whatTheModelLooksAt(RobustnessReport report) {
            assertThat(report.brokenCount()).isZero();
            assertThat(report.outcomes()).allMatch(outcome -> outcome.status() == SampleStatus.ROBUST);
        }
    }

    static class WrongConstraintsTestCases extends Base {

        @InputConstraints
        static final String constraints = "none";

        @RobustnessTest(attacks = Pgd.class, epsilon = 0.1)
        void test() {}
    }

    @Test
    void constraints_come_from_the_test_class() {
        assertThat(Kit.run(FrozenTestCases.class).thrown()).isEmpty();
        assertThat(Kit.run(WrongConstraintsTestCases.class).onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "@InputConstraints WrongConstraintsTestCases.constraints is a java.lang.String: give a Constraints,"
                                + " such as Constraints.none().frozen(3)");
    }
}
