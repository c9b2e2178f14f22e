package dev.mettle.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mettle.core.loss.CrossEntropy;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.numeric.Rows;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class WorkloadTests {

    private static final int BATCH = 3;

    @ParameterizedTest
    @EnumSource(BenchmarkNetwork.class)
    void mettles_gradient_is_exact(BenchmarkNetwork network) {
        Workload workload = new Workload(network, BATCH);
        GradientCheck check = GradientCheck.of(workload.model(), workload.inputs(), workload.labels());
        assertThat(check.passed()).as(check.message()).isTrue();
        assertThat(error(workload.prepare(Contender.METTLE_GRADIENT).run(), inDoublePrecision(workload)))
                .isLessThan(GradientBenchmark.TOLERANCE);
    }

    private static INDArray inDoublePrecision(Workload workload) {
        DifferentiableModel exact = workload.model().inDoublePrecision();
        InputGradient pass = exact.gradient(
                workload.inputs().castTo(DataType.DOUBLE),
                logits -> new CrossEntropy().gradients(logits, workload.labels()));
        return pass.gradient();
    }

    @ParameterizedTest
    @EnumSource(
            value = BenchmarkNetwork.class,
            names = {"MLP", "LENET"})
    void deeplearning4j_computes_the_same_gradient_without_batch_normalization(BenchmarkNetwork network) {
        Workload workload = new Workload(network, BATCH);
        assertThat(error(
                        workload.prepare(Contender.DL4J).run(),
                        workload.prepare(Contender.METTLE_GRADIENT).run()))
                .isLessThan(GradientBenchmark.TOLERANCE);
    }

    @Test
    void deeplearning4j_runs_a_graph_and_keeps_its_gradient() {
        Workload workload = new Workload(BenchmarkNetwork.RESNET, BATCH);
        assertThat(workload.prepare(Contender.DL4J).run()).isNull();
    }

    @ParameterizedTest
    @EnumSource(BenchmarkNetwork.class)
    void pytorch_computes_the_same_gradient(BenchmarkNetwork network, @TempDir Path directory) throws Exception {
        String python = System.getProperty("mettle.benchmarks.python", "");
        assumeTrue(!python.isBlank(), "no Python is given: -Dpython=/path/to/python");
        Workload workload = new Workload(network, BATCH);
        workload.export(directory);
        try (Peer peer = Peer.python(Path.of(python), Path.of("src/main/python/input_gradient.py"), 1)) {
            peer.load(network, BATCH, directory);
            float[] gradient =
                    peer.gradient(Contender.PYTORCH_GRADIENT, directory).orElseThrow();
            INDArray expected = workload.prepare(Contender.METTLE_GRADIENT).run();
            assertThat(Statistics.medianRelativeError(gradient, floats(expected), BATCH))
                    .isLessThan(GradientBenchmark.TOLERANCE);
        }
    }

    private static double error(INDArray gradient, INDArray expected) {
        return Statistics.medianRelativeError(floats(gradient), floats(expected), BATCH);
    }

    private static float[] floats(INDArray array) {
        double[] doubles = Rows.toDoubles(array);
        float[] floats = new float[doubles.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) doubles[i];
        }
        return floats;
    }
}
