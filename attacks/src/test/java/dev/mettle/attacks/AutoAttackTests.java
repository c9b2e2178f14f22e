package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.threat.Norm;
import org.junit.jupiter.api.Test;

/** A name that the literature knows stands for exactly its parameters. */
class AutoAttackTests {

    @Test
    void standard_has_the_parameters_of_the_reference() {
        assertThat(AutoAttack.standard(Norm.LINF)).isEqualTo(AutoAttack.standard(Norm.L2));
        assertThat(AutoAttack.standard(Norm.LINF))
                .hasToString("AutoAttack standard 1:"
                        + " APGD-CE-100{loss=cross-entropy, steps=100, restarts=1, rho=0.75, large-epsilons=false},"
                        + " APGD-T-100{targets=9, steps=100, restarts=1, rho=0.75, large-epsilons=false},"
                        + " FAB-T-100×9{steps=100, targets=9, restarts=1, eta=1.05, beta=0.9, alpha-max=0.1},"
                        + " Square-5000{queries=5000, p-init=0.8, rescale-schedule=false, restarts=1}");
        assertThat(AutoAttack.standard(Norm.L1).attacks().subList(0, 2))
                .containsExactly(
                        new Apgd().withRestarts(5).withLargeEpsilons(),
                        new ApgdTargeted().withTargets(5).withLargeEpsilons());
    }

    @Test
    void plus_and_rand_have_the_parameters_of_the_reference() {
        assertThat(AutoAttack.plus(Norm.LINF).attacks().stream()
                        .map(attack -> attack.name() + " × " + attack.restarts()))
                .containsExactly("APGD-CE × 5", "APGD-DLR × 5", "FAB × 5", "Square × 1", "APGD-T × 1", "FAB-T × 1");
        assertThat(AutoAttack.rand(Norm.LINF).attacks().stream().map(attack -> attack.label()))
                .containsExactly("EOT-20 APGD-CE-100", "EOT-20 APGD-DLR-100");
    }

    /** The reference counts 108.5 + 811.7 + 1606 + 4838 forward passes on what stands at each of them, and as many backward in APGD. */
    @Test
    void spends_no_more_than_the_reference_on_a_robust_sample() {
        assertThat(AutoAttack.standard(Norm.LINF).passes(10))
                .isEqualTo(new Passes(101 + 910 + 1801 + 5000, 101 + 909 + 900));
        assertThat(Suite.QUICK.in(Norm.LINF).passes(10).total()).isLessThan(520);
    }

    @Test
    void is_not_defined_for_l0() {
        assertThatThrownBy(() -> AutoAttack.standard(Norm.L0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("AutoAttack is not defined for the norm L0: use one of [L∞, L2, L1]");
        assertThat(Suite.QUICK.in(Norm.L0).attacks()).containsExactly(new Fmn(), new SigmaZero());
    }

    @Test
    void suites_are_found_by_name() {
        assertThat(Suite.parse("Auto-Attack")).isEqualTo(Suite.AUTO_ATTACK);
        assertThatThrownBy(() -> Suite.parse("autoattack"))
                .hasMessage(
                        "there is no suite 'autoattack': choose from quick, auto-attack, auto-attack-plus, auto-attack-rand");
    }
}
