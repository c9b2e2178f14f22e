package dev.mettle.reports;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What reports say and show of one threat model, as {@code report.json} holds it under {@code shown}: whoever renders a report needs
 * neither the model nor the data. It holds no times, so that equal evaluations give equal bytes.
 *
 * @param title the attacks, such as {@code worst case of FGSM, PGD-40}
 * @param sentence the result in one sentence
 * @param facts the numbers behind it
 * @param classes every class that has samples
 * @param answers what the model says under attack, for every pair of true and answered class that occurs
 * @param curve robust accuracy against epsilon; null where only one epsilon was evaluated
 * @param examples the most telling broken samples, those broken by the smallest perturbation first
 * @param gallery more broken samples, in small, as far as there is room
 * @param traces what attacks did step by step, each to one sample
 */
record Presentation(
        String title,
        String sentence,
        List<Fact> facts,
        List<ClassRow> classes,
        List<Answer> answers,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Curve curve,
        List<Example> examples,
        List<Example> gallery,
        List<Trace> traces) {

    Presentation {
        facts = copy(facts);
        classes = copy(classes);
        answers = copy(answers);
        examples = copy(examples);
        gallery = copy(gallery);
        traces = copy(traces);
    }

    /** Return what there is to show of a report of an earlier version: nothing but its verdict. */
    static Presentation ofEarlierVersion(String sentence) {
        return new Presentation("", sentence, List.of(), List.of(), List.of(), null, List.of(), List.of(), List.of());
    }

    /** Copies a list; one that a document lacks is empty. */
    static <T> List<T> copy(@Nullable List<T> list) {
        return list == null ? List.of() : List.copyOf(list);
    }

    /**
     * A row of the table of numbers.
     *
     * @param name what is told
     * @param value the number
     * @param remark what there is to say about it
     */
    record Fact(String name, String value, String remark) {}

    /**
     * What became of the samples of one class.
     *
     * @param label the class
     * @param samples how many there are
     * @param evaluated how many were evaluated
     * @param cleanCount how many the model gets right without an attack
     * @param robustCount how many of those evaluated are robust
     * @param lower the lower bound of robust accuracy, at 95 % for all classes at once
     * @param upper the upper bound
     */
    record ClassRow(
            @JsonProperty("class") int label,
            int samples,
            int evaluated,
            int cleanCount,
            int robustCount,
            double lower,
            double upper) {

        /** Return the share of its samples evaluated that are robust; NaN if none was. */
        double robustAccuracy() {
            return (double) robustCount / evaluated;
        }
    }

    /**
     * How often samples of one class get one answer, under attack.
     *
     * @param label the true class
     * @param answer the class answered; null where the model abstains
     * @param count how many samples
     */
    record Answer(
            @JsonProperty("class") int label, @Nullable Integer answer, int count) {}

    /**
     * Robust accuracy against epsilon.
     *
     * @param title the attacks
     * @param norm the symbol of the norm
     * @param samples how many samples were evaluated
     * @param band whether the bounds are those of a 95 % confidence interval
     * @param points the points, epsilons ascending, the first one at 0
     * @param attacks the same for single attacks, where there are several that ran on all samples
     */
    record Curve(String title, String norm, int samples, boolean band, List<Point> points, List<Line> attacks) {

        Curve {
            points = copy(points);
            attacks = copy(attacks);
        }

        /** Say whether several epsilons were evaluated, so that there is a curve to draw. */
        boolean isWorthDrawing() {
            return points.size() > 2;
        }
    }

    /** A point of a curve: an epsilon, a share, and its bounds. */
    record Point(double epsilon, double robustAccuracy, double lower, double upper) {}

    /** The points of one attack. */
    record Line(String attack, List<LinePoint> points) {

        Line {
            points = copy(points);
        }
    }

    /** A point of one attack. */
    record LinePoint(double epsilon, double robustAccuracy) {}

    /**
     * A broken sample.
     *
     * @param sample its id
     * @param label the true class
     * @param answer what the model says instead: a class, or {@code abstained}
     * @param distance the size of the perturbation in the norm of the threat model
     * @param size the same as a text, such as {@code L∞ 8/255}
     * @param cleanConfidence how sure the model is of the true class without the perturbation, a probability; null if not known
     * @param confidence how sure it is of its answer; null if not known
     * @param pictures clean sample, adversarial example and difference, if they are images
     * @param changed how many features changed, if they are no images
     * @param changes those that changed most, if they are no images
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record Example(
            long sample,
            @JsonProperty("class") int label,
            String answer,
            double distance,
            String size,
            @Nullable Double cleanConfidence,
            @Nullable Double confidence,
            @Nullable Pictures pictures,
            @Nullable Integer changed,
            List<Change> changes) {

        Example {
            changes = copy(changes);
        }

        /** Print the true label and the one it is taken for, such as {@code 7 → 2}. */
        String change() {
            return label + " → " + answer;
        }
    }

    /**
     * Three images of one sample, as {@code data:} URIs of PNG.
     *
     * @param width the width in pixels, maybe smaller than the sample's
     * @param height the height in pixels
     * @param clean the clean sample
     * @param adversarial the adversarial example
     * @param difference the change, gray where there is none; null in the gallery
     * @param amplification how much stronger than it is the change is drawn
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Pictures(
            int width,
            int height,
            String clean,
            String adversarial,
            @Nullable String difference,
            int amplification) {}

    /** A feature of a sample, counted from 0, before and after an attack. */
    record Change(int feature, double before, double after) {}

    /**
     * What one attack did to one sample.
     *
     * @param attack the attack
     * @param sample the id of the sample
     * @param broken whether the attack broke it
     * @param queries how many queries there were, of which the steps are some
     * @param steps some queries, in order
     */
    record Trace(String attack, long sample, boolean broken, int queries, List<Step> steps) {

        Trace {
            steps = copy(steps);
        }
    }

    /**
     * A query of an attack.
     *
     * @param pass which query of the attack this is, counted from 1
     * @param restart the restart, counted from 1
     * @param margin by how much the logits miss what the attack wants: below 0 it has it; null if the model tells no logits
     * @param gradientNorm the Euclidean length of the gradient; null if there is none
     * @param distance the distance from the clean sample, in the norm of the threat model
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Step(
            int pass,
            int restart,
            @Nullable Double margin,
            @Nullable Double gradientNorm,
            double distance) {}
}
