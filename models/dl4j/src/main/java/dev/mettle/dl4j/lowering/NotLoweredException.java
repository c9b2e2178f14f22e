package dev.mettle.dl4j.lowering;

/** A network has a layer, or a setting of one, that no operator graph is known for. The message says which, as the rest of a sentence. */
public final class NotLoweredException extends Exception {

    private static final long serialVersionUID = 1L;

    NotLoweredException(String message) {
        super(message);
    }
}
