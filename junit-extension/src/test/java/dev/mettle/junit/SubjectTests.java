package dev.mettle.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.attacks.Fgsm;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Where a test class may keep its model and its data. */
class SubjectTests {

    private static void assertRuns(Class<?> fixture, int times) {
        Kit kit = Kit.run(fixture);

        assertThat(kit.thrown()).isEmpty();
        assertThat(kit.outcomes()).hasSize(times).allMatch(outcome -> outcome.endsWith(": SUCCESSFUL"));
    }

    private static void assertRefused(Class<?> fixture, String message) {
        Kit kit = Kit.run(fixture);

        assertThat(kit.onlyThrown()).isInstanceOf(ConfigurationException.class).hasMessage(message);
        assertThat(kit.results().testEvents().succeeded().count()).isZero();
    }

    @Nested
    class IsFound {

        @SuppressWarnings("unused")
        static class PrivateTestCases {

            @ModelUnderTest
            private static final LabelModel model = AffineModel.exact();

            @EvaluationData
            private static LabeledData data() {
                return Samples.of(0, 20, 0);
            }

            @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
            void test() {}
        }

        @Test
        void inPrivateFieldsAndMethods() {
            assertRuns(PrivateTestCases.class, 1);
        }

        static class CountingTestCases {

            static final AtomicInteger calls = new AtomicInteger();

            @ModelUnderTest
            static LabelModel model() {
                calls.incrementAndGet();
                return AffineModel.exact();
            }

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @RobustnessTest(
                    attacks = Fgsm.class,
                    epsilons = {0.1, 0.2})
            void first() {}

            @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
            void second() {}
        }

        @Test
        void byCallingAStaticMethodOncePerClass() {
            CountingTestCases.calls.set(0);

            assertRuns(CountingTestCases.class, 3);

            assertThat(CountingTestCases.calls).hasValue(1);
        }

        static class InstanceTestCases {

            @ModelUnderTest
            final LabelModel model = AffineModel.exact();

            @EvaluationData
            LabeledData data() {
                return Samples.of(0, 20, 0);
            }

            @RobustnessTest(
                    attacks = Fgsm.class,
                    epsilons = {0.1, 0.2})
            void test() {}
        }

        @Test
        void inInstanceMembers() {
            assertRuns(InstanceTestCases.class, 2);
        }

        @TestInstance(TestInstance.Lifecycle.PER_CLASS)
        static class PerClassTestCases {

            @ModelUnderTest
            final LabelModel model = AffineModel.exact();

            @EvaluationData
            final LabeledData data = Samples.of(0, 20, 0);

            @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
            void test() {}
        }

        @Test
        void inInstanceMembersOfAClassWithOneInstance() {
            assertRuns(PerClassTestCases.class, 1);
        }

        static class LateTestCases {

            @ModelUnderTest
            static LabelModel model;

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @BeforeEach
            void setUp() {
                model = AffineModel.exact();
            }

            @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
            void test() {}
        }

        @Test
        void inAFieldThatIsSetBeforeEachTest() {
            assertRuns(LateTestCases.class, 1);
        }

        interface WithModel {

            @ModelUnderTest
            LabelModel MODEL = AffineModel.exact();
        }

        interface WithData {

            @EvaluationData
            default LabeledData data() {
                return Samples.of(0, 20, 0);
            }
        }

        static class InterfaceTestCases implements WithModel, WithData {

            @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
            void test() {}
        }

        @Test
        void inInterfaces() {
            assertRuns(InterfaceTestCases.class, 1);
        }

        abstract static class Parent {

            @ModelUnderTest
            static final LabelModel model = AffineModel.exact();

            @EvaluationData
            abstract LabeledData data();

            @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
            void inherited() {}
        }

        static class ChildTestCases extends Parent {

            @Override
            @EvaluationData
            LabeledData data() {
                return Samples.of(0, 20, 0);
            }
        }

        @Test
        void inASuperclassWhoseMethodsCountOnceEvenIfOverridden() {
            assertRuns(ChildTestCases.class, 1);
        }

        static class OuterTestCases {

            @ModelUnderTest
            final LabelModel model = AffineModel.exact();

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @Nested
            class Inner {

                @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
                void test() {}
            }

            @Nested
            class InnerWithItsOwnData {

                @EvaluationData
                static final LabeledData fewer = Samples.of(0, 10, 0);

                @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
                void test(LabeledData injected) {
                    assertThat(injected.size()).isEqualTo(10);
                }
            }
        }

        @Test
        void inTheEnclosingClassOfANestedOneUnlessThatHasItsOwn() {
            assertRuns(OuterTestCases.class, 2);
        }

        static class HeirTestCases extends OuterWithoutModel {

            @ModelUnderTest
            static final LabelModel model = AffineModel.exact();
        }

        static class OuterWithoutModel {

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @Nested
            class Inner {

                @RobustnessTest(attacks = Fgsm.class, epsilon = 0.1)
                void test() {}
            }
        }

        @Test
        void inASubclassThatInheritsTheNestedClass() {
            assertRuns(HeirTestCases.class, 1);
        }
    }

    @Nested
    class IsRefused {

        static class NoModelTestCases {

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void withoutAModel() {
            assertRefused(
                    NoModelTestCases.class,
                    "NoModelTestCases has no @ModelUnderTest: add a field such as @ModelUnderTest static final LabelModel model"
                            + " = Dl4jClassifier.load(path).withInputRange(0, 1)");
        }

        static class NoDataTestCases {

            @ModelUnderTest
            static final LabelModel model = AffineModel.exact();

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void withoutData() {
            assertRefused(
                    NoDataTestCases.class,
                    "NoDataTestCases has no @EvaluationData: add a field such as @EvaluationData static final LabeledData data ="
                            + " LabeledData.fromClasspath(\"data.npz\")");
        }

        static class TwoModelsTestCases {

            @ModelUnderTest
            static final LabelModel model = AffineModel.exact();

            @ModelUnderTest
            static LabelModel other() {
                return AffineModel.exact();
            }

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void withTwoModels() {
            assertRefused(
                    TwoModelsTestCases.class,
                    "TwoModelsTestCases has 2 members with @ModelUnderTest (TwoModelsTestCases.model,"
                            + " TwoModelsTestCases.other()): keep one");
        }

        static class NullTestCases {

            @ModelUnderTest
            static LabelModel model;

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void whereTheModelIsNull() {
            assertRefused(
                    NullTestCases.class,
                    "@ModelUnderTest NullTestCases.model is null: set it before the test runs, best where it is declared");
        }

        static class WrongModelTestCases {

            @ModelUnderTest
            static final Object model = "model.zip";

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void whereTheModelIsNone() {
            assertRefused(
                    WrongModelTestCases.class,
                    "@ModelUnderTest WrongModelTestCases.model is a java.lang.String: give a LabelModel, such as"
                            + " Dl4jClassifier");
        }

        static class WrongDataTestCases {

            @ModelUnderTest
            static final LabelModel model = AffineModel.exact();

            @EvaluationData
            static double[] data() {
                return new double[0];
            }

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void whereTheDataAreNone() {
            assertRefused(
                    WrongDataTestCases.class,
                    "@EvaluationData WrongDataTestCases.data() is a [D: give a LabeledData, such as LabeledData.of(inputs,"
                            + " labels)");
        }

        static class BareNetworkTestCases {

            @ModelUnderTest
            static final MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                    .list(new OutputLayer.Builder().nIn(2).nOut(2).build())
                    .build());

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void whereTheModelIsABareNetworkWithoutAnInputRange() {
            assertRefused(
                    BareNetworkTestCases.class,
                    "@ModelUnderTest BareNetworkTestCases.network is a bare MultiLayerNetwork, whose input range is unknown:"
                            + " wrap it, Dl4jClassifier.of(net).withInputRange(0, 1)");
        }

        static class ParameterTestCases {

            @ModelUnderTest
            static LabelModel model(String path) {
                return AffineModel.exact();
            }

            @EvaluationData
            static final LabeledData data = Samples.of(0, 20, 0);

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void whereTheMethodHasParameters() {
            assertRefused(
                    ParameterTestCases.class,
                    "the @ModelUnderTest method ParameterTestCases.model() has parameters: remove them, nothing is passed to it");
        }

        static class MissingFileTestCases {

            @ModelUnderTest
            static final LabelModel model = AffineModel.exact();

            @EvaluationData
            static final LabeledData data = LabeledData.load(Path.of("/no/such.npz"));

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void whereTheInitializerOfTheClassRefuses() {
            assertRefused(MissingFileTestCases.class, "there is no data file /no/such.npz");
        }

        static class TwoTestCases {

            @ModelUnderTest
            static final LabelModel model = AffineModel.exact();

            @EvaluationData
            static final LabeledData data = LabeledData.load(Path.of("/no/such.npz"));

            @RobustnessTest(epsilon = 0.1)
            void first() {}

            @RobustnessTest(epsilon = 0.1)
            void second() {}
        }

        @Test
        void inEveryTestOfAClassWhoseInitializerRefuses() {
            assertThat(Kit.run(TwoTestCases.class).thrown())
                    .hasSize(2)
                    .allSatisfy(thrown -> assertThat(thrown)
                            .isInstanceOf(ConfigurationException.class)
                            .hasMessage("there is no data file /no/such.npz"));
        }

        static class FailingMethodTestCases {

            @ModelUnderTest
            static final LabelModel model = AffineModel.exact();

            @EvaluationData
            static LabeledData data() {
                return LabeledData.fromClasspath("no/such.npz");
            }

            @RobustnessTest(epsilon = 0.1)
            void test() {}
        }

        @Test
        void whereTheMethodItselfRefuses() {
            assertRefused(
                    FailingMethodTestCases.class,
                    "there is no data file no/such.npz on the class path: put it in src/test/resources");
        }
    }
}
