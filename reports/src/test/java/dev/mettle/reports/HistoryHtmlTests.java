package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.evaluation.CorpusReplay;
import dev.mettle.core.evaluation.Improvement;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.BaselineComparison;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HistoryHtmlTests {

    private static final RobustnessReport REPORT = Reports.report(VerdictPolicy.atLeast(0.9), new long[] {4}, 0.3);
    private static final RobustnessReport CURVE = Reports.report(VerdictPolicy.atLeast(0.9), new long[] {4}, 0.1, 0.3);

    @Test
    void itSaysWhatWasDoneWhatItBoughtAndWhatItCost() {
        String html = describe(defended(REPORT, "TRADES-7 training", List.of("epoch 1 <of> 1"), 3));

        assertThat(html)
                .contains("<b>Defense: </b>TRADES-7 training, 12 s (3 s of processor time)")
                .contains("<th style=\"" + ReportHtml.NUMBER + "\" scope=\"col\">without</th>")
                .contains(">robust accuracy</td>")
                .contains("<b>+0.0 points</b>")
                .contains("0 of 20 samples gained, 0 lost</td>")
                .contains(">How the defense was made</summary>")
                .contains("epoch 1 &lt;of&gt; 1");
    }

    @Test
    void whatIsNotKnownIsLeftOut() {
        assertThat(describe(defended(REPORT, "moving the boundary", List.of(), 0)))
                .contains("moving the boundary, 12 s</p>")
                .doesNotContain("How the defense was made");
    }

    @Test
    void theCurveWithoutTheDefenseIsInTheSameDrawing() {
        ReportDocument document = ReportDocument.of(EvaluationJson.of(defended(CURVE, "hardening", List.of(), 0)));

        assertThat(SvgCurve.draw(document, document.worst()).orElseThrow())
                .contains(">with the defense<", ">without the defense<");
    }

    @Test
    void baselineAndKnownExamplesAreSentencesAndTheBaselineIsInTheCurve() {
        Reported reported = new Reported(
                CURVE,
                Outcome.PASS,
                "",
                Optional.empty(),
                Optional.of(new BaselineComparison(20, 9, 7, List.of(3L, 4L), 0, 0.02, 0.95)),
                Optional.of(new CorpusReplay(3, 2, List.of(), 0, 0)));
        ReportDocument document = ReportDocument.of(EvaluationJson.of(reported));

        assertThat(ReportHtml.description(document))
                .contains("<b>Baseline: </b>robust accuracy is 35.0%, in the baseline 45.0%, of the same 20 samples")
                .contains(
                        "<b>Known adversarial examples: </b>of 5 known adversarial examples, 3 are resisted and 2 open.");
        assertThat(SvgCurve.draw(document, document.worst()).orElseThrow()).contains("◇ baseline 45.0%");
    }

    private static String describe(Reported reported) {
        return ReportHtml.description(ReportDocument.of(EvaluationJson.of(reported)));
    }

    private static Reported defended(RobustnessReport report, String title, List<String> log, double cpuSeconds) {
        return new Reported(
                report,
                Outcome.PASS,
                "",
                Optional.of(new Reported.Defense(new Improvement(report, report), title, log, 12.4, cpuSeconds)),
                Optional.empty(),
                Optional.empty());
    }
}
