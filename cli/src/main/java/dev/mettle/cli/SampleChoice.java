package dev.mettle.cli;

import dev.mettle.attacks.AttackCatalog;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.threat.Epsilons;
import dev.mettle.core.threat.Norm;
import dev.mettle.reports.SavedAttack;
import dev.mettle.reports.SavedEvaluation;
import dev.mettle.reports.SavedOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The sample of a report to look at, and the attacks to run on it again.
 *
 * @param sample the id of the sample
 * @param stages the attacks, in order: one, or those of a suite up to the one that broke the sample
 * @param notes what is not run again, and why
 */
record SampleChoice(long sample, List<Stage> stages, List<String> notes) {

    /**
     * An attack to run again.
     *
     * @param saved what the report holds of it
     * @param attack the attack itself
     */
    record Stage(SavedAttack saved, Attack attack) {}

    /**
     * Which attacks are asked for.
     *
     * @param name a name or label; null for any
     * @param norm a norm; null for any
     * @param epsilon an epsilon; null for any
     */
    record Filter(
            @Nullable String name,
            @Nullable Norm norm,
            @Nullable Double epsilon) {

        boolean accepts(SavedAttack attack) {
            return (name == null || isNamed(attack, name))
                    && (norm == null || attack.norm() == norm)
                    && (epsilon == null || attack.epsilon() == epsilon);
        }

        private static boolean isNamed(SavedAttack attack, String name) {
            return attack.label().equalsIgnoreCase(name)
                    || attack.name().equalsIgnoreCase(name)
                    || AttackCatalog.entries().stream()
                            .anyMatch(entry -> entry.name().equalsIgnoreCase(name)
                                    && entry.defaults().name().equalsIgnoreCase(attack.name()));
        }

        private String words() {
            return (name == null ? "no attack" : "no attack '" + name + "'")
                    + (norm == null ? "" : " in " + norm.symbol())
                    + (epsilon == null ? "" : " with the epsilon " + Epsilons.format(epsilon));
        }
    }

    /**
     * Choose.
     *
     * @param report the report
     * @param sample the sample that is asked for; null for the first one that an attack broke
     * @throws ConfigurationException if there is nothing to run again, with the reason
     */
    static SampleChoice of(SavedEvaluation report, @Nullable Long sample, Filter filter) {
        List<SavedAttack> accepted =
                report.attacks().stream().filter(filter::accepts).toList();
        if (accepted.isEmpty()) {
            throw new ConfigurationException(report.file() + " holds " + filter.words() + ": choose from "
                    + report.attacks().stream()
                            .map(SavedAttack::title)
                            .distinct()
                            .collect(Collectors.joining(", ")));
        }
        long id = sample == null ? firstBroken(report, accepted) : sample;
        requireAttacked(report, id);
        List<String> notes = new ArrayList<>();
        SavedAttack chosen = choose(report, accepted, id, notes);
        if (filter.name() != null || chosen.suite().isEmpty()) {
            return new SampleChoice(id, List.of(new Stage(chosen, rebuilt(chosen))), notes);
        }
        List<Stage> stages = new ArrayList<>();
        for (SavedAttack attack : report.attacks()) {
            if (attack.sameSuite(chosen)
                    && attack.epsilon() == chosen.epsilon()
                    && report.outcome(attack, id).status().attacked()) {
                obstacle(attack).ifPresentOrElse(notes::add, () -> stages.add(new Stage(attack, rebuilt(attack))));
            }
        }
        return new SampleChoice(id, List.copyOf(stages), notes);
    }

    private static long firstBroken(SavedEvaluation report, List<SavedAttack> accepted) {
        List<SavedAttack> breaking =
                accepted.stream().filter(attack -> !attack.broken().isEmpty()).toList();
        List<SavedAttack> possible =
                breaking.stream().filter(attack -> obstacle(attack).isEmpty()).toList();
        return report.ids().stream()
                .filter(id -> possible.stream()
                        .anyMatch(attack -> report.outcome(attack, id).brokenHere()))
                .findFirst()
                .orElseThrow(
                        () -> new ConfigurationException(
                                breaking.stream()
                                        .flatMap(attack -> obstacle(attack).stream())
                                        .findFirst()
                                        .orElse(
                                                report.file()
                                                        + " holds no sample that these attacks broke: choose one that withstood, with --sample")));
    }

    private static void requireAttacked(SavedEvaluation report, long id) {
        if (!report.ids().contains(id)) {
            throw new ConfigurationException(report.file() + " holds no sample #" + id + ": its "
                    + report.ids().size() + " samples are #" + report.ids().get(0) + " to #"
                    + report.ids().get(report.ids().size() - 1));
        }
        if (report.wrong().contains(id)) {
            throw new ConfigurationException("the model gets sample #" + id
                    + " wrong without any attack, so none was run on it: choose another sample");
        }
    }

    private static SavedAttack choose(SavedEvaluation report, List<SavedAttack> accepted, long id, List<String> notes) {
        Optional<SavedAttack> broken = accepted.stream()
                .filter(attack -> report.outcome(attack, id).brokenHere()
                        && obstacle(attack).isEmpty())
                .findFirst();
        if (broken.isPresent()) {
            return broken.get();
        }
        for (SavedAttack attack : accepted) {
            if (report.outcome(attack, id).status() == SampleStatus.BROKEN) {
                throwIfPresent(obstacle(attack));
                return atSmallerEpsilon(report, attack, id, notes);
            }
        }
        List<SavedAttack> withstood = accepted.stream()
                .filter(attack -> report.outcome(attack, id).status().attacked())
                .toList();
        return withstood.stream()
                .filter(attack -> obstacle(attack).isEmpty())
                .findFirst()
                .orElseThrow(() -> new ConfigurationException(withstood.stream()
                        .flatMap(attack -> obstacle(attack).stream())
                        .findFirst()
                        .orElse(notRun(report, accepted.get(0), id))));
    }

    private static void throwIfPresent(Optional<String> obstacle) {
        obstacle.ifPresent(message -> {
            throw new ConfigurationException(message);
        });
    }

    /** Find where an attack broke a sample that it was not run on again at a larger epsilon. */
    private static SavedAttack atSmallerEpsilon(
            SavedEvaluation report, SavedAttack attack, long id, List<String> notes) {
        SavedAttack smaller = report.attacks().stream()
                .filter(other -> other.sameButForEpsilon(attack)
                        && report.outcome(other, id).brokenHere())
                .findFirst()
                .orElseThrow(() -> new ConfigurationException(attack.label() + " broke sample #" + id
                        + " at a smaller epsilon already, which " + report.file()
                        + " doesn't hold: give the report of that epsilon"));
        notes.add(attack.label() + " broke sample #" + id + " at ε=" + Epsilons.format(smaller.epsilon())
                + " already, so it was not run on it at ε=" + Epsilons.format(attack.epsilon()));
        return smaller;
    }

    private static String notRun(SavedEvaluation report, SavedAttack attack, long id) {
        SavedOutcome outcome = report.outcome(attack, id);
        return attack.title() + " was not run on sample #" + id
                + (outcome.status() == SampleStatus.BROKEN_BEFORE
                        ? ": an attack before it broke it; leave --attack out to see which"
                        : outcome.status() == SampleStatus.LEFT_OPEN
                                ? " with success: a trust check tried it on a few samples only"
                                : ": the evaluation stopped before; choose another sample");
    }

    private static Attack rebuilt(SavedAttack attack) {
        return AttackCatalog.find(attack.name(), attack.parameters()).orElseThrow();
    }

    /** Say why an attack can't be run again on one sample, if it can't. */
    private static Optional<String> obstacle(SavedAttack attack) {
        Optional<Attack> found = AttackCatalog.find(attack.name(), attack.parameters());
        if (found.isEmpty()) {
            return Optional.of(attack.label() + " can't be run again: Mettle has no attack '" + attack.name()
                    + "' with the parameters " + attack.parameters());
        }
        return found.filter(Attack::universal)
                .map(
                        universal -> attack.label()
                                + " can't be run again on one sample: it makes one perturbation for all samples of the evaluation");
    }
}
