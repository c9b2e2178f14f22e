package dev.mettle.attacks;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.loss.Loss;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.trust.TrustAttacks;
import dev.mettle.core.trust.TrustCheck;
import java.util.List;
import java.util.Optional;

/** The attacks that trust checks compare with, and those to try next where they raise a doubt. */
public final class LentAttacks implements TrustAttacks {

    private static final int EOT_DRAWS = 20;

    @Override
    public Optional<Attack> attack(Role role, Norm norm, int passes) {
        Attack attack = switch (role) {
            case NOISE -> new RandomNoise(Math.max(1, passes));
            case SINGLE_STEP -> new Fgsm();
            case OTHER_LOSS ->
                new Pgd().withSteps(Math.max(1, (passes - 1) / 2)).withLoss(Loss.MARGIN);
            case BLACK_BOX ->
                norm == Norm.L0
                        ? new Pointwise().withQueries(Math.max(1, passes))
                        : new SquareAttack().withQueries(Math.max(1, passes)).withRescaledSchedule();
        };
        return attack.norms().contains(norm) ? Optional.of(attack) : Optional.empty();
    }

    @Override
    public List<Attack> next(TrustCheck check, Norm norm) {
        List<Attack> attacks = switch (check) {
            case DETERMINISTIC -> List.of(ExpectationOverTransformation.of(new Apgd(), EOT_DRAWS));
            case VALID_GRADIENTS,
                    NONZERO_GRADIENTS,
                    SMOOTH_GRADIENTS,
                    SUFFICIENT_PRECISION,
                    CHANGING_SCORES,
                    CONTINUOUS_SCORES,
                    CONSISTENT_LABELS,
                    TRANSFERS,
                    BEATS_NOISE,
                    BEATS_SINGLE_STEP,
                    BEATS_BLACK_BOX -> List.of(new SquareAttack(), new HopSkipJump());
            case LOGITS, UNSATURATED_LOGITS, UNBOUNDED_SUCCEEDS, GROWS_WITH_EPSILON, BEATS_OTHER_LOSS ->
                List.of(new Pgd().withLoss(Loss.MARGIN).withSteps(100), new SquareAttack());
            case STRONG_ATTACK, ENOUGH_STEPS, ENOUGH_RESTARTS ->
                List.of(
                        new Apgd().withRestarts(5),
                        new Pgd().withLoss(Loss.MARGIN).withSteps(100),
                        new SquareAttack(),
                        new Pointwise());
            case INDEPENDENT_SAMPLES, UNROUNDED_INPUTS, STABLE_PREDICTIONS, NO_SILENT_SUCCESS, CONVERGED -> List.of();
        };
        return attacks.stream().filter(attack -> attack.norms().contains(norm)).toList();
    }
}
