package dev.mettle.dl4j.samediff;

import dev.mettle.dl4j.samediff.Operation.Step;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where a graph turns logits into what it puts out: the last softmax or sigmoid, if there is one.
 *
 * @param section everything up to the variable that the user named
 * @param logits the variable that holds the logits
 * @param activation the operation that makes scores of logits; {@code identity} if there is none
 * @param warnings what limits the logits, as sentences
 */
record Head(Section section, String logits, String activation, List<String> warnings) {

    private static final String NONE = "identity";

    private static final Set<String> ACTIVATIONS = Set.of("softmax", "log_softmax", "sigmoid", "logsigmoid");

    private static final Set<String> SQUASHING = Set.of("softmax", "sigmoid");

    /** Find the head of a section. */
    static Head of(Section section) {
        Map<String, Step> producers = new HashMap<>();
        section.steps().forEach(step -> producers.put(step.output(), step));
        String name = throughIdentities(producers, section.output());
        Step last = producers.get(name);
        if (last == null || !ACTIVATIONS.contains(last.name())) {
            return new Head(section, section.output(), NONE, List.of());
        }
        int axis = new Operation(last, List.of()).integer(0, -1);
        if (axis != -1 && axis != 1) {
            throw last.refusal("runs along axis " + axis + " here: the classes have to be on axis 1");
        }
        String logits = last.inputs().get(0);
        Step before = producers.get(throughIdentities(producers, logits));
        List<String> warnings = before != null && SQUASHING.contains(before.name())
                ? List.of("the model applies " + before.name() + " before its last " + last.name()
                        + ", so its logits are probabilities and their gradients vanish where it is confident: remove one"
                        + " of the two")
                : List.of();
        return new Head(section, logits, last.name(), warnings);
    }

    private static String throughIdentities(Map<String, Step> producers, String from) {
        String name = from;
        Step step = producers.get(name);
        while (step != null && (step.name().equals(NONE) || step.name().equals("cast"))) {
            name = step.inputs().get(0);
            step = producers.get(name);
        }
        return name;
    }

    /** Say whether a single output of this head stands for two classes. */
    boolean isSigmoid() {
        return activation.equals("sigmoid");
    }
}
