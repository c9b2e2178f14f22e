package dev.mettle.reports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.evaluation.Reported;
import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the document of the report that was told last: the listeners are told one after the other, and a close look at single samples would
 * be taken anew for each of them.
 */
final class LastDocument {

    private static final AtomicReference<@Nullable LastDocument> LAST = new AtomicReference<>();

    private final WeakReference<Reported> reported;
    private final SoftReference<ObjectNode> document;

    private LastDocument(Reported reported, ObjectNode document) {
        this.reported = new WeakReference<>(reported);
        this.document = new SoftReference<>(document);
    }

    /** Return the document of a report; nobody may change it. */
    static ObjectNode of(Reported reported) {
        LastDocument last = LAST.get();
        ObjectNode known = last != null && last.reported.refersTo(reported) ? last.document.get() : null;
        if (known != null) {
            return known;
        }
        ObjectNode document = EvaluationJson.of(reported);
        LAST.set(new LastDocument(reported, document));
        return document;
    }
}
