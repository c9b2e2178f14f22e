package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorTests {

    @Test
    void gitHubActions() {
        assertThat(Executor.of(Map.of(
                        "GITHUB_ACTIONS",
                        "true",
                        "GITHUB_SERVER_URL",
                        "https://github.com",
                        "GITHUB_REPOSITORY",
                        "team/model",
                        "GITHUB_WORKFLOW",
                        "nightly",
                        "GITHUB_RUN_NUMBER",
                        "17",
                        "GITHUB_RUN_ID",
                        "123")))
                .hasValueSatisfying(
                        node -> assertThat(node)
                                .hasToString(
                                        "{\"name\":\"GitHub Actions\",\"type\":\"github\",\"buildName\":\"nightly #17\","
                                                + "\"buildOrder\":17,\"buildUrl\":\"https://github.com/team/model/actions/runs/123\"}"));
    }

    @Test
    void gitLabAndJenkins() {
        assertThat(Executor.of(Map.of(
                        "GITLAB_CI",
                        "true",
                        "CI_JOB_NAME",
                        "test",
                        "CI_PIPELINE_IID",
                        "5",
                        "CI_JOB_URL",
                        "https://a/b")))
                .hasValueSatisfying(node -> assertThat(node)
                        .hasToString("{\"name\":\"GitLab CI\",\"type\":\"gitlab\",\"buildName\":\"test #5\","
                                + "\"buildOrder\":5,\"buildUrl\":\"https://a/b\"}"));
        assertThat(Executor.of(Map.of("JENKINS_URL", "https://j", "JOB_NAME", "test", "BUILD_NUMBER", "x")))
                .hasValueSatisfying(
                        node -> assertThat(node)
                                .hasToString(
                                        "{\"name\":\"Jenkins\",\"type\":\"jenkins\",\"buildName\":\"test #x\",\"buildUrl\":\"\"}"));
    }

    @Test
    void elsewhereThereIsNone(@TempDir Path folder) {
        new AllureResultsFolder(folder).addExecutor(Map.of());

        assertThat(folder.resolve("executor.json")).doesNotExist();
    }

    @Test
    void whatIsThereIsKept(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("executor.json"), "{}");

        new AllureResultsFolder(folder).addExecutor(Map.of("GITLAB_CI", "true"));

        assertThat(folder.resolve("executor.json")).hasContent("{}");
    }
}
