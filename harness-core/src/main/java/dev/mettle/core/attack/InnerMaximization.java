package dev.mettle.core.attack;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.ThreatModel;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Runs an attack for training: the inner maximization of {@code min over weights of E[max over perturbations of the loss]}
 * (Madry et al. 2018).
 *
 * <p>Here an attack is not judged. It runs to its end on every sample, those that it broke on the way and those that the model gets
 * wrong anyway too, and what counts is the last point that it proposes.
 */
public final class InnerMaximization {

    private final Attack attack;
    private final DifferentiableModel model;
    private final int classes;

    /**
     * Create the maximization of what an attack maximizes. It runs once, whatever its restarts.
     *
     * @param attack the attack
     * @param model the model in training, which isn't asked for its description, since that means to hash its weights
     * @param classes the number of classes of the model
     */
    public InnerMaximization(Attack attack, DifferentiableModel model, int classes) {
        this.attack = attack;
        this.model = model;
        this.classes = classes;
    }

    /**
     * Perturb samples.
     *
     * @param threat the threat model
     * @param inputs samples inside the box, shape {@code [n, ...]}, in the model's data type; never changed
     * @param labels {@code n} true labels, of which the attack leads away
     * @param streams the random stream of each sample
     * @return one allowed point per sample, of the shape of {@code inputs}
     * @throws ConfigurationException if the attack doesn't know the norm, or ends without a proposal
     */
    public INDArray perturb(ThreatModel threat, INDArray inputs, int[] labels, SampleRandom... streams) {
        attack.within(threat.norm(), threat.epsilon()); // refuses a norm that the attack doesn't know
        ProposalTracker proposals = new ProposalTracker(
                        attack,
                        model,
                        threat,
                        inputs,
                        Aim.awayFrom(labels),
                        classes,
                        streams,
                        false,
                        tracker -> {},
                        QueryListener.NONE)
                .unjudged();
        attack.run(new AttackContext(proposals, 0));
        if (!proposals.proposed()) {
            throw new ConfigurationException(attack.name()
                    + " asks for gradients and logits only and ends without a proposal: train on an attack that proposes the point it"
                    + " ends at, such as PGD");
        }
        return proposals.best();
    }
}
