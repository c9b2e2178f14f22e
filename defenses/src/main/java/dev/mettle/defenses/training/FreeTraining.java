package dev.mettle.defenses.training;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.core.ConfigurationException;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Free adversarial training: every minibatch is learned several times in a row, and between two times the perturbation takes one step.
 *
 * <p>{@code m} times: {@code δ ← Π(δ + ε · s(∇ₓL(θ, x + δ)))} along with {@code θ ← θ − η · ∇L(θ, x + δ)}, both at the same
 * {@code δ}. Since every minibatch counts {@code m} times, train {@code 1/m} of the epochs.
 *
 * <p>Two departures from the paper. The perturbation of a minibatch starts at a random point rather than where that of the minibatch
 * before it ended, so that training can be resumed to the bit. And the input gradient is that of the network as it is used, with
 * running statistics and without dropout, in a pass of its own: the passes are not shared, and it costs one cheap pass more.
 *
 * <p>Shafahi, Najibi, Ghiasi, Xu, Dickerson, Studer, Davis, Taylor, Goldstein: Adversarial Training for Free!, NeurIPS 2019,
 * <a href="https://arxiv.org/abs/1904.12843">arXiv:1904.12843</a>.
 *
 * @param replays how often in a row a minibatch is learned, at least 1; the paper takes 8 for CIFAR-10
 */
public record FreeTraining(int replays) implements TrainingMethod {

    /** Create the method with 8 replays. */
    public FreeTraining() {
        this(8);
    }

    /**
     * Create the method.
     *
     * @throws ConfigurationException if there is no replay
     */
    public FreeTraining {
        if (replays < 1) {
            throw new ConfigurationException("free training: replays is " + replays + ": give at least 1");
        }
    }

    @Override
    public String name() {
        return "free training";
    }

    @Override
    public String label() {
        return "free training ×" + replays;
    }

    @Override
    public Map<String, String> parameters() {
        return AttackOptions.of(this);
    }

    @Override
    public void learn(Minibatch batch) {
        INDArray x = batch.randomStart();
        for (int replay = 0; replay < replays; replay++) {
            boolean last = replay == replays - 1;
            INDArray next = last ? x : batch.step(x, batch.threatModel().epsilon());
            batch.fit(x);
            x = next;
        }
    }
}
