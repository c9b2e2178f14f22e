package dev.mettle.core.attack;

/**
 * One forward pass that an attack asked for at one point of a sample, with the backward passes that went with it.
 *
 * @param restart the restart of the attack, counted from 0
 * @param asked what the attack got to see: the label only, the logits, or gradients with them
 * @param backwards the number of backward passes
 * @param margin by how much the logits miss what the attack wants: that of the true class minus the largest other one; towards a
 *     target, the largest other one minus that of the target. Below 0 exactly where the attack has what it wants; NaN if the model
 *     tells no logits
 * @param gradientNorm the Euclidean length of the gradient of the loss with respect to the input, up to a factor that the attack
 *     chooses (see {@link dev.mettle.core.loss.LogitLoss#direction(double[], dev.mettle.core.loss.Aim)}); the largest one of several,
 *     NaN if there is none or if it is invalid
 * @param distance the distance of the point from the clean sample, in the norm of the threat model
 */
public record Query(int restart, Access asked, int backwards, double margin, double gradientNorm, double distance) {

    /** Say whether the point was what the attack wants. False if the model tells no logits. */
    public boolean reachesAim() {
        return margin < 0;
    }
}
