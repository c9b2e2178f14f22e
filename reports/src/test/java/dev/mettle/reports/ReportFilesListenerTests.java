package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.evaluation.EvaluationListener;
import dev.mettle.core.evaluation.Reported;
import dev.mettle.core.evaluation.RobustnessReport;
import dev.mettle.core.verdict.Outcome;
import dev.mettle.core.verdict.VerdictPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportFilesListenerTests {

    private static final RobustnessReport REPORT =
            Reports.report(VerdictPolicy.atLeast(0.9), new long[] {1, 8, 8}, 8 / 255.0);

    @TempDir
    private Path folder;

    private final ReportFilesListener listener = new ReportFilesListener();

    @BeforeEach
    void writeThere() {
        System.setProperty(ReportFilesListener.FOLDER, folder.resolve("reports").toString());
    }

    @AfterEach
    void writeAsBefore() {
        System.clearProperty(ReportFilesListener.FOLDER);
    }

    @Test
    void serviceLoaderFindsIt() {
        assertThat(ServiceLoader.load(EvaluationListener.class)).hasAtLeastOneElementOfType(ReportFilesListener.class);
    }

    @Test
    void everyReportOfATestIsWrittenAsJsonAndAsAPage() throws IOException {
        listener.reported(Reported.of(REPORT, Outcome.PASS, "mvn test"));

        assertThat(files()).containsExactly("a-test-FGSM-Linf-8-255.html", "a-test-FGSM-Linf-8-255.json");
        Path json = folder.resolve("reports").resolve("a-test-FGSM-Linf-8-255.json");
        assertThat(ReportSet.read(List.of(json)).html())
                .isEqualTo(Files.readString(folder.resolve("reports").resolve("a-test-FGSM-Linf-8-255.html")));
        assertThat(Files.readString(json)).contains("\"reproduce\": \"mvn test\"");
    }

    @Test
    void theNextRunReplacesThem() throws IOException {
        listener.reported(Reported.of(REPORT, Outcome.PASS, "mvn test"));
        listener.reported(Reported.of(REPORT, Outcome.PASS, "mvn verify"));

        assertThat(files()).hasSize(2);
        assertThat(Files.readString(folder.resolve("reports").resolve("a-test-FGSM-Linf-8-255.json")))
                .contains("mvn verify");
    }

    @Test
    void nothingIsWrittenOutsideOfTestsOrWhereNobodyWantsIt() {
        listener.reported(Reported.of(REPORT, Outcome.PASS, ""));
        System.setProperty(ReportFilesListener.FOLDER, "off");
        listener.reported(Reported.of(REPORT, Outcome.PASS, "mvn test"));

        assertThat(folder.resolve("reports")).doesNotExist();
        assertThat(Path.of("off")).doesNotExist();
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("reports"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
