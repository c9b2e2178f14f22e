package dev.mettle.core.evaluation;

import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls the {@link EvaluationListener}s on the class path. */
public final class EvaluationListeners {

    private static final Logger LOG = LoggerFactory.getLogger(EvaluationListeners.class);

    private EvaluationListeners() {}

    /** Tell all listeners that a report is complete; see {@link EvaluationListener#reported}. */
    public static void reported(Reported reported) {
        notifyAll(EvaluationListener.class, listener -> listener.reported(reported));
    }

    /**
     * Call all listeners of a type on the class path. One that throws is logged, and the others are called all the same.
     *
     * @param type the interface that {@link ServiceLoader} looks for
     */
    public static <L> void notifyAll(Class<L> type, Consumer<L> call) {
        try {
            for (L listener : ServiceLoader.load(type)) {
                try {
                    call.accept(listener);
                } catch (RuntimeException | LinkageError e) {
                    LOG.warn(
                            "{} failed; the verdict stands", listener.getClass().getName(), e);
                }
            }
        } catch (ServiceConfigurationError e) {
            LOG.warn("a listener on the class path can't be loaded; the verdict stands", e);
        }
    }
}
