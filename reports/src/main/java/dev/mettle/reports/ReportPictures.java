package dev.mettle.reports;

import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What there is to see of a report.
 *
 * @param curve robust accuracy against epsilon as an SVG, if several epsilons were evaluated
 * @param broken the broken samples to show, those broken by the smallest perturbation first
 * @param grid these samples as an SVG, if they are images and there are any
 * @param worst the three pictures of the first of them by their names in an image diff, if there is one
 */
record ReportPictures(
        Optional<String> curve, List<BrokenSample> broken, Optional<String> grid, Map<String, String> worst) {

    private static final int MOST_SAMPLES = 8;

    /** Images in an image diff are enlarged to about this many pixels, since viewers blur small ones. */
    private static final int DIFF_PIXELS = 256;

    static ReportPictures of(RobustnessReport report) {
        Optional<String> curve =
                SvgCurve.isWorthDrawing(report) ? Optional.of(SvgCurve.draw(report)) : Optional.empty();
        List<BrokenSample> broken = BrokenSample.mostTelling(report, MOST_SAMPLES);
        // of the data: a model may take images of any size
        List<Long> sampleShape =
                ModelInfo.shape(Rows.sampleShape(report.evaluation().data().inputs()));
        Optional<ImageShape> shape = ImageShape.of(sampleShape).filter(image -> !broken.isEmpty());
        Box box = report.threatModel().box();
        Optional<SampleGrid> grid = shape.map(image -> new SampleGrid(image, box, new DistanceText(report)));
        return new ReportPictures(
                curve,
                broken,
                grid.map(drawn -> drawn.draw(broken)),
                shape.map(image -> diff(image, box, broken.get(0))).orElse(Map.of()));
    }

    private static Map<String, String> diff(ImageShape shape, Box box, BrokenSample sample) {
        int factor = Math.max(1, DIFF_PIXELS / Math.max(shape.width(), shape.height()));
        Picture difference =
                shape.drawDifference(sample.clean(), sample.adversarial(), box, Amplification.of(List.of(sample), box));
        return new TreeMap<>(Map.of(
                "expected", Png.dataUri(shape.draw(sample.clean(), box).enlarged(factor)),
                "actual", Png.dataUri(shape.draw(sample.adversarial(), box).enlarged(factor)),
                "diff", Png.dataUri(difference.enlarged(factor))));
    }
}
