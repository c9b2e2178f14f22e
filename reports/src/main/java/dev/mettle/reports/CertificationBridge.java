package dev.mettle.reports;

import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertificationText;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.verdict.Outcome;
import io.qameta.allure.Allure;
import io.qameta.allure.AllureLifecycle;
import io.qameta.allure.model.Status;
import io.qameta.allure.model.StepResult;
import io.qameta.allure.model.TestResult;
import java.util.ArrayList;
import java.util.List;

/** Puts a certification into Allure's result of the test that is running on this thread. It needs Allure. */
final class CertificationBridge {

    private CertificationBridge() {}

    /** Show a report; do nothing if no test case is running. */
    static void show(CertificationReport report, String reproduce) {
        AllureLifecycle lifecycle = Allure.getLifecycle();
        if (lifecycle.getCurrentTestCase().isEmpty()) {
            return;
        }
        String curve = SvgStaircase.draw(report);
        String description = CertificationHtml.of(report, curve, reproduce);
        long now = System.currentTimeMillis();
        lifecycle.updateTestCase(test -> {
            test.setDescriptionHtml(AllureBridge.appended(test, description));
            addParameters(test, report);
            AllureBridge.addLabel(test, "feature", "Robustness");
            AllureBridge.addLabel(test, "story", "Certified");
            AllureBridge.addLabel(test, "tag", "robustness");
            AllureBridge.addTaxonomy(test, Taxonomy.ofCertification());
            AllureBridge.addSeverity(
                    test, report.policy().minCertifiedAccuracy().isPresent());
            test.getSteps().addAll(steps(report, now));
        });
        AllureBridge.attach(lifecycle, "certified accuracy", "image/svg+xml", ".svg", curve);
        AllureBridge.attach(
                lifecycle, "certification.json", "application/json", ".json", CertificationJson.text(report));
        AllureResultsFolder folder = new AllureResultsFolder(AllureBridge.resultsDirectory());
        folder.describe(report.certification());
        folder.addCategories();
        folder.addExecutor(System.getenv());
    }

    private static void addParameters(TestResult test, CertificationReport report) {
        Certification certification = report.certification();
        AllureBridge.addParameter(
                test,
                AllureBridge.parameter("certifier", certification.certifier().label()));
        AllureBridge.addParameter(
                test, AllureBridge.parameter("norm", certification.norm().symbol()));
        AllureBridge.addParameter(test, AllureBridge.parameter("radius", Epsilons.format(report.radius())));
        // Excluded: another seed is still the same test, with the same history.
        AllureBridge.addParameter(
                test,
                AllureBridge.parameter("seed", String.valueOf(certification.seed()))
                        .setExcluded(true));
    }

    private static List<StepResult> steps(CertificationReport report, long end) {
        Certification certification = report.certification();
        double attacked =
                report.sandwich().map(sandwich -> sandwich.report().seconds()).orElse(0.0);
        long certified = end - Math.round(1000 * attacked);
        List<StepResult> steps = new ArrayList<>();
        StepResult certify = AllureBridge.step(
                "Certify by " + certification.certifier().label() + ": " + report.certifiedCount() + " of "
                        + certification.samples() + " within "
                        + CertificationText.radius(certification.norm(), report.radius()),
                Status.PASSED,
                certified - Math.round(1000 * certification.seconds()),
                certified);
        certification
                .certifier()
                .parameters()
                .forEach((name, value) -> certify.getParameters().add(AllureBridge.parameter(name, value)));
        steps.add(certify);
        report.sandwich()
                .ifPresent(sandwich -> steps.add(AllureBridge.step(
                        "Compare with attacks: " + CertificationText.sentence(sandwich),
                        sandwich.isContradicted() ? Status.BROKEN : Status.PASSED,
                        certified,
                        end)));
        steps.add(AllureBridge.step(
                "Judge: " + report.outcome(), AllureBridge.status(report.outcome(), Outcome.PASS), end, end));
        return steps;
    }
}
