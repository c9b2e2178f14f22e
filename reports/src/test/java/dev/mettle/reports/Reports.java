package dev.mettle.reports;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;

/** Real reports on a model so simple that everybody knows what must come out. */
final class Reports {

    static final OneStep STEP = new OneStep("FGSM", 1);
    static final OneStep HALF_STEP = new OneStep("Half", 0.5);

    private Reports() {}

    /** Two classes: the mean of the sample lies below one half, or above. */
    static AffineModel model(int features, long... shape) {
        double[][] weights = {new double[features], new double[features]};
        Arrays.fill(weights[1], 2);
        return new AffineModel(weights, new double[] {0, -features}, Box.of(0, 1), DataType.FLOAT, shape);
    }

    /**
     * Twenty samples of one brightness each: 0.025, 0.075, … 0.975, so the distance to the boundary is 0.025, 0.075, … on
     * both sides; the first is labeled wrongly.
     */
    static LabeledData samples(long... shape) {
        int features = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        double[] values = new double[20 * features];
        int[] labels = new int[20];
        for (int i = 0; i < 20; i++) {
            Arrays.fill(values, i * features, (i + 1) * features, 0.025 + 0.05 * i);
            labels[i] = i == 0 || i >= 10 ? 1 : 0;
        }
        long[] batch = new long[shape.length + 1];
        batch[0] = 20;
        System.arraycopy(shape, 0, batch, 1, shape.length);
        return LabeledData.of("brightness", Rows.fromDoubles(values, batch, DataType.FLOAT), labels);
    }

    static Evaluation evaluation(long[] shape, double... epsilons) {
        LabeledData samples = samples(shape);
        return RobustnessEvaluation.of(model((int) Rows.features(samples.inputs()), shape), samples)
                .name("a test")
                .attack(STEP, HALF_STEP)
                .norm(Norm.LINF)
                .epsilon(epsilons)
                .seed(7)
                .evaluate();
    }

    /** The report on the attack with the full step at the last epsilon. */
    static RobustnessReport report(VerdictPolicy policy, long[] shape, double... epsilons) {
        Evaluation evaluation = evaluation(shape, epsilons);
        return RobustnessReport.of(evaluation, evaluation.results().get(epsilons.length - 1), policy);
    }

    /** What there is to show of a report, as if it had been written to a file and read again. */
    static ReportDocument document(RobustnessReport report) {
        return ReportDocument.of(EvaluationJson.of(Reported.of(report, Outcome.PASS, "")));
    }
}
