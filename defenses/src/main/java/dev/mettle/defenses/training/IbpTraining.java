package dev.mettle.defenses.training;

import dev.mettle.attacks.AttackOptions;
import dev.mettle.core.ConfigurationException;
import java.util.Map;

/**
 * Training for certificates by interval bound propagation: a minibatch is learned at what its logits are at worst anywhere within
 * epsilon, by bounds rather than by an attack.
 *
 * <p>{@code κ · CE(logits) + (1 − κ) · CE(worst-case logits)}, the second ones by intervals around the inputs, cut by the input range.
 * While epsilon grows from 0, over half of the epochs unless {@link AdversarialTraining#withWarmUpEpochs} says otherwise, κ falls
 * from 1 to its end in step. Certified networks lose clean accuracy; a larger κ keeps more of it. Train for a little more than the
 * epsilon to certify.
 *
 * <p>For a {@code MultiLayerNetwork} of dense and convolution layers with ReLU, max and average pooling, that ends in softmax, in L∞.
 * Intervals don't heed constraints of the threat model: they bound a larger set, which proves as much. Cost per minibatch: a pass and
 * a gradient of the network, and twice that on intervals.
 *
 * <p>Gowal, Dvijotham, Stanforth, Bunel, Qin, Uesato, Arandjelovic, Mann, Kohli: On the Effectiveness of Interval Bound Propagation
 * for Training Verifiably Robust Models, 2018, <a href="https://arxiv.org/abs/1810.12715">arXiv:1810.12715</a>.
 *
 * @param kappa the weight κ of the clean samples at the end, in [0, 1]
 */
public record IbpTraining(double kappa) implements TrainingMethod {

    /** Create the method with κ = ½ at the end. */
    public IbpTraining() {
        this(0.5);
    }

    /**
     * Create the method.
     *
     * @throws ConfigurationException if κ is not in [0, 1]
     */
    public IbpTraining {
        if (!(kappa >= 0 && kappa <= 1)) {
            throw new ConfigurationException("IBP training: kappa is " + kappa + ": give a number from 0 to 1");
        }
    }

    /** Return the method with another weight of the clean samples at the end. */
    public IbpTraining withKappa(double weight) {
        return new IbpTraining(weight);
    }

    @Override
    public String name() {
        return "IBP training";
    }

    @Override
    public Map<String, String> parameters() {
        return AttackOptions.of(this);
    }

    @Override
    public boolean needsPairs() {
        return true;
    }

    @Override
    public double warmUpShare() {
        return 0.5;
    }

    @Override
    public void learn(Minibatch batch) {
        batch.fitWorstCase(1 - batch.grown() * (1 - kappa));
    }
}
