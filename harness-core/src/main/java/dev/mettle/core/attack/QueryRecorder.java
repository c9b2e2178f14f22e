package dev.mettle.core.attack;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Remembers the queries of an attack on one of its samples. */
final class QueryRecorder implements QueryListener {

    private static final int NOT_ATTACKED = -1;

    private final ThreatModel threat;
    private final double[] clean;
    private final int sample;
    private final List<Query> queries = new ArrayList<>();
    private int restart;
    private int row = NOT_ATTACKED;

    QueryRecorder(ThreatModel threat, INDArray inputs, int sample) {
        this.threat = threat;
        this.sample = sample;
        this.clean = Rows.toRows(Rows.select(inputs, new int[] {sample}))[0];
    }

    List<Query> queries() {
        return queries;
    }

    @Override
    public void begin(int number, int[] samples) {
        restart = number;
        row = NOT_ATTACKED;
        for (int i = 0; i < samples.length; i++) {
            row = samples[i] == sample ? i : row;
        }
    }

    @Override
    public void asked(
            Access asked,
            int[] rows,
            Aim[] aims,
            INDArray points,
            @Nullable INDArray logits,
            List<INDArray> gradients) {
        int[] own = IntStream.range(0, rows.length).filter(i -> rows[i] == row).toArray();
        if (own.length == 0) {
            return;
        }
        double[][] ownPoints = Rows.toRows(Rows.select(points, own));
        double[][] scores = logits == null ? new double[0][] : Rows.toRows(Rows.select(logits, own));
        double[] norms = new double[own.length];
        for (INDArray gradient : gradients) {
            double[][] each = Rows.toRows(Rows.select(gradient, own));
            for (int i = 0; i < own.length; i++) {
                norms[i] = Math.max(norms[i], length(each[i])); // keeps NaN: an invalid gradient must show
            }
        }
        for (int i = 0; i < own.length; i++) {
            queries.add(new Query(
                    restart,
                    asked,
                    gradients.size(),
                    logits == null ? Double.NaN : -aims[own[i]].lead(scores[i]),
                    gradients.isEmpty() ? Double.NaN : norms[i],
                    Distances.between(ownPoints[i], clean, threat.constraints()).in(threat.norm())));
        }
    }

    private static double length(double[] vector) {
        double squares = 0;
        for (double value : vector) {
            squares += value * value;
        }
        return Math.sqrt(squares);
    }
}
