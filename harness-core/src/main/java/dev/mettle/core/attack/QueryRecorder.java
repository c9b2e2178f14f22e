package dev.mettle.core.attack;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Remembers the queries of an attack on one sample. */
final class QueryRecorder implements QueryListener {

    private final ThreatModel threat;
    private final double[] clean;
    private final List<Query> queries = new ArrayList<>();
    private int restart;

    QueryRecorder(ThreatModel threat, INDArray clean) {
        this.threat = threat;
        this.clean = Rows.toRows(clean)[0];
    }

    List<Query> queries() {
        return queries;
    }

    @Override
    public void restart(int number) {
        restart = number;
    }

    @Override
    public void asked(Access asked, Aim[] aims, INDArray points, @Nullable INDArray logits, List<INDArray> gradients) {
        double[][] rows = Rows.toRows(points);
        double[][] scores = logits == null ? new double[0][] : Rows.toRows(logits);
        double[] norms = new double[rows.length];
        for (INDArray gradient : gradients) {
            double[][] each = Rows.toRows(gradient);
            for (int i = 0; i < rows.length; i++) {
                double norm = length(each[i]);
                // Math.max keeps NaN: an invalid gradient must show
                norms[i] = Math.max(norms[i], norm);
            }
        }
        for (int i = 0; i < rows.length; i++) {
            queries.add(new Query(
                    restart,
                    asked,
                    gradients.size(),
                    logits == null ? Double.NaN : -aims[i].lead(scores[i]),
                    gradients.isEmpty() ? Double.NaN : norms[i],
                    Distances.between(rows[i], clean, threat.constraints()).in(threat.norm())));
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
