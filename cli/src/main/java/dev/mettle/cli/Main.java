package dev.mettle.cli;

import dev.mettle.core.ConfigurationException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/** Starts the command {@code mettle}. */
public final class Main {

    /** The exit code of an error that is neither the user's nor the model's. */
    static final int UNEXPECTED = 3;

    private Main() {}

    /**
     * Run the command and exit: 0 if all is well, 1 if the required robust accuracy is not shown, 2 for bad input, 3 for an
     * unexpected error.
     */
    public static void main(String[] args) {
        CommandLine commandLine = commandLine();
        commandLine.setOut(console(FileDescriptor.out, "stdout.encoding"));
        commandLine.setErr(console(FileDescriptor.err, "stderr.encoding"));
        System.exit(run(commandLine, args));
    }

    /** Run a command; what it throws, even an error such as one of memory, never looks like a missed threshold. */
    static int run(CommandLine commandLine, String... args) {
        try {
            return commandLine.execute(args);
        } catch (Throwable e) { // picocli hands on what is no Exception, and Java would exit with 1
            e.printStackTrace(commandLine.getErr());
            return UNEXPECTED;
        }
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new MettleCommand());
        commandLine.registerConverter(Double.class, Converters::number);
        commandLine.registerConverter(Integer.class, Converters::count);
        commandLine.registerConverter(Long.class, Converters::wholeNumber);
        commandLine.setUsageHelpWidth(100);
        commandLine.setParameterExceptionHandler((exception, args) -> {
            CommandLine failed = exception.getCommandLine();
            failed.getErr().println("mettle: " + exception.getMessage());
            failed.getErr().println("Try '" + failed.getCommandSpec().qualifiedName() + " --help'.");
            return CommandLine.ExitCode.USAGE;
        });
        commandLine.setExecutionExceptionHandler((exception, failed, parsed) -> {
            if (exception instanceof ConfigurationException) {
                failed.getErr().println("mettle: " + exception.getMessage());
                return CommandLine.ExitCode.USAGE;
            }
            exception.printStackTrace(failed.getErr());
            return UNEXPECTED;
        });
        return commandLine;
    }

    /** A container without a locale claims to know ASCII only, but what it writes is read as UTF-8: ∞ and ε must get through. */
    private static PrintWriter console(FileDescriptor descriptor, String encodingProperty) {
        String encoding = System.getProperty(encodingProperty, System.getProperty("native.encoding", "UTF-8"));
        Charset charset = Charset.isSupported(encoding) ? Charset.forName(encoding) : StandardCharsets.UTF_8;
        return new PrintWriter(
                new FileOutputStream(descriptor),
                true,
                charset.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : charset);
    }
}
