package dev.mettle.reports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationListener;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertificationText;
import dev.mettle.core.evaluation.EvaluationListener;
import dev.mettle.core.evaluation.Reported;

/**
 * Writes every report of a test as {@code report.json} and as an HTML page, for those who have no Allure: into
 * {@code target/mettle-reports} ({@code build/mettle-reports} where there is a folder {@code build} and none {@code target}), or the folder
 * that the system property {@value #FOLDER} names; {@code off} writes nothing.
 *
 * <p>A file is named after the test, the attacks and the threat model, so that the next run replaces it. Found by
 * {@link java.util.ServiceLoader}.
 */
public final class ReportFilesListener implements EvaluationListener, CertificationListener {

    /** The system property that names the folder. */
    public static final String FOLDER = "mettle.reports.folder";

    /** Create the listener. */
    public ReportFilesListener() {}

    @Override
    public void reported(Reported reported) {
        ReportFolder.of(reported.reproduce()).ifPresent(folder -> {
            ObjectNode document = LastDocument.of(reported);
            String name = ReportFolder.name(reported.report().evaluation().name(), reported.report());
            folder.write(name + ".json", EvaluationJson.text(document));
            folder.write(
                    name + ".html", ReportSet.of(ReportDocument.of(document)).html());
        });
    }

    @Override
    public void certified(CertificationReport report, String reproduce) {
        ReportFolder.of(reproduce).ifPresent(folder -> {
            Certification certification = report.certification();
            String name = ReportFolder.name(
                    certification.name(),
                    certification.certifier().label() + " "
                            + CertificationText.radius(certification.norm(), report.radius()));
            folder.write(name + ReportFolder.CERTIFICATION, CertificationJson.text(report));
            folder.write(name + ".html", CertificationHtml.page(report, reproduce));
        });
    }
}
