package dev.mettle.core.certification;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Outcome;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A certification in plain words: one place for the sentences that the console, failure messages and Allure share.
 *
 * <p>Rates are percentages with one decimal, radii are printed by {@link Epsilons}.
 */
public final class CertificationText {

    private static final int SHOWN = 3;

    private CertificationText() {}

    /**
     * Say in one sentence what was certified and what it means, such as {@code certified accuracy 44.0% within L2 radius 0.5 by
     * randomized smoothing (σ = 0.25) is below the required 60.0%}.
     */
    public static String sentence(CertificationReport report) {
        Certification certification = report.certification();
        String measured = "certified accuracy " + ReportText.percent(report.certifiedAccuracy()) + " within "
                + radius(certification.norm(), report.radius()) + " by "
                + certification.certifier().label();
        String required =
                ReportText.percent(report.policy().minCertifiedAccuracy().orElse(0));
        return switch (report.outcome()) {
            case PASS -> measured + " reaches the required " + required;
            case FAIL -> measured + " is below the required " + required;
            case INCONCLUSIVE ->
                measured + " with " + ReportText.samples(certification.samples())
                        + " neither shows nor rules out the required " + required + "; "
                        + (report.samplesNeeded().isEmpty()
                                ? "it is too close for any practical number of samples to decide"
                                : "about "
                                        + ReportText.rounded(
                                                report.samplesNeeded().getAsInt())
                                        + " samples would decide at even odds");
            case UNTRUSTED ->
                measured + " can't be trusted: "
                        + contradiction(report.sandwich().orElseThrow());
            case MEASURED -> measured;
        };
    }

    /**
     * State the levels of confidence: that of the certificates, and that of the verdict, which are about different chances.
     */
    public static String levels(CertificationReport report) {
        if (report.outcome() == Outcome.UNTRUSTED) {
            return "attacks contradict certificates, so these show nothing";
        }
        Certification certification = report.certification();
        double alpha = certification.certifier().alpha();
        boolean generalizes = report.policy().decision().generalizes();
        String confidence = percents(report.policy().confidence());
        if (alpha == 0) {
            return "every certificate is a proof; "
                    + (generalizes
                            ? "with " + confidence
                                    + " confidence, over the choice of samples, robust accuracy is at least "
                                    + ReportText.percent(report.robustLowerBound())
                            : "so the robust accuracy on these very samples is at least "
                                    + ReportText.percent(report.certifiedAccuracy()));
        }
        String each = "every certificate holds with a probability of at least " + percents(1 - alpha) + " (α = "
                + number(alpha) + ", over the noise), so at most " + number(certification.mostFalseExpected())
                + " false ones are to be expected among " + ReportText.samples(certification.samples());
        return generalizes
                ? each + "; with " + confidence + " confidence, over the choice of samples and the noise, at least "
                        + ReportText.percent(report.lowerBound())
                        + " of all inputs get a certificate, and robust accuracy is at least "
                        + ReportText.percent(report.robustLowerBound())
                : each;
    }

    /**
     * List the facts behind the sentence as aligned lines, two spaces indented: accuracy, certified accuracy, abstentions, average
     * radius, what attacks left standing, and the {@link #levels}.
     */
    public static List<String> details(CertificationReport report) {
        Certification certification = report.certification();
        int samples = certification.samples();
        boolean interval = report.policy().decision().generalizes();
        List<String> lines = new ArrayList<>();
        lines.add(rate(
                "clean accuracy",
                certification.cleanCount(),
                samples,
                interval ? "95% CI " + ReportText.interval(certification.interval(0)) : ""));
        lines.add(rate(
                "certified",
                report.certifiedCount(),
                samples,
                interval ? "95% CI " + ReportText.interval(report.certifiedInterval()) : ""));
        if (certification.abstainedCount() > 0) {
            lines.add(rate("abstained", certification.abstainedCount(), samples, "counted as not certified"));
        }
        report.sandwich()
                .ifPresent(sandwich ->
                        lines.add(rate("under attack", sandwich.unbrokenCount(), samples, survived(sandwich))));
        lines.add(ReportText.line(
                "average radius",
                Epsilons.format(certification.averageRadius()) + "   "
                        + certification.norm().symbol()));
        report.sandwich()
                .filter(Sandwich::isContradicted)
                .ifPresent(sandwich -> sandwich.contradictions()
                        .forEach(each -> lines.add(ReportText.line("contradiction", one(each, sandwich)))));
        lines.add(ReportText.line("confidence", levels(report)));
        return List.copyOf(lines);
    }

    private static String rate(String label, int count, int total, String remark) {
        int width = String.valueOf(total).length();
        return ReportText.line(
                        label,
                        String.format(Locale.ROOT, "%6s", ReportText.percent((double) count / total)) + "   "
                                + String.format(Locale.ROOT, "%" + width + "d", count) + " of " + total + "   "
                                + remark)
                .stripTrailing();
    }

    /** Say what withstood which attacks, such as {@code not broken by PGD-40 (L2, ε = 0.5)}. */
    public static String survived(Sandwich sandwich) {
        RobustnessReport report = sandwich.report();
        return "not broken by " + report.title() + " (" + ReportText.threat(report.threatModel()) + ")";
    }

    /** Say in one sentence what lies between certificates and attacks. */
    public static String sentence(Sandwich sandwich) {
        return sandwich.isContradicted()
                ? contradiction(sandwich)
                : "between " + ReportText.percent(sandwich.certifiedAccuracy()) + " (certified) and "
                        + ReportText.percent(sandwich.empiricalAccuracy()) + " ("
                        + survived(sandwich) + ") of these samples are robust within "
                        + radius(sandwich.certification().norm(), sandwich.radius());
    }

    /**
     * Say what contradicts, and what that means.
     *
     * @param sandwich one that is contradicted
     */
    static String contradiction(Sandwich sandwich) {
        List<Contradiction> all = sandwich.contradictions();
        double alpha = sandwich.certification().certifier().alpha();
        List<String> shown =
                all.stream().limit(SHOWN).map(each -> one(each, sandwich)).toList();
        return "attacks contradict " + (all.size() == 1 ? "a certificate" : all.size() + " certificates") + ": "
                + String.join("; ", shown)
                + (all.size() > SHOWN ? "; and " + (all.size() - SHOWN) + " more" : "")
                + (alpha == 0
                        ? "; one of the two is wrong about the model: this is a bug"
                        : "; unless this is the chance of at most " + number(alpha)
                                + " per sample at which a certificate is false, it is a bug");
    }

    private static String one(Contradiction each, Sandwich sandwich) {
        Certification certification = sandwich.certification();
        String found = each.attack().isEmpty()
                ? "the model takes sample #" + each.id() + " itself for class " + each.found()
                : each.attack() + " has sample #" + each.id() + " taken for class " + each.found() + " at "
                        + certification.norm().symbol() + " distance " + digits(each.distance(), 4);
        return found + ", but " + certification.certifier().label() + " certified class " + each.certified()
                + " within " + Epsilons.format(each.radius());
    }

    /** Print a radius with its norm, such as {@code L2 radius 0.5}. */
    public static String radius(Norm norm, double radius) {
        return norm.symbol() + " radius " + Epsilons.format(radius);
    }

    /** Prints a probability close to 1 with as many digits as it has, such as {@code 99.9%}. */
    private static String percents(double probability) {
        return number(100 * probability) + "%";
    }

    private static String number(double value) {
        return digits(value, 6);
    }

    private static String digits(double value, int count) {
        return new BigDecimal(value)
                .round(new MathContext(count))
                .stripTrailingZeros()
                .toPlainString();
    }
}
