package dev.mettle.defenses.training;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.core.ConfigurationException;
import java.util.Map;

/**
 * Training under Gaussian noise, as the base classifier of randomized smoothing needs it: {@code x + N(0, σ²)}, not clipped to the
 * input range, since smoothing doesn't clip either.
 *
 * <p>Cohen, Rosenfeld, Kolter: Certified Adversarial Robustness via Randomized Smoothing, ICML 2019,
 * <a href="https://arxiv.org/abs/1902.02918">arXiv:1902.02918</a>.
 *
 * @param sigma the standard deviation σ, in input units, above 0
 */
public record NoiseTraining(double sigma) implements TrainingMethod {

    /**
     * Create the method.
     *
     * @throws ConfigurationException if σ is not positive
     */
    public NoiseTraining {
        if (!(sigma > 0) || Double.isInfinite(sigma)) {
            throw new ConfigurationException(
                    "noise training: sigma is " + sigma + ": give a finite number above 0, in input units");
        }
    }

    @Override
    public String name() {
        return "noise training";
    }

    @Override
    public Map<String, String> parameters() {
        return AttackOptions.of(this);
    }

    @Override
    public void learn(Minibatch batch) {
        batch.fit(batch.withNoise(sigma));
    }
}
