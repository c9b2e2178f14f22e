package dev.mettle.dl4j;

import java.util.function.Supplier;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J's workspaces: memory that is reused, whose arrays die with their scope. */
final class Workspaces {

    private Workspaces() {}

    /** Compute something whose arrays outlive every workspace that is open. */
    @SuppressWarnings("try") // the scope is all there is to it
    static <T> T outside(Supplier<T> computation) {
        try (MemoryWorkspace scope = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return computation.get();
        }
    }
}
