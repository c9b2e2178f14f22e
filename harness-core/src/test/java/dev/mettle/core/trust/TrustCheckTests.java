package dev.mettle.core.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.AttackRun;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.WorstCase;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.LogitModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.testing.AffineModel;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Every trust check on models and attacks made to raise it, and on such that aren't. The models are, in disguise, the one that compares
 * the mean of its features with one half; a sample has equal features at a known distance from there, so what an attack finds is known.
 */
class TrustCheckTests {

    private static final int FEATURES = 16;
    private static final double EPSILON = 0.05;

    /** Farther than any attack within 1.5 epsilon. */
    private static final double FAR = 0.3;

    /** Near enough for any step of epsilon. */
    private static final double NEAR = 0.02;

    private static final Steps STRAIGHT = Steps.straight("Straight");
    private static final Steps NOWHERE = new Steps("Nowhere", 1, 0, ThreatModel.UNBOUNDED);
    private static final AffineModel HONEST = mean(DataType.FLOAT);

    private static AffineModel mean(DataType type) {
        double[][] weights = new double[2][FEATURES];
        Arrays.fill(weights[0], 1.0 / FEATURES);
        Arrays.fill(weights[1], -1.0 / FEATURES);
        return new AffineModel(weights, new double[] {-0.5, 0.5}, Box.of(0, 1), type, FEATURES);
    }

    /** Lends attacks to the checks under test. */
    private record Lent(Map<TrustAttacks.Role, Attack> attacks) implements TrustAttacks {
        @Override
        public Optional<Attack> attack(Role role, Norm norm, int passes) {
            return Optional.ofNullable(attacks.get(role));
        }

        @Override
        public List<Attack> next(TrustCheck check, Norm norm) {
            return List.of(new Blind("Another", Blind.Way.ACROSS));
        }
    }

    /** What is evaluated, and how. */
    private record Setup(
            LabelModel model,
            List<Double> distances,
            List<Attack> attacks,
            ThreatModel threat,
            Lent lent,
            Optional<String> weakness) {

        static Setup of(LabelModel model) {
            return new Setup(
                    model,
                    repeat(16, FAR),
                    List.of(STRAIGHT),
                    new ThreatModel(Norm.LINF, EPSILON, Box.of(0, 1)),
                    new Lent(Map.of()),
                    Optional.empty());
        }

        Setup at(List<Double> other) {
            return new Setup(model, other, attacks, threat, lent, weakness);
        }

        Setup by(Attack... others) {
            return new Setup(model, distances, List.of(others), threat, lent, weakness);
        }

        Setup within(Constraints constraints) {
            return new Setup(model, distances, attacks, threat.withConstraints(constraints), lent, weakness);
        }

        Setup lending(TrustAttacks.Role role, Attack attack) {
            return new Setup(model, distances, attacks, threat, new Lent(Map.of(role, attack)), weakness);
        }

        Setup lacking(String what) {
            return new Setup(model, distances, attacks, threat, lent, Optional.of(what));
        }

        private LabeledData data() {
            double[][] rows = new double[distances.size()][FEATURES];
            int[] labels = new int[rows.length];
            for (int i = 0; i < rows.length; i++) {
                labels[i] = i % 2;
                Arrays.fill(rows[i], 0.5 + (labels[i] == 0 ? distances.get(i) : -distances.get(i)));
            }
            double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
            INDArray inputs = Rows.fromDoubles(flat, new long[] {rows.length, FEATURES}, DataType.FLOAT);
            return LabeledData.of("samples", inputs, labels);
        }

        TrustReport check() {
            LabeledData data = data();
            int[] labels = IntStream.range(0, data.size()).map(data::label).toArray();
            long[] ids = IntStream.range(0, data.size()).mapToLong(data::id).toArray();
            List<AttackedSamples> runs = new ArrayList<>();
            List<SampleOutcome> worst = new ArrayList<>();
            for (Attack attack : attacks) {
                AttackRun run = AttackEngine.of(model, 5).run(attack, threat, data.inputs(), labels, ids);
                runs.add(new AttackedSamples(attack, run.outcomes(), run.unconfirmed()));
                for (int i = 0; i < ids.length; i++) {
                    if (i == worst.size()) {
                        worst.add(run.outcomes().get(i));
                    } else {
                        worst.set(i, WorstCase.of(worst.get(i), run.outcomes().get(i), Norm.LINF));
                    }
                }
            }
            LabeledData few = data.first(4);
            Optional<GradientCheck> gradients = model instanceof DifferentiableModel differentiable
                    ? Optional.of(GradientCheck.of(differentiable, few.inputs(), few.labels()))
                    : Optional.empty();
            TrustSubject subject = new TrustSubject(model, data, gradients, 5, 128);
            return new TrustChecker(subject, Optional.of(lent)).check(threat, runs, worst, weakness);
        }

        TrustFinding finding(TrustCheck check) {
            return check().findings().stream()
                    .filter(finding -> finding.check() == check)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static List<Double> repeat(int count, double distance) {
        return IntStream.range(0, count).mapToObj(i -> distance).toList();
    }

    private static List<Double> both(int far, int near) {
        return Stream.concat(repeat(far, FAR).stream(), repeat(near, NEAR).stream())
                .toList();
    }

    /** Gradients are zero where a predicate on the input says so. */
    private static Disguised flat(double belowDistance) {
        return new Disguised(HONEST) {
            @Override
            void gradient(double[] gradient, double[] input) {
                if (Math.abs(input[0] - 0.5) < belowDistance) {
                    Arrays.fill(gradient, 0);
                }
            }
        };
    }

    private static Disguised scaled(double factor) {
        return new Disguised(HONEST) {
            @Override
            void after(double[] logits, double[] input) {
                Arrays.setAll(logits, j -> factor * logits[j]);
            }

            @Override
            void backwards(double[] gradient, double[] logits) {
                Arrays.setAll(gradient, j -> factor * gradient[j]);
            }
        };
    }

    /** Gradients point the wrong way at inputs above a value. */
    private static Disguised astrayAbove(double value) {
        return new Disguised(HONEST) {
            @Override
            void gradient(double[] gradient, double[] input) {
                if (input[0] > value) {
                    Arrays.setAll(gradient, i -> -gradient[i]);
                }
            }
        };
    }

    private static Disguised invalid() {
        return new Disguised(HONEST) {
            @Override
            void gradient(double[] gradient, double[] input) {
                gradient[3] = input[0] > 0.9 ? Double.NaN : gradient[3];
            }
        };
    }

    private static Disguised shaken(double size, double frequency) {
        return new Disguised(HONEST) {
            @Override
            void before(double[] input) {
                Arrays.setAll(input, i -> input[i] + size * Math.sin(frequency * input[i]));
            }

            @Override
            void gradient(double[] gradient, double[] input) {
                Arrays.setAll(gradient, i -> gradient[i] * (1 + size * frequency * Math.cos(frequency * input[i])));
            }
        };
    }

    private static Disguised softmax() {
        return new Disguised(HONEST) {
            @Override
            void after(double[] logits, double[] input) {
                double first = 1 / (1 + Math.exp(logits[1] - logits[0]));
                logits[0] = first;
                logits[1] = 1 - first;
            }

            @Override
            void backwards(double[] gradient, double[] logits) {
                double slope = logits[0] * logits[1] * (gradient[0] - gradient[1]);
                gradient[0] = slope;
                gradient[1] = -slope;
            }
        };
    }

    private static Disguised noisy() {
        SampleRandom noise = SampleRandom.of(3, "noise", 0, 0);
        return new Disguised(HONEST) {
            @Override
            void after(double[] logits, double[] input) {
                logits[0] += 0.01 * noise.gaussian();
            }
        };
    }

    /** Subtracts the mean of the batch from every logit, as batch normalization in training mode does. */
    private static Disguised normalized() {
        return new Disguised(HONEST) {
            @Override
            public INDArray logits(INDArray inputs) {
                INDArray logits = HONEST.logits(inputs);
                return logits.subRowVector(logits.mean(0)).addi(0.1);
            }
        };
    }

    private static Disguised labeledByAnother() {
        return new Disguised(HONEST) {
            @Override
            public int[] predict(INDArray inputs) {
                return Arrays.stream(super.predict(inputs))
                        .map(label -> 1 - label)
                        .toArray();
            }
        };
    }

    private static Disguised judgedByAnother() {
        return new Disguised(HONEST) {
            @Override
            public Judgement[] judge(INDArray inputs, Aim[] aims) {
                return Arrays.stream(aims)
                        .map(aim -> new Judgement(aim.label(), false))
                        .toArray(Judgement[]::new);
            }
        };
    }

    /** Tells only which side an input is on. */
    private static Disguised stepping() {
        return new Disguised(HONEST) {
            @Override
            void after(double[] logits, double[] input) {
                Arrays.setAll(logits, j -> Math.signum(logits[j]));
            }
        };
    }

    /** Looks at the first feature only. */
    private static AffineModel firstFeature() {
        double[][] weights = new double[2][FEATURES];
        weights[0][0] = 1;
        weights[1][0] = -1;
        return new AffineModel(weights, new double[] {-0.5, 0.5}, Box.of(0, 1), DataType.FLOAT, FEATURES);
    }

    /** Adds to the logits of every input that is not as even as the samples are. */
    private static Disguised switching(double shift) {
        return new Disguised(HONEST) {
            @Override
            void after(double[] logits, double[] input) {
                logits[0] += input[0] == input[1] ? 0 : shift;
            }
        };
    }

    private static Disguised rounding() {
        return new Disguised(HONEST) {
            @Override
            void before(double[] input) {
                Arrays.setAll(input, i -> Math.rint(32 * input[i]) / 32);
            }
        };
    }

    /** Three classes whose logits drown in single precision in a number that is the same for all. */
    private static DifferentiableModel drowned(DataType type) {
        double[][] weights = new double[3][FEATURES];
        Arrays.fill(weights[0], 0, 5, 1);
        Arrays.fill(weights[1], 5, 10, 1);
        Arrays.fill(weights[2], 10, FEATURES, 1);
        return new Disguised(new AffineModel(weights, new double[] {0, 0, -9}, Box.of(0, 1), type, FEATURES)) {
            @Override
            void after(double[] logits, double[] input) {
                Arrays.setAll(logits, j -> logits[j] + 1e10);
            }

            @Override
            public DifferentiableModel inDoublePrecision() {
                return type == DataType.DOUBLE ? this : drowned(DataType.DOUBLE);
            }
        };
    }

    private record Labels(LabelModel labels) implements LabelModel {
        @Override
        public ModelInfo info() {
            return labels.info();
        }

        @Override
        public int[] predict(INDArray inputs) {
            return labels.predict(inputs);
        }
    }

    private record Scores(LogitModel scores) implements LogitModel {
        @Override
        public ModelInfo info() {
            return scores.info();
        }

        @Override
        public int[] predict(INDArray inputs) {
            return scores.predict(inputs);
        }

        @Override
        public INDArray logits(INDArray inputs) {
            return scores.logits(inputs);
        }
    }

    private static final Attack ACROSS = new Blind("Across", Blind.Way.ACROSS);
    private static final Attack ANYWHERE = new Blind("Anywhere", Blind.Way.ANYWHERE);

    static Stream<Arguments> findings() {
        Setup honest = Setup.of(HONEST);
        Setup standing = honest.by(NOWHERE);
        return Stream.of(
                arguments(TrustCheck.STRONG_ATTACK, honest, TrustLevel.PASSED, "the attacks are more than baselines"),
                arguments(
                        TrustCheck.STRONG_ATTACK,
                        honest.lacking("only Straight attacked: add another"),
                        TrustLevel.DOUBT,
                        "only Straight attacked: add another"),
                arguments(
                        TrustCheck.VALID_GRADIENTS,
                        honest,
                        TrustLevel.PASSED,
                        "input gradients agree with finite differences at 4 points (largest error 1.0e-09)"),
                arguments(
                        TrustCheck.VALID_GRADIENTS,
                        Setup.of(astrayAbove(0)),
                        TrustLevel.DOUBT,
                        "input gradients differ from finite differences (largest relative error 2.0e+00 at 4 points, "
                                + "allowed 1e-05)"),
                arguments(
                        TrustCheck.VALID_GRADIENTS,
                        Setup.of(invalid()).at(List.of(FAR, FAR, FAR, FAR, FAR, FAR, 0.45)),
                        TrustLevel.WARNING,
                        "1 sample met gradients that are NaN or infinite"),
                arguments(
                        TrustCheck.VALID_GRADIENTS,
                        honest.by(ACROSS),
                        TrustLevel.NOT_RUN,
                        "no attack follows gradients"),
                arguments(
                        TrustCheck.NONZERO_GRADIENTS,
                        honest,
                        TrustLevel.PASSED,
                        "the gradient of the margin is zero at 0 of 8 samples, and all gradients of an attack at 0 "
                                + "of 16"),
                arguments(
                        TrustCheck.NONZERO_GRADIENTS,
                        Setup.of(flat(1)),
                        TrustLevel.DOUBT,
                        "the gradient of the margin is zero at 8 of 8 samples, and all gradients of an attack at 16 "
                                + "of 16"),
                arguments(
                        TrustCheck.NONZERO_GRADIENTS,
                        Setup.of(flat(0.1)).at(both(90, 1)),
                        TrustLevel.WARNING,
                        "the gradient of the margin is zero at 0 of 8 samples, and all gradients of an attack at 1 "
                                + "of 91"),
                arguments(
                        TrustCheck.NONZERO_GRADIENTS,
                        Setup.of(flat(0.1)).at(both(90, 10)).by(STRAIGHT, ACROSS, ANYWHERE),
                        TrustLevel.DOUBT,
                        "the gradient of the margin is zero at 0 of 8 samples, and all gradients of an attack at 10 "
                                + "of 100"),
                arguments(
                        TrustCheck.NONZERO_GRADIENTS,
                        Setup.of(new Scores(HONEST)).by(ACROSS),
                        TrustLevel.NOT_RUN,
                        "the model offers no gradients"),
                arguments(
                        TrustCheck.SUFFICIENT_PRECISION,
                        honest,
                        TrustLevel.PASSED,
                        "gradients of the cross-entropy in FLOAT and in double precision have a median cosine of "
                                + "1.0000 at 4 samples"),
                arguments(
                        TrustCheck.SUFFICIENT_PRECISION,
                        Setup.of(drowned(DataType.FLOAT)),
                        TrustLevel.DOUBT,
                        "gradients of the cross-entropy in FLOAT and in double precision have a median cosine of "
                                + "0.8520 at 4 samples"),
                arguments(
                        TrustCheck.SUFFICIENT_PRECISION,
                        Setup.of(flat(0)),
                        TrustLevel.NOT_RUN,
                        "the model has no second precision to compare with"),
                arguments(
                        TrustCheck.SMOOTH_GRADIENTS,
                        honest,
                        TrustLevel.PASSED,
                        "the gradients of a sample and of a random neighbor at 1% of epsilon have a median cosine of "
                                + "1.00"),
                arguments(
                        TrustCheck.SMOOTH_GRADIENTS,
                        Setup.of(shaken(0.01, 3000)),
                        TrustLevel.DOUBT,
                        "the gradients of a sample and of a random neighbor at 10% of epsilon have a median cosine "
                                + "of 0.06"),
                arguments(
                        TrustCheck.SMOOTH_GRADIENTS,
                        Setup.of(shaken(0.0005, 3000)),
                        TrustLevel.WARNING,
                        "the gradients of a sample and of a random neighbor at 10% of epsilon have a median cosine "
                                + "of 0.65"),
                arguments(
                        TrustCheck.SMOOTH_GRADIENTS, Setup.of(flat(1)), TrustLevel.NOT_RUN, "most gradients are zero"),
                arguments(TrustCheck.LOGITS, honest, TrustLevel.PASSED, "the scores of 8 samples are no probabilities"),
                arguments(
                        TrustCheck.LOGITS,
                        Setup.of(softmax()),
                        TrustLevel.DOUBT,
                        "the scores of all 8 samples looked at lie in [0, 1] and add up to 1"),
                arguments(
                        TrustCheck.LOGITS,
                        Setup.of(new Labels(HONEST)).by(ACROSS),
                        TrustLevel.NOT_RUN,
                        "the model tells labels only"),
                arguments(
                        TrustCheck.UNSATURATED_LOGITS,
                        honest,
                        TrustLevel.PASSED,
                        "the largest logit of 0 of 8 samples leads by more than 104, so that all other probabilities "
                                + "are exactly 0 in FLOAT"),
                arguments(
                        TrustCheck.UNSATURATED_LOGITS,
                        Setup.of(scaled(1e4)),
                        TrustLevel.DOUBT,
                        "the largest logit of 8 of 8 samples leads by more than 104, so that all other probabilities "
                                + "are exactly 0 in FLOAT"),
                arguments(
                        TrustCheck.UNSATURATED_LOGITS,
                        Setup.of(scaled(1e3)).at(both(4, 12)).by(NOWHERE),
                        TrustLevel.WARNING,
                        "the largest logit of 2 of 8 samples leads by more than 104, so that all other probabilities "
                                + "are exactly 0 in FLOAT"),
                arguments(
                        TrustCheck.DETERMINISTIC,
                        honest,
                        TrustLevel.PASSED,
                        "5 runs on the same 8 samples differ by 0.0e+00 in logits scaled to length 1"),
                arguments(
                        TrustCheck.DETERMINISTIC,
                        Setup.of(noisy()),
                        TrustLevel.DOUBT,
                        "5 runs on the same 8 samples differ by 5.0e-02 in logits scaled to length 1"),
                arguments(
                        TrustCheck.DETERMINISTIC,
                        Setup.of(noisy()).at(repeat(16, 0.001)).by(NOWHERE),
                        TrustLevel.DOUBT,
                        "5 runs on the same 4 samples differ by 2.0e+00 in logits scaled to length 1, and in labels"),
                arguments(
                        TrustCheck.DETERMINISTIC,
                        Setup.of(new Labels(HONEST)).by(ACROSS),
                        TrustLevel.PASSED,
                        "5 runs on the same 8 samples give the same labels"),
                arguments(
                        TrustCheck.DETERMINISTIC,
                        Setup.of(new Labels(noisy())).at(repeat(16, 0.001)).by(ACROSS),
                        TrustLevel.DOUBT,
                        "5 runs on the same 4 samples give different labels"),
                arguments(
                        TrustCheck.INDEPENDENT_SAMPLES,
                        honest,
                        TrustLevel.PASSED,
                        "logits of a sample alone, or in another order, differ by 0.0e+00 of their size"),
                arguments(
                        TrustCheck.INDEPENDENT_SAMPLES,
                        Setup.of(normalized()),
                        TrustLevel.DOUBT,
                        "logits of a sample alone, or in another order, differ by 7.9e-01 of their size"),
                arguments(
                        TrustCheck.INDEPENDENT_SAMPLES,
                        Setup.of(new Labels(HONEST)).by(ACROSS),
                        TrustLevel.PASSED,
                        "labels of a sample alone, or in another order, are the same"),
                arguments(
                        TrustCheck.INDEPENDENT_SAMPLES,
                        Setup.of(new Labels(normalized())).by(ACROSS),
                        TrustLevel.DOUBT,
                        "labels of a sample alone, or in another order, differ"),
                arguments(
                        TrustCheck.CONSISTENT_LABELS,
                        honest,
                        TrustLevel.PASSED,
                        "the labels of 8 samples have the largest logits"),
                arguments(
                        TrustCheck.CONSISTENT_LABELS,
                        Setup.of(labeledByAnother()),
                        TrustLevel.DOUBT,
                        "the labels of 8 of 8 samples are not those of the largest logits"),
                arguments(
                        TrustCheck.CHANGING_SCORES,
                        honest,
                        TrustLevel.PASSED,
                        "the scores of 0 of 8 samples are the same to the last bit at two random points within "
                                + "epsilon"),
                arguments(
                        TrustCheck.CHANGING_SCORES,
                        Setup.of(stepping()),
                        TrustLevel.DOUBT,
                        "the scores of 8 of 8 samples are the same to the last bit at two random points within "
                                + "epsilon"),
                arguments(
                        TrustCheck.CHANGING_SCORES,
                        Setup.of(firstFeature()).within(Constraints.none().frozen(0)),
                        TrustLevel.WARNING,
                        "the scores of 8 of 8 samples are the same to the last bit at two random points within "
                                + "epsilon"),
                arguments(
                        TrustCheck.CHANGING_SCORES, honest.by(ACROSS), TrustLevel.NOT_RUN, "no attack looks at scores"),
                arguments(
                        TrustCheck.CONTINUOUS_SCORES,
                        honest,
                        TrustLevel.PASSED,
                        "a random step of 0.5% of epsilon changes scores by 0.0% of their size in the median"),
                arguments(
                        TrustCheck.CONTINUOUS_SCORES,
                        Setup.of(switching(1)),
                        TrustLevel.DOUBT,
                        "a random step of 0.5% of epsilon changes scores by 333.3% of their size in the median"),
                arguments(
                        TrustCheck.CONTINUOUS_SCORES,
                        Setup.of(switching(0.03)),
                        TrustLevel.WARNING,
                        "a random step of 0.5% of epsilon changes scores by 10.0% of their size in the median"),
                arguments(
                        TrustCheck.CONTINUOUS_SCORES,
                        honest.by(ACROSS),
                        TrustLevel.NOT_RUN,
                        "no attack looks at scores"),
                arguments(
                        TrustCheck.UNROUNDED_INPUTS,
                        honest,
                        TrustLevel.PASSED,
                        "the scores of 0 of 8 samples are the same to the last bit at two random points within 0.5% "
                                + "of epsilon"),
                arguments(
                        TrustCheck.UNROUNDED_INPUTS,
                        Setup.of(rounding()),
                        TrustLevel.WARNING,
                        "the scores of 8 of 8 samples are the same to the last bit at two random points within 0.5% "
                                + "of epsilon"),
                arguments(
                        TrustCheck.STABLE_PREDICTIONS,
                        honest,
                        TrustLevel.PASSED,
                        "noise of 4/255 of the input range changes the margin by 0.6% on average (10 draws at 4 "
                                + "samples)"),
                arguments(
                        TrustCheck.STABLE_PREDICTIONS,
                        honest.at(repeat(16, 0.004)).by(NOWHERE),
                        TrustLevel.WARNING,
                        "noise of 4/255 of the input range changes the margin by 44.1% on average (10 draws at 4 "
                                + "samples)"),
                arguments(
                        TrustCheck.STABLE_PREDICTIONS,
                        honest.within(Constraints.none().frozen(0)),
                        TrustLevel.NOT_RUN,
                        "noise on all features is not what the constraints allow"),
                arguments(
                        TrustCheck.NO_SILENT_SUCCESS,
                        honest,
                        TrustLevel.PASSED,
                        "every point that an attack asks the model about is judged and kept"),
                arguments(
                        TrustCheck.CONVERGED,
                        honest.at(repeat(400, FAR)).by(new Steps(20, 0.1)),
                        TrustLevel.PASSED,
                        "the margin still rises in the last 10 of the steps of Steps-20 at 0 of 8 samples that "
                                + "withstand"),
                arguments(
                        TrustCheck.CONVERGED,
                        honest.at(repeat(400, FAR)).by(new Steps(20, 0.05)),
                        TrustLevel.WARNING,
                        "the margin still rises in the last 10 of the steps of Steps-20 at 8 of 8 samples that "
                                + "withstand"),
                arguments(TrustCheck.CONVERGED, honest, TrustLevel.NOT_RUN, "its share of the passes is too small"),
                arguments(
                        TrustCheck.TRANSFERS,
                        honest.at(both(20, 20)),
                        TrustLevel.PASSED,
                        "the original model refused the adversarial examples of 0 of 40 samples that Straight "
                                + "attacked"),
                arguments(
                        TrustCheck.TRANSFERS,
                        Setup.of(judgedByAnother()).at(both(36, 4)),
                        TrustLevel.DOUBT,
                        "the original model refused the adversarial examples of 4 of 40 samples that Straight "
                                + "attacked"),
                arguments(
                        TrustCheck.TRANSFERS,
                        Setup.of(judgedByAnother()).at(both(36, 4)).by(NOWHERE, STRAIGHT, ANYWHERE, new Steps(3, 0)),
                        TrustLevel.DOUBT,
                        "the original model refused the adversarial examples of 4 of 40 samples that Straight "
                                + "attacked"),
                arguments(
                        TrustCheck.TRANSFERS,
                        Setup.of(judgedByAnother()).at(both(39, 1)),
                        TrustLevel.WARNING,
                        "the original model refused the adversarial examples of 1 of 40 samples that Straight "
                                + "attacked"),
                arguments(
                        TrustCheck.UNBOUNDED_SUCCEEDS,
                        honest,
                        TrustLevel.PASSED,
                        "Straight over the whole input range breaks 6 of 6 samples that withstood"),
                arguments(
                        TrustCheck.UNBOUNDED_SUCCEEDS,
                        Setup.of(astrayAbove(0)),
                        TrustLevel.DOUBT,
                        "Straight over the whole input range breaks 0 of 6 samples that withstood"),
                arguments(
                        TrustCheck.UNBOUNDED_SUCCEEDS,
                        Setup.of(astrayAbove(0.85)).at(List.of(FAR, FAR, FAR, FAR, 0.4, FAR)),
                        TrustLevel.WARNING,
                        "Straight over the whole input range breaks 5 of 6 samples that withstood"),
                arguments(
                        TrustCheck.UNBOUNDED_SUCCEEDS,
                        honest.within(Constraints.none().frozen(0)),
                        TrustLevel.NOT_RUN,
                        "constraints may keep even an unbounded attack from succeeding"),
                arguments(
                        TrustCheck.BEATS_NOISE,
                        standing.lending(TrustAttacks.Role.NOISE, ANYWHERE),
                        TrustLevel.PASSED,
                        "Anywhere breaks 0 of 8 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_NOISE,
                        standing.at(both(4, 4)).lending(TrustAttacks.Role.NOISE, ACROSS),
                        TrustLevel.DOUBT,
                        "Across breaks 4 of 8 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_NOISE,
                        standing.at(both(7, 1)).lending(TrustAttacks.Role.NOISE, ACROSS),
                        TrustLevel.WARNING,
                        "Across breaks 1 of 8 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_NOISE,
                        standing,
                        TrustLevel.NOT_RUN,
                        "there is no attack to compare with in L∞ that the model offers enough for"),
                arguments(
                        TrustCheck.BEATS_NOISE, honest.at(repeat(8, NEAR)), TrustLevel.NOT_RUN, "no sample withstood"),
                arguments(
                        TrustCheck.BEATS_SINGLE_STEP,
                        standing.lending(TrustAttacks.Role.SINGLE_STEP, STRAIGHT),
                        TrustLevel.PASSED,
                        "Straight breaks 0 of 16 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_SINGLE_STEP,
                        standing.at(both(6, 2)).lending(TrustAttacks.Role.SINGLE_STEP, STRAIGHT),
                        TrustLevel.DOUBT,
                        "Straight breaks 2 of 8 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_SINGLE_STEP,
                        standing.at(both(7, 1)).lending(TrustAttacks.Role.SINGLE_STEP, STRAIGHT),
                        TrustLevel.WARNING,
                        "Straight breaks 1 of 8 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_SINGLE_STEP,
                        honest.by(ANYWHERE).lending(TrustAttacks.Role.SINGLE_STEP, STRAIGHT),
                        TrustLevel.NOT_RUN,
                        "no attack makes many steps along gradients"),
                arguments(
                        TrustCheck.BEATS_BLACK_BOX,
                        standing.lending(TrustAttacks.Role.BLACK_BOX, ACROSS),
                        TrustLevel.PASSED,
                        "Across breaks 0 of 6 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_BLACK_BOX,
                        standing.at(both(0, 8)).lending(TrustAttacks.Role.BLACK_BOX, ACROSS),
                        TrustLevel.DOUBT,
                        "Across breaks 6 of 6 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_BLACK_BOX,
                        standing.at(both(7, 1)).lending(TrustAttacks.Role.BLACK_BOX, ACROSS),
                        TrustLevel.WARNING,
                        "Across breaks 1 of 6 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_BLACK_BOX,
                        honest.at(both(20, 4)).by(NOWHERE, ACROSS),
                        TrustLevel.DOUBT,
                        "attacks without gradients break 4 of 24 samples that withstood those with gradients"),
                arguments(
                        TrustCheck.BEATS_OTHER_LOSS,
                        standing.lending(TrustAttacks.Role.OTHER_LOSS, STRAIGHT),
                        TrustLevel.PASSED,
                        "Straight breaks 0 of 4 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_OTHER_LOSS,
                        standing.at(both(0, 8)).lending(TrustAttacks.Role.OTHER_LOSS, STRAIGHT),
                        TrustLevel.DOUBT,
                        "Straight breaks 4 of 4 samples that withstood"),
                arguments(
                        TrustCheck.BEATS_OTHER_LOSS,
                        standing.at(both(3, 1)).lending(TrustAttacks.Role.OTHER_LOSS, STRAIGHT),
                        TrustLevel.WARNING,
                        "Straight breaks 1 of 4 samples that withstood"),
                arguments(
                        TrustCheck.GROWS_WITH_EPSILON,
                        honest.at(both(8, 8)),
                        TrustLevel.PASSED,
                        "Straight with 1.5 times the epsilon, from anew, leaves 0 of 4 samples standing that it "
                                + "broke before"),
                arguments(
                        TrustCheck.GROWS_WITH_EPSILON,
                        honest.at(both(8, 8)).by(new Steps("Shy", 1, 1, 0.06)),
                        TrustLevel.DOUBT,
                        "Shy with 1.5 times the epsilon, from anew, leaves 4 of 4 samples standing that it broke "
                                + "before"),
                arguments(
                        TrustCheck.GROWS_WITH_EPSILON,
                        honest.at(both(8, 3)),
                        TrustLevel.NOT_RUN,
                        "too few samples broke"),
                arguments(
                        TrustCheck.ENOUGH_RESTARTS,
                        honest.at(repeat(400, FAR)),
                        TrustLevel.PASSED,
                        "another start of Straight breaks 0 of 8 samples that withstood"),
                arguments(
                        TrustCheck.ENOUGH_RESTARTS,
                        honest.at(repeat(400, 0.003)).by(ANYWHERE),
                        TrustLevel.DOUBT,
                        "another start of Anywhere breaks 3 of 8 samples that withstood"),
                arguments(
                        TrustCheck.ENOUGH_RESTARTS, honest, TrustLevel.NOT_RUN, "its share of the passes is too small"),
                arguments(
                        TrustCheck.ENOUGH_STEPS,
                        honest.at(repeat(400, FAR)).by(new Steps(3, 0.1)),
                        TrustLevel.PASSED,
                        "Steps-6 breaks 0 of 6 samples that withstood"),
                arguments(
                        TrustCheck.ENOUGH_STEPS,
                        honest.at(repeat(400, NEAR)).by(new Steps(3, 0.1)),
                        TrustLevel.DOUBT,
                        "Steps-6 breaks 6 of 6 samples that withstood"),
                arguments(TrustCheck.ENOUGH_STEPS, honest, TrustLevel.NOT_RUN, "there is no Straight with more steps"));
    }

    /** What is said to do where a check raises something. */
    private static String advice(TrustCheck check, TrustLevel level) {
        return switch (check) {
            case NO_SILENT_SUCCESS -> throw new AssertionError("it never raises anything");
            case STRONG_ATTACK -> "";
            case VALID_GRADIENTS ->
                level == TrustLevel.DOUBT
                        ? "mend the gradient of the model, or attack by Square or HopSkipJump"
                        : "what is left undecided shows nothing; attack it by Square or HopSkipJump";
            case NONZERO_GRADIENTS ->
                "declare the derivative of what rounds or cuts (PreprocessedModel, BPDA), or attack without "
                        + "gradients, by Square or HopSkipJump";
            case SUFFICIENT_PRECISION ->
                "what cancels in single precision hides the way; attack the model in double precision, or by "
                        + "Square";
            case SMOOTH_GRADIENTS ->
                "gradients are shattered; declare a smooth derivative (PreprocessedModel, BPDA), or attack "
                        + "without gradients, by Square";
            case LOGITS ->
                "they seem to be probabilities, in which gradients vanish; hand over the model without its "
                        + "softmax";
            case UNSATURATED_LOGITS ->
                "logits so large hide their gradients; leave out what scales them, or attack a loss that "
                        + "scaling leaves as it is, such as margin or DLR, and Square";
            case DETERMINISTIC ->
                "the model is randomized or keeps a state; fix its randomness, or attack the expectation "
                        + "with EOT, such as eot-20-apgd-ce";
            case INDEPENDENT_SAMPLES ->
                "the model looks at the other samples of a batch, as batch normalization in training mode "
                        + "does; fix its statistics, and evaluate again";
            case CONSISTENT_LABELS ->
                "attacks follow the logits, but labels decide; let both come from the same model, or attack "
                        + "by labels with HopSkipJump";
            case CHANGING_SCORES ->
                "nothing leads an attack that looks at scores; attack by labels from afar, with HopSkipJump, "
                        + "and ask what the model does at samples that it has never seen";
            case CONTINUOUS_SCORES ->
                "something switches as soon as an input is touched, and a switch has no gradient; attack the "
                        + "model without it, or by Square";
            case UNROUNDED_INPUTS ->
                "the model seems to round its inputs; gradients through rounding need a declared derivative "
                        + "(PreprocessedModel, BPDA), or attack by Square";
            case STABLE_PREDICTIONS ->
                "gradients of so rough a loss mean little; average them with EOT, or attack by Square";
            case CONVERGED, ENOUGH_RESTARTS, ENOUGH_STEPS -> "give the attack more steps or restarts; next try Another";
            case TRANSFERS ->
                "gradients and labels seem to come from different models; attack the original by Square or "
                        + "HopSkipJump";
            case UNBOUNDED_SUCCEEDS -> "the attack fails where nothing limits it; next try Another";
            case BEATS_NOISE, BEATS_SINGLE_STEP, BEATS_BLACK_BOX -> "gradients lead astray; next try Another";
            case BEATS_OTHER_LOSS -> "the loss of the attack hides the way; next try Another";
            case GROWS_WITH_EPSILON -> "the attack loses its way; next try Another";
        };
    }

    @ParameterizedTest(name = "{0} {2}")
    @MethodSource("findings")
    void finds(TrustCheck check, Setup setup, TrustLevel level, String evidence) {
        TrustFinding finding = setup.finding(check);

        assertThat(finding.evidence()).isEqualTo(evidence);
        assertThat(finding.level()).isEqualTo(level);
        boolean raised = level == TrustLevel.DOUBT || level == TrustLevel.WARNING;
        assertThat(finding.advice()).isEqualTo(raised ? advice(check, level) : "");
        assertThat(finding.sentence())
                .isEqualTo(evidence + (finding.advice().isEmpty() ? "" : ": " + finding.advice()) + " (" + check.id()
                        + ")");
    }

    @Test
    void everyCheckIsSeenToFindNothingAndAllButOneToFindSomething() {
        Map<TrustLevel, Set<TrustCheck>> seen = new EnumMap<>(TrustLevel.class);
        findings()
                .map(Arguments::get)
                .forEach(row -> seen.computeIfAbsent((TrustLevel) row[2], level -> EnumSet.noneOf(TrustCheck.class))
                        .add((TrustCheck) row[0]));

        assertThat(seen.get(TrustLevel.PASSED)).containsExactly(TrustCheck.values());
        // these only ever warn, and one holds by construction
        Set<TrustCheck> never = EnumSet.of(
                TrustCheck.UNROUNDED_INPUTS,
                TrustCheck.STABLE_PREDICTIONS,
                TrustCheck.CONVERGED,
                TrustCheck.NO_SILENT_SUCCESS);
        assertThat(seen.get(TrustLevel.DOUBT)).containsExactlyElementsOf(EnumSet.complementOf(EnumSet.copyOf(never)));
        never.remove(TrustCheck.NO_SILENT_SUCCESS);
        assertThat(seen.get(TrustLevel.WARNING)).containsAll(never);
    }

    @Test
    void aReportHasOneFindingPerCheckWhateverTheModelOffers() {
        for (LabelModel model : List.of(HONEST, new Scores(HONEST), new Labels(HONEST))) {
            for (List<Double> distances : List.of(both(4, 4), repeat(4, NEAR))) {
                assertThat(Setup.of(model).by(ACROSS).at(distances).check().findings())
                        .extracting(TrustFinding::check)
                        .containsExactly(TrustCheck.values());
            }
        }
    }

    @Test
    void aDoubtAboutTheModelOutlivesOtherSamplesButOneAboutAttacksDoesNot() {
        TrustReport before = Setup.of(softmax())
                .by(NOWHERE)
                .at(both(4, 4))
                .lending(TrustAttacks.Role.NOISE, ACROSS)
                .check();
        TrustReport after = Setup.of(HONEST).check();

        assertThat(before.findings(TrustLevel.DOUBT))
                .extracting(TrustFinding::check)
                .contains(TrustCheck.LOGITS, TrustCheck.BEATS_NOISE);
        assertThat(after.findings(TrustLevel.DOUBT)).isEmpty();
        assertThat(after.keepingDoubtsAboutTheModel(before).findings(TrustLevel.DOUBT))
                .extracting(TrustFinding::check)
                .contains(TrustCheck.LOGITS)
                .doesNotContain(TrustCheck.BEATS_NOISE);
    }

    @Test
    void whatIsFoundAboutMoreAttacksSaysNothingAboutAPart() {
        TrustReport report = Setup.of(HONEST).by(NOWHERE, ACROSS).check();

        assertThat(report.isAbout(report.threatModel(), List.of(ACROSS, NOWHERE)))
                .isTrue();
        assertThat(report.isAbout(report.threatModel(), List.of(NOWHERE))).isFalse();
        assertThat(report.isAbout(report.threatModel(), List.of(NOWHERE, ACROSS, ANYWHERE)))
                .isFalse();
        assertThat(report.isAbout(report.threatModel().withEpsilon(0.01), List.of(NOWHERE, ACROSS)))
                .isFalse();
    }
}
