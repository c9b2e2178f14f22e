package dev.mettle.cli;

import dev.mettle.core.numeric.Backend;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command itself; all work is done by its subcommands. */
@Command(
        name = "mettle",
        description = "Attacks a trained classifier and says how robust it is.",
        mixinStandardHelpOptions = true,
        versionProvider = MettleCommand.Version.class,
        subcommands = {
            EvaluateCommand.class,
            ReproduceCommand.class,
            ReportCommand.class,
            CompareCommand.class,
            AttacksCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Example:",
            "  mettle evaluate --model net.zip --inputs x.npy --labels y.npy --range 0,1 \\",
            "      --norm linf --epsilon 8/255 --attacks fgsm,pgd --min-robust-accuracy 0.6",
            "",
            "'mettle evaluate --help' tells all options and exit codes."
        })
final class MettleCommand {

    /** Tells the version of the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String own = Backend.version("dev.mettle", "mettle-core").orElse("development");
            String nd4j = Backend.version("org.nd4j", "nd4j-api").orElse("unknown");
            return new String[] {
                "mettle " + own, "ND4J " + nd4j + ", Java " + System.getProperty("java.version"),
            };
        }
    }
}
