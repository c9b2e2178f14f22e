package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.CorpusReplay;
import dev.mettle.core.evaluation.EvaluationPlan;
import dev.mettle.core.evaluation.KnownExamples;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.memory.CorpusFolder;
import dev.mettle.memory.ExampleCorpus;
import dev.mettle.memory.ReplayedCorpus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Tries the known adversarial examples of one test again, and keeps new ones. */
final class CorpusCheck {

    private static final long MAX_BYTES = 4L << 20;
    private static final int NAMED_EXAMPLES = 10;

    private final CorpusFolder folder;
    private final String test;
    private final int maxExamples;
    private final Recording mode;
    private final boolean onCi;
    private final String update;
    private @Nullable ExampleCorpus corpus;
    private boolean recording;

    private CorpusCheck(
            CorpusFolder folder, String test, int maxExamples, Recording mode, boolean onCi, String update) {
        this.folder = folder;
        this.test = test;
        this.maxExamples = maxExamples;
        this.mode = mode;
        this.onCi = onCi;
        this.update = update;
    }

    /**
     * Return the check of a test; empty if it asks for none.
     *
     * @throws ConfigurationException if the annotation or a property is wrong
     */
    static Optional<CorpusCheck> of(ExtensionContext context, RobustnessProperties properties, String reproduce) {
        Optional<Corpus> annotation = Recording.annotation(context, Corpus.class);
        Recording mode = properties.corpus();
        if (annotation.isEmpty() || mode == Recording.OFF) {
            return Optional.empty();
        }
        int maxExamples = annotation.get().maxExamples();
        if (maxExamples < 1) {
            throw new ConfigurationException("maxExamples = " + maxExamples + " of @Corpus: give at least 1");
        }
        boolean onCi = properties.onCi();
        mode.requireAllowed(RobustnessProperties.CORPUS, "known adversarial examples", onCi);
        Class<?> testClass = context.getRequiredTestClass();
        return Optional.of(new CorpusCheck(
                CorpusFolder.of(
                        properties
                                .corpusFolder()
                                .orElseGet(
                                        () -> ProjectFolder.resources(testClass).resolve("corpus")),
                        testClass.getName()),
                context.getRequiredTestMethod().getName(),
                maxExamples,
                mode,
                onCi,
                reproduce + " " + Recording.updating(RobustnessProperties.CORPUS)));
    }

    /**
     * Read the known examples, and return what the attacks are to try first.
     *
     * @param plan the evaluation, on all samples
     * @param console takes lines to print
     * @throws ConfigurationException if there are none on CI, or they are of other data or another model
     */
    KnownExamples open(EvaluationPlan plan, Consumer<String> console) {
        Optional<ExampleCorpus> kept = folder.find(test);
        if (kept.isEmpty() && onCi) {
            throw new ConfigurationException(
                    "there are no known adversarial examples of " + plan.name() + " in " + folder.path()
                            + ", and none are kept on CI: run the test once on your machine, and commit the folder");
        }
        LabeledData data = plan.fittedData();
        ModelInfo model = plan.model().info();
        if (mode == Recording.COMPARE && kept.isPresent()) {
            kept.get().requireOn(data, model, update);
        }
        ExampleCorpus fitting = kept.map(all -> all.on(data, model)).orElseGet(() -> ExampleCorpus.empty(data, model));
        recording = mode == Recording.UPDATE || kept.isEmpty();
        corpus = fitting;
        int beyond = fitting.beyond(plan.threats(), data);
        if (beyond > 0) {
            console.accept("corpus: " + beyond + " of " + fitting.examples().size()
                    + " known adversarial examples lie beyond what the test allows an attacker, and are not tried");
        }
        return fitting.known();
    }

    /**
     * Say what became of the known examples under the threat model of a report, and keep what is new where that is asked for.
     *
     * @param console takes lines to print
     * @return what became of them; empty if none was known
     */
    Optional<CorpusReplay> check(RobustnessReport report, LabelModel model, Consumer<String> console) {
        ExampleCorpus known = corpus;
        if (known == null) {
            throw new IllegalStateException("the corpus is opened before the attacks run");
        }
        ReplayedCorpus replayed = known.replay(report, model);
        CorpusReplay replay = replayed.summary(maxExamples);
        if (recording) {
            ExampleCorpus learnt = replayed.learnt(maxExamples, MAX_BYTES - folder.bytesBeside(test));
            corpus = learnt;
            folder.write(test, learnt);
            int added = learnt.examples().size() - known.examples().size();
            console.accept("corpus: " + recorded(replay, added, replayed.found().size()));
            return Optional.empty();
        }
        console.accept("corpus: " + replay.sentence()
                + (replay.hasNews() && !replay.isRegression() ? "; keep that with " + update : ""));
        return Optional.of(replay);
    }

    private String recorded(CorpusReplay replay, int added, int found) {
        List<String> parts = new ArrayList<>();
        parts.add("kept " + added + " new adversarial " + (added == 1 ? "example" : "examples"));
        if (found > added) {
            parts.add("left out " + (found - added) + " for lack of room");
        }
        if (replay.closable() > 0) {
            parts.add("closed " + replay.closable() + " that the model resists");
        }
        if (replay.isRegression()) {
            parts.add("opened " + replay.fooledAgain().size() + " that fool it again");
        }
        return String.join(", ", parts) + " in " + folder.path() + "; commit it with the test";
    }

    /**
     * Throw if a model is fooled again.
     *
     * @param lastLine how to get the same report again
     * @throws RobustnessAssertionError if an example that the model resisted fools it
     */
    void require(RobustnessReport report, CorpusReplay replay, String lastLine) {
        if (!replay.isRegression()) {
            return;
        }
        List<String> lines = new ArrayList<>();
        replay.fooledAgain().stream()
                .limit(NAMED_EXAMPLES)
                .forEach(name -> lines.add(FailureText.line(lines.isEmpty() ? "fooled again" : "", name)));
        if (replay.fooledAgain().size() > NAMED_EXAMPLES) {
            lines.add(FailureText.line("", "and " + (replay.fooledAgain().size() - NAMED_EXAMPLES) + " more"));
        }
        lines.add(FailureText.line("corpus", folder.path().toString()));
        lines.add(FailureText.line("accept", update));
        lines.add(lastLine);
        throw new RobustnessAssertionError(
                FailureText.of(report + ": " + replay.sentence(), report, String.join("\n", lines)),
                "none of " + (replay.fooledAgain().size() + replay.resisted()) + " resisted examples fools the model",
                replay.fooledAgain().size() + " do");
    }
}
