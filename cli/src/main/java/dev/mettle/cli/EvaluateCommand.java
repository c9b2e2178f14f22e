package dev.mettle.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.attacks.AttackCatalog;
import dev.mettle.attacks.AttackOptions;
import dev.mettle.attacks.Suite;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AdversarialExamples;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.data.NumpyFiles;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.evaluation.EvaluationPlan;
import dev.mettle.core.evaluation.Evaluator;
import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.evaluation.Progress;
import dev.mettle.core.evaluation.RobustnessEvaluation;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.trust.TrustPolicy;
import dev.mettle.core.verdict.Decision;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.Threshold;
import dev.mettle.core.verdict.VerdictPolicy;
import dev.mettle.dl4j.Dl4jClassifier;
import dev.mettle.reports.EvaluationJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Evaluates a saved model on saved data. All options are checked before any work. */
@Command(
        name = "evaluate",
        description = "Attacks a saved model on saved data and reports how many samples withstand.",
        mixinStandardHelpOptions = true,
        versionProvider = MettleCommand.Version.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all is well: no robust accuracy was required, or it is shown",
            "1:the required robust accuracy is not shown (FAIL, INCONCLUSIVE), or the attacks can't be trusted (UNTRUSTED)",
            "2:bad input; the message names the value and the mend",
            "3:an unexpected error"
        },
        footer = {
            "",
            "Example:",
            "  mettle evaluate --model net.zip --inputs x.npy --labels y.npy --range 0,1 --norm linf \\",
            "      --epsilon 0.1 --attacks fgsm,pgd:steps=40,restarts=5 --samples 1000 --seed 7 \\",
            "      --min-robust-accuracy 0.6 --json out.json"
        })
@SuppressWarnings("NullAway.Init") // picocli fills the fields
final class EvaluateCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "FILE",
            description = "A MultiLayerNetwork or ComputationGraph as Deeplearning4j's ModelSerializer writes it.")
    private Path model;

    @Option(
            names = "--inputs",
            required = true,
            paramLabel = "FILE",
            description = "Samples in the model's layout, [n, ...], as .npy; or an .npz with 'inputs' and 'labels'.")
    private Path inputs;

    @Option(
            names = "--labels",
            paramLabel = "FILE",
            description = "True labels as .npy: whole numbers counted from 0, or one-hot rows.")
    private @Nullable Path labels;

    @Option(
            names = "--range",
            required = true,
            paramLabel = "LOW,HIGH",
            description = "The valid range of inputs, such as 0,1. No attack leaves it.")
    private String range;

    @Option(
            names = "--attacks",
            paramLabel = "LIST",
            description = {
                "Attacks, separated by commas, each with its options after a colon:",
                "fgsm,pgd:steps=100,restarts=5",
                "'mettle attacks' lists them."
            })
    private @Nullable String attacks;

    @Option(
            names = "--suite",
            split = ",",
            paramLabel = "SUITES",
            converter = Converters.SuiteConverter.class,
            description = "Suites of attacks, besides or instead of --attacks: quick, auto-attack, auto-attack-plus or"
                    + " auto-attack-rand. Each attack runs on the samples that those before it left standing.")
    private @Nullable List<Suite> suites;

    @Option(
            names = "--goal",
            paramLabel = "GOAL",
            converter = Converters.GoalConverter.class,
            description =
                    "What attacks want: untargeted, most-likely, least-likely, random or next wrong class, or the number"
                            + " of a class. Default: ${DEFAULT-VALUE}.")
    private Goal goal = Goal.untargeted();

    @Option(
            names = "--norm",
            paramLabel = "NORM",
            converter = Converters.NormConverter.class,
            description = "How the size of a perturbation is measured: linf, l2, l1 or l0. May be left out where the"
                    + " attacks know one norm only.")
    private @Nullable Norm norm;

    @Option(
            names = "--epsilon",
            split = ",",
            paramLabel = "EPS",
            description = "The largest perturbation, in input units of the model: 0.1, 8/255, or several, such as"
                    + " 2/255,4/255,8/255. May be left out for cw, which then measures distances without a bound.")
    private @Nullable List<Double> epsilons;

    @Option(names = "--samples", paramLabel = "N", description = "Use the first N samples only. Default: all.")
    private @Nullable Integer samples;

    @Option(
            names = "--seed",
            paramLabel = "SEED",
            description = "The seed of all random draws. Default: ${DEFAULT-VALUE}.")
    private Long seed = RobustnessEvaluation.DEFAULT_SEED;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "How many samples are attacked at once; changes memory and speed, results only by rounding."
                    + " Default: ${DEFAULT-VALUE}.")
    private Integer batch = RobustnessEvaluation.DEFAULT_BATCH_SIZE;

    @Option(
            names = "--min-robust-accuracy",
            paramLabel = "FRACTION",
            description = "The robust accuracy to show, such as 0.6. Without it nothing is judged.")
    private @Nullable Double minRobustAccuracy;

    @Option(
            names = "--min-robust-accuracy-per-class",
            paramLabel = "FRACTION",
            description = "The robust accuracy to show of every class, such as 0.4.")
    private @Nullable Double minRobustAccuracyPerClass;

    @Option(
            names = "--thresholds",
            split = ",",
            paramLabel = "EPS=FRACTION",
            converter = Converters.ThresholdConverter.class,
            description =
                    "Instead of --min-robust-accuracy, one for each of some epsilons, which needn't be named again:"
                            + " 2/255=0.8,8/255=0.4.")
    private @Nullable List<Threshold> thresholds;

    @Option(
            names = "--decision",
            paramLabel = "MODE",
            converter = Converters.DecisionConverter.class,
            description =
                    "How bounds are computed, and when to stop: fixed (by all samples), curtailed (the same verdict, but"
                            + " stop as soon as it is certain), sequential (stop as soon as the samples seen decide), population"
                            + " (the samples are all there is: no bounds). Default: fixed.")
    private Decision decision = Decision.FIXED;

    @Option(
            names = "--confidence",
            paramLabel = "FRACTION",
            description = "The confidence with which it is to be shown. Default: ${DEFAULT-VALUE}.")
    private Double confidence = VerdictPolicy.DEFAULT_CONFIDENCE;

    @Option(
            names = "--on-untrusted",
            paramLabel = "ACTION",
            description =
                    "What to do where trust checks doubt that the attacks show anything: fail, or escalate, which runs the"
                            + " attacks that they call for and judges again. Default: ${DEFAULT-VALUE}.")
    private String onUntrusted = "fail";

    @Option(names = "--json", paramLabel = "FILE", description = "Write all facts and the verdict as JSON.")
    private @Nullable Path json;

    @Option(
            names = "--save-adversarial",
            paramLabel = "FILE",
            description =
                    "Write the inputs as .npy, each replaced by its nearest adversarial example where there is one.")
    private @Nullable Path saveAdversarial;

    @Override
    public Integer call() {
        Box box = box();
        List<PlannedAttack> planned = planned();
        List<ThreatModel> threats = planned.stream()
                .flatMap(plan ->
                        plan.epsilons().stream().map(epsilon -> plan.threat(epsilon, box, goal, Constraints.none())))
                .distinct()
                .toList();
        VerdictPolicy policy = policy(threats);
        TrustPolicy trust = trustPolicy();
        checkFiles(threats);

        LabeledData data = new DataFiles(inputs, labels).load();
        EvaluationPlan plan = new EvaluationPlan(
                String.valueOf(model.getFileName()),
                Dl4jClassifier.load(model).withInputRange(box.lower(0), box.upper(0)),
                samples == null ? data : data.first(samples),
                planned,
                policy,
                seed,
                batch,
                goal,
                Constraints.none(),
                trust);
        Evaluator evaluator = run(plan, threats);
        List<RobustnessReport> reports = evaluator.evaluation().threatModels().stream()
                .map(evaluator::worstCase)
                .toList();
        Evaluation evaluation = evaluator.evaluation();
        conclude(evaluation, reports);
        boolean shown = reports.stream()
                .map(report -> report.verdict().outcome())
                .allMatch(outcome -> outcome == Outcome.PASS || outcome == Outcome.MEASURED);
        return shown ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private Box box() {
        String[] bounds = range.split(",", -1);
        try {
            if (bounds.length == 2) {
                return Box.of(AttackOptions.number(bounds[0].trim()), AttackOptions.number(bounds[1].trim()));
            }
        } catch (NumberFormatException e) {
            throw noRange(e);
        }
        throw noRange(null);
    }

    private ConfigurationException noRange(@Nullable Exception cause) {
        return new ConfigurationException(
                "--range is '" + range + "': give the smallest and the largest valid input, such as 0,1", cause);
    }

    private List<PlannedAttack> planned() {
        List<PlannedAttack> planned = new ArrayList<>();
        if (attacks != null) {
            AttackCatalog.parseList(attacks).forEach(attack -> planned.add(plan(attack)));
        }
        for (Suite suite : suites == null ? List.<Suite>of() : suites) {
            if (norm == null || epsilons().isEmpty()) {
                throw new ConfigurationException((norm == null ? "--norm" : "--epsilon")
                        + " is missing: the suite " + suite.commandName()
                        + " needs both, such as --norm linf --epsilon 8/255");
            }
            planned.addAll(PlannedAttack.of(suite.in(norm), norm, epsilons()));
        }
        if (planned.isEmpty()) {
            throw new ConfigurationException("--attacks is missing: name attacks, or a suite with --suite");
        }
        return planned;
    }

    private List<Double> epsilons() {
        return Stream.concat(
                        epsilons == null ? Stream.empty() : epsilons.stream(),
                        thresholds == null
                                ? Stream.empty()
                                : thresholds.stream().map(Threshold::epsilon))
                .distinct()
                .toList();
    }

    private PlannedAttack plan(Attack attack) {
        if (!attack.transformation().isEmpty()) {
            return PlannedAttack.of(attack, Norm.L2, List.of());
        }
        if (epsilons().isEmpty() && !attack.minimizesNorm()) {
            throw new ConfigurationException("--epsilon is missing: " + attack.name()
                    + " searches within a ball; add one such as --epsilon 8/255, in input units of the model");
        }
        if (norm == null && attack.norms().size() > 1) {
            throw new ConfigurationException(
                    "--norm is missing: choose one of " + Converters.options(attack.norms()) + " for " + attack.name());
        }
        return new PlannedAttack(
                attack,
                norm == null ? attack.norms().iterator().next() : norm,
                epsilons().isEmpty() ? List.of(ThreatModel.UNBOUNDED) : epsilons());
    }

    private TrustPolicy trustPolicy() {
        return switch (onUntrusted) {
            case "fail" -> TrustPolicy.CHECK;
            case "escalate" -> TrustPolicy.ESCALATE;
            default ->
                throw new ConfigurationException("--on-untrusted is '" + onUntrusted + "': choose fail or escalate");
        };
    }

    private VerdictPolicy policy(List<ThreatModel> threats) {
        VerdictPolicy policy = new VerdictPolicy(
                optional(minRobustAccuracy),
                confidence,
                decision,
                optional(minRobustAccuracyPerClass),
                thresholds == null ? List.of() : thresholds);
        if (policy.isRequiring()
                && threats.stream()
                        .anyMatch(threat ->
                                !threat.bounded() && threat.transformation().isEmpty())) {
            throw new ConfigurationException(
                    (minRobustAccuracy == null ? "--min-robust-accuracy-per-class" : "--min-robust-accuracy")
                            + " needs --epsilon: without a bound on the perturbation"
                            + " no model is robust");
        }
        return policy;
    }

    private static OptionalDouble optional(@Nullable Double value) {
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    private void checkFiles(List<ThreatModel> threats) {
        FileCheck.readable("--model", model);
        DataFiles files = new DataFiles(inputs, labels);
        files.check();
        List<Path> named = new ArrayList<>(List.of(model));
        named.addAll(files.paths());
        if (json != null) {
            FileCheck.writable("--json", json, named);
            named.add(json);
        }
        if (saveAdversarial != null) {
            FileCheck.writable("--save-adversarial", saveAdversarial, named);
            if (threats.size() > 1) {
                throw new ConfigurationException("--save-adversarial takes the examples of one epsilon, but there are "
                        + threats.size() + ": run once for each");
            }
        }
    }

    private Evaluator run(EvaluationPlan plan, List<ThreatModel> threats) {
        ConsoleReport console = new ConsoleReport(spec.commandLine().getOut());
        Progress progress = new Progress(this::remark, System::nanoTime);
        Evaluator evaluator = new Evaluator(plan, progress);
        Backend.advice().ifPresent(advice -> remark("note: " + advice));
        Evaluation facts = evaluator.evaluation();
        ResultTable table = new ResultTable(plan.attacks(), threats);
        console.line(Backend.statement());
        console.header(facts);
        console.line(table.headings());
        if (plan.policy().decision().stopsEarly()) { // all attacks run on the same samples, so all end together
            for (AttackResult result : evaluator.evaluate().results()) {
                if (result.trustCheck().isEmpty()) { // what these broke shows in the worst case
                    console.line(row(table, facts, result, plan.policy()));
                }
            }
        } else {
            for (PlannedAttack planned : plan.attacks()) {
                for (AttackResult result : evaluator.results(planned)) {
                    console.line(row(table, facts, result, plan.policy()));
                }
            }
        }
        progress.begin("trust checks");
        for (ThreatModel threat : evaluator.evaluation().threatModels()) {
            RobustnessReport worst = evaluator.worstCase(threat);
            if (plan.attacks().size() > 1 || worst.results().size() > 1) {
                console.line(table.row(ResultTable.WORST_CASE, worst));
            }
        }
        return evaluator;
    }

    private static String row(ResultTable table, Evaluation facts, AttackResult result, VerdictPolicy policy) {
        return table.row(result.attack().label(), RobustnessReport.of(facts, result, policy));
    }

    private void remark(String line) {
        spec.commandLine().getErr().println("[mettle] " + line);
    }

    private void conclude(Evaluation evaluation, List<RobustnessReport> reports) {
        ConsoleReport console = new ConsoleReport(spec.commandLine().getOut());
        console.line("");
        reports.forEach(console::verdict);
        console.notes(evaluation);
        if (json != null) {
            ObjectNode document = EvaluationJson.of(evaluation, reports);
            document.set("files", files(document.objectNode()));
            EvaluationJson.write(json, document);
            console.line("JSON: " + json);
        }
        if (saveAdversarial != null) {
            RobustnessReport only = reports.get(0);
            NumpyFiles.write(
                    saveAdversarial,
                    new AdversarialExamples(
                                    evaluation.data().inputs(),
                                    only.outcomes(),
                                    only.threatModel().norm())
                            .inputs());
            console.line("adversarial inputs: " + saveAdversarial);
        }
    }

    /** Name the files that were read, with their hashes. */
    private ObjectNode files(ObjectNode files) {
        describe(files.putObject("model"), model);
        describe(files.putObject("inputs"), inputs);
        if (labels != null) {
            describe(files.putObject("labels"), labels);
        }
        return files;
    }

    private static void describe(ObjectNode node, Path file) {
        node.put("path", file.toString()).put("sha256", FileCheck.sha256(file));
    }
}
