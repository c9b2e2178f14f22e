package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Backend;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Enables a test where ND4J runs on a GPU; see {@link RequiresGpu}. */
final class GpuCondition implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        try {
            return decide(Backend.isCuda(), Backend.statement());
        } catch (ConfigurationException e) { // no backend at all, or one that would crash on the GPU of this machine
            return ConditionEvaluationResult.disabled("needs a GPU, but " + e.getMessage());
        }
    }

    static ConditionEvaluationResult decide(boolean isCuda, String statement) {
        return isCuda
                ? ConditionEvaluationResult.enabled(statement)
                : ConditionEvaluationResult.disabled("needs a GPU, but this is " + statement
                        + "; with a GPU, put one of ND4J's CUDA builds on the class path in place of nd4j-native");
    }
}
