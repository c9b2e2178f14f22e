package dev.mettle.graph.nd4j;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What kernels derive from the weights of a graph, such as another layout of a kernel: computed once, shared by all programs. */
final class Constants {

    private final ConcurrentMap<String, INDArray> derived = new ConcurrentHashMap<>();

    /** Return a constant by name, computed if it is asked for the first time. */
    @SuppressWarnings("try") // the scope is all there is to it
    INDArray get(String name, Supplier<INDArray> computation) {
        return derived.computeIfAbsent(name, key -> {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                return computation.get().dup('c');
            }
        });
    }
}
