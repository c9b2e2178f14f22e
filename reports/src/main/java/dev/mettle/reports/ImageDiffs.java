package dev.mettle.reports;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Broken samples in the format of Allure's image comparison, in which one can be slid over the other. */
final class ImageDiffs {

    /** Images are enlarged or reduced to about this many pixels, since viewers blur small ones. */
    private static final int PIXELS = 224;

    /** Of images with more values than these, one comparison is enough for a file, and it is reduced. */
    private static final int LARGE = 20_000;

    private static final int REDUCED = 112;

    private static final int MOST = 3;

    private ImageDiffs() {}

    /** Return at most three comparisons, by the name of the sample with its labels; none if samples are no images. */
    static Map<String, String> of(RobustnessReport report) {
        // of the data: a model may take images of any size
        List<Long> sampleShape =
                ModelInfo.shape(Rows.sampleShape(report.evaluation().data().inputs()));
        Map<String, String> diffs = new LinkedHashMap<>();
        ImageShape.of(sampleShape).ifPresent(shape -> {
            Box box = report.threatModel().box();
            // small images compress to little, although they are enlarged
            int most = values(shape) > LARGE ? 1 : MOST;
            BrokenSample.mostTelling(report, Presenter.MOST_EXAMPLES).stream()
                    .limit(most)
                    .forEach(sample -> diffs.put(
                            "#" + sample.outcome().id() + " " + sample.outcome().label() + "→"
                                    + sample.outcome().adversarialAnswer(),
                            json(diff(shape, box, sample))));
        });
        return diffs;
    }

    private static long values(ImageShape shape) {
        return (long) shape.width() * shape.height() * shape.channels();
    }

    private static Map<String, String> diff(ImageShape shape, Box box, BrokenSample sample) {
        int reduction = shape.reductionTo(values(shape) > LARGE ? REDUCED : PIXELS);
        int factor = Math.max(1, PIXELS * reduction / Math.max(shape.width(), shape.height()));
        Picture difference = shape.drawDifference(
                sample.clean(), sample.adversarial(), box, Amplification.of(List.of(sample), box), reduction);
        return new TreeMap<>(Map.of(
                "expected",
                        Png.dataUri(shape.draw(sample.clean(), box, reduction).enlarged(factor)),
                "actual",
                        Png.dataUri(
                                shape.draw(sample.adversarial(), box, reduction).enlarged(factor)),
                "diff", Png.dataUri(difference.enlarged(factor))));
    }

    private static String json(Map<String, String> diff) {
        try {
            return ReportDocument.MAPPER.writeValueAsString(diff);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of strings can always be written", e);
        }
    }
}
