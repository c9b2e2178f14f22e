package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.model.Logits;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.Samples;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class SquareAttackTests {

    /** The schedule of the authors' code: p is halved after these steps, counted from 0. */
    @ParameterizedTest
    @CsvSource({
        "0, 0.8",
        "10, 0.8",
        "11, 0.4",
        "50, 0.4",
        "51, 0.2",
        "200, 0.2",
        "201, 0.1",
        "500, 0.1",
        "501, 0.05",
        "1000, 0.05",
        "1001, 0.025",
        "2000, 0.025",
        "2001, 0.0125",
        "4000, 0.0125",
        "4001, 0.00625",
        "4999, 0.00625"
    })
    void halves_the_share_of_pixels_by_the_schedule(int step, double share) {
        assertThat(new SquareAttack().share(step)).isEqualTo(share);
    }

    /** With 5,000 queries the rescaled schedule is twice as fast. */
    @ParameterizedTest
    @CsvSource({
        "5, 0.8",
        "6, 0.4",
        "25, 0.4",
        "26, 0.2",
        "1000, 0.025",
        "1001, 0.0125",
        "4000, 0.003125",
        "4001, 0.0015625"
    })
    void rescales_the_schedule(int step, double share) {
        assertThat(new SquareAttack().withRescaledSchedule().share(step)).isEqualTo(share);
    }

    @Test
    void refuses_parameters_out_of_range() {
        assertThatThrownBy(() -> new SquareAttack().withPInit(1.5))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("Square: p-init is 1.5: give at most 1");
        assertThatThrownBy(() -> new SquareAttack().withQueries(0)).hasMessage("Square: queries is 0: give at least 1");
        assertThatThrownBy(() -> new SquareAttack().withRestarts(0))
                .hasMessage("Square: restarts is 0: give at least 1");
        assertThatThrownBy(() -> new Nes().withSamples(5))
                .hasMessage("NES: samples is 5: give an even number, they go in pairs");
        assertThatThrownBy(() -> new Nes().withSteps(0.1, 0.2)).hasMessage("NES: min-step is 0.2: give at most 0.1");
        assertThatThrownBy(() -> new Nes(10, 2, 1, 1, 1, 1, 2)).hasMessage("NES: momentum is 1: give less than 1");
        assertThatThrownBy(() -> new OnePixel().withPopulation(3))
                .hasMessage("OnePixel: population is 3: give at least 4");
    }

    /** The authors' code never draws a square that holds the last row or column, and can't do with images that aren't square. */
    @ParameterizedTest
    @CsvSource({"1, 6, 5", "3, 4, 9", "1, 9, 2", "1, 1, 12", "2, 12, 1"})
    void changes_every_pixel_of_images_of_any_shape(int channels, int height, int width) {
        for (Norm norm : List.of(Norm.LINF, Norm.L2, Norm.L1)) {
            Flat model = new Flat(channels, height, width);
            run(
                    model,
                    new SquareAttack().withQueries(500),
                    norm,
                    0.3,
                    Samples.interior(1, DataType.FLOAT, channels, height, width));
            double[] start = model.points.get(0);
            for (int i = 0; i < start.length; i++) {
                int feature = i;
                assertThat(model.points)
                        .as("feature %d in %s", i, norm)
                        .anyMatch(point -> Math.abs(point[feature] - start[feature]) > 1e-3);
            }
        }
    }

    @Test
    void keeps_every_pixel_at_one_of_its_bounds_in_linf() {
        Flat model = new Flat(3, 5, 7);
        INDArray input = Samples.uniform(1, DataType.FLOAT, 3, 5, 7);
        run(model, new SquareAttack().withQueries(300), Norm.LINF, 0.2, input);
        double[] clean = Rows.toRows(input)[0];
        for (double[] point : model.points) {
            for (int i = 0; i < clean.length; i++) {
                double up = Math.min(clean[i] + 0.2, 1);
                double down = Math.max(clean[i] - 0.2, 0);
                assertThat(Math.min(Math.abs(point[i] - up), Math.abs(point[i] - down)))
                        .isLessThan(1e-6);
            }
        }
    }

    @Test
    void starts_in_linf_from_vertical_stripes_of_each_channel() {
        Flat model = new Flat(3, 5, 7);
        INDArray input = Samples.interior(1, DataType.FLOAT, 3, 5, 7);
        run(model, new SquareAttack().withQueries(1), Norm.LINF, 0.05, input);
        double[] clean = Rows.toRows(input)[0];
        double[] start = model.points.get(0);
        double[] signs = new double[start.length];
        Arrays.setAll(signs, i -> Math.signum(start[i] - clean[i]));
        assertThat(Arrays.stream(signs).distinct().toArray()).containsExactlyInAnyOrder(1, -1);
        for (int i = 0; i < signs.length; i++) {
            assertThat(signs[i]).isEqualTo(signs[i / 35 * 35 + i % 7]); // as in the first row of its channel
        }
        assertThat(Arrays.copyOfRange(signs, 0, 7)).isNotEqualTo(Arrays.copyOfRange(signs, 35, 42));
    }

    /** AutoAttack's code draws one square and its colors for the whole batch. */
    @Test
    void every_sample_draws_its_own_squares() {
        Flat model = new Flat(1, 8, 8);
        INDArray twice = Rows.select(Samples.interior(1, DataType.FLOAT, 1, 8, 8), new int[] {0, 0});
        run(model, new SquareAttack().withQueries(20), Norm.LINF, 0.2, twice);
        int different = 0;
        for (int query = 1; query < 20; query++) {
            double[] first = changed(model.points.get(2 * query), model.points.get(0));
            double[] second = changed(model.points.get(2 * query + 1), model.points.get(1));
            different += Arrays.equals(first, second) ? 0 : 1;
        }
        assertThat(different).isGreaterThan(15);
    }

    private static double[] changed(double[] point, double[] start) {
        return IntStream.range(0, point.length)
                .mapToDouble(i -> point[i] == start[i] ? 0 : 1)
                .toArray();
    }

    /** AutoAttack's code spends half of its late queries on gray images on squares that change nothing. */
    @Test
    void no_query_is_spent_on_a_square_that_changes_nothing() {
        Flat model = new Flat(1, 6, 6);
        run(model, new SquareAttack().withQueries(2500), Norm.LINF, 0.2, Samples.interior(1, DataType.FLOAT, 1, 6, 6));
        double[] start = model.points.get(0);
        long idle = model.points.stream()
                .skip(1)
                .filter(point -> Arrays.equals(point, start))
                .count();
        assertThat(idle).isLessThan(5); // sixteen draws in vain have odds of 2^-16
    }

    @ParameterizedTest
    @CsvSource({"L2, 0.4", "L1, 2"})
    void bumps_fill_the_ball_and_never_leave_it(Norm norm, double epsilon) {
        Flat model = new Flat(2, 7, 6);
        INDArray inside = Samples.interior(1, DataType.DOUBLE, 2, 7, 6).muli(0).addi(0.5);
        run(model, new SquareAttack().withQueries(300), norm, epsilon, inside);
        for (double[] point : model.points) {
            assertThat(size(norm, point, Rows.toRows(inside)[0])).isCloseTo(epsilon, within(1e-9));
        }
        Flat edges = new Flat(2, 7, 6);
        INDArray mixed = Samples.uniform(1, DataType.DOUBLE, 2, 7, 6);
        run(edges, new SquareAttack().withQueries(300), norm, epsilon, mixed);
        for (double[] point : edges.points) {
            assertThat(size(norm, point, Rows.toRows(mixed)[0])).isBetween(0.1 * epsilon, epsilon * (1 + 1e-9));
            assertThat(Arrays.stream(point)).allMatch(value -> value >= 0 && value <= 1);
        }
    }

    private static double size(Norm norm, double[] point, double[] clean) {
        double sum = 0;
        for (int i = 0; i < point.length; i++) {
            double delta = Math.abs(point[i] - clean[i]);
            sum += norm == Norm.L1 ? delta : delta * delta;
        }
        return norm == Norm.L1 ? sum : Math.sqrt(sum);
    }

    @Test
    void a_window_holds_its_share_of_the_places_as_far_as_a_square_can() {
        SampleRandom random = SampleRandom.of(1, "windows", 0, 0);
        assertThat(new Plane(1, 28, 28).window(0.8, random))
                .extracting(Plane.Window::height, Plane.Window::width)
                .containsExactly(25, 25);
        assertThat(new Plane(3, 4, 64).window(0.5, random))
                .extracting(Plane.Window::height, Plane.Window::width)
                .containsExactly(4, 32);
        assertThat(new Plane(3, 64, 4).window(0.5, random))
                .extracting(Plane.Window::height, Plane.Window::width)
                .containsExactly(32, 4);
        assertThat(new Plane(1, 1, 100).window(0.25, random))
                .extracting(Plane.Window::height, Plane.Window::width)
                .containsExactly(1, 25);
        assertThat(new Plane(1, 28, 28).oddWindow(0.0001, random))
                .extracting(Plane.Window::height, Plane.Window::width)
                .containsExactly(3, 3);
        assertThat(new Plane(1, 2, 28).oddWindow(0.0001, random))
                .extracting(Plane.Window::height, Plane.Window::width)
                .containsExactly(2, 3);
    }

    private static void run(Flat model, SquareAttack attack, Norm norm, double epsilon, INDArray inputs) {
        int n = (int) inputs.size(0);
        AttackEngine.of(model, 3)
                .run(
                        attack,
                        new ThreatModel(norm, epsilon, Box.of(0, 1)),
                        inputs,
                        new int[n],
                        IntStream.range(0, n).asLongStream().toArray());
    }

    /** A model that finds all inputs alike, and remembers them. */
    private static final class Flat implements LogitModel {

        private final List<double[]> points = new ArrayList<>();
        private final long[] shape;

        Flat(long... shape) {
            this.shape = shape;
        }

        @Override
        public ModelInfo info() {
            return new ModelInfo(
                    "flat", ModelInfo.shape(shape), 2, Box.of(0, 1), DataType.FLOAT, "0".repeat(64), List.of());
        }

        @Override
        public int[] predict(INDArray inputs) {
            return Logits.argMax(scores(inputs));
        }

        @Override
        public INDArray logits(INDArray inputs) {
            points.addAll(Arrays.asList(Rows.toRows(inputs)));
            return scores(inputs);
        }

        private static INDArray scores(INDArray inputs) {
            double[] logits = new double[2 * (int) inputs.size(0)];
            Arrays.setAll(logits, i -> i % 2 == 0 ? 1 : 0);
            return Rows.fromDoubles(logits, new long[] {inputs.size(0), 2}, DataType.DOUBLE);
        }
    }
}
