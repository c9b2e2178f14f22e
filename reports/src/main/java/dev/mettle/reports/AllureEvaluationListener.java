package dev.mettle.reports;

import dev.mettle.core.evaluation.EvaluationListener;
import dev.mettle.core.evaluation.Reported;

/**
 * Shows every report in the Allure result of the test that is running: numbers, curve and pictures in its description,
 * parameters, labels, one step per attack, and attachments. Beside the results it leaves {@code environment.properties} and
 * {@code categories.json}.
 *
 * <p>Does nothing if Allure is not on the class path, or no test case is running on this thread. Found by
 * {@link java.util.ServiceLoader}; there is nothing to configure.
 */
public final class AllureEvaluationListener implements EvaluationListener {

    private final ClassLoader loader;

    /** Create the listener. */
    public AllureEvaluationListener() {
        this(AllureEvaluationListener.class.getClassLoader());
    }

    AllureEvaluationListener(ClassLoader loader) {
        this.loader = loader;
    }

    @Override
    public void reported(Reported reported) {
        if (hasAllure()) {
            // A class that needs Allure: it is not loaded before this line runs.
            AllureBridge.show(reported);
        }
    }

    private boolean hasAllure() {
        return AllurePresence.on(loader);
    }
}
