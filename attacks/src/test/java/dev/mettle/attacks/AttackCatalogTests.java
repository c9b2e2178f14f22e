package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class AttackCatalogTests {

    @Test
    void reads_attacks_with_and_without_options() {
        assertThat(AttackCatalog.parse("pgd")).isEqualTo(new Pgd());
        assertThat(AttackCatalog.parse("pgd:steps=40,restarts=5,step=0.01,random-start=false"))
                .isEqualTo(new Pgd(40, OptionalDouble.of(0.01), 5, false));
        assertThat(AttackCatalog.parse("pgd:step=2/255")).isEqualTo(new Pgd().withStep(2 / 255.0));
        assertThat(AttackCatalog.parse("pgd:step=auto")).isEqualTo(new Pgd());
        assertThat(AttackCatalog.parseList("fgsm,pgd:steps=20,restarts=2,cw:search-steps=3,noise"))
                .containsExactly(
                        new Fgsm(),
                        new Pgd().withSteps(20).withRestarts(2),
                        new CarliniWagner().withSearchSteps(3),
                        new RandomNoise());
    }

    @Test
    void every_attack_prints_the_options_it_reads() {
        for (AttackCatalog.Entry entry : AttackCatalog.entries()) {
            assertThat(AttackOptions.with(entry.defaults(), entry.defaults().parameters()))
                    .isEqualTo(entry.defaults());
            assertThat(AttackCatalog.parse(entry.name())).isEqualTo(entry.defaults());
        }
        assertThat(new Pgd().parameters().toString())
                .isEqualTo("{steps=40, step=auto, restarts=1, random-start=true, loss=cross-entropy, optimizer=plain}");
    }

    @Test
    void every_attack_is_found_again_by_what_reports_say_of_it() {
        List<Attack> attacks = new ArrayList<>(List.of(
                new Pgd(7, OptionalDouble.of(2 / 255.0), 3, false).withLoss(Loss.DLR),
                new Apgd(Loss.MARGIN).withSteps(17),
                new Ddn(30, 0.1, 1 / 3.0, 256),
                ExpectationOverTransformation.of(new Apgd(Loss.DLR).withSteps(50), 20)));
        AttackCatalog.entries().forEach(entry -> attacks.add(entry.defaults()));
        for (Suite suite : Suite.values()) {
            for (Norm norm : List.of(Norm.LINF, Norm.L2, Norm.L1)) {
                attacks.addAll(suite.in(norm).attacks());
            }
        }
        for (Attack attack : attacks) {
            assertThat(AttackCatalog.find(attack.name().toLowerCase(Locale.ROOT), attack.parameters()))
                    .contains(attack);
        }
    }

    @Test
    void finds_no_attack_by_half_of_its_parameters() {
        assertThat(AttackCatalog.find("pgd", Map.of("steps", "40"))).isEmpty();
        assertThat(AttackCatalog.find("eot pgd", new Pgd().parameters())).isEmpty();
        assertThat(AttackCatalog.find("mine", Map.of())).isEmpty();
        assertThat(AttackCatalog.find("fgsm", Map.of())).contains(new Fgsm());
        assertThatThrownBy(() -> AttackCatalog.find("noise", Map.of("draws", "many")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("Noise: the option draws is 'many': give a whole number");
    }

    @Test
    void any_gradient_attack_can_average_its_gradients() {
        assertThat(AttackCatalog.parse("eot-20-apgd-dlr:steps=50"))
                .isEqualTo(ExpectationOverTransformation.of(new Apgd(Loss.DLR).withSteps(50), 20));
        assertThatThrownBy(() -> AttackCatalog.parse("eot-20-square"))
                .hasMessageStartingWith("EOT averages gradients, but Square");
    }

    @Test
    void names_what_it_does_not_understand() {
        assertThatThrownBy(() -> AttackCatalog.parse("gpd"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith(
                        "there is no attack 'gpd': choose from noise, fgsm, bim, mi-fgsm, pgd, apgd-ce, apgd-dlr, apgd-t, deepfool");
        assertThatThrownBy(() -> AttackCatalog.parse("eot-many-pgd"))
                .hasMessage(
                        "'eot-many-pgd' averages over no number of passes: write eot-20-apgd-ce for 20 passes per gradient of"
                                + " apgd-ce");
        assertThatThrownBy(() -> AttackCatalog.parse("pgd:iterations=3"))
                .hasMessage(
                        "PGD has no option 'iterations': it knows steps, step, restarts, random-start, loss, optimizer");
        assertThatThrownBy(() -> AttackCatalog.parse("fgsm:step=3"))
                .hasMessage("FGSM has no option 'step': it knows none");
        assertThatThrownBy(() -> AttackCatalog.parse("pgd:steps=many"))
                .hasMessage("PGD: the option steps is 'many': give a whole number");
        assertThatThrownBy(() -> AttackCatalog.parse("pgd:random-start=maybe"))
                .hasMessage("PGD: the option random-start is 'maybe': give true or false");
        assertThatThrownBy(() -> AttackCatalog.parse("pgd:step=x"))
                .hasMessage("PGD: the option step is 'x': give a number such as 0.01 or 2/255");
        assertThatThrownBy(() -> AttackCatalog.parse("pgd:steps"))
                .hasMessage("'steps' in 'pgd:steps' is no option: write name=value, separated by commas");
        assertThatThrownBy(() -> AttackCatalog.parse("pgd:steps=0")).hasMessage("PGD: steps is 0: give at least 1");
        assertThatThrownBy(() -> AttackCatalog.parse("pgd:step=-1"))
                .hasMessage("PGD: step is -1.0: give a finite number above 0");
        assertThatThrownBy(() -> AttackCatalog.parseList("pgd,,fgsm")).hasMessageStartingWith("there is no attack ''");
    }
}
