package dev.mettle.reports;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustLevel;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.PairedDifference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A {@code report.json} as those who render it see it: all that pages, descriptions and cards show comes from here, whether the
 * evaluation has just ended or was written to a file long ago.
 *
 * <p>What an earlier version didn't write is empty.
 */
record ReportDocument(
        String schema,
        String name,
        Outcome expected,
        String reproduce,
        int samples,
        int cleanCount,
        double cleanAccuracy,
        List<Threat> threatModels,
        List<Attack> attacks,
        Model model,
        Data data,
        Map<String, String> environment,
        long seed,
        @Nullable Gradients gradientCheck,
        List<Trust> trust,
        List<String> notes,
        @Nullable Baseline baseline,
        @Nullable Corpus corpus,
        @Nullable Defense defense,
        List<Taxonomy.Entry> taxonomy) {

    static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    ReportDocument {
        expected = expected == null ? Outcome.PASS : expected;
        reproduce = text(reproduce);
        int all = samples;
        threatModels = Presentation.copy(threatModels).stream()
                .map(threat -> threat.evaluated() == 0 ? threat.evaluatedOn(all) : threat)
                .toList();
        attacks = Presentation.copy(attacks);
        environment = environment == null ? Map.of() : new TreeMap<>(environment);
        trust = Presentation.copy(trust);
        notes = Presentation.copy(notes);
        taxonomy = Presentation.copy(taxonomy);
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** See a document as it was just built. */
    static ReportDocument of(ObjectNode document) {
        try {
            return MAPPER.treeToValue(document, ReportDocument.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what was just written can be read", e);
        }
    }

    /**
     * Read a document.
     *
     * @throws ConfigurationException if the file is no report of an evaluation, or lacks what every report has
     */
    static ReportDocument read(Path path) {
        String file = String.valueOf(path.getFileName());
        JsonNode document = tree(path);
        try {
            return MAPPER.treeToValue(document, ReportDocument.class);
        } catch (JsonProcessingException | NullPointerException e) {
            throw new ConfigurationException(
                    file + " is no complete report: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("") + "; evaluate again",
                    e);
        }
    }

    /**
     * Read a file as a tree, and check that it is a report of an evaluation.
     *
     * @throws ConfigurationException if it isn't
     */
    static JsonNode tree(Path path) {
        String file = String.valueOf(path.getFileName());
        JsonNode document;
        try {
            document = MAPPER.readTree(Files.readAllBytes(path));
        } catch (JsonProcessingException e) {
            throw new ConfigurationException(
                    file + " is no JSON, from line " + e.getLocation().getLineNr() + " on: " + give(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("can't read " + path.toAbsolutePath() + ": " + e.getMessage(), e);
        }
        String schema = document.path("schema").asText();
        if (!schema.equals(EvaluationJson.SCHEMA)) {
            throw new ConfigurationException(
                    file + (schema.isEmpty() ? " has no schema: " : " has the schema '" + schema + "': ") + give());
        }
        return document;
    }

    private static String give() {
        return "give a report with the schema " + EvaluationJson.SCHEMA
                + ", as tests and 'mettle evaluate --json' write it";
    }

    /** Return the threat model that left the fewest samples robust, the last one of several. */
    Threat worst() {
        Threat worst = threatModels.get(0);
        for (Threat threat : threatModels) {
            worst = threat.robustAccuracy() <= worst.robustAccuracy() ? threat : worst;
        }
        return worst;
    }

    /** Return the attacks that ran under a threat model. */
    List<Attack> attacksUnder(Threat threat) {
        return attacks.stream().filter(attack -> threat.isThatOf(attack.key())).toList();
    }

    /**
     * Return what became of every sample under all attacks of a threat model, by its id.
     *
     * @throws ConfigurationException if the document doesn't tell, as those of earlier versions don't
     */
    Map<Long, SampleStatus> statuses(Threat threat) {
        boolean told = attacksUnder(threat).stream()
                .allMatch(attack -> attack.brokenCount() == attack.broken().size());
        if (!told) {
            throw new ConfigurationException("the report of " + name
                    + " doesn't tell which samples were broken: an earlier version of Mettle wrote it; evaluate again");
        }
        Map<Long, SampleStatus> statuses = new LinkedHashMap<>();
        data.ids().forEach(id -> statuses.put(id, SampleStatus.ROBUST));
        List<Attack> under = attacksUnder(threat);
        for (Attack attack : under) {
            attack.undecided().forEach(each -> statuses.put(each.sample(), each.status()));
            attack.notEvaluated().forEach(id -> statuses.put(id, SampleStatus.NOT_EVALUATED));
        }
        for (Attack attack : under) {
            attack.broken().forEach(each -> statuses.put(each.sample(), SampleStatus.BROKEN));
            attack.abstained().forEach(id -> statuses.put(id, SampleStatus.ABSTAINED));
        }
        data.wrong().stream()
                .filter(id -> statuses.get(id) != SampleStatus.ABSTAINED)
                .forEach(id -> statuses.put(id, SampleStatus.CLEAN_WRONG));
        return statuses;
    }

    /** Return what the trust checks found of all attacks under a threat model, if they ran. */
    Optional<Trust> trustIn(Threat threat) {
        return trust.stream()
                .filter(each -> threat.isThatOf(each.key()) && !each.checks().isEmpty())
                .max(Comparator.comparingInt(each -> each.attacks().size()));
    }

    /** What tells one threat model from others. */
    record Key(String norm, @Nullable Double epsilon, String transformation, String goal) {}

    /**
     * One threat model, and what came out under it.
     *
     * @param norm the norm, in lower case
     * @param epsilon the epsilon; null if there is none
     * @param transformation what the attacker may do, if that is not bound by a norm; else empty
     * @param goal what the attacker wants, if not just any other answer
     * @param constraints what may not be done to features
     * @param label the threat model as a text, such as {@code L∞, ε = 8/255}
     */
    record Threat(
            String norm,
            @Nullable Double epsilon,
            String transformation,
            String goal,
            String constraints,
            String label,
            int evaluated,
            int robustCount,
            double robustAccuracy,
            int brokenCount,
            int undecidedCount,
            Verdict verdict,
            Presentation shown) {

        Threat {
            transformation = text(transformation);
            goal = text(goal);
            constraints = text(constraints);
            Objects.requireNonNull(verdict, "a threat model has no verdict");
            label = label == null ? norm + (epsilon == null ? "" : ", ε = " + epsilon) : label;
            shown = shown == null ? Presentation.ofEarlierVersion(verdict.reason()) : shown;
        }

        /** Earlier versions evaluated all samples, and didn't say so. */
        private Threat evaluatedOn(int samples) {
            return new Threat(
                    norm,
                    epsilon,
                    transformation,
                    goal,
                    constraints,
                    label,
                    samples,
                    robustCount,
                    robustAccuracy,
                    brokenCount,
                    undecidedCount,
                    verdict,
                    shown);
        }

        /** Name the attacks and what they may do, such as {@code PGD-40, L∞, ε = 8/255}. */
        String heading() {
            return (shown.title().isEmpty() ? "" : shown.title() + ", ") + label;
        }

        /** Say whether attacks, or trust checks, are about this threat model. */
        private boolean isThatOf(Key key) {
            return key().equals(key);
        }

        /** Return what tells this threat model from others. */
        Key key() {
            return new Key(norm, epsilon, transformation, goal);
        }
    }

    /** The verdict under one threat model. */
    record Verdict(
            Outcome outcome,
            double lowerBound,
            double upperBound,
            double confidence,
            String decision,
            @Nullable Double threshold,
            String reason) {}

    /** What one attack did under one threat model. */
    record Attack(
            String name,
            String label,
            String suite,
            String access,
            String norm,
            @Nullable Double epsilon,
            String transformation,
            String goal,
            Map<String, String> parameters,
            int evaluated,
            @Nullable Double robustAccuracy,
            int brokenCount,
            double forwardPerSample,
            double backwardPerSample,
            double seconds,
            double cpuSeconds,
            List<Broken> broken,
            List<Undecided> undecided,
            List<Long> abstained,
            List<Long> notEvaluated) {

        Attack {
            broken = Presentation.copy(broken);
            undecided = Presentation.copy(undecided);
            abstained = Presentation.copy(abstained);
            notEvaluated = Presentation.copy(notEvaluated);
            suite = text(suite);
            access = text(access);
            transformation = text(transformation);
            goal = text(goal);
            parameters = parameters == null ? Map.of() : parameters;
        }

        private Key key() {
            return new Key(norm, epsilon, transformation, goal);
        }

        /** Say whether a trust check ran it. */
        boolean isOfTrustCheck() {
            return TrustCheck.ofSuite(suite).isPresent();
        }

        /** Name it, and say so where a trust check let it start elsewhere. */
        String title() {
            return (TrustCheck.ofSuite(suite).equals(Optional.of(TrustCheck.ENOUGH_RESTARTS))
                            ? "another start of "
                            : "")
                    + label;
        }
    }

    /** A sample that an attack broke. */
    record Broken(long sample, int predicted, double distance) {}

    /** A sample that an attack left undecided. */
    record Undecided(long sample, SampleStatus status) {}

    /** The model under test. */
    record Model(String name, String sha256, List<Long> inputShape, int classes, String dataType) {}

    /** The samples. */
    record Data(String name, String sha256, int samples, List<Long> ids, List<Long> wrong) {

        Data {
            ids = ids == null ? LongStream.range(0, samples).boxed().toList() : List.copyOf(ids);
            wrong = Presentation.copy(wrong);
        }
    }

    /** The check of the model's input gradients. */
    record Gradients(boolean passed, String message) {}

    /** What the trust checks found about some attacks under one threat model. */
    record Trust(
            String norm,
            @Nullable Double epsilon,
            String transformation,
            String goal,
            List<String> attacks,
            long passes,
            long evaluationPasses,
            List<Finding> checks) {

        Trust {
            transformation = text(transformation);
            goal = text(goal);
            attacks = Presentation.copy(attacks);
            checks = Presentation.copy(checks);
        }

        private Key key() {
            return new Key(norm, epsilon, transformation, goal);
        }

        /** Return the findings of one level. */
        List<Finding> of(TrustLevel level) {
            return checks.stream().filter(finding -> finding.level() == level).toList();
        }
    }

    /** What one trust check found. */
    record Finding(String check, TrustLevel level, String evidence, String advice) {}

    /** What changed since a baseline was recorded. */
    record Baseline(String sentence, boolean regression, int samples, int robustBefore, int robustNow) {}

    /** What became of known adversarial examples. */
    record Corpus(String sentence, boolean regression) {}

    /**
     * What a defense bought and cost.
     *
     * @param title what was done
     * @param curve robust accuracy of the model without the defense; null where only one epsilon was evaluated
     */
    record Defense(
            String title,
            double seconds,
            double cpuSeconds,
            List<String> log,
            Difference cleanAccuracy,
            Difference robustAccuracy,
            Presentation.@Nullable Curve curve) {

        Defense {
            log = Presentation.copy(log);
        }
    }

    /** A share before and after, on the same samples, and bounds of the difference. */
    record Difference(
            int samples,
            double before,
            double after,
            int gained,
            int lost,
            @JsonProperty("lowerBound") double lower,
            @JsonProperty("upperBound") double upper) {

        static Difference of(PairedDifference difference) {
            return new Difference(
                    difference.samples(),
                    difference.shareBefore(),
                    difference.shareAfter(),
                    difference.gained(),
                    difference.lost(),
                    difference.lowerBound(),
                    difference.upperBound());
        }
    }
}
