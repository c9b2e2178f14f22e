package dev.mettle.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class GradientBenchmarkTests {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--networks vgg | expected one of [MLP, LENET, RESNET] (case-insensitive) but was 'vgg'",
                "--batches 1,no | 'no' is not an int",
                "--batches 0 | --batches must be 1 or more, not 0",
                "--rounds 0 | --rounds must be 1 or more, not 0",
                "--threads -1 | --threads must be 1 or more, not -1",
                "--threads 2 --clock cpu | --clock cpu sees the calling thread only: use it with --threads 1, not 2",
                "--memory --calls 0 | --calls must be 1 or more, not 0",
                "--python no-such-python | there is no file no-such-python, which --python names",
                "--stock-jar no.jar | there is no file no.jar, which --stock-jar names",
                "--no-such-option | Unknown option: '--no-such-option'"
            })
    void bad_options_are_named(String arguments, String message) {
        StringWriter errors = new StringWriter();
        CommandLine commandLine = GradientBenchmark.commandLine().setErr(new PrintWriter(errors));
        assertThat(commandLine.execute(arguments.split(" "))).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(errors.toString()).contains(message);
    }

    @Test
    void the_table_tells_medians_and_ratios_within_rounds() {
        BenchmarkTable table = new BenchmarkTable(List.of(Contender.METTLE_GRADIENT, Contender.DL4J));
        table.add(
                BenchmarkNetwork.MLP,
                32,
                Map.of(
                        Contender.METTLE_GRADIENT,
                        List.of(timing(1e6), timing(2e6), timing(4e6)),
                        Contender.DL4J,
                        List.of(timing(3e6), timing(4e6), timing(40e6))));
        assertThat(table.text()).isEqualTo("""
                        network  batch  Mettle ms  DL4J ms     DL4J : Mettle  heap kB/call
                            mlp     32       2.00     4.00  3.00 (2.50-6.50)             7
                        """);
        assertThat(table.markdown()).isEqualTo("""
                        | network | batch | Mettle ms | DL4J ms | DL4J : Mettle | heap kB/call |
                        | --- | ---: | ---: | ---: | ---: | ---: |
                        | mlp | 32 | 2.00 | 4.00 | 3.00 (2.50-6.50) | 7 |
                        """);
    }

    private static Peer.Timing timing(double nanos) {
        return new Peer.Timing(nanos, 7000);
    }

    @Test
    void errors_are_medians_over_rows() {
        float[] exact = {3, 4, 1, 0, 0, 2};
        float[] off = {3, 4, 1, 0.1f, 0, 200};
        assertThat(Statistics.medianRelativeError(off, exact, 3)).isBetween(0.0999, 0.1001);
    }

    @Test
    void natives_are_swapped_on_the_class_path() {
        String separator = java.io.File.pathSeparator;
        String folder = "repository" + java.io.File.separator;
        String others = String.join(
                separator,
                folder + "nd4j-native-1.0.0-M2.1.jar",
                folder + "nd4j-native-preset-1.0.0-M2.1-linux-x86_64.jar",
                folder + "nd4j-native-api-1.0.0-M2.1.jar");
        Path stock = Path.of("nd4j-native-1.0.0-M2.1-linux-x86_64.jar").toAbsolutePath();
        String classPath = String.join(
                separator,
                folder + "nd4j-native-1.0.0-M2.1-linux-x86_64.jar",
                others,
                folder + "nd4j-native-1.0.0-M2.1-linux-x86_64-onednn.jar");
        String swapped = Backend.swap(classPath, stock);
        assertThat(swapped).isEqualTo(others + separator + stock);
        assertThat(Backend.isOnly(classPath, stock)).isFalse();
        assertThat(Backend.isOnly(swapped, stock)).isTrue();
    }
}
