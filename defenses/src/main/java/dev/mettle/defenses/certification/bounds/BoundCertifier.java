package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.certification.Certificate;
import dev.mettle.core.certification.CertificationContext;
import dev.mettle.core.certification.Certifier;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Norm;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A certifier by {@link BoundPropagation}: a proof, for Deeplearning4j networks whose operators have known bounds. It decides the radii that
 * it is asked for. A sample that it doesn't certify need not have an adversarial example.
 */
public sealed interface BoundCertifier extends Certifier permits Ibp, CrownIbp, Crown {

    /** Return how bounds are computed. */
    BoundMethod method();

    @Override
    default String name() {
        return method().toString();
    }

    @Override
    default Map<String, String> parameters() {
        return Map.of();
    }

    @Override
    default Set<Norm> norms() {
        return Set.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    @Override
    default void requireCertifiable(LabelModel model, Norm norm, List<Double> radii) {
        bounds(model);
    }

    private BoundPropagation bounds(LabelModel model) {
        if (!(model instanceof Dl4jClassifier network)) {
            throw new ConfigurationException(name() + " needs the weights of a network, which the model "
                    + model.info().name() + " doesn't show: give a Dl4jClassifier, or certify by randomized smoothing");
        }
        return BoundPropagation.of(network).withMethod(method());
    }

    @Override
    default List<Certificate> certify(CertificationContext context) {
        LabeledData data = context.data();
        BoundPropagation bounds = bounds(context.model());
        List<Certificate> certificates = new ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            INDArray sample = Rows.slice(data.inputs(), i, i + 1L);
            int predicted = context.model().predict(sample)[0];
            certificates.add(certify(bounds, sample, predicted, data.id(i), data.label(i), context));
            context.heartbeat().beat(certificates.size(), data.size());
        }
        return certificates;
    }

    private static Certificate certify(
            BoundPropagation bounds, INDArray sample, int predicted, long id, int label, CertificationContext context) {
        double certified = 0;
        String evidence = "";
        long before = bounds.passes();
        for (double radius : context.radii()) { // what doesn't hold within one radius doesn't within a larger one
            double[] margins = bounds.margins(sample, new int[] {predicted}, context.norm(), new double[] {radius})[0];
            double least = Arrays.stream(margins).min().orElseThrow();
            if (!(least > 0)) {
                break;
            }
            certified = radius;
            evidence = String.format(Locale.ROOT, "margin of at least %.3g", least);
        }
        return Certificate.of(id, label, predicted, certified, bounds.passes() - before, evidence);
    }
}
