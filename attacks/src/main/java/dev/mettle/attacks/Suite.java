package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AttackSuite;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.threat.Norm;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The suites of attacks that come with Mettle, by name. */
public enum Suite {

    /**
     * A small suite for every build: APGD-CE and APGD-DLR with 50 steps, then APGD-T with 50 steps towards 3 classes; in L0 FMN and
     * σ-zero. It spends about
     * 500 passes on a sample that withstands it, a twentieth of AutoAttack, and is weaker: it has no attack that does without gradients,
     * and finds a little less. A model that passes should see {@link #AUTO_ATTACK} before a release.
     */
    QUICK("gradient attacks with half of AutoAttack's steps; for every build, weaker") {
        @Override
        public AttackSuite in(Norm norm) {
            if (norm == Norm.L0) {
                return new AttackSuite("Mettle quick", "1", List.of(new Fmn(), new SigmaZero()));
            }
            Apgd apgd = new Apgd().withSteps(50);
            ApgdTargeted targeted = new ApgdTargeted().withSteps(50).withTargets(3);
            return new AttackSuite(
                    "Mettle quick",
                    "1",
                    norm == Norm.L1
                            ? List.of(
                                    apgd.withLargeEpsilons(),
                                    apgd.withLoss(Loss.DLR).withLargeEpsilons(),
                                    targeted.withLargeEpsilons())
                            : List.of(apgd, apgd.withLoss(Loss.DLR), targeted));
        }
    },

    /** AutoAttack as the literature reports it; see {@link AutoAttack#standard}. */
    AUTO_ATTACK("AutoAttack standard: APGD-CE, APGD-T, FAB-T, Square (Croce and Hein 2020)") {
        @Override
        public AttackSuite in(Norm norm) {
            return AutoAttack.standard(norm);
        }
    },

    /** A larger suite, with restarts; see {@link AutoAttack#plus}. */
    AUTO_ATTACK_PLUS("AutoAttack plus: six attacks with restarts") {
        @Override
        public AttackSuite in(Norm norm) {
            return AutoAttack.plus(norm);
        }
    },

    /** For randomized models; see {@link AutoAttack#rand}. */
    AUTO_ATTACK_RAND("AutoAttack rand: for randomized models, gradients averaged over 20 passes") {
        @Override
        public AttackSuite in(Norm norm) {
            return AutoAttack.rand(norm);
        }
    };

    private final String description;

    Suite(String description) {
        this.description = description;
    }

    /**
     * Return the attacks for a norm.
     *
     * @throws ConfigurationException if the suite is not defined for the norm
     */
    public abstract AttackSuite in(Norm norm);

    /** Return one line on what the suite is. */
    public String description() {
        return description;
    }

    /** Return the name used on the command line, such as {@code auto-attack}. */
    public String commandName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Find a suite by the name used on the command line.
     *
     * @throws ConfigurationException if there is none
     */
    public static Suite parse(String text) {
        return Arrays.stream(values())
                .filter(suite -> suite.commandName().equals(text.trim().toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new ConfigurationException("there is no suite '" + text + "': choose from "
                        + String.join(
                                ", ",
                                Arrays.stream(values()).map(Suite::commandName).toList())));
    }
}
