package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports that earlier versions wrote still read, and tell what they hold. */
class EarlierReportsTests {

    @Test
    void oneBeforeTrustChecksTellsItsVerdictAndItsNumbers() {
        String html = ReportSet.read(List.of(file("report-without-trust.json"))).html();

        assertThat(html)
                .contains(
                        "INCONCLUSIVE</b> the 95% bounds of robust accuracy, 71.5% to 89.4%, enclose the required 80.0%")
                .contains("<b>81.7%</b></td>", ">49 of 60</td>")
                .doesNotContain("Trust checks");
    }

    @Test
    void oneBeforePicturesTellsItsTrustChecks() {
        ReportSet set = ReportSet.read(List.of(file("report-without-shown.json")));

        assertThat(set.html()).contains("Trust checks: no doubts");
        assertThat(set.markdown()).contains("DigitsRobustnessTests.readsCrookedDigits");
        assertThat(set.junitXml()).contains("classname=\"DigitsRobustnessTests.readsCrookedDigits\"");
        assertThat(set.sarif()).contains("\"version\": \"2.1.0\"");
        assertThat(set.card()).contains("# Robustness card: ");
    }

    @Test
    void oneThatDoesNotTellWhichSamplesWereBrokenIsNotCompared() {
        Path file = file("report-without-trust.json");

        assertThatThrownBy(() -> ReportComparison.read(file, file))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the report of DigitsRobustnessTests.close doesn't tell which samples were broken:"
                        + " an earlier version of Mettle wrote it; evaluate again");
    }

    @Test
    void whatIsNoReportIsNamed(@TempDir Path folder) throws Exception {
        Path other = folder.resolve("other.json");
        Files.writeString(other, "{\"schema\": \"cyclonedx\"}");
        Path incomplete = folder.resolve("incomplete.json");
        Files.writeString(incomplete, "{\"schema\": \"mettle-evaluation/1\", \"threatModels\": [{}]}");

        assertThatThrownBy(() -> ReportSet.read(List.of(other)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("other.json has the schema 'cyclonedx': give a report with the schema mettle-evaluation/1,"
                        + " as tests and 'mettle evaluate --json' write it");
        assertThatThrownBy(() -> ReportSet.read(List.of(incomplete)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("incomplete.json is no complete report: ")
                .hasMessageEndingWith("; evaluate again");
        assertThatThrownBy(() -> ReportSet.read(List.of(Files.createDirectory(folder.resolve("empty")))))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("there is no report in [");
    }

    private static Path file(String name) {
        try {
            URL url = Objects.requireNonNull(EarlierReportsTests.class.getResource(name));
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
