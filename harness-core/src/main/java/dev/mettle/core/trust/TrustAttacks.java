package dev.mettle.core.trust;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.threat.Norm;
import java.util.List;
import java.util.Optional;

/**
 * Lends attacks to the trust checks. Found by {@link java.util.ServiceLoader}; without a provider the checks that need other attacks
 * don't run.
 */
public interface TrustAttacks {

    /** What a trust check needs an attack for. */
    enum Role {
        /** Random points of the ball. */
        NOISE,
        /** One step along the gradient. */
        SINGLE_STEP,
        /** Many steps along the gradient of the margin. */
        OTHER_LOSS,
        /** No gradients at all. */
        BLACK_BOX
    }

    /**
     * Return an attack for a role.
     *
     * @param role what it is needed for
     * @param norm the norm it must be defined for
     * @param passes about how many passes it may spend on a sample that withstands it
     * @return the attack; empty if there is none for the norm
     */
    Optional<Attack> attack(Role role, Norm norm, int passes);

    /** Return the attacks to try next where a check raised a doubt; empty if no attack settles it. */
    List<Attack> next(TrustCheck check, Norm norm);
}
