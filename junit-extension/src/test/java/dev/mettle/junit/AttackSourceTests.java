package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Bim;
import dev.mettle.attacks.Fgsm;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.BudgetedAttack;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

class AttackSourceTests {

    abstract static class Base {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(0, 20, 0);
    }

    record Configured(String label) implements Attack {

        @Override
        public String name() {
            return "configured";
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
        public Passes passes(int classes) {
            return new Passes(2, 1);
        }

        @Override
        public void run(AttackContext context) {}
    }

    static class GoodTestCases extends Base {

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("stream")
        void fromAStream() {}

        static Stream<Attack> stream() {
            return Stream.of(new Pgd().withSteps(5), new Pgd().withSteps(7));
        }

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("list")
        void fromAList() {}

        static List<? extends Attack> list() {
            return List.of(new Fgsm());
        }

        @RobustnessTest
        @AttackSource("array")
        void fromAnArrayWithBudgets() {}

        @SuppressWarnings("unused") // found by its name
        private static BudgetedAttack[] array() {
            return new BudgetedAttack[] {Pgd.l2(0.2), Pgd.linf(0.3), Pgd.linf(0.1)};
        }

        @RobustnessTest(attacks = Bim.class, epsilon = 0.1)
        @AttackSource("mixed")
        void afterThoseNamed() {}

        static List<Object> mixed() {
            return List.of(new Fgsm(), Pgd.linf(0.2));
        }
    }

    @Test
    void mayGiveAStream() {
        assertThat(Kit.run(GoodTestCases.class, "fromAStream").names())
                .containsExactly("PGD-5, L∞ ε=0.1", "PGD-7, L∞ ε=0.1", "worst case, L∞ ε=0.1");
    }

    @Test
    void mayGiveACollection() {
        assertThat(Kit.run(GoodTestCases.class, "fromAList").names()).containsExactly("FGSM, L∞ ε=0.1");
    }

    @Test
    void mayGiveAttacksWithBudgetsOfTheirOwn() {
        assertThat(Kit.run(GoodTestCases.class, "fromAnArrayWithBudgets").outcomes())
                .containsExactly(
                        "PGD-40, L2 ε=0.2: SUCCESSFUL", "PGD-40, L∞ ε=0.1: SUCCESSFUL", "PGD-40, L∞ ε=0.3: SUCCESSFUL");
    }

    @Test
    void followsTheAttacksThatAreNamed() {
        assertThat(Kit.run(GoodTestCases.class, "afterThoseNamed").names())
                .containsExactly(
                        new Bim().label() + ", L∞ ε=0.1", "FGSM, L∞ ε=0.1", "worst case, L∞ ε=0.1", "PGD-40, L∞ ε=0.2");
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class PerClassTestCases extends Base {

        private final int steps = 3;

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("own")
        void test() {}

        Stream<Attack> own() {
            return Stream.of(new Pgd().withSteps(steps));
        }
    }

    @Test
    void mayBeAnInstanceMethodWhereThereIsOneInstance() {
        assertThat(Kit.run(PerClassTestCases.class).names()).containsExactly("PGD-3, L∞ ε=0.1");
    }

    static class NestedTestCases extends Base {

        static Stream<Attack> outer() {
            return Stream.of(new Fgsm());
        }

        @Nested
        class Inner {

            @RobustnessTest(epsilon = 0.1)
            @AttackSource("outer")
            void test() {}
        }
    }

    @Test
    void mayLieInTheEnclosingClass() {
        assertThat(Kit.run(NestedTestCases.class).names()).containsExactly("FGSM, L∞ ε=0.1");
    }

    static class BadTestCases extends Base {

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("nowhere")
        void missing() {}

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("nothing")
        void empty() {}

        static Stream<Attack> nothing() {
            return Stream.empty();
        }

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("holes")
        void nullElement() {}

        static List<Attack> holes() {
            List<Attack> attacks = new ArrayList<>();
            attacks.add(new Fgsm());
            attacks.add(null);
            return attacks;
        }

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("names")
        void wrongElement() {}

        static List<String> names() {
            return List.of("PGD");
        }

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("single")
        void wrongType() {}

        static Attack single() {
            return new Fgsm();
        }

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("none")
        void nullResult() {}

        static Stream<Attack> none() {
            return null;
        }

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("instance")
        void instanceMethod() {}

        Stream<Attack> instance() {
            return Stream.of(new Fgsm());
        }

        @RobustnessTest(attacks = Configured.class, epsilon = 0.1)
        void noDefaults() {}

        @RobustnessTest(attacks = Attack.class, epsilon = 0.1)
        void anInterface() {}
    }

    private static void assertRefused(String method, String message) {
        assertThat(Kit.run(BadTestCases.class, method).onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(message);
    }

    @Test
    void mustExist() {
        assertRefused(
                "missing",
                "@AttackSource(\"nowhere\"): BadTestCases has no method nowhere() without parameters: add static Stream<Attack>"
                        + " nowhere()");
    }

    @Test
    void mustGiveAtLeastOne() {
        assertRefused("empty", "@AttackSource BadTestCases.nothing() gives no attack: give at least one");
    }

    @Test
    void mustNotGiveNullElements() {
        assertRefused(
                "nullElement",
                "@AttackSource BadTestCases.holes() gives null at position 1: give an Attack, a BudgetedAttack or an AttackSuite");
    }

    @Test
    void mustGiveAttacks() {
        assertRefused(
                "wrongElement",
                "@AttackSource BadTestCases.names() gives a java.lang.String at position 0: give an Attack, a BudgetedAttack or an AttackSuite");
    }

    @Test
    void mustGiveSeveralThings() {
        assertRefused(
                "wrongType",
                "@AttackSource BadTestCases.single() gives a dev.mettle.attacks.Fgsm: give a Stream, a Collection or an array of"
                        + " attacks");
    }

    @Test
    void mustNotGiveNull() {
        assertRefused(
                "nullResult",
                "@AttackSource BadTestCases.none() gives null: give a Stream, a Collection or an array of attacks");
    }

    @Test
    void mustBeStaticWhereThereIsNoInstanceYet() {
        assertRefused(
                "instanceMethod",
                "@AttackSource BadTestCases.instance() is an instance method, and there is no instance of the test yet: make it"
                        + " static, or annotate the class with @TestInstance(PER_CLASS)");
    }

    @Test
    void isTheMendForAttacksWithoutDefaults() {
        assertRefused(
                "noDefaults",
                "Configured can't be created without parameters: configure it in a method and name that with @AttackSource");
        assertRefused(
                "anInterface",
                "Attack can't be created without parameters: configure it in a method and name that with @AttackSource");
    }
}
