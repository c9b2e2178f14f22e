package dev.mettle.cli;

import dev.mettle.reports.ReportComparison;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares two reports on the same samples. */
@Command(
        name = "compare",
        description = "Compares two reports on the same samples: two models, or two builds of one.",
        mixinStandardHelpOptions = true,
        versionProvider = MettleCommand.Version.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:compared; with --fail-if-worse, the second model isn't shown to be less robust",
            "1:with --fail-if-worse, it is, at 95%% confidence",
            "2:bad input; the message names the value and the mend",
            "3:an unexpected error"
        },
        footer = {
            "",
            "Example:",
            "  mettle compare before.json after.json --html comparison.html --fail-if-worse",
        })
@SuppressWarnings("NullAway.Init") // picocli fills the fields
final class CompareCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "BEFORE", description = "The report to compare with.")
    private Path before;

    @Parameters(index = "1", paramLabel = "AFTER", description = "The report that is compared with it.")
    private Path after;

    @Option(names = "--html", paramLabel = "FILE", description = "Write one page that needs no other file.")
    private @Nullable Path html;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Write Markdown, for the summary of a CI job.")
    private @Nullable Path markdown;

    @Option(names = "--json", paramLabel = "FILE", description = "Write JSON, for other programs.")
    private @Nullable Path json;

    @Option(
            names = "--fail-if-worse",
            description = "Exit with 1 if the second model is shown to be less robust under a threat model.")
    private boolean failIfWorse;

    @Override
    public Integer call() {
        FileCheck.readable("BEFORE", before);
        FileCheck.readable("AFTER", after);
        OutputFiles outputs = new OutputFiles(List.of(before, after));
        ReportComparison comparison = ReportComparison.read(before, after);
        outputs.add("--html", html, comparison::html);
        outputs.add("--markdown", markdown, comparison::markdown);
        outputs.add("--json", json, comparison::json);
        PrintWriter out = spec.commandLine().getOut();
        comparison.lines().forEach(out::println);
        outputs.write().forEach(file -> out.println("written: " + file));
        out.flush();
        return failIfWorse && comparison.isWorse() ? ExitCode.SOFTWARE : ExitCode.OK;
    }
}
