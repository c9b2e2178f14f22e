package dev.mettle.junit;

import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationPlan;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertificationText;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.verdict.Outcome;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Prints plain lines about a certified test: what is certified, a sign of life, and the result.
 *
 * @param out takes whole lines
 */
record CertificationConsole(Consumer<String> out) {

    /** Print what is about to be certified. */
    void started(CertificationPlan plan) {
        print(plan.name() + "  seed " + plan.seed() + "  "
                + ReportText.samples(plan.data().size()) + "  model "
                + plan.model().info().name());
    }

    /** Print a line, such as a sign of life. */
    void about(String line) {
        print("  " + line);
    }

    /** Print the result. */
    void finished(CertificationReport report) {
        Certification certification = report.certification();
        StringBuilder line = new StringBuilder(certification.certifier().label())
                .append("  ")
                .append(CertificationText.radius(certification.norm(), report.radius()))
                .append("  clean ")
                .append(ReportText.percent(certification.cleanAccuracy()))
                .append("  certified ")
                .append(ReportText.percent(report.certifiedAccuracy()))
                .append(' ')
                .append(ReportText.interval(report.certifiedInterval()));
        report.policy()
                .minCertifiedAccuracy()
                .ifPresent(required -> line.append("  need ").append(ReportText.percent(required)));
        if (certification.abstainedCount() > 0) {
            line.append("  abstained ").append(certification.abstainedCount());
        }
        line.append(String.format(Locale.ROOT, "  %.1f s  ", certification.seconds()));
        Outcome outcome = report.outcome();
        line.append(outcome == Outcome.FAIL ? "FAIL" : outcome.name().toLowerCase(Locale.ROOT));
        about(line.toString());
        report.sandwich().ifPresent(sandwich -> about("  " + CertificationText.sentence(sandwich)));
        about("  " + CertificationText.levels(report));
        certification.notes().forEach(note -> about("  note: " + note));
    }

    private void print(String line) {
        out.accept(Console.PREFIX + line);
    }
}
