package dev.mettle.junit;

import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** Remembers values for the life of an extension context. */
final class Stores {

    private static final Namespace NAMESPACE = Namespace.create(RobustnessTestExtension.class);

    private Stores() {}

    /**
     * Return the value remembered under a key; compute it the first time.
     *
     * <p>The store would close a value that is {@link AutoCloseable}; it is the caller's, so it is kept in a wrapper.
     */
    static <T> T remember(ExtensionContext context, Object key, Class<T> type, Supplier<T> compute) {
        // computeIfAbsent is new in JUnit 6; this one is in 5.14 as well
        Object kept = context.getStore(NAMESPACE).getOrComputeIfAbsent(key, k -> new Kept(compute.get()));
        return type.cast(((Kept) kept).value());
    }

    /** Return the value remembered under a key, if there is one. */
    static <T> Optional<T> recall(ExtensionContext context, Object key, Class<T> type) {
        return Optional.ofNullable(context.getStore(NAMESPACE).get(key, Kept.class))
                .map(kept -> type.cast(kept.value()));
    }

    private record Kept(Object value) {}
}
