package dev.mettle.junit;

import dev.mettle.core.evaluation.EvaluationListener;
import dev.mettle.core.evaluation.Reported;
import java.util.ArrayList;
import java.util.List;

/** Remembers what a listener on the class path hears in a thread. */
public final class RecordingListener implements EvaluationListener {

    static final ThreadLocal<List<String>> HEARD = ThreadLocal.withInitial(ArrayList::new);

    @Override
    public void reported(Reported reported) {
        HEARD.get().add(reported.report() + " <- " + reported.reproduce());
    }
}
