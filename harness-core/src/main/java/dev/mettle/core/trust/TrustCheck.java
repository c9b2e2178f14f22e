package dev.mettle.core.trust;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The checks that ask whether the failure of attacks is evidence of robustness. What an attack breaks is broken, whatever they say.
 *
 * <p>Athalye, Carlini, Wagner: Obfuscated Gradients Give a False Sense of Security, ICML 2018; Carlini et al.: On Evaluating
 * Adversarial Robustness, 2019; Croce, Hein: Reliable Evaluation of Adversarial Robustness, ICML 2020 (AutoAttack's flags); Pintor et
 * al.: Indicators of Attack Failure, NeurIPS 2022 (I1 to I6).
 */
public enum TrustCheck {
    /** Whether an attack ran that is more than a baseline. */
    STRONG_ATTACK("an attack that is more than a baseline ran", "Carlini 2019"),
    /** Whether gradients are numbers, and agree with finite differences. */
    VALID_GRADIENTS("gradients agree with finite differences", "Pintor 2022, I1"),
    /** Whether gradients are zero. */
    NONZERO_GRADIENTS("gradients are not zero", "Pintor 2022, I1; AutoAttack"),
    /** Whether single precision changes the direction of gradients. */
    SUFFICIENT_PRECISION("gradients keep their direction in double precision", "Carlini 2019"),
    /** Whether neighboring gradients point the same way. */
    SMOOTH_GRADIENTS("neighboring gradients point the same way", "Athalye 2018"),
    /** Whether the model tells logits rather than probabilities. */
    LOGITS("the model tells logits, not probabilities", "AutoAttack"),
    /** Whether the softmax of the logits is more than zeros and ones. */
    UNSATURATED_LOGITS("the softmax of the logits is not saturated", "Carlini 2019"),
    /** Whether the same input gets the same answer. */
    DETERMINISTIC("the same input gets the same answer", "AutoAttack; Athalye 2018"),
    /** Whether a sample gets the same answer in every batch. */
    INDEPENDENT_SAMPLES("a sample gets the same answer in every batch", "Carlini 2019"),
    /** Whether labels are those of the largest logits. */
    CONSISTENT_LABELS("labels are those of the largest logits", "Pintor 2022, I5"),
    /** Whether scores change at all where the attack looks for adversarial examples. */
    CHANGING_SCORES("scores change within epsilon", "Athalye 2018"),
    /** Whether scores jump as soon as an input is touched. */
    CONTINUOUS_SCORES("scores do not jump next to a sample", "Tramèr 2020"),
    /** Whether inputs are rounded before they reach the model. */
    UNROUNDED_INPUTS("inputs are not rounded", "Athalye 2018"),
    /** Whether small noise changes the loss a lot. */
    STABLE_PREDICTIONS("small noise hardly changes the loss", "Pintor 2022, I2"),
    /** Whether an adversarial example on the way is lost at the end. */
    NO_SILENT_SUCCESS("no adversarial example on the way is lost", "Pintor 2022, I3"),
    /** Whether the loss still rises when the attack ends. */
    CONVERGED("the loss has stopped rising at the end", "Pintor 2022, I4"),
    /** Whether what breaks the attacked model breaks the original one. */
    TRANSFERS("what breaks the attacked model breaks the original", "Pintor 2022, I5"),
    /** Whether an attack without a bound breaks everything. */
    UNBOUNDED_SUCCEEDS("without a bound the attack reaches chance level", "Pintor 2022, I6; Athalye 2018"),
    /** Whether noise finds what attacks miss. */
    BEATS_NOISE("noise does not find what attacks miss", "Athalye 2018; Carlini 2019"),
    /** Whether one step finds what many miss. */
    BEATS_SINGLE_STEP("one step does not find what many miss", "Athalye 2018"),
    /** Whether an attack without gradients finds what gradients miss. */
    BEATS_BLACK_BOX("no black box finds what gradients miss", "Athalye 2018; AutoAttack"),
    /** Whether another loss finds what attacks miss. */
    BEATS_OTHER_LOSS("another loss does not find what attacks miss", "Tramèr 2020"),
    /** Whether a larger epsilon breaks what a smaller one broke. */
    GROWS_WITH_EPSILON("success grows with epsilon", "Athalye 2018; Carlini 2019"),
    /** Whether another restart finds what the attack missed. */
    ENOUGH_RESTARTS("another restart does not change the answer", "Carlini 2019"),
    /** Whether twice the steps find what the attack missed. */
    ENOUGH_STEPS("twice the steps do not change the answer", "Carlini 2019");

    private static final String SUITE = "trust check ";

    private final String title;
    private final String source;

    TrustCheck(String title, String source) {
        this.title = title;
        this.source = source;
    }

    /** Return the stable name, such as {@code beats-black-box}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Return the name of the suite of what the check broke, such as {@code trust check enough-steps}. */
    public String suite() {
        return SUITE + id();
    }

    /** Return the check whose suite has a name; empty if it is another suite. */
    public static Optional<TrustCheck> ofSuite(String suite) {
        return Arrays.stream(values())
                .filter(check -> check.suite().equals(suite))
                .findFirst();
    }

    /** Return what holds where nothing is found, in plain words. */
    public String title() {
        return title;
    }

    /**
     * Say whether the check only asks for stronger attacks. What a weak attack measured is still what it measured; so such a doubt
     * matters where robustness is to be shown.
     */
    public boolean isOfEffort() {
        return switch (this) {
            case STRONG_ATTACK, BEATS_OTHER_LOSS, ENOUGH_RESTARTS, ENOUGH_STEPS -> true;
            default -> false;
        };
    }

    /** Say whether the check looks at the model and its gradients, which no further attack can change. */
    boolean isOfModel() {
        return switch (this) {
            case VALID_GRADIENTS,
                    NONZERO_GRADIENTS,
                    SUFFICIENT_PRECISION,
                    SMOOTH_GRADIENTS,
                    LOGITS,
                    UNSATURATED_LOGITS,
                    DETERMINISTIC,
                    INDEPENDENT_SAMPLES,
                    CONSISTENT_LABELS,
                    CHANGING_SCORES,
                    CONTINUOUS_SCORES,
                    UNROUNDED_INPUTS,
                    STABLE_PREDICTIONS,
                    TRANSFERS -> true;
            default -> false;
        };
    }

    /** Return who proposed the check. */
    public String source() {
        return source;
    }
}
