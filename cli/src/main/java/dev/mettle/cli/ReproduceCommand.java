package dev.mettle.cli;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.PlannedAttack;
import dev.mettle.core.evaluation.Reproduction;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Backend;
import dev.mettle.core.threat.Goal;
import dev.mettle.core.threat.Norm;
import dev.mettle.dl4j.Dl4jClassifier;
import dev.mettle.reports.EvaluationJson;
import dev.mettle.reports.ReproducedAttack;
import dev.mettle.reports.ReproductionJson;
import dev.mettle.reports.SavedAttack;
import dev.mettle.reports.SavedEvaluation;
import dev.mettle.reports.TraceCsv;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs the attack on one sample of a report again, alone and, if need be, in its batch. All options and files are checked before any work. */
@Command(
        name = "reproduce",
        description = "Runs the attack on one sample of a report again, shows its steps, and says whether the same"
                + " comes out, to the bit.",
        mixinStandardHelpOptions = true,
        versionProvider = MettleCommand.Version.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the same came out, to the bit",
            "1:something else came out; the last line says what",
            "2:bad input; the message names the value and the mend",
            "3:an unexpected error"
        },
        footer = {
            "",
            "Example:",
            "  mettle reproduce out.json --sample 17 --attack pgd --trace trace.csv",
        })
@SuppressWarnings("NullAway.Init") // picocli fills the fields
final class ReproduceCommand implements Callable<Integer> {

    private static final int LINES = 20;
    private static final int LINES_OF_A_STAGE = 5;
    private static final int LEAST_LINES = 8;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "REPORT",
            description = "A report as 'mettle evaluate --json' writes it, or as a test attaches it to Allure.")
    private Path reportFile;

    @Option(
            names = "--sample",
            paramLabel = "ID",
            description = "The sample, by the number that reports give it. Default: the first one that was broken.")
    private @Nullable Long sample;

    @Option(
            names = "--attack",
            paramLabel = "NAME",
            description =
                    "The attack, by name (pgd) or label (PGD-40). Default: the one that broke the sample, and before"
                            + " it those of its suite.")
    private @Nullable String attack;

    @Option(
            names = "--norm",
            paramLabel = "NORM",
            converter = Converters.NormConverter.class,
            description = "The norm, where the report holds several: linf, l2, l1 or l0.")
    private @Nullable Norm norm;

    @Option(names = "--epsilon", paramLabel = "EPS", description = "The epsilon, where the report holds several.")
    private @Nullable Double epsilon;

    @Option(
            names = "--model",
            paramLabel = "FILE",
            description = "The model. Default: the file that the report names; reports of tests name none.")
    private @Nullable Path model;

    @Option(
            names = "--inputs",
            paramLabel = "FILE",
            description = "The samples as .npy, or an .npz with 'inputs' and 'labels'. Default: as the report names.")
    private @Nullable Path inputs;

    @Option(
            names = "--labels",
            paramLabel = "FILE",
            description = "The true labels as .npy. Default: the file that the report names.")
    private @Nullable Path labels;

    @Option(
            names = "--anyway",
            description = "Go on with another model or other data than those of the report, to see what comes out.")
    private boolean anyway;

    @Option(
            names = "--alone",
            description =
                    "Leave it at the sample alone. Default: if that comes out differently, as rounding may have it,"
                            + " the attack is run on all samples of its batch, too.")
    private boolean alone;

    @Option(names = "--trace", paramLabel = "FILE", description = "Write every pass as CSV.")
    private @Nullable Path trace;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the comparison and every pass as JSON.")
    private @Nullable Path json;

    @Override
    public Integer call() {
        FileCheck.readable("REPORT", reportFile);
        SavedEvaluation report = SavedEvaluation.read(reportFile);
        SampleChoice choice = SampleChoice.of(report, sample, new SampleChoice.Filter(attack, norm, epsilon));
        Path modelFile = modelFile(report);
        DataFiles dataFiles = dataFiles(report);
        checkOutputs(modelFile, dataFiles);

        Dl4jClassifier network = Dl4jClassifier.load(modelFile).withInputRange(report.inputRange());
        Dl4jClassifier declared = report.inputShape().contains(ModelInfo.ANY_SIZE)
                ? network
                : network.withInputShape(
                        report.inputShape().stream().mapToLong(Long::longValue).toArray());
        ModelInfo info = declared.info();
        boolean sameModel = sameModel(report, info);
        LabeledData data = dataFiles.load();
        boolean complete = report.ids().stream().allMatch(id -> id < data.size());
        Goal goal = choice.stages().get(0).saved().goal();
        Reproduction reproduction = new Reproduction(
                sameModel ? declared : network,
                complete ? subset(data, report.ids()) : data,
                goal,
                report.constraints(),
                report.seed());
        String dataSha256 = reproduction.data().sha256();
        boolean sameData = sameData(report, data, dataSha256);

        PrintWriter out = spec.commandLine().getOut();
        out.println(Backend.statement());
        out.println("report  " + report.file() + ": model " + report.model() + ", data " + report.data() + ", "
                + report.ids().size() + " samples in batches of " + report.batchSize() + ", seed " + report.seed());
        out.println("model   " + info.name() + ", sha256 " + ConsoleReport.hash(info.sha256())
                + (sameModel ? ", as in the report" : ": another model than in the report"));
        out.println("data    " + data.name() + ", sha256 " + ConsoleReport.hash(dataSha256)
                + (sameData ? ", as in the report" : ": other data than in the report"));
        List<ReproducedAttack> attacks = run(report, choice, reproduction, sameModel && sameData);
        conclude(report, choice, attacks, sameModel, sameData);
        return attacks.stream().allMatch(ReproducedAttack::equal) ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private Path modelFile(SavedEvaluation report) {
        return file("model", model, report);
    }

    private DataFiles dataFiles(SavedEvaluation report) {
        Path samples = file("inputs", inputs, report);
        boolean archive = DataFiles.isArchive(samples);
        DataFiles files = new DataFiles(samples, labels == null && archive ? null : file("labels", labels, report));
        files.check();
        return files;
    }

    private static Path file(String kind, @Nullable Path given, SavedEvaluation report) {
        if (given != null) {
            FileCheck.readable("--" + kind, given);
            return given;
        }
        String named = report.files().get(kind);
        if (named == null) {
            throw new ConfigurationException("--" + kind + " is missing: " + report.file()
                    + " names no such file, as it is with reports of tests; give the one that was used");
        }
        Path path = Path.of(named);
        if (!Files.isRegularFile(path)) {
            throw new ConfigurationException("--" + kind + " is missing: there is no file " + path.toAbsolutePath()
                    + ", which " + report.file() + " names; say where it is now");
        }
        return path;
    }

    private void checkOutputs(Path modelFile, DataFiles dataFiles) {
        List<Path> named = new ArrayList<>(List.of(reportFile, modelFile));
        named.addAll(dataFiles.paths());
        if (trace != null) {
            FileCheck.writable("--trace", trace, named);
            named.add(trace);
        }
        if (json != null) {
            FileCheck.writable("--json", json, named);
        }
    }

    private boolean sameModel(SavedEvaluation report, ModelInfo info) {
        String difference = !info.sha256().equals(report.modelSha256())
                ? "its sha256 is " + ConsoleReport.hash(info.sha256()) + ", that of the report's "
                        + ConsoleReport.hash(report.modelSha256())
                : info.dataType() != report.dataType()
                        ? "it computes in " + name(info.dataType()) + ", the report's in " + name(report.dataType())
                        : "";
        refuse("the model " + info.name(), difference, "give that one with --model");
        return difference.isEmpty();
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private boolean sameData(SavedEvaluation report, LabeledData data, String sha256) {
        String difference = sha256.equals(report.dataSha256())
                ? ""
                : "the sha256 of these samples is " + ConsoleReport.hash(sha256) + ", that of the report's "
                        + ConsoleReport.hash(report.dataSha256());
        refuse("the data " + data.name(), difference, "give those with --inputs and --labels, as the model took them");
        return difference.isEmpty();
    }

    private void refuse(String what, String difference, String mend) {
        if (!difference.isEmpty() && !anyway) {
            throw new ConfigurationException(what + (what.startsWith("the data") ? " are" : " is")
                    + " not what the report is about: " + difference + "; " + mend
                    + ", or go on with --anyway");
        }
    }

    private static LabeledData subset(LabeledData data, List<Long> ids) {
        return data.subset(ids.stream().mapToInt(Math::toIntExact).toArray());
    }

    private List<ReproducedAttack> run(
            SavedEvaluation report, SampleChoice choice, Reproduction reproduction, boolean same) {
        PrintWriter out = spec.commandLine().getOut();
        List<ReproducedAttack> attacks = new ArrayList<>();
        for (SampleChoice.Stage stage : choice.stages()) {
            SavedAttack saved = stage.saved();
            ReproducedAttack attack = run(report, stage, choice.sample(), reproduction, same);
            attacks.add(attack);
            out.println();
            Wrapping.print(
                    out,
                    saved.title() + "  ",
                    (saved.suite().isEmpty() ? "" : "in " + saved.suite() + ", ") + "on sample #" + choice.sample()
                            + ", class " + attack.trace().outcome().label() + parameters(saved.parameters()));
            int others = choice.stages().size() - 1;
            boolean last = attacks.size() > others;
            new TraceTable(saved.norm(), attack.trace().queries())
                    .print(out, last ? Math.max(LEAST_LINES, LINES - others * LINES_OF_A_STAGE) : LINES_OF_A_STAGE);
            out.flush();
        }
        return attacks;
    }

    /** Run an attack on the sample alone, and if something else comes out, among the samples of its batch. */
    private ReproducedAttack run(
            SavedEvaluation report, SampleChoice.Stage stage, long id, Reproduction reproduction, boolean same) {
        SavedAttack saved = stage.saved();
        PlannedAttack planned =
                new PlannedAttack(stage.attack(), saved.norm(), List.of(saved.epsilon()), saved.suite());
        ReproducedAttack attack = new ReproducedAttack(
                saved, report.outcome(saved, id), reproduction.run(planned, saved.epsilon(), id), Optional.empty());
        List<Long> batch = report.batch(saved, id);
        if (attack.equal() || alone || !same || batch.size() == 1) {
            return attack;
        }
        spec.commandLine()
                .getErr()
                .println("[mettle] alone, sample #" + id + " comes out differently: running " + saved.label()
                        + " on the " + batch.size() + " samples of its batch");
        return new ReproducedAttack(
                saved,
                attack.report(),
                attack.alone(),
                Optional.of(reproduction.run(planned, saved.epsilon(), id, batch)));
    }

    private static String parameters(Map<String, String> parameters) {
        return parameters.isEmpty()
                ? ""
                : ": "
                        + parameters.entrySet().stream()
                                .map(entry -> entry.getKey() + "=" + entry.getValue())
                                .collect(Collectors.joining(", "));
    }

    private void conclude(
            SavedEvaluation report,
            SampleChoice choice,
            List<ReproducedAttack> attacks,
            boolean sameModel,
            boolean sameData) {
        PrintWriter out = spec.commandLine().getOut();
        out.println();
        out.println("margin: "
                + (choice.stages().get(0).saved().goal().isTargeted()
                        ? "largest logit of the other classes minus that of the target; adversarial below 0"
                        : "logit of the true class minus the largest other one; adversarial below 0"));
        out.println(
                "gradient: Euclidean length of the gradient of the attack's own loss, up to a factor of its choice");
        if (trace != null) {
            TraceCsv.write(trace, attacks);
            out.println("trace: " + trace);
        }
        if (json != null) {
            EvaluationJson.write(json, ReproductionJson.of(report, attacks, sameModel, sameData));
            out.println("JSON: " + json);
        }
        choice.notes().forEach(note -> out.println("note: " + note));
        environment(report).ifPresent(note -> out.println("note: " + note));
        for (ReproducedAttack attack : attacks) {
            if (!attack.equal() && attack.saved().recalled() > 0) {
                out.println("note: " + attack.saved().recalled() + " outcomes of "
                        + attack.saved().label()
                        + " in the report were known beforehand and only confirmed: such an example need not be what the"
                        + " attack finds itself");
            }
        }
        String prefix = (sameModel ? "" : "another model: ") + (sameData ? "" : "other data: ");
        for (ReproducedAttack attack : attacks) {
            out.println((attack.equal() ? "reproduced: " : "NOT REPRODUCED: ")
                    + prefix
                    + (attacks.size() > 1 ? attack.saved().label() + ": " : "")
                    + attack.sentence());
        }
        out.flush();
    }

    /** Tell where the report comes from another machine or other versions. */
    private static Optional<String> environment(SavedEvaluation report) {
        Map<String, String> here = Backend.describe();
        String differences = report.environment().entrySet().stream()
                .filter(there ->
                        here.containsKey(there.getKey()) && !there.getValue().equals(here.get(there.getKey())))
                .map(there -> there.getKey() + " " + there.getValue() + " (here " + here.get(there.getKey()) + ")")
                .collect(Collectors.joining(", "));
        return differences.isEmpty() ? Optional.empty() : Optional.of("the report was made elsewhere: " + differences);
    }
}
