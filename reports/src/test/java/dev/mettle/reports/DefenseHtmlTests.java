package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

class DefenseHtmlTests {

    private static final RobustnessReport REPORT = Reports.report(VerdictPolicy.atLeast(0.9), new long[] {4}, 0.3);

    @Test
    void itSaysWhatWasDoneWhatItBoughtAndWhatItCost() {
        String html = DefenseHtml.of(
                new Improvement(REPORT, REPORT), "TRADES-7 training", List.of("epoch 1 <of> 1"), 12.4, 3);
        assertThat(html)
                .contains("<b>Defense: </b>TRADES-7 training, 12 s (3 s of processor time)")
                .contains("<th style=\"" + DescriptionHtml.NUMBER + "\">without</th>")
                .contains(">robust accuracy</td>")
                .contains("<b>+0.0 points</b>")
                .contains(" samples gained, 0 lost</td>")
                .contains("<summary>How the defense was made</summary>")
                .contains("epoch 1 &lt;of&gt; 1");
    }

    @Test
    void whatIsNotKnownIsLeftOut() {
        String html = DefenseHtml.of(new Improvement(REPORT, REPORT), "moving the boundary", List.of(), 12.4, 0);
        assertThat(html).contains("moving the boundary, 12 s</p>").doesNotContain("<details");
    }
}
