package dev.mettle.junit;

import dev.mettle.core.evaluation.EvaluationListener;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.Outcome;
import java.util.ArrayList;
import java.util.List;

/** Remembers what a listener on the class path hears in a thread. */
public final class RecordingListener implements EvaluationListener {

    static final ThreadLocal<List<String>> HEARD = ThreadLocal.withInitial(ArrayList::new);

    @Override
    public void reported(RobustnessReport report, Outcome expected, String reproduce) {
        HEARD.get().add(report + " <- " + reproduce);
    }
}
