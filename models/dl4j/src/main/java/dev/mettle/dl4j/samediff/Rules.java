package dev.mettle.dl4j.samediff;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The allow-list: how the operations of SameDiff are lowered, by their names. */
final class Rules {

    /** Lowers one operation. */
    @FunctionalInterface
    interface Rule {
        Tensor lower(Drawing drawing, Operation operation);
    }

    private static final Map<String, Rule> RULES = rules();

    private static final String RANDOM_AT_INFERENCE =
            "SameDiff 1.0.0-M2.1 applies at inference too, so that its outputs are random: build the graph to be evaluated"
                    + " without it";

    private Rules() {}

    private static Map<String, Rule> rules() {
        Map<String, Rule> rules = new HashMap<>();
        Arithmetic.register(rules);
        Activations.register(rules);
        Matrices.register(rules);
        Windows.register(rules);
        Normalizations.register(rules);
        Layouts.register(rules);
        return Map.copyOf(rules);
    }

    static Rule of(Operation.Step step) {
        Rule rule = RULES.get(step.name());
        if (rule == null) {
            throw step.refusal(reason(step.name()));
        }
        return rule;
    }

    private static String reason(@Nullable String name) {
        return name != null && name.contains("dropout")
                ? RANDOM_AT_INFERENCE
                : "Mettle has no gradient for: build it from the operations listed in docs/samediff.md";
    }
}
