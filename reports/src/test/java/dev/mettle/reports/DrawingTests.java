package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

/** The confusion matrix and the traces of attacks. */
class DrawingTests {

    @Test
    void theConfusionMatrixCountsAnswersByTrueClass() {
        Document svg = Xml.parse(SvgConfusion.draw(shown(
                new Presentation.Answer(0, 0, 3), new Presentation.Answer(0, 2, 1), new Presentation.Answer(2, 0, 4))));

        assertThat(Xml.texts(svg, "text"))
                .containsExactly("answer under attack", "true class", "0", "2", "0", "2", "3", "1", "4");
        // after the ground: four empty cells, then the three that hold samples
        assertThat(Xml.attributes(svg, "rect", "fill")).endsWith(Colors.LINE, Colors.LIMIT, Colors.LIMIT);
        assertThat(Xml.attributes(svg, "rect", "fill-opacity")).endsWith("0.40", "0.19", "0.50");
    }

    @Test
    void abstentionsAreAColumnOfTheirOwn() {
        Document svg = Xml.parse(
                SvgConfusion.draw(shown(new Presentation.Answer(0, 0, 3), new Presentation.Answer(1, null, 2))));

        assertThat(Xml.texts(svg, "text"))
                .containsExactly("answer under attack", "true class", "0", "1", "–", "0", "1", "3", "2");
    }

    @Test
    void manyClassesAreNoMatrix() {
        List<Presentation.Answer> answers = new ArrayList<>();
        for (int label = 0; label < 21; label++) {
            answers.add(new Presentation.Answer(label, label, 1));
        }

        assertThat(SvgConfusion.isWorthDrawing(shown(answers.toArray(Presentation.Answer[]::new))))
                .isFalse();
        assertThat(SvgConfusion.isWorthDrawing(shown(answers.subList(0, 20).toArray(Presentation.Answer[]::new))))
                .isTrue();
        assertThat(SvgConfusion.isWorthDrawing(shown(answers.get(0)))).isFalse();
    }

    @Test
    void aTraceHasAPanelPerQuantityAndALinePerRestart() {
        Presentation.Trace trace = new Presentation.Trace(
                "PGD-2",
                17,
                true,
                4,
                List.of(
                        new Presentation.Step(1, 1, 2.0, 1.5, 0),
                        new Presentation.Step(2, 1, 1.0, 0.5, 0.1),
                        new Presentation.Step(1, 2, 0.5, 2.0, 0.05),
                        new Presentation.Step(2, 2, -1.0, 1.0, 0.1)));

        Document svg = Xml.parse(SvgTrace.draw(trace));

        assertThat(Xml.texts(svg, "text"))
                .contains("PGD-2 on sample #17: broken after 4 passes")
                .contains("margin (below 0: broken)", "length of the gradient", "distance");
        // margins from −1 to 2 over 90 pixels: 2 at the top, −1 at the bottom
        assertThat(Xml.attributes(svg, "polyline", "points")).hasSize(6).startsWith("46,44 196,74", "46,89 196,134");
        assertThat(Xml.attributes(svg, "line", "stroke-dasharray")).contains("4 3");
    }

    @Test
    void whatAnAttackDoesNotAskForIsSaid() {
        Presentation.Trace trace = new Presentation.Trace(
                "HopSkipJump", 3, false, 1, List.of(new Presentation.Step(1, 1, null, null, 0.5)));

        assertThat(Xml.texts(Xml.parse(SvgTrace.draw(trace)), "text"))
                .contains("HopSkipJump on sample #3: withstood after 1 passes")
                .contains("not asked for");
    }

    private static Presentation shown(Presentation.Answer... answers) {
        return new Presentation("", "", List.of(), List.of(), List.of(answers), null, List.of(), List.of(), List.of());
    }
}
