package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.VerdictPolicy;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class SampleGridTests {

    private static final long[] GRAY = {1, 8, 10};

    @Test
    void everySampleHasItsNameItsLabelsAndItsDistance() {
        Document svg = draw(Reports.report(VerdictPolicy.measureOnly(), GRAY, 0.05));

        assertThat(Xml.texts(svg, "text"))
                .containsExactly(
                        "clean",
                        "adversarial",
                        "difference",
                        "×10",
                        "distance",
                        "#9",
                        "0 → 1",
                        "L∞ 0.05",
                        "#10",
                        "1 → 0",
                        "L∞ 0.05");
    }

    @Test
    void theTilesAreCleanAdversarialAndDifference() throws IOException {
        Document svg = draw(Reports.report(VerdictPolicy.measureOnly(), GRAY, 0.05));

        List<String> tiles = Xml.attributes(svg, "image", "href");
        assertThat(tiles).hasSize(6);
        assertThat(gray(tiles.get(0))).isEqualTo(Math.round(255 * 0.475f));
        assertThat(gray(tiles.get(1))).isEqualTo(Math.round(255 * 0.525f));
        assertThat(gray(tiles.get(2))).isEqualTo(255);
        assertThat(gray(tiles.get(5))).isEqualTo(0);
    }

    @Test
    void eightSamplesFitInto640Pixels() {
        Document svg = draw(Reports.report(VerdictPolicy.measureOnly(), GRAY, 0.4));

        assertThat(Xml.attributes(svg, "image", "href")).hasSize(24);
        assertThat(Integer.parseInt(svg.getDocumentElement().getAttribute("width")))
                .isLessThanOrEqualTo(640);
    }

    @Test
    void largeImagesShrinkToTheirTiles() throws IOException {
        RobustnessReport report = Reports.report(VerdictPolicy.measureOnly(), new long[] {224, 224, 3}, 0.4);

        Document svg = draw(report);

        BufferedImage tile = decode(Xml.attributes(svg, "image", "href").get(0));
        assertThat(tile.getWidth()).isLessThanOrEqualTo(64);
        assertThat(tile.getRaster().getNumBands()).isEqualTo(3);
    }

    @Test
    void oneSampleOfEveryClassComesBeforeASecondOfAny() {
        RobustnessReport report = Reports.report(VerdictPolicy.measureOnly(), GRAY, 0.3);

        assertThat(BrokenSample.mostTelling(report, 2))
                .extracting(sample -> sample.outcome().label())
                .containsExactlyInAnyOrder(0, 1);
        assertThat(BrokenSample.mostTelling(report, 8))
                .extracting(BrokenSample::distance)
                .isSorted()
                .hasSize(8);
    }

    @Test
    void oneOutlierDoesNotHideAllOtherDifferences() {
        double[] clean = new double[1000];
        double[] adversarial = new double[1000];
        Arrays.fill(adversarial, 0.01);
        adversarial[17] = 1;
        SampleOutcome outcome = new SampleOutcome(0, 0, SampleStatus.BROKEN, null, 1, null, 0, 0);
        BrokenSample sample = new BrokenSample(outcome, clean, adversarial, 1);

        assertThat(Amplification.of(List.of(sample), Box.of(0, 1))).isEqualTo(50);
        assertThat(Amplification.of(List.of(sample), Box.of(0, 255))).isEqualTo(1000);
    }

    @Test
    void aDistanceOfEpsilonButForRoundingIsPrintedAsEpsilon() {
        DistanceText text = new DistanceText(Reports.report(VerdictPolicy.measureOnly(), GRAY, 4 / 255.0, 8 / 255.0));

        assertThat(text.of((float) (8 / 255.0))).isEqualTo("L∞ 8/255");
        assertThat(text.of(4 / 255.0 + 1e-8)).isEqualTo("L∞ 4/255");
        assertThat(text.of(0.031)).isEqualTo("L∞ 0.031");
        assertThat(text.of((float) (8 / 255.0), Norm.L2)).isEqualTo("L2 0.03137");
    }

    @Test
    void equalReportsGiveEqualBytes() {
        RobustnessReport first = Reports.report(VerdictPolicy.measureOnly(), GRAY, 0.05, 0.1);
        RobustnessReport second = Reports.report(VerdictPolicy.measureOnly(), GRAY, 0.05, 0.1);

        assertThat(Presenter.present(second)).isEqualTo(Presenter.present(first));
        assertThat(ImageDiffs.of(second)).isEqualTo(ImageDiffs.of(first));
    }

    @Test
    void whatAModelForImagesOfAnySizeGetsIsDrawn() {
        LabelModel anySize = Reports.model(64, 1, ModelInfo.ANY_SIZE, ModelInfo.ANY_SIZE);
        Evaluation evaluation = RobustnessEvaluation.of(anySize, Reports.samples(1, 8, 8))
                .attack(Reports.STEP)
                .norm(Norm.LINF)
                .epsilon(0.3)
                .evaluate();
        RobustnessReport report =
                RobustnessReport.of(evaluation, evaluation.results().get(0), VerdictPolicy.measureOnly());

        assertThat(Presenter.present(report).examples()).allMatch(example -> example.pictures() != null);
    }

    private static Document draw(RobustnessReport report) {
        return Xml.parse(SampleGrid.draw(Presenter.present(report).examples()));
    }

    private static int gray(String dataUri) throws IOException {
        return decode(dataUri).getRaster().getSample(0, 0, 0);
    }

    private static BufferedImage decode(String dataUri) throws IOException {
        String prefix = "data:image/png;base64,";
        assertThat(dataUri).startsWith(prefix);
        return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(dataUri.substring(prefix.length()))));
    }
}
