package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.testing.AffineOptimum;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How close the attacks by scores come to the exact optimum of affine models in a box, and that none succeeds below it. */
class ScoreOracleTests {

    private static final long[][] SHAPES = {{8}, {4, 6}, {5, 7, 7}};

    /**
     * The factors are what the attacks reach with the queries given. Square changes bumps, two hills of at least 3 × 3 pixels: on
     * images as small as 7 × 7 pixels that is twice the optimum in L2, and five times that in L1, where few features are enough.
     * Larger ones follow below. With seven classes the cross-entropy of NES and SimBA pulls towards several of them at once.
     */
    static Stream<Arguments> attacks() {
        List<Arguments> cases = new ArrayList<>();
        for (long[] shape : SHAPES) {
            boolean image = shape.length == 3;
            cases.add(Arguments.of(new SquareAttack(), Norm.LINF, shape, 1.05));
            cases.add(Arguments.of(new SquareAttack(), Norm.L2, shape, image ? 2 : 1.5));
            cases.add(Arguments.of(new SquareAttack(), Norm.L1, shape, image ? 5 : shape.length + 1));
            cases.add(Arguments.of(new Nes(), Norm.LINF, shape, 1.25));
            cases.add(Arguments.of(new Spsa().withSamples(32), Norm.LINF, shape, 1.05));
            cases.add(Arguments.of(new Spsa().withSamples(32), Norm.L2, shape, 1.25));
            cases.add(Arguments.of(new Simba().withQueries(5000), Norm.LINF, shape, 1.05));
            cases.add(Arguments.of(new Simba().withQueries(5000).withStep(0.02), Norm.L2, shape, 1.25));
            cases.add(Arguments.of(Simba.dct().withQueries(5000).withStep(0.02), Norm.L2, shape, 1.5));
        }
        return cases.stream();
    }

    @ParameterizedTest(name = "{0} {1} {2} × {3}")
    @MethodSource("attacks")
    void succeed_near_the_optimum_and_never_below_it(Attack attack, Norm norm, long[] shape, double factor) {
        INDArray all = Samples.uniform(2, DataType.DOUBLE, shape);
        for (int classes : new int[] {2, 7}) {
            AffineModel model = AffineModel.random(classes, 11, DataType.DOUBLE, shape);
            for (int i = 0; i < 2; i++) {
                INDArray input = Rows.select(all, new int[] {i});
                int[] label = model.predict(input);
                double optimum = AffineOptimum.distance(model, Rows.toRows(input)[0], label[0], norm);
                if (factor * optimum <= norm.diameter(1, Rows.features(input))) {
                    assertThat(status(model, attack, norm, factor * optimum, input, label, i))
                            .as("sample %d of %d classes at %s × %s", i, classes, factor, optimum)
                            .isEqualTo(SampleStatus.BROKEN);
                    assertThat(status(model, attack, norm, 0.999 * optimum, input, label, i))
                            .as("sample %d of %d classes below %s", i, classes, optimum)
                            .isEqualTo(SampleStatus.ROBUST);
                }
            }
        }
    }

    static Stream<Arguments> images() {
        return Stream.of(Norm.L2, Norm.L1)
                .flatMap(norm -> Stream.of(true, false).map(wave -> Arguments.of(norm, wave)));
    }

    /** Where the optimum takes many pixels, in waves or at random, bumps come nearer. */
    @ParameterizedTest(name = "{0}, waves: {1}")
    @MethodSource("images")
    void square_comes_within_half_of_the_optimum_where_many_pixels_count(Norm norm, boolean wave) {
        int side = 14;
        long[] shape = {1, side, side};
        SampleRandom random = SampleRandom.of(1, "slopes", 0, 0);
        double[][] weights = new double[2][side * side];
        for (int row = 0; row < side; row++) {
            double down = Math.cos(Math.PI * (row + 0.5) / side);
            for (int column = 0; column < side; column++) {
                double across = Math.cos(2 * Math.PI * (column + 0.5) / side);
                weights[1][row * side + column] = wave ? down * across : random.gaussian();
            }
        }
        double length = RowVectors.norm(weights[1], Norm.L2);
        INDArray all = Samples.interior(2, DataType.DOUBLE, shape);
        for (int i = 0; i < 2; i++) {
            INDArray input = Rows.select(all, new int[] {i});
            double[] sample = Rows.toRows(input)[0];
            double bias = -RowVectors.dot(weights[1], sample) - length; // the boundary is 1 away in L2
            AffineModel model = new AffineModel(weights, new double[] {0, bias}, Box.of(0, 1), DataType.DOUBLE, shape);
            int[] label = model.predict(input);
            double optimum = AffineOptimum.distance(model, sample, label[0], norm);
            assertThat(status(model, new SquareAttack(), norm, 1.5 * optimum, input, label, i))
                    .as("sample %d at 1.5 × %s", i, optimum)
                    .isEqualTo(SampleStatus.BROKEN);
            assertThat(status(model, new SquareAttack(), norm, 0.999 * optimum, input, label, i))
                    .as("sample %d below %s", i, optimum)
                    .isEqualTo(SampleStatus.ROBUST);
        }
    }

    private static SampleStatus status(
            AffineModel model, Attack attack, Norm norm, double epsilon, INDArray input, int[] label, int id) {
        ThreatModel threat = new ThreatModel(norm, epsilon, model.info().inputRange());
        return AttackEngine.of(model, 1)
                .run(attack, threat, input, label, new long[] {id})
                .outcomes()
                .get(0)
                .status();
    }

    /** The best single feature, or pixel, is found among all: L0 has an exact optimum. */
    @ParameterizedTest
    @MethodSource("shapes")
    void one_pixel_finds_the_feature_that_breaks_a_sample(long[] shape) {
        AffineModel model = AffineModel.random(3, 14, DataType.DOUBLE, shape);
        INDArray all = Samples.uniform(12, DataType.DOUBLE, shape);
        OnePixel attack = new OnePixel().withPopulation(100).withGenerations(20);
        int breakable = 0;
        for (int i = 0; i < 12; i++) {
            INDArray input = Rows.select(all, new int[] {i});
            int[] label = model.predict(input);
            double optimum = AffineOptimum.distance(model, Rows.toRows(input)[0], label[0], Norm.L0);
            SampleStatus status = status(model, attack, Norm.L0, 1, input, label, i);
            assertThat(status)
                    .as("sample %d, optimum %s", i, optimum)
                    .isEqualTo(optimum <= 1 ? SampleStatus.BROKEN : SampleStatus.ROBUST);
            breakable += optimum <= 1 ? 1 : 0;
        }
        assertThat(breakable).isBetween(1, 11);
    }

    static Stream<Arguments> shapes() {
        return Stream.of(SHAPES).map(shape -> Arguments.of((Object) shape));
    }
}
