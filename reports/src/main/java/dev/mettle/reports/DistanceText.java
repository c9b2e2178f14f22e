package dev.mettle.reports;

import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.math.BigDecimal;
import java.math.MathContext;

/**
 * Prints distances, such as {@code L∞ 8/255}.
 *
 * <p>An adversarial example on the surface of its ball lies at epsilon but for the rounding of floats; it is printed as being
 * there, so that equal distances look equal.
 */
final class DistanceText {

    private static final double ROUNDING = 1e-5;

    private final RobustnessReport report;

    DistanceText(RobustnessReport report) {
        this.report = report;
    }

    /** Print a distance in the norm of the threat model. */
    String of(double distance) {
        return of(distance, report.threatModel().norm());
    }

    /** Print a distance in a norm. */
    String of(double distance, Norm norm) {
        double printed = report.evaluation().threatModels().stream()
                .filter(threat -> threat.norm() == norm && threat.bounded())
                .mapToDouble(ThreatModel::epsilon)
                .filter(epsilon -> Math.abs(distance - epsilon) <= ROUNDING * epsilon)
                .findFirst()
                .orElse(distance);
        return norm.symbol() + " "
                + Epsilons.format(printed == distance && norm != Norm.LINF ? rounded(printed) : printed);
    }

    /** Only the size of a change of single values is meant when it is a multiple of 1/255. */
    private static double rounded(double distance) {
        return Double.isFinite(distance)
                ? new BigDecimal(distance).round(new MathContext(4)).doubleValue()
                : distance;
    }
}
