package dev.mettle.reports;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.verdict.McNemar;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.PairedDifference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Two reports on the same samples side by side: two models, or two builds of one. What changed is judged sample by sample, by the exact
 * test of {@link McNemar}; samples that attacks left undecided, or that one evaluation didn't come to, say nothing and are left out.
 */
public final class ReportComparison {

    /** The version of the structure of {@link #json()}. */
    public static final String SCHEMA = "mettle-comparison/1";

    private static final double CONFIDENCE = 0.95;
    private static final int NAMED_SAMPLES = 20;

    private final ReportDocument before;
    private final ReportDocument after;
    private final String nameBefore;
    private final String nameAfter;
    private final List<Pair> pairs;

    /** One threat model in both reports. */
    private record Pair(
            ReportDocument.Threat before,
            ReportDocument.Threat after,
            PairedDifference clean,
            PairedDifference robust,
            List<Long> newlyBroken,
            List<Long> newlyRobust) {

        boolean isWorse() {
            return McNemar.pValue(newlyBroken.size(), newlyRobust.size()) <= 1 - CONFIDENCE;
        }

        boolean isBetter() {
            return McNemar.pValue(newlyRobust.size(), newlyBroken.size()) <= 1 - CONFIDENCE;
        }

        private String untrusted() {
            boolean first = before.verdict().outcome() == Outcome.UNTRUSTED;
            boolean second = after.verdict().outcome() == Outcome.UNTRUSTED;
            return !first && !second
                    ? ""
                    : "; "
                            + (first && second
                                    ? "neither evaluation"
                                    : first ? "the first evaluation" : "the second evaluation")
                            + (first && second ? " can be trusted" : " can't be trusted");
        }

        /** Say what changed, and whether that may be chance. */
        String sentence() {
            String change = ReportText.percent(robust.shareBefore()) + " → " + ReportText.percent(robust.shareAfter())
                    + " of the same " + ReportText.samples(robust.samples());
            if (newlyBroken.isEmpty() && newlyRobust.isEmpty()) {
                return "robust accuracy " + change + ": no sample changed" + untrusted();
            }
            double p = Math.min(
                    McNemar.pValue(newlyBroken.size(), newlyRobust.size()),
                    McNemar.pValue(newlyRobust.size(), newlyBroken.size()));
            return (isWorse() ? "less robust: " : isBetter() ? "more robust: " : "no difference shown: ")
                    + "robust accuracy " + change + ", " + newlyBroken.size() + " newly broken, " + newlyRobust.size()
                    + " newly robust (" + (p < 0.001 ? "p < 0.001" : String.format(Locale.ROOT, "p = %.3f", p)) + ")"
                    + untrusted();
        }
    }

    private ReportComparison(ReportDocument before, ReportDocument after, String nameBefore, String nameAfter) {
        this.before = before;
        this.after = after;
        boolean models = !before.model().name().equals(after.model().name());
        this.nameBefore = models ? before.model().name() : nameBefore;
        this.nameAfter = models ? after.model().name() : nameAfter;
        this.pairs = pairs(nameBefore, nameAfter);
    }

    static ReportComparison of(ReportDocument before, ReportDocument after, String nameBefore, String nameAfter) {
        return new ReportComparison(before, after, nameBefore, nameAfter);
    }

    /**
     * Read two reports.
     *
     * @param before the report to compare with
     * @param after the report that is compared with it
     * @throws ConfigurationException if one of the files is no report of an evaluation, or they are about different samples or have no
     *     threat model in common
     */
    public static ReportComparison read(Path before, Path after) {
        return of(
                ReportDocument.read(before),
                ReportDocument.read(after),
                String.valueOf(before.getFileName()),
                String.valueOf(after.getFileName()));
    }

    private List<Pair> pairs(String fileBefore, String fileAfter) {
        if (!before.data().sha256().equals(after.data().sha256())) {
            throw new ConfigurationException(fileBefore + " and " + fileAfter + " are about different samples, "
                    + before.data().name() + " and " + after.data().name()
                    + " with different hashes: evaluate both models on the same samples");
        }
        List<Pair> found = new ArrayList<>();
        for (ReportDocument.Threat threat : after.threatModels()) {
            before.threatModels().stream()
                    .filter(other -> other.key().equals(threat.key())
                            && other.constraints().equals(threat.constraints()))
                    .findFirst()
                    .ifPresent(other -> found.add(pair(other, threat)));
        }
        if (found.isEmpty()) {
            throw new ConfigurationException(fileBefore + " and " + fileAfter
                    + " have no threat model in common: the first one has " + labels(before) + ", the second one "
                    + labels(after) + "; evaluate both under the same one");
        }
        return List.copyOf(found);
    }

    private static String labels(ReportDocument document) {
        return document.threatModels().stream()
                .map(ReportDocument.Threat::label)
                .collect(Collectors.joining(" and "));
    }

    private Pair pair(ReportDocument.Threat threatBefore, ReportDocument.Threat threatAfter) {
        Map<Long, SampleStatus> then = before.statuses(threatBefore);
        Map<Long, SampleStatus> now = after.statuses(threatAfter);
        Map<Long, SampleStatus> decidedThen = new LinkedHashMap<>();
        then.forEach((id, status) -> {
            SampleStatus other = now.getOrDefault(id, SampleStatus.NOT_EVALUATED);
            if (isDecided(status) && isDecided(other)) {
                decidedThen.put(id, status);
            }
        });
        List<Long> ids = List.copyOf(decidedThen.keySet());
        Predicate<SampleStatus> robust = status -> status == SampleStatus.ROBUST;
        Predicate<SampleStatus> right = status -> !status.wrongWhenClean();
        return new Pair(
                threatBefore,
                threatAfter,
                PairedDifference.of(which(ids, then, right), which(ids, now, right), CONFIDENCE),
                PairedDifference.of(which(ids, then, robust), which(ids, now, robust), CONFIDENCE),
                ids.stream()
                        .filter(id -> then.get(id) == SampleStatus.ROBUST && now.get(id) != SampleStatus.ROBUST)
                        .toList(),
                ids.stream()
                        .filter(id -> then.get(id) != SampleStatus.ROBUST && now.get(id) == SampleStatus.ROBUST)
                        .toList());
    }

    private static boolean isDecided(SampleStatus status) {
        return !status.undecided() && status != SampleStatus.NOT_EVALUATED;
    }

    private static boolean[] which(List<Long> ids, Map<Long, SampleStatus> statuses, Predicate<SampleStatus> has) {
        boolean[] which = new boolean[ids.size()];
        for (int i = 0; i < which.length; i++) {
            which[i] = has.test(statuses.getOrDefault(ids.get(i), SampleStatus.NOT_EVALUATED));
        }
        return which;
    }

    /** Say whether the second model is shown to be less robust under a threat model, at 95 % confidence. */
    public boolean isWorse() {
        return pairs.stream().anyMatch(Pair::isWorse);
    }

    /** Tell the comparison in plain lines. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(nameBefore + " → " + nameAfter + ", on " + after.data().name());
        for (Pair pair : pairs) {
            lines.add("");
            lines.add(pair.after().label() + ": " + pair.sentence());
            lines.add(ReportText.line("robust accuracy", pair.robust().toString()));
            lines.add(ReportText.line("clean accuracy", pair.clean().toString()));
            attacks(pair).forEach(difference -> lines.add(ReportText.line("attacks", difference)));
            names("newly broken", pair.newlyBroken(), lines);
            names("newly robust", pair.newlyRobust(), lines);
        }
        return lines;
    }

    /** Other attacks, or others of their parameters, may explain what changed. */
    private List<String> attacks(Pair pair) {
        String then = pair.before().shown().title();
        String now = pair.after().shown().title();
        if (!then.equals(now)) {
            return List.of("not the same: " + then + ", then " + now);
        }
        Map<String, Map<String, String>> earlier = new LinkedHashMap<>();
        ownAttacks(before, pair.before()).forEach(attack -> earlier.put(attack.label(), attack.parameters()));
        List<String> differences = new ArrayList<>();
        for (ReportDocument.Attack attack : ownAttacks(after, pair.after())) {
            Map<String, String> known = earlier.getOrDefault(attack.label(), attack.parameters());
            Set<String> names = new TreeSet<>(known.keySet());
            names.addAll(attack.parameters().keySet());
            names.stream()
                    .filter(name ->
                            !Objects.equals(known.get(name), attack.parameters().get(name)))
                    .map(name -> "not the same: " + name + " of " + attack.label() + " "
                            + known.getOrDefault(name, "not said") + ", then "
                            + attack.parameters().getOrDefault(name, "not said"))
                    .forEach(differences::add);
        }
        return differences;
    }

    /** Return the attacks whose parameters are known, but for those of trust checks. */
    private static List<ReportDocument.Attack> ownAttacks(ReportDocument document, ReportDocument.Threat threat) {
        return document.attacksUnder(threat).stream()
                .filter(attack ->
                        !attack.isOfTrustCheck() && !attack.parameters().isEmpty())
                .toList();
    }

    private static void names(String label, List<Long> ids, List<String> lines) {
        if (!ids.isEmpty()) {
            lines.add(ReportText.line(label, named(ids)));
        }
    }

    private static String named(List<Long> ids) {
        return ids.stream().limit(NAMED_SAMPLES).map(id -> "#" + id).collect(Collectors.joining(", "))
                + (ids.size() > NAMED_SAMPLES ? " and " + (ids.size() - NAMED_SAMPLES) + " more" : "");
    }

    /** Render Markdown. */
    public String markdown() {
        List<String> lines = new ArrayList<>();
        lines.add("# Robustness: " + MarkdownText.escaped(nameBefore) + " → " + MarkdownText.escaped(nameAfter));
        for (Pair pair : pairs) {
            lines.add("");
            lines.add("## " + MarkdownText.escaped(pair.after().heading()));
            lines.add("");
            lines.add(MarkdownText.escaped(pair.sentence()) + ".");
            lines.add("");
            lines.add(MarkdownText.row("", "before", "after", "difference", "95% bounds", "gained", "lost"));
            lines.add("|---|---:|---:|---:|---|---:|---:|");
            lines.add(row("clean accuracy", pair.clean()));
            lines.add(row("robust accuracy", pair.robust()));
            attacks(pair).forEach(difference -> lines.addAll(List.of("", "Attacks " + difference + ".")));
            if (!pair.newlyBroken().isEmpty()) {
                lines.addAll(List.of("", "Newly broken: " + named(pair.newlyBroken()) + "."));
            }
            if (!pair.newlyRobust().isEmpty()) {
                lines.addAll(List.of("", "Newly robust: " + named(pair.newlyRobust()) + "."));
            }
        }
        return String.join("\n", lines) + "\n";
    }

    private static String row(String name, PairedDifference difference) {
        return MarkdownText.row(
                name,
                ReportText.percent(difference.shareBefore()),
                ReportText.percent(difference.shareAfter()),
                ReportHtml.points(difference.difference()),
                ReportHtml.points(difference.lowerBound()) + " to " + ReportHtml.points(difference.upperBound()),
                String.valueOf(difference.gained()),
                String.valueOf(difference.lost()));
    }

    /** Render one HTML page that needs no other file and no network. */
    public String html() {
        Markup html = new Markup();
        String about = pairs.size() == 1 ? pairs.get(0).sentence() : pairs.size() + " threat models in common";
        return PageHtml.page(html, "Robustness: " + nameBefore + " → " + nameAfter, about, () -> {
            for (Pair pair : pairs) {
                html.open("section").element("h2", pair.after().heading());
                if (pairs.size() > 1) { // of a single one it stands above
                    html.element("p", pair.sentence() + ".");
                }
                attacks(pair).forEach(difference -> html.element("p", "Attacks " + difference + "."));
                Map<String, ReportDocument.Difference> differences = new LinkedHashMap<>();
                differences.put("clean accuracy", ReportDocument.Difference.of(pair.clean()));
                differences.put("robust accuracy", ReportDocument.Difference.of(pair.robust()));
                ReportHtml.writeDifferences(html, List.of("before", "after"), differences);
                SvgCurve.draw(pair.before(), pair.after(), nameBefore, nameAfter)
                        .ifPresent(svg -> ReportHtml.writeFigure(html, svg, "Both curves: " + pair.sentence()));
                writeSamples(html, "Newly broken", pair.newlyBroken(), pair.after());
                writeSamples(html, "Newly robust, as they were broken before", pair.newlyRobust(), pair.before());
                html.close();
            }
            html.close();
            PageHtml.writeProvenance(html, List.of(before, after));
        });
    }

    /** Draws those of some samples that the report in which they are broken has pictures of. */
    private static void writeSamples(Markup html, String title, List<Long> ids, ReportDocument.Threat brokenIn) {
        if (ids.isEmpty()) {
            return;
        }
        html.element("h3", title).element("p", named(ids));
        List<Presentation.Example> pictured = Stream.concat(
                        brokenIn.shown().examples().stream(), brokenIn.shown().gallery().stream())
                .filter(example -> ids.contains(example.sample()) && example.pictures() != null)
                .limit(Presenter.MOST_EXAMPLES)
                .toList();
        if (!pictured.isEmpty()) {
            ReportHtml.writeFigure(html, SampleGrid.draw(pictured), title + ": " + named(ids));
        }
    }

    /** Write the comparison as JSON, for other programs to read. */
    public String json() {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("schema", SCHEMA);
        document.put("worse", isWorse());
        put(document.putObject("before"), before);
        put(document.putObject("after"), after);
        ArrayNode threats = document.putArray("threatModels");
        for (Pair pair : pairs) {
            ObjectNode node = threats.addObject();
            node.put("norm", pair.after().norm());
            node.put("epsilon", pair.after().epsilon());
            node.put("label", pair.after().label());
            node.put("sentence", pair.sentence());
            node.put("worse", pair.isWorse());
            node.put("better", pair.isBetter());
            node.set("cleanAccuracy", ReportDocument.MAPPER.valueToTree(ReportDocument.Difference.of(pair.clean())));
            node.set("robustAccuracy", ReportDocument.MAPPER.valueToTree(ReportDocument.Difference.of(pair.robust())));
            ArrayNode broken = node.putArray("newlyBroken");
            pair.newlyBroken().forEach(broken::add);
            ArrayNode robust = node.putArray("newlyRobust");
            pair.newlyRobust().forEach(robust::add);
        }
        return EvaluationJson.text(document);
    }

    private static void put(ObjectNode node, ReportDocument document) {
        node.put("name", document.name());
        node.put("model", document.model().name());
        node.put("modelSha256", document.model().sha256());
    }
}
