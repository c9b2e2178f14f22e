package dev.mettle.reports;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;

/** What Allure shows as the executor of a run: the job of a CI server, told by the variables that the server sets. */
final class Executor {

    private Executor() {}

    /** Describe the job; empty outside of the servers known: GitHub Actions, GitLab CI and Jenkins. */
    static Optional<ObjectNode> of(Map<String, String> variables) {
        if (variables.containsKey("GITHUB_ACTIONS")) {
            String url = variables.getOrDefault("GITHUB_SERVER_URL", "https://github.com") + "/"
                    + variables.getOrDefault("GITHUB_REPOSITORY", "");
            return Optional.of(executor(
                    "GitHub Actions",
                    "github",
                    variables.getOrDefault("GITHUB_WORKFLOW", "workflow") + " #"
                            + variables.getOrDefault("GITHUB_RUN_NUMBER", ""),
                    variables.getOrDefault("GITHUB_RUN_NUMBER", ""),
                    url + "/actions/runs/" + variables.getOrDefault("GITHUB_RUN_ID", "")));
        }
        if (variables.containsKey("GITLAB_CI")) {
            return Optional.of(executor(
                    "GitLab CI",
                    "gitlab",
                    variables.getOrDefault("CI_JOB_NAME", "job") + " #" + variables.getOrDefault("CI_PIPELINE_IID", ""),
                    variables.getOrDefault("CI_PIPELINE_IID", ""),
                    variables.getOrDefault("CI_JOB_URL", "")));
        }
        if (variables.containsKey("JENKINS_URL")) {
            return Optional.of(executor(
                    "Jenkins",
                    "jenkins",
                    variables.getOrDefault("JOB_NAME", "job") + " #" + variables.getOrDefault("BUILD_NUMBER", ""),
                    variables.getOrDefault("BUILD_NUMBER", ""),
                    variables.getOrDefault("BUILD_URL", "")));
        }
        return Optional.empty();
    }

    private static ObjectNode executor(String name, String type, String build, String order, String url) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("name", name).put("type", type).put("buildName", build);
        if (order.matches("\\d{1,18}")) {
            node.put("buildOrder", Long.parseLong(order));
        }
        return node.put("buildUrl", url);
    }
}
