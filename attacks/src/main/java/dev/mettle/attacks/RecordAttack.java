package dev.mettle.attacks;

import dev.mettle.core.attack.Attack;
import java.util.Map;

/** An attack whose parameters are the components of its record; see {@link AttackOptions}. */
interface RecordAttack extends Attack {

    @Override
    default Map<String, String> parameters() {
        return AttackOptions.of((Record) this);
    }
}
