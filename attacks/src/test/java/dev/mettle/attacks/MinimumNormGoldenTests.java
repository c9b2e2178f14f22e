package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Minimum-norm attacks against outputs of adversarial-library and Foolbox, and of a port to PyTorch, in double precision. */
class MinimumNormGoldenTests {

    private static INDArray images(int number) {
        return Rows.select(
                ConformanceNetwork.images(), IntStream.range(0, number).toArray());
    }

    private static List<SampleOutcome> run(String network, Attack attack, Norm norm, int images) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load(network, DataType.DOUBLE, false))
                .withInputRange(0, 1);
        return AttackEngine.of(model, 0)
                .run(
                        attack,
                        new ThreatModel(norm, ThreatModel.UNBOUNDED, Box.of(0, 1)),
                        images(images),
                        Arrays.copyOf(ConformanceNetwork.labels(), images),
                        IntStream.range(0, images).asLongStream().toArray())
                .outcomes();
    }

    static Stream<Arguments> recorded() {
        return Stream.of("mlp", "cnn")
                .flatMap(network -> Stream.of(
                        Arguments.of(network, new Ddn(), Norm.L2, "ddn_advlib_100_nolevels"),
                        Arguments.of(network, new DeepFool(), Norm.L2, "deepfool_l2_advlib_50"),
                        Arguments.of(network, new DeepFool().withOvershootOfTotal(), Norm.L2, "deepfool_l2_foolbox_50"),
                        Arguments.of(network, new Fmn(), Norm.LINF, "fmn_linf_advlib_100")));
    }

    @ParameterizedTest(name = "{0} {3}")
    @MethodSource("recorded")
    void adversarial_examples_equal_the_recorded_ones(String network, Attack attack, Norm norm, String golden) {
        double[][] theirs = Rows.toRows(ConformanceNetwork.golden(network, "attacks/" + golden + "_float64"));
        List<SampleOutcome> ours = run(network, attack, norm, theirs.length);
        for (int i = 0; i < theirs.length; i++) {
            double[] example = Rows.toRows(Objects.requireNonNull(ours.get(i).adversarial()))[0];
            assertThat(example).as("image %d", i).containsExactly(theirs[i], within(1e-5));
        }
    }

    /** The port projects by bisection. It knows no more than the formulas of the paper and of the authors' code. */
    @ParameterizedTest
    @CsvSource({
        "mlp, LINF, '0.03511259961484503, 0.04230302228683969, 0.02700603681479577, 0.07231996355150061'",
        "mlp, L2, '0.5712615964303417, 0.6460510313520338, 0.43279785796340564, 1.106860506762501'",
        "mlp, L1, '3.4323680442371503, 3.7421596153296286, 3.116085349674738, 7.0895108454294'",
        "cnn, LINF, '0.1286357494236352, 0.13824074280180654, 0.12256294760648268, 0.1553551049060135'",
        "cnn, L2, '1.5154564568913762, 1.8647596787351446, 1.5433405117938197, 1.986170430977599'",
        "cnn, L1, '7.185967394503342, 8.585273391965787, 9.103530965213292, 11.510624073381248'",
    })
    void fab_equals_an_independent_port(String network, Norm norm, String distances) {
        assertDistances(run(network, new Fab().withSteps(20), norm, 4), norm, distances);
    }

    @ParameterizedTest
    @CsvSource({
        "mlp, LINF, '0.03511259961484503, 0.04230302228683969, 0.02700603681479577, 0.07093332832031989'",
        "mlp, L2, '0.5712615964303417, 0.6460510313520338, 0.43279785796340564, 1.106860506762501'",
        "mlp, L1, '3.4323680442371503, 3.7421596153296286, 2.8305818362608286, 7.0895108454294'",
        "cnn, LINF, '0.1286357494236352, 0.13824074280180654, 0.12256294760648268, 0.1553551049060135'",
        "cnn, L2, '1.5154564568913762, 1.8647596787351446, 1.5433405117938197, 1.9526586947501057'",
        "cnn, L1, '7.185967394503342, 8.585273391965787, 7.411422291091802, 11.510624073381248'",
    })
    void fab_t_equals_an_independent_port(String network, Norm norm, String distances) {
        assertDistances(run(network, new FabTargeted().withSteps(20), norm, 4), norm, distances);
    }

    private static void assertDistances(List<SampleOutcome> outcomes, Norm norm, String distances) {
        double[] expected = Arrays.stream(distances.split(","))
                .mapToDouble(Double::parseDouble)
                .toArray();
        assertThat(outcomes.stream().mapToDouble(outcome -> outcome.breakingDistance(norm)))
                .hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat(outcomes.get(i).breakingDistance(norm)).as("image %d", i).isCloseTo(expected[i], within(1e-6));
        }
    }
}
