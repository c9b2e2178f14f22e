package dev.mettle.cli;

import dev.mettle.core.ConfigurationException;
import dev.mettle.reports.ReportSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
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

    @Override
    public void run() {
        reports.forEach(path -> {
            if (!Files.isDirectory(path)) {
                FileCheck.readable("REPORT", path);
            }
        });
        ReportSet set = ReportSet.read(reports);
        Map<Path, Supplier<String>> outputs = new LinkedHashMap<>();
        add(outputs, "--html", html, set::html);
        if (outputs.isEmpty()) {
            throw new ConfigurationException("there is nothing to write: give --html FILE");
        }
        PrintWriter out = spec.commandLine().getOut();
        outputs.forEach((file, content) -> {
            try {
                Files.writeString(file, content.get(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException("can't write " + file.toAbsolutePath() + ": " + e.getMessage(), e);
            }
            out.println(file + ": " + set.size() + (set.size() == 1 ? " report" : " reports"));
        });
        out.flush();
    }

    private void add(
            Map<Path, Supplier<String>> outputs, String option, @Nullable Path file, Supplier<String> content) {
        if (file != null) {
            FileCheck.writable(option, file, reports);
            if (outputs.put(file, content) != null) {
                throw new ConfigurationException(option + " names " + file + ", as another option does: give another");
            }
        }
    }
}
