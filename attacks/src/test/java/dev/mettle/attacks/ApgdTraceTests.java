package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.attack.SampleBatch;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The path of APGD on a fixed network from given starts, step by step, against numbers from an independent implementation of the
 * published formulas in double precision (NumPy, gradients by hand): the iterates, and the step sizes in units of ε after each
 * checkpoint.
 */
class ApgdTraceTests {

    private static final double[] FIRST = {0.77, 0.32, 0.01, 0.1, 0.64, 0.38};
    private static final double[] SECOND = {0.39, 0.33, 0.35, 0.33, 0.98, 0.82};
    private static final double[] THIRD = {0.63, 0.58, 0.8, 0.3, 0.59, 0.33};
    private static final double[] FOURTH = {0.72, 0.65, 0.35, 0.38, 0.88, 0};

    private static final int[] CHECKPOINTS = {22, 41, 57, 70, 80, 87, 93, 99};
    private static final int[] SPARSE_CHECKPOINTS =
            IntStream.rangeClosed(1, 15).map(k -> 4 * k).toArray();

    @Test
    void linf_keeps_the_step_size_after_22_steps_because_the_first_step_counts_as_a_rise() {
        // 16 of the 22 steps raise the loss, and 17 are needed: see MomentumPath.arrive
        Trace trace = trace(Norm.LINF, 0.2, Loss.DLR, THIRD, Goal.untargeted(), "0.825 0.623 0.797 0.358 0.549 0.13");
        trace.hasStepSizes(CHECKPOINTS, "2 1 0.5 0.25 0.125 0.0625 0.03125 0.015625");
        trace.passesThrough("""
                1 0.83 0.78 0.6 0.5 0.79 0.13
                2 0.53125 0.51925 0.85075 0.5 0.79 0.13
                3 0.680625 0.649625 0.725375 0.5 0.49 0.13
                22 0.53 0.48 0.9 0.5 0.79 0.13
                23 0.68 0.63 0.75 0.5 0.49 0.13
                42 0.6065625 0.6040625 0.7634375 0.5 0.6775 0.13
                58 0.58131307 0.5759791667 0.7948541667 0.5 0.7663281248 0.13
                100 0.5876569138 0.5825493665 0.7883122637 0.4894252639 0.7649990863 0.13
                """);
    }

    @Test
    void linf_halves_the_step_size_for_stagnation_too() {
        // at 70 and 99 only because the step size of the checkpoint before, though kept, found nothing better
        Trace trace = trace(Norm.LINF, 0.2, Loss.DLR, FOURTH, Goal.untargeted(), "0.863 0.628 0.548 0.221 0.68 0.19");
        trace.hasStepSizes(CHECKPOINTS, "1 0.5 0.5 0.25 0.25 0.125 0.125 0.0625");
        trace.passesThrough("""
                1 0.52 0.45 0.55 0.18 0.68 0.2
                2 0.73425 0.7055 0.2505 0.18 0.68 0.2
                3 0.627125 0.57775 0.40025 0.18 0.68 0.2
                22 0.52 0.45 0.55 0.18 0.68 0.2
                23 0.6366666917 0.566666672 0.433333349 0.18 0.68 0.2
                42 0.7197887148 0.6497886901 0.3502113361 0.18 0.68 0.2
                58 0.7180842911 0.6480842648 0.3519157632 0.18 0.68 0.2
                100 0.6499075425 0.579907523 0.4200924977 0.18 0.68 0.2
                """);
    }

    @Test
    void linf_goes_to_a_target() {
        Trace trace = trace(Norm.LINF, 0.2, Loss.DLR, FOURTH, Goal.target(3), "0.863 0.628 0.548 0.221 0.68 0.19");
        trace.hasStepSizes(CHECKPOINTS, "1 1 0.5 0.5 0.25 0.25 0.125 0.0625");
        trace.passesThrough("""
                1 0.52 0.85 0.15 0.18 1 0
                2 0.52 0.6055 0.3505 0.18 1 0
                3 0.52 0.45 0.55 0.18 1 0
                22 0.52 0.45 0.25 0.18 0.76 0.2
                23 0.52 0.45 0.4 0.18 0.73 0.2
                42 0.52 0.45 0.55 0.18 0.79375 0.2
                58 0.52 0.45 0.55 0.18 0.7375 0.2
                100 0.52 0.45 0.55 0.18 0.8381861273 0.2
                """);
    }

    @Test
    void l2_ascends_the_cross_entropy() {
        Trace trace =
                trace(Norm.L2, 0.4, Loss.CROSS_ENTROPY, FIRST, Goal.untargeted(), "0.547 0.46 0.008 0 0.763 0.236");
        trace.hasStepSizes(CHECKPOINTS, "1 0.5 0.25 0.25 0.125 0.0625 0.0625 0.0625");
        trace.passesThrough("""
                1 0.7548418043 0.448091542 0 0.1728019088 0.7383904342 0.0242412727
                2 0.8461493165 0.4087472837 0 0.2291493972 0.7040080213 0.0258235042
                3 0.8664999171 0.3935686511 0.000135435 0.2394027784 0.6953968711 0.0297484305
                22 0.8441743699 0.3998256329 0 0.2265919152 0.7055528954 0.0233972835
                23 0.8457893136 0.4077396041 0 0.2283657217 0.7041888762 0.025424669
                42 0.8460645178 0.4088157825 0 0.2288251737 0.7039983525 0.0257740555
                58 0.8462774571 0.4096670401 0 0.2291870802 0.7038437048 0.0260765796
                100 0.8447652348 0.4025161675 0 0.2269551642 0.7051664072 0.0234777102
                """);
    }

    @Test
    void l2_keeps_its_step_size_while_the_loss_rises() {
        Trace trace =
                trace(Norm.L2, 0.4, Loss.CROSS_ENTROPY, THIRD, Goal.untargeted(), "0.898 0.639 0.797 0.38 0.534 0.055");
        trace.hasStepSizes(CHECKPOINTS, "2 2 2 2 1 1 1 1");
        trace.passesThrough("""
                1 0.7694045481 0.6435788649 0.7572815416 0.3957205536 0.6228139523 0
                2 0.6966520836 0.6356001777 0.7424993856 0.4110157989 0.6729609004 0
                3 0.664611879 0.6205158288 0.7470643857 0.4233742975 0.6947001083 0
                22 0.6311926295 0.5794513017 0.7796405763 0.4369018914 0.7118214048 0
                23 0.6311909465 0.5794499696 0.7796415457 0.4369021433 0.7118222172 0
                42 0.6311882245 0.5794478552 0.7796430786 0.436902545 0.7118235441 0
                58 0.6311882242 0.579447855 0.7796430788 0.436902545 0.7118235442 0
                100 0.6293527837 0.5777626293 0.7800976658 0.4405214379 0.7156343418 0
                """);
    }

    @Test
    void l2_ascends_the_difference_of_logits_ratio() {
        Trace trace = trace(Norm.L2, 0.4, Loss.DLR, SECOND, Goal.untargeted(), "0.585 0.167 0.493 0.106 0.843 0.744");
        trace.hasStepSizes(CHECKPOINTS, "2 2 1 0.5 0.25 0.125 0.0625 0.03125");
        trace.passesThrough("""
                1 0.6897095393 0.4327553114 0.3206448959 0.271859141 0.7476638841 0.8573280818
                2 0.6209088552 0.560998426 0.2823175221 0.3694985235 0.7654259357 0.8537305131
                3 0.5728910876 0.5998419374 0.2980099302 0.4484510434 0.787717339 0.8254717574
                22 0.5720174931 0.4833856584 0.266913605 0.510978925 0.9296673607 0.5727099333
                23 0.5716062824 0.4818847898 0.2661491037 0.5096854206 0.9315204336 0.5704362261
                42 0.5710525533 0.479811057 0.2648742333 0.5072837703 0.9342111202 0.5670097486
                58 0.5710525518 0.4798110515 0.2648742297 0.5072837631 0.9342111274 0.5670097393
                """);
    }

    @Test
    void l2_goes_to_a_target() {
        Trace trace = trace(Norm.L2, 0.4, Loss.DLR, SECOND, Goal.target(3), "0.585 0.167 0.493 0.106 0.843 0.744");
        trace.hasStepSizes(CHECKPOINTS, "1 0.5 0.25 0.25 0.25 0.125 0.0625 0.03125");
        trace.passesThrough("""
                1 0.2569316496 0.0818785503 0.4458657138 0.0871401208 1 0.7532033162
                2 0.1336310166 0.1258057553 0.4507145378 0.1967140142 1 0.6732720742
                3 0.13899263 0.1886390508 0.4625132263 0.3066176244 1 0.575882345
                22 0.3322813924 0.2887168982 0.396862972 0.4864510009 1 0.4794603269
                23 0.3450264032 0.3059377392 0.3998054772 0.4918804486 1 0.4656044276
                42 0.3475532634 0.307366138 0.3986226916 0.4936511582 1 0.4649983771
                58 0.3470020833 0.3084398019 0.3999133508 0.4927980059 1 0.4636265573
                100 0.3613473928 0.3019745956 0.382713178 0.5119498752 1 0.468366573
                """);
    }

    @Test
    void l1_takes_smaller_steps_where_the_sparsity_stays() {
        Trace trace =
                trace(Norm.L1, 0.6, Loss.CROSS_ENTROPY, SECOND, Goal.untargeted(), "0.588 0.242 0.367 0.033 0.98 0.82");
        trace.hasStepSizes(
                SPARSE_CHECKPOINTS, "1 1 0.666667 0.444444 0.296296 0.197531 0.131687 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1");
        trace.passesThrough("""
                1 0.8865 0.2435 0.3655 0.3315 0.98 0.82
                2 0.7153333333 0.33 0.4943333333 0.4603333333 0.98 0.82
                4 0.6153333333 0.33 0.3943333333 0.6603333333 0.98 0.82
                5 0.4301111111 0.33 0.35 0.7751111111 0.98 0.7052222222
                9 0.39 0.33 0.35 0.7951666667 0.98 0.6851666667
                24 0.39 0.33 0.35 0.7951666667 0.98 0.6851666667
                25 0.39 0.33 0.35 0.7951666667 0.98 0.6851666667
                26 0.39 0.33 0.35 0.7951666667 0.98 0.6851666667
                100 0.39 0.33 0.35 0.7951666667 0.98 0.6851666667
                """);
    }

    @Test
    void l1_takes_large_steps_again_where_the_best_point_became_sparser() {
        Trace trace = trace(Norm.L1, 0.6, Loss.DLR, THIRD, Goal.target(1), "0.92 0.58 0.8 0.3 0.59 0.02");
        trace.hasStepSizes(
                SPARSE_CHECKPOINTS,
                "1 0.666667 0.444444 0.296296 0.197531 1 0.666667 0.444444 0.296296 0.197531 0.131687 0.1 0.1 0.1 0.1");
        trace.passesThrough("""
                1 0.76 0.58 0.8 0.3 0.73 0
                2 0.63 0.58 0.8 0.3 0.86 0
                4 0.63 0.58 0.8 0.3 0.86 0
                5 0.63 0.58 0.8 0.3 0.86 0
                9 0.68 0.63 0.8 0.3 0.81 0.05
                24 0.6596296296 0.5697876543 0.657465679 0.3 0.7123614815 0.0347377778
                25 0.83 0.5697876543 0.6870953086 0.3 0.5419911111 0.2051081481
                26 0.7520424691 0.58 0.7650528395 0.4220424691 0.6640335803 0.083065679
                100 0.64125 0.4779866489 0.6968476579 0.3 0.6360843068 0
                """);
    }

    @Test
    void l1_may_go_through_three_and_two_epsilon() {
        GivenStart attack =
                new GivenStart(Loss.CROSS_ENTROPY, Norm.L1, numbers("1.06 -0.23 0.84 -0.44 0.51 0.56"), true);
        Trace trace = trace(attack, 0.3, SECOND, Goal.untargeted());
        assertThat(trace.points()).hasSize(103);
        trace.hasStepSizes(
                IntStream.rangeClosed(1, 11).toArray(), "2 3 3 2 1.333333 0.888889 0.592593 0.395062 0.3 0.3 0.3");
        trace.passesThrough("""
                0 0.655 0.175 0.435 0 0.915 0.82
                1 0.803 0.252 0.583 0.302 0.98 0.968
                2 0.837 0.33 0.617 0.336 0.98 1
                5 0.697 0.33 0.627 0.646 0.98 0.82
                31 0.39 0.33 0.35 0.8435555555 0.98 0.7335555555
                32 0.39 0.33 0.35 0.8435555555 0.98 0.7335555555
                61 0.39 0.33 0.35 0.8435555555 0.98 0.7335555555
                62 0.39 0.33 0.35 0.63 0.98 0.82
                63 0.39 0.33 0.35 0.63 0.98 0.82
                67 0.39 0.33 0.35 0.63 0.98 0.82
                102 0.39 0.33 0.35 0.63 0.98 0.82
                """);
    }

    /** One run: the points queried, and the size of the step that led to each of them. */
    private record Trace(List<double[]> points, List<Double> stepSizes, double epsilon) {

        /** Compare with lines of a step and its point. */
        void passesThrough(String lines) {
            for (String line : lines.strip().split("\n", -1)) {
                double[] numbers = numbers(line);
                assertThat(points.get((int) numbers[0]))
                        .as("step %d", (int) numbers[0])
                        .containsExactly(Arrays.copyOfRange(numbers, 1, numbers.length), within(1e-8));
            }
        }

        void hasStepSizes(int[] checkpoints, String sizes) {
            double[] ours = Arrays.stream(checkpoints)
                    .mapToDouble(step -> stepSizes.get(step + 1) / epsilon)
                    .toArray();
            assertThat(ours).containsExactly(numbers(sizes), within(1e-6));
        }
    }

    private static double[] numbers(String line) {
        return Arrays.stream(line.strip().split("\\s+", -1))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    private static Trace trace(Norm norm, double epsilon, Loss loss, double[] sample, Goal goal, String start) {
        return trace(new GivenStart(loss, norm, numbers(start), false), epsilon, sample, goal);
    }

    private static Trace trace(GivenStart attack, double epsilon, double[] sample, Goal goal) {
        List<Double> stepSizes = new ArrayList<>();
        TanhNetwork model = new TanhNetwork(() -> stepSizes.add(attack.stepSize()));
        INDArray input = Rows.fromDoubles(sample, new long[] {1, 6}, DataType.DOUBLE);
        AttackEngine.of(model, 0)
                .keepingBroken()
                .run(
                        attack,
                        new ThreatModel(attack.norm, epsilon, Box.of(0, 1), goal, Constraints.none(), ""),
                        input,
                        model.predict(input),
                        new long[] {0});
        return new Trace(model.queries(), stepSizes, epsilon);
    }

    /** APGD from a given start. */
    private static final class GivenStart implements Attack {

        private final Loss loss;
        private final Norm norm;
        private final double[] start;
        private final boolean largeEpsilons;
        private @Nullable ApgdRun run;

        GivenStart(Loss loss, Norm norm, double[] start, boolean largeEpsilons) {
            this.loss = loss;
            this.norm = norm;
            this.start = start;
            this.largeEpsilons = largeEpsilons;
        }

        double stepSize() {
            return Objects.requireNonNull(run).stepSizes()[0];
        }

        @Override
        public void run(AttackContext context) {
            SampleBatch batch = context.samples();
            run = new ApgdRun(batch, batch.aims(), norm, loss.logitLoss(), 100, 0.75);
            if (largeEpsilons) {
                run.throughLargeEpsilons(new double[][] {start});
            } else {
                run.from(new double[][] {start});
            }
        }

        @Override
        public String name() {
            return "APGD";
        }

        @Override
        public Map<String, String> parameters() {
            return Map.of();
        }

        @Override
        public Access access() {
            return Access.GRADIENTS;
        }

        @Override
        public Set<Norm> norms() {
            return Set.of(norm);
        }

        @Override
        public Passes passes(int classes) {
            return new Passes(103, 103);
        }
    }
}
