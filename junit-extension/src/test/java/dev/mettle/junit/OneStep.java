package dev.mettle.junit;

import dev.mettle.attacks.Fgsm;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackContext;
import dev.mettle.core.attack.Passes;
import dev.mettle.core.threat.Norm;
import java.util.Map;
import java.util.Set;

/** FGSM as no baseline: on the affine models of these tests one step finds all there is. */
public record OneStep() implements Attack {

    private static final Fgsm FGSM = new Fgsm();

    @Override
    public String name() {
        return FGSM.name();
    }

    @Override
    public Map<String, String> parameters() {
        return FGSM.parameters();
    }

    @Override
    public Access access() {
        return FGSM.access();
    }

    @Override
    public Set<Norm> norms() {
        return FGSM.norms();
    }

    @Override
    public Passes passes(int classes) {
        return FGSM.passes(classes);
    }

    @Override
    public void run(AttackContext context) {
        FGSM.run(context);
    }
}
