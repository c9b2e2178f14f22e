package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The radius of every step of DDN and FMN, and the point they come to, against a port to NumPy: 20 queries of
 * {@code f(x) = −1.1 + x₀ + x₁² + x₀x₂/2 − 0.4 x₃}, adversarial where positive, from a sample with x₂ at the edge of the box.
 */
class MinimumNormTraceTests {

    private static final int STEPS = 20;

    private static PerturbedSample sample() {
        return new PerturbedSample(
                new double[] {0.1, 0.2, 1, 0.6}, new double[] {0, 0, 0, 0}, new double[] {1, 1, 1, 1});
    }

    private static <W extends BoundarySearch.Walk> double[] radii(W walk, ToDoubleFunction<W> radius) {
        List<Double> radii = new ArrayList<>();
        for (int step = 0; step < STEPS - 1; step++) {
            double[] x = walk.sample.x;
            double loss = -1.1 + x[0] + x[1] * x[1] + 0.5 * x[2] * x[0] - 0.4 * x[3];
            double[] gradient = {1 + 0.5 * x[2], 2 * x[1], 0.5 * x[0], -0.4};
            walk.move(step, loss > 0, loss, gradient);
            radii.add(radius.applyAsDouble(walk));
        }
        return radii.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double[] numbers(String text) {
        return Arrays.stream(text.split(",")).mapToDouble(Double::parseDouble).toArray();
    }

    @ParameterizedTest
    @CsvSource({
        "LINF, '0.4893617021276595, 0.5392241250114382, 0.5129095106866723, 0.48863367801583, 0.4664883519627272, 0.4465114006007518, 0.42869526588721996, 0.412995258946191, 0.42665339061277996, 0.41413851842666033, 0.4246990506465402, 0.4154969452904326, 0.4229464247738009, 0.4168656255813487, 0.42149252609451543, 0.424938600036114, 0.4225253381855734, 0.4209745264693182, 0.4219002980127595', '0.5219002980127595, 0.6219002980127595, 1.0, 0.17809970198724046'",
        "L2, '0.717350290784576, 0.6816991546704732, 0.7149666764830253, 0.6811275468862786, 0.6502582223018646, 0.678104955934105, 0.651048067288975, 0.6748912491217071, 0.6525719770684317, 0.6717136388129339, 0.6545849410232041, 0.668768065715023, 0.6567776671305194, 0.666220312520048, 0.6736148658646235, 0.6681074689543186, 0.664313230759079, 0.6667514862870162, 0.6682177497156578', '0.6089027388195891, 0.6112377242562097, 1.0, 0.4642926029814429'",
        "L1, '0.7666666666666666, 0.8055448360408093, 0.7662335354173978, 0.8024991080087075, 0.7661291130539158, 0.7989379151688597, 0.7670597021932317, 0.7389678532578493, 0.763406197327284, 0.7857989198412683, 0.7657610473853159, 0.7823530643086304, 0.7670597021932317, 0.7560315063167592, 0.7644228975706409, 0.7706727304018137, 0.7662960155084795, 0.7691085825466444, 0.7670597021932317', '0.8670597021932317, 0.2, 1.0, 0.6'",
        "L0, '2.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0', '1.0, 0.2, 1.0, 0.6'",
    })
    void fmn_follows_an_independent_port(Norm norm, String radii, String end) {
        FmnWalk walk = new FmnWalk(new Fmn().withSteps(STEPS), norm, sample());
        assertThat(radii(walk, FmnWalk::epsilon)).containsExactly(numbers(radii), within(1e-12));
        assertThat(walk.sample.x).containsExactly(numbers(end), within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({
        "'1.05, 0.9974999999999999, 0.9476249999999999, 0.9002437499999999, 0.8552315624999999, 0.8124699843749998, 0.7718464851562498, 0.7332541608984372, 0.6965914528535153, 0.6617618802108395, 0.6948499742213815, 0.6601074755103123, 0.693112849285828, 0.6584572068215365, 0.6913800671626134, 0.6568110638044826, 0.6896516169947068, 0.6551690361449715, 0.68792748795222', '0.6140426599032959, 0.6361053750129518, 1.0, 0.4629189372359396'",
    })
    void ddn_follows_an_independent_port(String radii, String end) {
        DdnWalk walk = new DdnWalk(new Ddn().withSteps(STEPS), sample(), SampleRandom.of(0, "DDN", 0, 0));
        assertThat(radii(walk, DdnWalk::epsilon)).containsExactly(numbers(radii), within(1e-12));
        assertThat(walk.sample.x).containsExactly(numbers(end), within(1e-12));
    }
}
