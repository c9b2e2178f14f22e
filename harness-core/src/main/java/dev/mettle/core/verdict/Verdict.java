package dev.mettle.core.verdict;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the facts of an evaluation say about a required robust accuracy: a pure function of counts and policy.
 *
 * <p>Attack success is proof; attack failure is only evidence. So a sample that an attack left undecided counts as broken
 * where robustness is to be shown, and as robust where a lack of it is to be shown. One that was not evaluated counts, where the number
 * of samples is fixed, in the same way; in a sequential test it does not count at all.
 *
 * <p>Every class has to reach a threshold per class, so no correction is needed to show that all do (an intersection-union test). That
 * <em>this</em> class fails is one claim of many; there Holm's method holds the probability of any false one.
 *
 * @param outcome pass, fail, or why neither
 * @param overall what is shown of robust accuracy over all samples, without regard to classes and doubts: PASS, FAIL, INCONCLUSIVE, or
 *     MEASURED if nothing is required of it
 * @param lowerBound the one-sided lower confidence bound of robust accuracy
 * @param upperBound the one-sided upper confidence bound of robust accuracy
 * @param policy the policy that was applied
 * @param samplesNeeded how many samples would decide if the observed rate held; only where inconclusive
 * @param expectedSamples how many samples a sequential test would need on average at the observed rate; only where inconclusive
 * @param classes what is said of every class, by label; empty if nothing is required per class
 * @param reason one sentence that explains the outcome
 */
public record Verdict(
        Outcome outcome,
        Outcome overall,
        double lowerBound,
        double upperBound,
        VerdictPolicy policy,
        OptionalInt samplesNeeded,
        OptionalInt expectedSamples,
        List<ClassVerdict> classes,
        String reason) {

    /** Create the verdict. */
    public Verdict {
        classes = List.copyOf(classes);
    }

    /**
     * Decide.
     *
     * @param evidence the counts; all samples of the data set, including those that the model gets wrong without any attack
     * @param doubts reasons why the evaluation can't show robustness, as sentences without a full stop; empty if there are none
     * @param policy the thresholds, for one epsilon, and the confidence
     */
    public static Verdict decide(Evidence evidence, List<String> doubts, VerdictPolicy policy) {
        return new Deciding(evidence, policy).decide(doubts);
    }

    /**
     * Say whether no sample that is left can change the verdict: it is decided, or out of reach. Doubts don't matter here, for they may
     * come up later. Where all samples are to be evaluated, or nothing is required, nothing is certain before the last.
     */
    public static boolean isCertain(Evidence evidence, VerdictPolicy policy) {
        return evidence.last().complete()
                || (policy.decision().stopsEarly() && policy.isRequiring() && new Deciding(evidence, policy).isOver());
    }

    /** Say whether the verdict is FAIL, whatever is still to come. */
    public static boolean isFail(Evidence evidence, VerdictPolicy policy) {
        Deciding deciding = new Deciding(evidence, policy);
        return deciding.fails() || !deciding.failedClasses().isEmpty();
    }

    /** One call of {@link #decide}. */
    private record Deciding(Evidence evidence, VerdictPolicy policy) {

        private Decision decision() {
            return policy.decision();
        }

        boolean fails() {
            return policy.minRobustAccuracy().isPresent()
                    && decision()
                            .refutes(
                                    evidence.looks(), policy.minRobustAccuracy().getAsDouble(), policy.confidence());
        }

        private boolean passes() {
            return (overall() == Outcome.PASS || overall() == Outcome.MEASURED)
                    && openClasses().isEmpty();
        }

        private boolean shows(List<Tally> looks, double threshold) {
            return decision().shows(looks, threshold, policy.confidence());
        }

        /** The classes that are not shown to reach the threshold per class. */
        private List<Integer> openClasses() {
            return policy.minRobustAccuracyPerClass().isEmpty()
                    ? List.of()
                    : evidence.classes().entrySet().stream()
                            .filter(entry -> !shows(
                                    entry.getValue(),
                                    policy.minRobustAccuracyPerClass().getAsDouble()))
                            .map(Map.Entry::getKey)
                            .toList();
        }

        /**
         * The classes that are shown to miss the threshold per class, with their upper bounds: Holm's method steps down from the level
         * α/m as long as a class fails at the level of the step.
         */
        SortedMap<Integer, Double> failedClasses() {
            SortedMap<Integer, Double> failed = new TreeMap<>();
            if (policy.minRobustAccuracyPerClass().isEmpty()) {
                return failed;
            }
            double threshold = policy.minRobustAccuracyPerClass().getAsDouble();
            int before = -1;
            while (failed.size() > before) {
                before = failed.size();
                double confidence = holm(before);
                evidence.classes().forEach((label, looks) -> {
                    if (!failed.containsKey(label) && decision().refutes(looks, threshold, confidence)) {
                        failed.put(label, decision().upperBound(looks, confidence));
                    }
                });
            }
            return failed;
        }

        /** The confidence at which a class fails, once others have failed. */
        private double holm(int failed) {
            int left = Math.max(1, evidence.classes().size() - failed);
            return 1 - (1 - policy.confidence()) / left;
        }

        /** Decided already, or neither PASS nor FAIL can be reached any more. */
        boolean isOver() {
            if (fails() || passes() || !failedClasses().isEmpty()) {
                return true;
            }
            // e-values are convex in the number of samples that all turn out alike, so only the last look needs a try
            Deciding best = new Deciding(at(Tally::best), policy);
            Deciding worst = new Deciding(at(Tally::worst), policy);
            return !best.passes() && !worst.fails() && worst.failedClasses().isEmpty();
        }

        private Evidence at(Function<Tally, Tally> end) {
            SortedMap<Integer, List<Tally>> classes = new TreeMap<>();
            evidence.classes().forEach((label, looks) -> classes.put(label, appended(looks, end)));
            return new Evidence(appended(evidence.looks(), end), classes);
        }

        private static List<Tally> appended(List<Tally> looks, Function<Tally, Tally> end) {
            List<Tally> more = new ArrayList<>(looks);
            more.add(end.apply(Evidence.last(looks)));
            return more;
        }

        private Deciding undecidedAsRobust() {
            SortedMap<Integer, List<Tally>> classes = new TreeMap<>();
            evidence.classes().forEach((label, looks) -> classes.put(label, decided(looks)));
            return new Deciding(new Evidence(decided(evidence.looks()), classes), policy);
        }

        private static List<Tally> decided(List<Tally> looks) {
            return looks.stream().map(Tally::decidedAsRobust).toList();
        }

        Verdict decide(List<String> doubts) {
            if (!policy.isRequiring()) {
                return doubts.isEmpty()
                        ? verdict(Outcome.MEASURED, "no robust accuracy was required")
                        : verdict(Outcome.UNTRUSTED, String.join("; ", doubts));
            }
            if (fails()) {
                return verdict(Outcome.FAIL, bound("upper", upper()) + ", is below the required " + required());
            }
            SortedMap<Integer, Double> failed = failedClasses();
            if (!failed.isEmpty()) {
                return verdict(Outcome.FAIL, failedReason(failed));
            }
            if (!doubts.isEmpty()) {
                return verdict(Outcome.UNTRUSTED, String.join("; ", doubts));
            }
            if (passes()) {
                return verdict(Outcome.PASS, passReason());
            }
            if (evidence.last().undecided() > 0 && undecidedAsRobust().passes()) {
                return verdict(
                        Outcome.UNTRUSTED,
                        "the attacks could not decide " + evidence.last().undecided() + " of "
                                + evidence.last().evaluated()
                                + " samples (zero or invalid gradients, or a failed search), and the verdict hangs on them");
            }
            return verdict(Outcome.INCONCLUSIVE, inconclusiveReason());
        }

        private String passReason() {
            List<String> reasons = new ArrayList<>();
            if (policy.minRobustAccuracy().isPresent()) {
                reasons.add(bound("lower", lower()) + ", reaches the required " + required());
            }
            policy.minRobustAccuracyPerClass()
                    .ifPresent(threshold ->
                            reasons.add("every class reaches the required " + percent(threshold) + " per class"));
            return String.join("; ", reasons);
        }

        private String failedReason(SortedMap<Integer, Double> failed) {
            String labels = failed.keySet().stream().map(String::valueOf).collect(Collectors.joining(", "));
            String bounds = failed.values().stream().map(Verdict::percent).collect(Collectors.joining(", "));
            boolean one = failed.size() == 1;
            return "the robust accuracy of " + (one ? "class " : "classes ") + labels + " is below the required "
                    + percent(policy.minRobustAccuracyPerClass().orElseThrow()) + " per class ("
                    + (decision().generalizes()
                            ? (one ? "upper bound " : "upper bounds ") + bounds + ", corrected for "
                                    + (evidence.classes().size() == 1
                                            ? "1 class)"
                                            : evidence.classes().size() + " classes)")
                            : "at most " + bounds + ")");
        }

        private String inconclusiveReason() {
            if (overall() == Outcome.INCONCLUSIVE) {
                return (decision().generalizes() ? "the " + confidence(policy) + " bounds" : "what is known")
                        + " of robust accuracy, " + percent(lower()) + " to " + percent(upper())
                        + ", enclose the required " + required();
            }
            return classes().stream()
                    .filter(each -> each.outcome() == Outcome.INCONCLUSIVE)
                    .map(each -> "class " + each.label() + " with " + samples(each.tally()) + " lies between "
                            + percent(each.lowerBound()) + " and " + percent(each.upperBound())
                            + (each.samplesNeeded().isPresent()
                                    ? ", and about "
                                            + Needed.rounded(
                                                    each.samplesNeeded().getAsInt())
                                            + " samples of it would decide"
                                    : ""))
                    .collect(Collectors.joining(
                            "; ",
                            "not every class is shown to reach the required "
                                    + percent(policy.minRobustAccuracyPerClass().orElseThrow()) + " per class: ",
                            ""));
        }

        private static String samples(Tally tally) {
            return tally.evaluated() == 1 ? "1 sample" : tally.evaluated() + " samples";
        }

        private Verdict verdict(Outcome outcome, String reason) {
            boolean open = outcome == Outcome.INCONCLUSIVE && overall() == Outcome.INCONCLUSIVE;
            Tally last = evidence.last();
            double threshold = policy.minRobustAccuracy().orElse(0);
            return new Verdict(
                    outcome,
                    overall(),
                    lower(),
                    upper(),
                    policy,
                    open ? Needed.samples(last, threshold, policy) : OptionalInt.empty(),
                    open ? Needed.expected(last, threshold, policy) : OptionalInt.empty(),
                    classes(),
                    reason);
        }

        private Outcome overall() {
            if (policy.minRobustAccuracy().isEmpty()) {
                return Outcome.MEASURED;
            }
            return fails()
                    ? Outcome.FAIL
                    : shows(evidence.looks(), policy.minRobustAccuracy().getAsDouble())
                            ? Outcome.PASS
                            : Outcome.INCONCLUSIVE;
        }

        private List<ClassVerdict> classes() {
            if (policy.minRobustAccuracyPerClass().isEmpty()) {
                return List.of();
            }
            double threshold = policy.minRobustAccuracyPerClass().getAsDouble();
            SortedMap<Integer, Double> failed = failedClasses();
            List<Integer> open = openClasses();
            List<ClassVerdict> verdicts = new ArrayList<>();
            evidence.classes().forEach((label, looks) -> {
                Outcome outcome = failed.containsKey(label)
                        ? Outcome.FAIL
                        : open.contains(label) ? Outcome.INCONCLUSIVE : Outcome.PASS;
                Tally last = Evidence.last(looks);
                verdicts.add(new ClassVerdict(
                        label,
                        last,
                        outcome,
                        decision().lowerBound(looks, policy.confidence()),
                        failed.containsKey(label)
                                ? failed.get(label)
                                : decision().upperBound(looks, holm(failed.size())),
                        outcome == Outcome.INCONCLUSIVE && last.evaluated() > 0
                                ? Needed.samples(last, threshold, policy)
                                : OptionalInt.empty()));
            });
            return verdicts;
        }

        private double lower() {
            return decision().lowerBound(evidence.looks(), policy.confidence());
        }

        private double upper() {
            return decision().upperBound(evidence.looks(), policy.confidence());
        }

        private String required() {
            return percent(policy.minRobustAccuracy().orElseThrow());
        }

        /** Such as "the 95% lower bound of robust accuracy, 63.9%"; of a population there is no bound, only what may still be. */
        private String bound(String side, double value) {
            if (decision().generalizes()) {
                return "the " + confidence(policy) + " " + side + " bound of robust accuracy, " + percent(value);
            }
            String limit = evidence.last().mostRobust() == evidence.last().robust()
                    ? ""
                    : side.equals("lower") ? "at least " : "at most ";
            return "robust accuracy on these very samples, " + limit + percent(value);
        }
    }

    private static String confidence(VerdictPolicy policy) {
        return String.format(Locale.ROOT, "%.4g%%", 100 * policy.confidence()).replaceFirst("\\.?0+%$", "%");
    }

    private static String percent(double rate) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * rate);
    }
}
