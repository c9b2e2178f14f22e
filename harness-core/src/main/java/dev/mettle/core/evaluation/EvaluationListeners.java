package dev.mettle.core.evaluation;

import dev.mettle.core.verdict.BaselineComparison;
import dev.mettle.core.verdict.Outcome;
import java.util.List;
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
    public static void reported(RobustnessReport report, Outcome expected, String reproduce) {
        notifyAll(EvaluationListener.class, listener -> listener.reported(report, expected, reproduce));
    }

    /** Tell all listeners that a report has been compared with a baseline; see {@link EvaluationListener#compared}. */
    public static void compared(RobustnessReport report, BaselineComparison comparison) {
        notifyAll(EvaluationListener.class, listener -> listener.compared(report, comparison));
    }

    /** Tell all listeners what became of known adversarial examples; see {@link EvaluationListener#replayed}. */
    public static void replayed(RobustnessReport report, CorpusReplay replay) {
        notifyAll(EvaluationListener.class, listener -> listener.replayed(report, replay));
    }

    /** Tell all listeners what a defense bought; see {@link EvaluationListener#defended}. */
    public static void defended(
            Improvement improvement, String defense, List<String> log, double seconds, double cpuSeconds) {
        notifyAll(
                EvaluationListener.class,
                listener -> listener.defended(improvement, defense, log, seconds, cpuSeconds));
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
