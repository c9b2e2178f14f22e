package dev.mettle.reports;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.Query;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.ClassAccuracy;
import dev.mettle.core.evaluation.Confidence;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.evaluation.RobustnessCurve;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.evaluation.TracedAttack;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.verdict.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Chooses what there is to say and to see of a report. */
final class Presenter {

    /** How many examples are shown large. */
    static final int MOST_EXAMPLES = 8;

    /** How many more are kept in small, for comparisons with other reports. */
    private static final int MOST_IN_GALLERY = 64;

    private static final int SHOWN_FEATURES = 5;

    /** The pixels of all examples, in bytes before compression: reports stay small. */
    private static final int EXAMPLE_BYTES = 100_000;

    private static final int GALLERY_BYTES = 30_000;
    private static final int LARGEST_PICTURE = 112;

    /** Smaller pictures of large images would show nothing. */
    private static final int SMALLEST_PICTURE = 28;

    /** More lines than these could not be told apart. */
    private static final int MOST_LINES = 5;

    /**
     * Of the passes of the attacks, traces may take this share: one on a sample alone takes several times as long as one in a batch, and
     * rendering is to take no more than a twentieth of the time.
     */
    private static final double TRACED_SHARE = 0.006;

    /** So many passes take no time worth sparing, in an evaluation that isn't tiny itself. */
    private static final double FEW_PASSES = 200;

    private static final double TINY_EVALUATION = 2_500;

    private final RobustnessReport report;
    private final Map<Long, Confidence> confidences = new HashMap<>();
    private final Evaluation evaluation;
    private final DistanceText distances;

    private Presenter(RobustnessReport report) {
        this.report = report;
        this.evaluation = report.evaluation();
        this.distances = new DistanceText(report);
    }

    static Presentation present(RobustnessReport report) {
        return new Presenter(report).present();
    }

    private Presentation present() {
        List<BrokenSample> telling = BrokenSample.mostTelling(report, MOST_EXAMPLES);
        report.closeUp()
                .flatMap(closeUp -> closeUp.confidences(
                        telling.stream().map(BrokenSample::outcome).toList()))
                .ifPresent(known -> known.forEach(each -> confidences.put(each.id(), each)));
        // of the data: a model may take images of any size
        List<Long> sampleShape =
                ModelInfo.shape(Rows.sampleShape(evaluation.data().inputs()));
        Optional<ImageShape> shape = ImageShape.of(sampleShape);
        Box box = report.threatModel().box();
        return new Presentation(
                report.title(),
                ReportText.sentence(report),
                facts(),
                classes(),
                answers(),
                curve().orElse(null),
                shape.map(image -> pictured(telling, image, box))
                        .orElseGet(() -> telling.stream().map(this::tabular).toList()),
                shape.map(image -> gallery(telling, image, box)).orElse(List.of()),
                traces());
    }

    private List<Presentation.Trace> traces() {
        double passes = report.results().stream()
                .flatMap(result -> result.outcomes().stream())
                .mapToDouble(outcome -> outcome.forwards() + outcome.backwards())
                .sum();
        double share = passes < TINY_EVALUATION ? TRACED_SHARE : Math.max(TRACED_SHARE, FEW_PASSES / passes);
        return report.closeUp().map(closeUp -> closeUp.traces(share).traced()).orElse(List.of()).stream()
                .map(traced -> new Presentation.Trace(
                        traced.label(),
                        traced.outcome().id(),
                        traced.outcome().status() == SampleStatus.BROKEN,
                        traced.queries(),
                        traced.points().stream().map(Presenter::step).toList()))
                .toList();
    }

    private static Presentation.Step step(TracedAttack.Point point) {
        Query query = point.query();
        return new Presentation.Step(
                point.number() + 1,
                query.restart() + 1,
                finite(query.margin()),
                query.backwards() == 0 ? null : finite(query.gradientNorm()),
                query.distance());
    }

    private static @Nullable Double finite(double number) {
        return Double.isFinite(number) ? number : null;
    }

    private List<Presentation.Fact> facts() {
        int samples = report.samples();
        int evaluated = report.evaluatedCount();
        List<Presentation.Fact> facts = new ArrayList<>();
        facts.add(new Presentation.Fact(
                "clean accuracy",
                ReportText.percent(report.cleanAccuracy()),
                ReportText.counts(report.cleanCount(), samples, ReportText.cleanInterval(report))));
        facts.add(new Presentation.Fact(
                "robust accuracy",
                ReportText.percent(report.robustAccuracy()),
                ReportText.counts(report.robustCount(), evaluated, ReportText.robustInterval(report))));
        report.worstClass()
                .ifPresent(worst -> facts.add(new Presentation.Fact(
                        "worst class",
                        ReportText.percent(worst.robustAccuracy()),
                        "class " + worst.label() + ": " + ReportText.counts(report, worst))));
        report.policy()
                .minRobustAccuracy()
                .ifPresent(required -> facts.add(new Presentation.Fact(
                        "required",
                        ReportText.percent(required),
                        report.verdict().reason())));
        report.policy()
                .minRobustAccuracyPerClass()
                .ifPresent(required -> facts.add(
                        new Presentation.Fact("required per class", ReportText.percent(required), judgedClasses())));
        ReportText.decision(report)
                .ifPresent(sentence -> facts.add(new Presentation.Fact(
                        "decision", report.policy().decision().name().toLowerCase(Locale.ROOT), sentence)));
        if (report.abstainedCount() > 0) {
            facts.add(new Presentation.Fact(
                    "abstained",
                    ReportText.percent((double) report.abstainedCount() / samples),
                    report.abstainedCount() + " of " + samples + " clean samples, counted as not robust"));
        }
        if (report.undecidedCount() > 0) {
            facts.add(new Presentation.Fact(
                    "undecided",
                    ReportText.percent((double) report.undecidedCount() / evaluated),
                    report.undecidedCount() + " of " + evaluated + ": " + undecided()));
        }
        if (report.brokenCount() > 0) {
            facts.add(new Presentation.Fact(
                    "broken",
                    ReportText.percent((double) report.brokenCount() / evaluated),
                    report.brokenCount() + " of " + evaluated + ", at a median distance of " + medianDistances()));
        }
        facts.add(new Presentation.Fact(
                "samples",
                String.valueOf(samples),
                evaluation.data().name() + " on " + evaluation.model().name()));
        facts.add(new Presentation.Fact(
                "passes",
                number(passes(AttackResult::forwardPerSample)),
                "forward and " + number(passes(AttackResult::backwardPerSample)) + " backward per attacked sample"));
        return facts;
    }

    /** Says of how many classes what is shown, and names those that are not shown to hold. */
    private String judgedClasses() {
        return Stream.of(Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE)
                .map(outcome -> {
                    List<String> labels = report.verdict().classes().stream()
                            .filter(each -> each.outcome() == outcome)
                            .map(each -> String.valueOf(each.label()))
                            .toList();
                    return labels.isEmpty()
                            ? ""
                            : outcome + " " + labels.size()
                                    + (outcome == Outcome.PASS ? "" : ": " + String.join(", ", labels));
                })
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining("; "));
    }

    private double passes(ToDoubleFunction<AttackResult> kind) {
        return report.results().stream()
                .filter(result -> result.trustCheck().isEmpty())
                .mapToDouble(kind)
                .sum();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private String undecided() {
        return Arrays.stream(SampleStatus.values())
                .filter(SampleStatus::undecided)
                .filter(status -> count(status) > 0)
                .map(status -> count(status) + " "
                        + status.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                .collect(Collectors.joining(", "));
    }

    private long count(SampleStatus status) {
        return report.outcomes().stream()
                .filter(outcome -> outcome.status() == status)
                .count();
    }

    /** The median over the broken samples, in the norm of the threat model and in L∞ and L2. */
    private String medianDistances() {
        List<Distances> broken = report.outcomes().stream()
                .filter(outcome -> outcome.status() == SampleStatus.BROKEN)
                .map(SampleOutcome::distances)
                .filter(Objects::nonNull)
                .toList();
        return Stream.of(report.threatModel().norm(), Norm.LINF, Norm.L2)
                .distinct()
                .map(each -> distances.of(
                        Statistics.median(broken.stream()
                                .mapToDouble(sample -> sample.in(each))
                                .toArray()),
                        each))
                .collect(Collectors.joining(", "));
    }

    private List<Presentation.ClassRow> classes() {
        LabeledData data = evaluation.data();
        Map<Integer, Integer> samples = new TreeMap<>();
        Map<Integer, Integer> right = new TreeMap<>();
        for (int i = 0; i < data.size(); i++) {
            samples.merge(data.label(i), 1, Integer::sum);
            right.merge(data.label(i), evaluation.isCorrect(i) ? 1 : 0, Integer::sum);
        }
        return report.classes().stream()
                .sorted(Comparator.comparingInt(ClassAccuracy::label))
                .map(each -> new Presentation.ClassRow(
                        each.label(),
                        samples.getOrDefault(each.label(), 0),
                        each.tally().evaluated(),
                        right.getOrDefault(each.label(), 0),
                        each.tally().robust(),
                        each.interval().lower(),
                        each.interval().upper()))
                .toList();
    }

    /** Counts what the model says under attack; samples that attacks left undecided or unbroken get the answer they get anyway. */
    private List<Presentation.Answer> answers() {
        Map<Integer, Map<Integer, Integer>> counts = new TreeMap<>();
        for (int i = 0; i < report.samples(); i++) {
            SampleOutcome outcome = report.outcomes().get(i);
            if (outcome.status() != SampleStatus.NOT_EVALUATED) {
                int answer = outcome.status() == SampleStatus.BROKEN
                        ? outcome.adversarialLabel()
                        : evaluation.cleanPredictions().get(i);
                counts.computeIfAbsent(outcome.label(), label -> new TreeMap<>())
                        .merge(answer, 1, Integer::sum);
            }
        }
        List<Presentation.Answer> answers = new ArrayList<>();
        counts.forEach((label, row) -> row.forEach((answer, count) ->
                answers.add(new Presentation.Answer(label, answer == LabelModel.ABSTAINED ? null : answer, count))));
        return answers;
    }

    /** Return robust accuracy against epsilon, if several epsilons were evaluated. */
    static Optional<Presentation.Curve> curve(RobustnessReport report) {
        return new Presenter(report).curve();
    }

    private Optional<Presentation.Curve> curve() {
        RobustnessCurve curve = report.curve();
        if (curve.points().size() <= 2) {
            return Optional.empty();
        }
        return Optional.of(new Presentation.Curve(
                curve.title(),
                curve.norm().symbol(),
                curve.samples(),
                curve.decision().generalizes(),
                curve.points().stream()
                        .map(point -> new Presentation.Point(
                                point.epsilon(),
                                curve.robustAccuracy(point),
                                curve.interval(point).lower(),
                                curve.interval(point).upper()))
                        .toList(),
                lines(curve)));
    }

    /** Draws single attacks where each of them ran on all samples, and not on those that others had left standing. */
    private List<Presentation.Line> lines(RobustnessCurve curve) {
        List<Attack> attacks = report.attacks();
        boolean alone = report.results().stream()
                .filter(result -> result.trustCheck().isEmpty())
                .allMatch(result -> result.suite().isEmpty());
        if (!alone || attacks.size() < 2 || attacks.size() > MOST_LINES) {
            return List.of();
        }
        Map<Attack, List<Presentation.LinePoint>> lines = new LinkedHashMap<>();
        double clean = curve.robustAccuracy(curve.points().get(0));
        attacks.forEach(attack -> lines.put(attack, new ArrayList<>(List.of(new Presentation.LinePoint(0, clean)))));
        for (RobustnessCurve.Point point :
                curve.points().subList(1, curve.points().size())) {
            for (AttackResult result : evaluation.results()) {
                List<Presentation.LinePoint> line = lines.get(result.attack());
                if (line != null
                        && result.trustCheck().isEmpty()
                        && result.threatModel().norm() == curve.norm()
                        && result.threatModel().epsilon() == point.epsilon()) {
                    double robust = (double) result.count(SampleStatus.ROBUST) / result.evaluatedCount();
                    line.add(new Presentation.LinePoint(point.epsilon(), robust));
                }
            }
        }
        return lines.entrySet().stream()
                .map(entry -> new Presentation.Line(entry.getKey().label(), entry.getValue()))
                .toList();
    }

    private List<Presentation.Example> pictured(List<BrokenSample> samples, ImageShape shape, Box box) {
        int reduction = shape.reductionTo(pixels(shape, 3 * samples.size(), EXAMPLE_BYTES));
        int amplification = Amplification.of(samples, box);
        return samples.stream()
                .map(sample -> example(
                        sample,
                        pictures(
                                shape.draw(sample.clean(), box, reduction),
                                shape.draw(sample.adversarial(), box, reduction),
                                shape.drawDifference(
                                        sample.clean(), sample.adversarial(), box, amplification, reduction),
                                amplification),
                        null,
                        List.of()))
                .toList();
    }

    /** Returns how many pixels wide and high pictures may be, so that so many of them take no more than so many bytes. */
    private static int pixels(ImageShape shape, int pictures, int bytes) {
        double fitting = Math.sqrt((double) bytes / Math.max(1, pictures) / shape.channels());
        return (int) Math.max(SMALLEST_PICTURE, Math.min(LARGEST_PICTURE, fitting));
    }

    private List<Presentation.Example> gallery(List<BrokenSample> telling, ImageShape shape, Box box) {
        int reduction = shape.reductionTo(SMALLEST_PICTURE + SMALLEST_PICTURE / 2);
        int columns = (shape.width() + reduction - 1) / reduction;
        int lines = (shape.height() + reduction - 1) / reduction;
        int most = Math.min(MOST_IN_GALLERY, GALLERY_BYTES / (2 * columns * lines * shape.channels()));
        List<Long> shown = telling.stream().map(sample -> sample.outcome().id()).toList();
        return BrokenSample.inOrder(report, shown, most).stream()
                .map(sample -> example(
                        sample,
                        pictures(
                                shape.draw(sample.clean(), box, reduction),
                                shape.draw(sample.adversarial(), box, reduction),
                                null,
                                1),
                        null,
                        List.of()))
                .toList();
    }

    private static Presentation.Pictures pictures(
            Picture clean, Picture adversarial, @Nullable Picture difference, int amplification) {
        return new Presentation.Pictures(
                clean.width(),
                clean.height(),
                Png.dataUri(clean),
                Png.dataUri(adversarial),
                difference == null ? null : Png.dataUri(difference),
                amplification);
    }

    private Presentation.Example tabular(BrokenSample sample) {
        double[] clean = sample.clean();
        double[] adversarial = sample.adversarial();
        List<Presentation.Change> changes = IntStream.range(0, clean.length)
                .filter(i -> clean[i] != adversarial[i])
                .mapToObj(i -> new Presentation.Change(i, clean[i], adversarial[i]))
                .sorted(Comparator.comparingDouble(
                        (Presentation.Change change) -> -Math.abs(change.after() - change.before())))
                .toList();
        return example(
                sample,
                null,
                changes.size(),
                changes.stream().limit(SHOWN_FEATURES).toList());
    }

    private Presentation.Example example(
            BrokenSample sample,
            Presentation.@Nullable Pictures pictures,
            @Nullable Integer changed,
            List<Presentation.Change> changes) {
        Confidence confidence = confidences.get(sample.outcome().id());
        return new Presentation.Example(
                sample.outcome().id(),
                sample.outcome().label(),
                sample.outcome().adversarialAnswer(),
                sample.distance(),
                distances.of(sample.distance()),
                confidence == null ? null : confidence.clean(),
                confidence == null || confidence.adversarial().isEmpty()
                        ? null
                        : confidence.adversarial().getAsDouble(),
                pictures,
                changed,
                changes);
    }
}
