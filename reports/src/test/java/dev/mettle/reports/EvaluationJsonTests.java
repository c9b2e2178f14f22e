package dev.mettle.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.evaluation.AttackResult;
import dev.mettle.core.evaluation.Evaluation;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.testing.TrustReports;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Distances;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.core.verdict.ClopperPearson;
import dev.mettle.core.verdict.VerdictPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class EvaluationJsonTests {

    private static final Box BOX = Box.of(0, 1);
    private static final ThreatModel SMALL = new ThreatModel(Norm.LINF, 0.1, BOX);
    private static final ThreatModel LARGE = new ThreatModel(Norm.LINF, 0.5, BOX);
    private static final ThreatModel UNBOUNDED = new ThreatModel(Norm.L2, ThreatModel.UNBOUNDED, BOX);

    /** {@code sha256sum} of 3ff0000000000000 twice: the doubles 1, 1. */
    private static final String TWO_ONES = "7b80af00a158efa86fec337d9b0be3eab07e8a283f613882db035c40fdb526b3";

    private static final Attack FGSM = new OneStep("FGSM", 1);

    @Test
    void theDocumentIsComplete() {
        Evaluation evaluation = evaluation(
                BOX,
                Optional.of(new GradientCheck(true, 3, 0.5, Double.POSITIVE_INFINITY, 0.25, "gradients agree")),
                result(FGSM, SMALL, broken(0, 0.1, 0.25), robust(1), broken(2, 0.1, 0.75), wrong(3)),
                result(new OneStep("PGD", 0.5), SMALL, robust(0), robust(1), zeroGradient(2), wrong(3)));

        assertThat(EvaluationJson.text(evaluation, VerdictPolicy.atLeast(0.25))).isEqualTo("""
                {
                  "schema": "mettle-evaluation/1",
                  "name": "a test",
                  "samples": 4,
                  "evaluated": 4,
                  "cleanCount": 3,
                  "cleanAccuracy": 0.75,
                  "robustCount": 1,
                  "robustAccuracy": 0.25,
                  "undecidedCount": 0,
                  "worstClass": {
                    "class": 1,
                    "samples": 1,
                    "evaluated": 1,
                    "robustCount": 0,
                    "robustAccuracy": 0.0,
                    "lowerBound": 0.0,
                    "upperBound": 0.9875
                  },
                  "verdict": {
                    "outcome": "INCONCLUSIVE",
                    "lowerBound": %1$s,
                    "upperBound": %2$s,
                    "confidence": 0.95,
                    "decision": "FIXED",
                    "threshold": 0.25,
                    "samplesNeeded": null,
                    "expectedSamples": null,
                    "reason": "the 95%% bounds of robust accuracy, 1.3%% to 75.1%%, enclose the required 25.0%%"
                  },
                  "threatModels": [ {
                    "norm": "linf",
                    "epsilon": 0.1,
                    "label": "L∞, ε = 0.1",
                    "evaluated": 4,
                    "robustCount": 1,
                    "robustAccuracy": 0.25,
                    "brokenCount": 2,
                    "undecidedCount": 0,
                    "worstClass": {
                      "class": 1,
                      "samples": 1,
                      "evaluated": 1,
                      "robustCount": 0,
                      "robustAccuracy": 0.0,
                      "lowerBound": 0.0,
                      "upperBound": 0.9875
                    },
                    "verdict": {
                      "outcome": "INCONCLUSIVE",
                      "lowerBound": %1$s,
                      "upperBound": %2$s,
                      "confidence": 0.95,
                      "decision": "FIXED",
                      "threshold": 0.25,
                      "samplesNeeded": null,
                      "expectedSamples": null,
                      "reason": "the 95%% bounds of robust accuracy, 1.3%% to 75.1%%, enclose the required 25.0%%"
                    },
                    "shown": {
                      "title": "worst case of FGSM, PGD",
                      "sentence": "robust accuracy 25.0%% under worst case of FGSM, PGD (L∞, ε = 0.1) with 4 samples neither shows nor rules out the required 25.0%%; it is too close for any practical number of samples to decide",
                      "facts": [ {
                        "name": "clean accuracy",
                        "value": "75.0%%",
                        "remark": "3 of 4, 95%% CI [19.4%%, 99.4%%]"
                      }, {
                        "name": "robust accuracy",
                        "value": "25.0%%",
                        "remark": "1 of 4, 95%% CI [0.6%%, 80.6%%]"
                      }, {
                        "name": "worst class",
                        "value": "0.0%%",
                        "remark": "class 1: 0 of 1, 95%% CI [0.0%%, 98.8%%]"
                      }, {
                        "name": "required",
                        "value": "25.0%%",
                        "remark": "the 95%% bounds of robust accuracy, 1.3%% to 75.1%%, enclose the required 25.0%%"
                      }, {
                        "name": "broken",
                        "value": "50.0%%",
                        "remark": "2 of 4, at a median distance of L∞ 0.1, L2 0.5"
                      }, {
                        "name": "samples",
                        "value": "4",
                        "remark": "four on tiny"
                      }, {
                        "name": "passes",
                        "value": "2.0",
                        "remark": "forward and 4.0 backward per attacked sample"
                      } ],
                      "classes": [ {
                        "class": 0,
                        "samples": 3,
                        "evaluated": 3,
                        "cleanCount": 3,
                        "robustCount": 1,
                        "lower": 0.004184149355043446,
                        "upper": 0.9339810982694497
                      }, {
                        "class": 1,
                        "samples": 1,
                        "evaluated": 1,
                        "cleanCount": 0,
                        "robustCount": 0,
                        "lower": 0.0,
                        "upper": 0.9875
                      } ],
                      "answers": [ {
                        "class": 0,
                        "answer": 0,
                        "count": 1
                      }, {
                        "class": 0,
                        "answer": 1,
                        "count": 2
                      }, {
                        "class": 1,
                        "answer": 0,
                        "count": 1
                      } ],
                      "examples": [ {
                        "sample": 0,
                        "class": 0,
                        "answer": "1",
                        "distance": 0.1,
                        "size": "L∞ 0.1",
                        "changed": 2,
                        "changes": [ {
                          "feature": 0,
                          "before": 0.0,
                          "after": 1.0
                        }, {
                          "feature": 1,
                          "before": 0.0,
                          "after": 1.0
                        } ]
                      }, {
                        "sample": 2,
                        "class": 0,
                        "answer": "1",
                        "distance": 0.1,
                        "size": "L∞ 0.1",
                        "changed": 2,
                        "changes": [ {
                          "feature": 0,
                          "before": 0.0,
                          "after": 1.0
                        }, {
                          "feature": 1,
                          "before": 0.0,
                          "after": 1.0
                        } ]
                      } ],
                      "gallery": [],
                      "traces": []
                    }
                  } ],
                  "attacks": [ {
                    "name": "fgsm",
                    "label": "FGSM",
                    "access": "gradients",
                    "norm": "linf",
                    "epsilon": 0.1,
                    "parameters": {
                      "part": "1.0"
                    },
                    "evaluated": 4,
                    "robustCount": 1,
                    "robustAccuracy": 0.25,
                    "brokenCount": 2,
                    "medianL2": 0.5,
                    "meanL2": 0.5,
                    "medianLinf": 0.1,
                    "meanLinf": 0.1,
                    "undecidedCount": 0,
                    "unconfirmed": 2,
                    "recalled": 0,
                    "forwardPerSample": 1.0,
                    "backwardPerSample": 2.0,
                    "seconds": 1.5,
                    "cpuSeconds": 2.5,
                    "broken": [ {
                      "sample": 0,
                      "predicted": 1,
                      "distance": 0.1,
                      "forward": 1,
                      "backward": 2,
                      "exampleSha256": "%3$s"
                    }, {
                      "sample": 2,
                      "predicted": 1,
                      "distance": 0.1,
                      "forward": 1,
                      "backward": 2,
                      "exampleSha256": "%3$s"
                    } ]
                  }, {
                    "name": "pgd",
                    "label": "PGD",
                    "access": "gradients",
                    "norm": "linf",
                    "epsilon": 0.1,
                    "parameters": {
                      "part": "0.5"
                    },
                    "evaluated": 4,
                    "robustCount": 2,
                    "robustAccuracy": 0.5,
                    "brokenCount": 0,
                    "medianL2": null,
                    "meanL2": null,
                    "medianLinf": null,
                    "meanLinf": null,
                    "undecidedCount": 1,
                    "unconfirmed": 2,
                    "recalled": 0,
                    "forwardPerSample": 1.0,
                    "backwardPerSample": 2.0,
                    "seconds": 1.5,
                    "cpuSeconds": 2.5,
                    "broken": [],
                    "undecided": [ {
                      "sample": 2,
                      "status": "GRADIENT_ZERO"
                    } ]
                  } ],
                  "model": {
                    "name": "tiny",
                    "sha256": "0123",
                    "inputShape": [ 2 ],
                    "classes": 2,
                    "inputRange": {
                      "lower": 0.0,
                      "upper": 1.0
                    },
                    "dataType": "float"
                  },
                  "data": {
                    "name": "four",
                    "sha256": "4567",
                    "samples": 4,
                    "wrong": [ 3 ]
                  },
                  "environment": {
                    "backend": "CPU",
                    "java": "17"
                  },
                  "seed": 7,
                  "batchSize": 128,
                  "gradientCheck": {
                    "passed": true,
                    "points": 3,
                    "largestError": 0.5,
                    "largestLogitError": null,
                    "largestPrecisionError": 0.25,
                    "message": "gradients agree"
                  },
                  "trust": [ {
                    "norm": "linf",
                    "epsilon": 0.1,
                    "attacks": [ "FGSM", "PGD" ],
                    "passes": 150,
                    "evaluationPasses": 1000,
                    "checks": [ {
                      "check": "strong-attack",
                      "level": "PASSED",
                      "evidence": "it is strong",
                      "advice": ""
                    } ]
                  } ],
                  "notes": [ "a note" ],
                  "taxonomy": [ {
                    "scheme": "MITRE ATLAS",
                    "version": "5.6.0",
                    "id": "AML.T0015",
                    "title": "Evade AI Model"
                  }, {
                    "scheme": "MITRE ATLAS",
                    "version": "5.6.0",
                    "id": "AML.T0043.000",
                    "title": "Craft Adversarial Data: White-Box Optimization"
                  }, {
                    "scheme": "MITRE ATLAS",
                    "version": "5.6.0",
                    "id": "AML.T0044",
                    "title": "Full AI Model Access"
                  }, {
                    "scheme": "MITRE ATLAS",
                    "version": "5.6.0",
                    "id": "AML.M0008",
                    "title": "Validate AI Model"
                  }, {
                    "scheme": "OWASP ML Top 10",
                    "version": "2023",
                    "id": "ML01:2023",
                    "title": "Input Manipulation Attack"
                  }, {
                    "scheme": "NIST AI 100-2",
                    "version": "e2025",
                    "id": "NISTAML.022",
                    "title": "Evasion"
                  }, {
                    "scheme": "CWE",
                    "version": "1039",
                    "id": "CWE-1039",
                    "title": "Inadequate Detection or Handling of Adversarial Input Perturbations"
                  }, {
                    "scheme": "EU AI Act",
                    "version": "2024/1689",
                    "id": "Art. 15(5)",
                    "title": "evidence on resilience to adversarial examples"
                  }, {
                    "scheme": "ISO/IEC TR 24029-1",
                    "version": "2021",
                    "id": "ISO/IEC TR 24029-1",
                    "title": "empirical assessment of robustness"
                  } ]
                }
                """.formatted(
                        ClopperPearson.lowerBound(1, 4, 0.95), ClopperPearson.upperBound(1, 4, 0.95), TWO_ONES));
    }

    @Test
    void theTopLevelIsTheThreatModelWithTheFewestRobustSamples() {
        Evaluation evaluation = evaluation(
                BOX,
                Optional.empty(),
                result(FGSM, SMALL, robust(0), robust(1), broken(2, 0.1, 0.1), wrong(3)),
                result(FGSM, LARGE, robust(0), broken(1, 0.5, 0.5), broken(2, 0.1, 0.1), wrong(3)));

        ObjectNode document = EvaluationJson.of(evaluation, VerdictPolicy.measureOnly());

        assertThat(document.get("robustCount").asInt()).isEqualTo(1);
        assertThat(document.get("threatModels")).hasSize(2);
        assertThat(document.at("/threatModels/0/robustCount").asInt()).isEqualTo(2);
        assertThat(document.at("/threatModels/1/epsilon").asDouble()).isEqualTo(0.5);
        assertThat(document.at("/verdict/outcome").asText()).isEqualTo("MEASURED");
        assertThat(document.at("/verdict/threshold").isNull()).isTrue();
        assertThat(document.get("gradientCheck").isNull()).isTrue();
    }

    @Test
    void anUnboundedEpsilonIsNull() {
        Evaluation evaluation = evaluation(
                BOX, Optional.empty(), result(FGSM, UNBOUNDED, robust(0), robust(1), broken(2, 0.1, 0.1), wrong(3)));

        ObjectNode document = EvaluationJson.of(evaluation, VerdictPolicy.measureOnly());

        assertThat(document.at("/attacks/0/epsilon").isNull()).isTrue();
        assertThat(document.at("/threatModels/0/epsilon").isNull()).isTrue();
        assertThat(document.at("/threatModels/0/norm").asText()).isEqualTo("l2");
    }

    @Test
    void aRangePerFeatureIsAnArray() {
        Box box = Box.perFeature(new double[] {0, -1}, new double[] {1, 1});
        Evaluation evaluation =
                evaluation(box, Optional.empty(), result(FGSM, SMALL, robust(0), robust(1), robust(2), wrong(3)));

        ObjectNode document = EvaluationJson.of(evaluation, VerdictPolicy.measureOnly());

        assertThat(document.at("/model/inputRange/lower")).hasToString("[0.0,-1.0]");
        assertThat(document.at("/model/inputRange/upper")).hasToString("1.0");
    }

    @Test
    void theFileHoldsTheText(@TempDir Path folder) throws IOException {
        Evaluation evaluation =
                evaluation(BOX, Optional.empty(), result(FGSM, SMALL, robust(0), robust(1), robust(2), wrong(3)));
        VerdictPolicy policy = VerdictPolicy.measureOnly();

        EvaluationJson.write(folder.resolve("out.json"), EvaluationJson.of(evaluation, policy));

        assertThat(Files.readString(folder.resolve("out.json"))).isEqualTo(EvaluationJson.text(evaluation, policy));
    }

    @Test
    void aFileThatCannotBeWrittenIsNamed(@TempDir Path folder) {
        Evaluation evaluation =
                evaluation(BOX, Optional.empty(), result(FGSM, SMALL, robust(0), robust(1), robust(2), wrong(3)));
        Path file = folder.resolve("missing").resolve("out.json");

        assertThatThrownBy(() -> EvaluationJson.write(file, EvaluationJson.of(evaluation, VerdictPolicy.measureOnly())))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith("can't write " + file);
    }

    @Test
    void anEvaluationWithoutResultsIsRefused() {
        assertThatThrownBy(() -> EvaluationJson.of(evaluation(BOX, Optional.empty()), VerdictPolicy.measureOnly()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the evaluation a test holds no result of an attack");
    }

    private static Evaluation evaluation(Box box, Optional<GradientCheck> check, AttackResult... results) {
        return new Evaluation(
                "a test",
                new ModelInfo("tiny", List.of(2L), 2, box, DataType.FLOAT, "0123", List.of()),
                LabeledData.of("four", Nd4j.zeros(4, 2), new int[] {0, 0, 0, 1}),
                "4567",
                List.of(0, 0, 0, 0),
                List.of(results),
                check,
                List.of("a note"),
                Map.of("java", "17", "backend", "CPU"),
                7,
                128,
                Arrays.stream(results)
                        .map(AttackResult::threatModel)
                        .distinct()
                        .map(threat -> TrustReports.passed(
                                threat,
                                Arrays.stream(results)
                                        .filter(result -> result.threatModel().equals(threat))
                                        .map(AttackResult::attack)
                                        .toArray(Attack[]::new)))
                        .toList());
    }

    private static AttackResult result(Attack attack, ThreatModel threat, SampleOutcome... outcomes) {
        return new AttackResult(attack, threat, List.of(outcomes), 2, 1.5, 2.5);
    }

    private static SampleOutcome broken(long id, double linf, double l2) {
        return new SampleOutcome(id, 0, SampleStatus.BROKEN, Nd4j.ones(1, 2), 1, new Distances(linf, l2, l2, 2), 1, 2);
    }

    private static SampleOutcome robust(long id) {
        return SampleOutcome.unbroken(id, 0, SampleStatus.ROBUST, 1, 2);
    }

    private static SampleOutcome zeroGradient(long id) {
        return SampleOutcome.unbroken(id, 0, SampleStatus.GRADIENT_ZERO, 1, 2);
    }

    private static SampleOutcome wrong(long id) {
        return SampleOutcome.unbroken(id, 1, SampleStatus.CLEAN_WRONG, 0, 0);
    }
}
