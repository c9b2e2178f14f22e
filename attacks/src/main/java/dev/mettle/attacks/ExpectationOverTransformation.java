package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.threat.Norm;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Expectation over transformation: any gradient attack, with every gradient replaced by the mean over several passes.
 *
 * <p>{@code ∇ₓ E[L(f_r(x))] ≈ 1/k Σᵢ ∇ₓ L(f_rᵢ(x))} for a model {@code f_r} with random parts: noise, random resizing, dropout at
 * inference. One pass of such a model tells its gradient at one draw only, and an attack that follows it goes astray.
 *
 * <p>Use it on randomized models only; on others it does the same work several times over. Cost: {@code draws} times the passes of
 * the attack.
 *
 * <p>Athalye, Engstrom, Ilyas, Kwok: Synthesizing Robust Adversarial Examples, ICML 2018,
 * <a href="https://arxiv.org/abs/1707.07397">arXiv:1707.07397</a>; Athalye, Carlini, Wagner: Obfuscated Gradients Give a False
 * Sense of Security, ICML 2018, <a href="https://arxiv.org/abs/1802.00420">arXiv:1802.00420</a>.
 *
 * @param attack the attack, one that follows gradients
 * @param draws over how many passes each gradient is averaged, at least 2
 */
public record ExpectationOverTransformation(Attack attack, int draws) implements Attack {

    /** Create APGD-CE with the 20 passes per gradient of AutoAttack. */
    public ExpectationOverTransformation() {
        this(new Apgd(), 20);
    }

    /**
     * Create the attack.
     *
     * @throws ConfigurationException if the attack follows no gradients, or there are fewer than 2 draws
     */
    public ExpectationOverTransformation {
        AttackOptions.requireAtLeast("EOT", "draws", draws, 2);
        if (attack.access() != Access.GRADIENTS) {
            throw new ConfigurationException(
                    "EOT averages gradients, but " + attack.label() + " uses none: run it as it is");
        }
    }

    /** Average the gradients of an attack over a number of passes. */
    public static ExpectationOverTransformation of(Attack attack, int draws) {
        return new ExpectationOverTransformation(attack, draws);
    }

    @Override
    public String name() {
        return "EOT " + attack.name();
    }

    @Override
    public String label() {
        return "EOT-" + draws + " " + attack.label();
    }

    @Override
    public Map<String, String> parameters() {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("attack", attack.label());
        parameters.putAll(attack.parameters());
        parameters.put("draws", String.valueOf(draws));
        return parameters;
    }

    @Override
    public Access access() {
        return Access.GRADIENTS;
    }

    @Override
    public Set<Norm> norms() {
        return attack.norms();
    }

    @Override
    public int restarts() {
        return attack.restarts();
    }

    @Override
    public int gradientDraws() {
        return draws * attack.gradientDraws();
    }

    @Override
    public boolean minimizesNorm() {
        return attack.minimizesNorm();
    }

    @Override
    public double confidence() {
        return attack.confidence();
    }

    @Override
    public boolean isBaseline() {
        return attack.isBaseline();
    }

    @Override
    public boolean universal() {
        return attack.universal();
    }

    @Override
    public String transformation() {
        return attack.transformation();
    }

    @Override
    public Optional<Attack> longer() {
        return attack.longer().map(longer -> of(longer, draws));
    }

    @Override
    public Passes passes(int classes) {
        return attack.passes(classes).times(draws);
    }

    @Override
    public void run(AttackContext context) {
        attack.run(context.averaging(draws));
    }
}
