package dev.mettle.cli;

import dev.mettle.core.ConfigurationException;
import dev.mettle.reports.ReportSet;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Renders reports for people and for programs that don't read JSON. All files are checked before any is written. */
@Command(
        name = "report",
        description = "Renders reports as a page, a summary, or a card.",
        mixinStandardHelpOptions = true,
        versionProvider = MettleCommand.Version.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        footer = {
            "",
            "Example:",
            "  mettle report target/mettle-reports --html robustness.html",
        })
@SuppressWarnings("NullAway.Init") // picocli fills the fields
final class ReportCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "REPORT",
            arity = "1..*",
            description = "Reports as tests and 'mettle evaluate --json' write them, or folders of them.")
    private List<Path> reports;

    @Option(names = "--html", paramLabel = "FILE", description = "Write one page that needs no other file.")
    private @Nullable Path html;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Write a summary for a CI job.")
    private @Nullable Path markdown;

    @Option(names = "--junit", paramLabel = "FILE", description = "Write XML as CI servers know it from JUnit.")
    private @Nullable Path junit;

    @Option(names = "--sarif", paramLabel = "FILE", description = "Write what was not shown as SARIF 2.1.0.")
    private @Nullable Path sarif;

    @Option(
            names = "--card",
            paramLabel = "FILE",
            description = "Write a card of the model, in Markdown: what was tested, how, what was found, and what that"
                    + " doesn't show.")
    private @Nullable Path card;

    @Override
    public void run() {
        reports.forEach(path -> {
            if (!Files.isDirectory(path)) {
                FileCheck.readable("REPORT", path);
            }
        });
        ReportSet set = ReportSet.read(reports);
        OutputFiles outputs = new OutputFiles(reports);
        outputs.add("--html", html, set::html);
        outputs.add("--markdown", markdown, set::markdown);
        outputs.add("--junit", junit, set::junitXml);
        outputs.add("--sarif", sarif, set::sarif);
        outputs.add("--card", card, set::card);
        if (outputs.isEmpty()) {
            throw new ConfigurationException(
                    "there is nothing to write: give --html, --markdown, --junit, --sarif or --card");
        }
        PrintWriter out = spec.commandLine().getOut();
        outputs.write()
                .forEach(file -> out.println(file + ": " + set.size() + (set.size() == 1 ? " report" : " reports")));
        out.flush();
    }
}
