package dev.mettle.graph.nd4j;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What kernels derive from the weights of a graph, such as another layout of a kernel: computed once, shared by all programs. */
final class Constants {

    private record Derived(INDArray value, Supplier<INDArray> computation) {}

    /** In the order in which they were derived, since some derive from others. */
    private final Map<String, Derived> derived = new LinkedHashMap<>();

    /** Return a constant by name, computed if it is asked for the first time. */
    @SuppressWarnings("try") // the scope is all there is to it
    synchronized INDArray get(String name, Supplier<INDArray> computation) {
        Derived known = derived.get(name);
        if (known == null) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                known = new Derived(computation.get().dup('c'), computation);
            }
            derived.put(name, known);
        }
        return known.value();
    }

    /** Compute all of them again, in the memory that they have, since the weights have changed. */
    @SuppressWarnings("try") // the scope is all there is to it
    synchronized void recompute() {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            derived.values()
                    .forEach(constant ->
                            constant.value().assign(constant.computation().get()));
        }
    }
}
