package dev.mettle.reports;

import dev.mettle.core.certification.CertificationListener;
import dev.mettle.core.certification.CertificationReport;

/**
 * Shows every certification in the Allure result of the test that is running: numbers and the curve of certified accuracy in its
 * description, parameters, labels, steps, and attachments; see {@link AllureEvaluationListener}.
 */
public final class AllureCertificationListener implements CertificationListener {

    @Override
    public void certified(CertificationReport report, String reproduce) {
        if (AllurePresence.on(AllureCertificationListener.class.getClassLoader())) {
            // A class that needs Allure: it is not loaded before this line runs.
            CertificationBridge.show(report, reproduce);
        }
    }
}
