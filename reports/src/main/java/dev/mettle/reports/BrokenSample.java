package dev.mettle.reports;

import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A sample that an attack broke, with its features before and after.
 *
 * @param outcome the facts
 * @param clean the features of the clean sample, in C order
 * @param adversarial the features of the adversarial example, in C order
 * @param distance how far apart they are, in the norm of the threat model
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and never leaves the package
record BrokenSample(SampleOutcome outcome, double[] clean, double[] adversarial, double distance) {

    /**
     * Choose the broken samples that tell most: those broken by the smallest perturbations, but one of every true class before
     * a second of any.
     *
     * @param report the report
     * @param most how many to choose
     * @return the samples, those broken by the smallest perturbation first
     */
    static List<BrokenSample> mostTelling(RobustnessReport report, int most) {
        Norm norm = report.threatModel().norm();
        List<Integer> broken = IntStream.range(0, report.samples())
                .filter(i -> report.outcomes().get(i).status() == SampleStatus.BROKEN)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> report.outcomes().get(i).breakingDistance(norm)))
                .toList();
        Set<Integer> classes = new HashSet<>();
        List<Integer> chosen = new ArrayList<>(broken.stream()
                .filter(i -> classes.add(report.outcomes().get(i).label()))
                .limit(most)
                .toList());
        broken.stream()
                .filter(i -> !chosen.contains(i))
                .limit(most - chosen.size())
                .forEach(chosen::add);
        return broken.stream()
                .filter(chosen::contains)
                .map(i -> of(report, i, norm))
                .toList();
    }

    /**
     * Choose broken samples in the order of the data.
     *
     * @param report the report
     * @param without the ids of samples to leave out
     * @param most how many to choose at most
     */
    static List<BrokenSample> inOrder(RobustnessReport report, List<Long> without, int most) {
        return IntStream.range(0, report.samples())
                .filter(i -> report.outcomes().get(i).status() == SampleStatus.BROKEN)
                .filter(i -> !without.contains(report.outcomes().get(i).id()))
                .limit(most)
                .mapToObj(i -> of(report, i, report.threatModel().norm()))
                .toList();
    }

    private static BrokenSample of(RobustnessReport report, int position, Norm norm) {
        SampleOutcome outcome = report.outcomes().get(position);
        INDArray adversarial = outcome.adversarial();
        Distances distances = outcome.distances();
        if (adversarial == null || distances == null) {
            throw new IllegalStateException("sample #" + outcome.id() + " is broken but has no adversarial example");
        }
        INDArray clean = Rows.slice(report.evaluation().data().inputs(), position, position + 1);
        return new BrokenSample(outcome, Rows.toDoubles(clean), Rows.toDoubles(adversarial), distances.in(norm));
    }
}
