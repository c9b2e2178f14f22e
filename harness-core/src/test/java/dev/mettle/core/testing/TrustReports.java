package dev.mettle.core.testing;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustFinding;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.trust.TrustReport;
import java.util.List;

/** Trust reports for evaluations made by hand. */
public final class TrustReports {

    private TrustReports() {}

    /** Report that the checks of some attacks ran and found nothing. */
    public static TrustReport passed(ThreatModel threat, Attack... attacks) {
        TrustFinding strong = new TrustFinding(TrustCheck.STRONG_ATTACK, TrustLevel.PASSED, "it is strong", "");
        return new TrustReport(threat, List.of(attacks), List.of(strong), 150, 1000, "");
    }
}
