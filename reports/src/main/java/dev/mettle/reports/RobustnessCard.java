package dev.mettle.reports;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.trust.TrustLevel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells about one model what was tested, how, what was found, and what that doesn't show, in Markdown with a head that programs read: for
 * a model registry, and for whoever signs a model off.
 */
final class RobustnessCard {

    private final List<ReportDocument> documents;
    private final List<String> lines = new ArrayList<>();

    private RobustnessCard(List<ReportDocument> documents) {
        this.documents = documents;
    }

    /**
     * Write the card.
     *
     * @throws ConfigurationException if the reports are about several models
     */
    static String of(List<ReportDocument> documents) {
        Set<String> hashes = new LinkedHashSet<>();
        documents.forEach(document -> hashes.add(document.model().sha256()));
        if (hashes.size() > 1) {
            throw new ConfigurationException("a card is about one model, and these reports are about " + hashes.size()
                    + ": give only those of one");
        }
        return new RobustnessCard(documents).write();
    }

    private String write() {
        ReportDocument.Model model = documents.get(0).model();
        writeHead(model);
        add("# Robustness card: " + MarkdownText.escaped(model.name()));
        add("", "## The model", "");
        lines.addAll(MarkdownText.table(List.of(
                new Presentation.Fact("name", model.name(), ""),
                new Presentation.Fact("SHA-256", model.sha256(), "of configuration and weights"),
                new Presentation.Fact("inputs", ModelInfo.formatShape(model.inputShape()), model.dataType()),
                new Presentation.Fact("classes", String.valueOf(model.classes()), ""))));
        writeTested();
        writeHow();
        writeFound();
        writeNotShown();
        writeCatalogs();
        return String.join("\n", lines) + "\n";
    }

    private void add(String... added) {
        lines.addAll(List.of(added));
    }

    /** YAML whose texts are written as in JSON, which is YAML, too. */
    private void writeHead(ReportDocument.Model model) {
        add("---");
        add("model: " + quoted(model.name()));
        add("model_sha256: " + quoted(model.sha256()));
        add("robustness:");
        for (ReportDocument document : documents) {
            for (ReportDocument.Threat threat : document.threatModels()) {
                add("  - test: " + quoted(document.name()));
                add("    threat_model: " + quoted(threat.label()));
                add("    attacks: " + quoted(threat.shown().title()));
                add("    data: " + quoted(document.data().name()));
                add("    samples: " + threat.evaluated());
                add("    clean_accuracy: " + document.cleanAccuracy());
                add("    robust_accuracy: " + threat.robustAccuracy());
                add("    lower_bound: " + threat.verdict().lowerBound());
                add("    upper_bound: " + threat.verdict().upperBound());
                add("    confidence: " + threat.verdict().confidence());
                add("    verdict: " + threat.verdict().outcome());
            }
        }
        add("---");
    }

    private static String quoted(String text) {
        try {
            return ReportDocument.MAPPER.writeValueAsString(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a text can always be written", e);
        }
    }

    private void writeTested() {
        add("", "## What was tested", "");
        add(MarkdownText.row("test", "an attacker may", "attacks", "data", "samples"));
        add("|---|---|---|---|---:|");
        for (ReportDocument document : documents) {
            for (ReportDocument.Threat threat : document.threatModels()) {
                List<String> attacks = document.attacksUnder(threat).stream()
                        .filter(attack -> !attack.isOfTrustCheck())
                        .map(ReportDocument.Attack::title)
                        .toList();
                add(MarkdownText.row(
                        MarkdownText.escaped(document.name()),
                        MarkdownText.escaped(threat.label()),
                        MarkdownText.escaped(String.join(", ", attacks)),
                        MarkdownText.escaped(document.data().name()),
                        threat.evaluated() + " of " + document.samples()));
            }
        }
    }

    private void writeHow() {
        add("", "## How", "");
        Set<String> ways = new LinkedHashSet<>();
        for (ReportDocument document : documents) {
            ReportDocument.Gradients gradients = document.gradientCheck();
            if (gradients != null) {
                ways.add(gradients.message());
            }
            for (ReportDocument.Threat threat : document.threatModels()) {
                document.trustIn(threat)
                        .ifPresent(trust -> ways.add("trust checks of " + document.name() + ", " + threat.label() + ": "
                                + trust.of(TrustLevel.PASSED).size() + " passed, "
                                + trust.of(TrustLevel.WARNING).size() + " warned, "
                                + trust.of(TrustLevel.DOUBT).size() + " doubted, "
                                + trust.of(TrustLevel.NOT_RUN).size() + " not run"));
            }
        }
        ReportDocument first = documents.get(0);
        first.environment().forEach((name, value) -> ways.add(name + ": " + value));
        ways.forEach(way -> add("- " + MarkdownText.escaped(way)));
        for (ReportDocument document : documents) {
            add("- data of " + MarkdownText.escaped(document.name()) + ": SHA-256 `"
                    + document.data().sha256() + "`, seed " + document.seed());
        }
    }

    private void writeFound() {
        add("", "## What was found", "");
        add(MarkdownText.row("test", "clean", "robust", "bounds", "required", "verdict"));
        add("|---|---:|---:|---|---:|---|");
        for (ReportDocument document : documents) {
            for (ReportDocument.Threat threat : document.threatModels()) {
                add(MarkdownText.row(
                        MarkdownText.escaped(document.name() + ", " + threat.label()),
                        ReportText.percent(document.cleanAccuracy()),
                        ReportText.percent(threat.robustAccuracy()),
                        ReportText.percent(threat.verdict().lowerBound()) + " and "
                                + ReportText.percent(threat.verdict().upperBound()) + " at "
                                + ReportText.percent(threat.verdict().confidence()) + " each",
                        MarkdownText.required(threat.verdict().threshold()),
                        "**" + threat.verdict().outcome() + "**"
                                + ReportText.surprise(threat.verdict().outcome(), document.expected())));
            }
        }
        for (ReportDocument document : documents) {
            for (ReportDocument.Threat threat : document.threatModels()) {
                add(
                        "",
                        MarkdownText.escaped(
                                        document.name() + ": " + threat.shown().sentence()) + ".");
                lines.addAll(MarkdownText.doubts(document, threat));
            }
        }
    }

    private void writeNotShown() {
        add("", "## What this doesn't show", "");
        add("- An adversarial example that was found is proof. That none was found is evidence only: a stronger attack"
                + " may find one.");
        add("- Nothing is shown of attackers who may do more than the threat models above say: larger or other"
                + " perturbations, changes of the training data, theft of the model.");
        add("- Bounds are about data like those tested; they say nothing of data of another kind.");
        Set<String> notes = new LinkedHashSet<>();
        documents.forEach(document -> notes.addAll(document.notes()));
        notes.forEach(note -> add("- " + MarkdownText.escaped(note)));
    }

    private void writeCatalogs() {
        Set<String> entries = new LinkedHashSet<>();
        documents.forEach(document -> document.taxonomy().forEach(entry -> entries.add(entry.toString())));
        if (entries.isEmpty()) {
            return;
        }
        add("", "## What catalogs call these tests", "");
        entries.forEach(entry -> add("- " + MarkdownText.escaped(entry)));
        add("", "This card is evidence; it states no conformity with any rule.");
    }
}
