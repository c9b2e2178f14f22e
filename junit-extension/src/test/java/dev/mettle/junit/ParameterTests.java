package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Bim;
import dev.mettle.attacks.Fgsm;
import dev.mettle.attacks.Pgd;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AdversarialExamples;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackGenerator;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.threat.Norm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.io.TempDir;

class ParameterTests {

    abstract static class Base {

        @ModelUnderTest
        static final LabelModel model = AffineModel.exact();

        @EvaluationData
        static final LabeledData data = Samples.of(4, 26, 10);
    }

    private static void assertSucceeds(Class<?> fixture, String method) {
        Kit kit = Kit.run(fixture);
        List<Throwable> thrown = kit.thrown();
        assertThat(thrown).as(method).isEmpty();
        assertThat(kit.results().testEvents().succeeded().count()).isPositive();
    }

    static class FactTestCases extends Base {

        @RobustnessTest(
                attacks = {Fgsm.class, Pgd.class},
                epsilons = {0.01, 8 / 255.0})
        void test(
                RobustnessReport report,
                RobustnessCurve curve,
                Evaluation evaluation,
                LabeledData evaluated,
                LabelModel labels,
                LogitModel logits,
                DifferentiableModel gradients,
                AffineModel own) {
            assertThat(report.robustAccuracy()).isEqualTo(report.threatModel().epsilon() == 0.01 ? 0.9 : 0.65);
            assertThat(curve.points())
                    .extracting(RobustnessCurve.Point::robustCount)
                    .containsExactly(36, 36, 26);
            assertThat(evaluation).isSameAs(report.evaluation());
            assertThat(evaluated.size()).isEqualTo(40);
            assertThat(labels)
                    .isSameAs(model)
                    .isSameAs(logits)
                    .isSameAs(gradients)
                    .isSameAs(own);
        }
    }

    @Test
    void areTheFactsTheDataAndTheModel() {
        assertSucceeds(FactTestCases.class, "test");
    }

    static class GeneratorTestCases extends Base {

        @RobustnessTest(
                attacks = {Fgsm.class, Pgd.class},
                epsilon = 8 / 255.0)
        void test(AttackGenerator generator) {
            LabeledData own = Samples.at(0.03, 0.04);

            AdversarialExamples examples = generator.generate(own);

            assertThat(generator.threatModel().label()).isEqualTo("L∞ ε=8/255");
            assertThat(examples.isAdversarial(0)).isTrue();
            assertThat(examples.isAdversarial(1)).isFalse();
        }
    }

    @Test
    void areAttackGeneratorsForInputsOfOnesOwn() {
        assertSucceeds(GeneratorTestCases.class, "test");
    }

    static class AttackTestCases extends Base {

        static final List<String> seen = new ArrayList<>();

        @RobustnessTest(epsilon = 0.1)
        @AttackSource("attacks")
        void test(Pgd pgd, Fgsm fgsm, Bim bim, RobustnessReport report) {
            seen.add(report.title() + ": " + pgd.label() + ", " + fgsm.label() + ", " + bim.label());
        }

        static Stream<Attack> attacks() {
            return Stream.of(new Pgd().withSteps(3), new Pgd().withSteps(5), new Fgsm());
        }

        @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
        void single(Attack attack) {
            assertThat(attack).isEqualTo(new Fgsm());
            assertThat(attack.against(model, Norm.LINF, 0.1)
                            .generate(Samples.at(0.05))
                            .broken())
                    .isEqualTo(1);
        }
    }

    @Test
    void areTheAttacksAsConfiguredForTheTestElseWithTheirDefaults() {
        AttackTestCases.seen.clear();

        assertSucceeds(AttackTestCases.class, "test");

        String bim = new Bim().label();
        assertThat(AttackTestCases.seen)
                .containsExactly(
                        "PGD-3: PGD-3, FGSM, " + bim,
                        "PGD-5: PGD-5, FGSM, " + bim,
                        "FGSM: PGD-3, FGSM, " + bim,
                        "worst case of PGD-3, PGD-5, FGSM: PGD-3, FGSM, " + bim);
    }

    static class OtherTestCases extends Base {

        @BeforeEach
        void setUp(TestInfo info) {
            assertThat(info.getDisplayName()).isEqualTo("FGSM, L∞ ε=0.1");
        }

        @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
        void test(TestInfo info, RobustnessReport report, @TempDir Path folder) {
            assertThat(info.getDisplayName()).isEqualTo(report.toString());
            assertThat(Files.isDirectory(folder)).isTrue();
        }
    }

    @Test
    void leaveThoseOfOtherExtensionsAlone() {
        assertSucceeds(OtherTestCases.class, "test");
    }

    static class TooEarlyTestCases extends Base {

        @BeforeEach
        void setUp(RobustnessReport report) {
            throw new AssertionError(report);
        }

        @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
        void test() {}
    }

    @Test
    void areNotGivenToMethodsThatRunBeforeTheAttacks() {
        assertThat(Kit.run(TooEarlyTestCases.class).onlyThrown())
                .isInstanceOf(ParameterResolutionException.class)
                .hasMessageStartingWith("No ParameterResolver registered for parameter");
    }

    static class UnknownTestCases extends Base {

        @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
        void test(String unknown) {
            throw new AssertionError(unknown);
        }
    }

    @Test
    void ofUnknownTypesAreNotClaimed() {
        assertThat(Kit.run(UnknownTestCases.class).onlyThrown())
                .isInstanceOf(ParameterResolutionException.class)
                .hasMessageStartingWith("No ParameterResolver registered for parameter [java.lang.String");
    }

    static class WrongTestCases extends Base {

        @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
        void otherModel(StepModel step) {
            throw new AssertionError(step);
        }

        @RobustnessTest(
                attacks = {Fgsm.class, Pgd.class},
                epsilon = 0.1)
        void oneOfSeveral(Attack attack) {
            throw new AssertionError(attack);
        }

        @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
        void withoutDefaults(AttackSourceTests.Configured attack) {
            throw new AssertionError(attack);
        }
    }

    private static void assertRefused(String method, String message) {
        assertThat(Kit.run(WrongTestCases.class, method).onlyThrown())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(message);
    }

    @Test
    void ofAnotherModelAreRefused() {
        assertRefused(
                "otherModel",
                "otherModel takes a StepModel, but the model under test is a AffineModel: declare the parameter as AffineModel or"
                        + " LabelModel");
    }

    @Test
    void areRefusedWhereTheyAreAmbiguous() {
        assertRefused(
                "oneOfSeveral",
                "oneOfSeveral takes an Attack, but its worst case is that of several: take an AttackGenerator, or one attack by"
                        + " its class");
    }

    @Test
    void areRefusedWhereTheAttackHasNoDefaults() {
        assertRefused(
                "withoutDefaults",
                "Configured can't be created without parameters: configure it in a method and name that with @AttackSource");
    }
}
