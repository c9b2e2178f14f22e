package dev.mettle.defenses.training;

import dev.mettle.core.ConfigurationException;

/**
 * Watches for catastrophic overfitting: trained on single steps, a network may from one epoch to the next withstand only these, while PGD
 * breaks all of it. The guard attacks held-out samples with PGD-10 every so many minibatches; where robust accuracy has dropped too far
 * below its best, training goes back to the weights of that moment. What a network that says the same of everything gets is no best.
 *
 * <p>Wong, Rice, Kolter: Fast is better than free, ICLR 2020, <a href="https://arxiv.org/abs/2001.03994">arXiv:2001.03994</a>.
 *
 * @param everyBatches how many minibatches lie between two looks, at least 1
 * @param samples how many held-out samples are attacked, at least 1
 * @param drop by how much robust accuracy may fall below its best, in (0, 1)
 * @param then what happens when it has fallen farther
 */
public record OverfittingGuard(int everyBatches, int samples, double drop, Then then) {

    /** What a guard does. */
    public enum Then {
        /** Ends the training. */
        STOP,
        /** Goes on with PGD training of 10 steps. */
        SWITCH_TO_PGD
    }

    /**
     * Create the guard.
     *
     * @throws ConfigurationException if a number is out of its range
     */
    public OverfittingGuard {
        if (everyBatches < 1 || samples < 1) {
            throw new ConfigurationException("the overfitting guard looks every " + everyBatches + " minibatches at "
                    + samples + " samples: give at least 1 of each");
        }
        if (!(drop > 0 && drop < 1)) {
            throw new ConfigurationException("the overfitting guard lets robust accuracy drop by " + drop
                    + ": give a share between 0 and 1, such as 0.2");
        }
    }

    /** Look every 50 minibatches at 128 samples, and end the training at a drop of 20 points. */
    public static OverfittingGuard stopping() {
        return new OverfittingGuard(50, 128, 0.2, Then.STOP);
    }

    /** Look every 50 minibatches at 128 samples, and go on with PGD training at a drop of 20 points. */
    public static OverfittingGuard switchingToPgd() {
        return new OverfittingGuard(50, 128, 0.2, Then.SWITCH_TO_PGD);
    }
}
