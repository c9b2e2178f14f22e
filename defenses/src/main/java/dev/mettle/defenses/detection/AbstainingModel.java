package dev.mettle.defenses.detection;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.model.DifferentiableModel;
import dev.mettle.core.model.ExactPart;
import dev.mettle.core.model.InputGradient;
import dev.mettle.core.model.InputGradients;
import dev.mettle.core.model.Judgement;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.Sha256;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A model that gives no answer where a {@link Detector} rejects the input.
 *
 * <pre>{@code
 * AbstainingModel defended = AbstainingModel.of(model, FeatureSqueezing.of(model, new BitDepth(4), new MedianSmoothing(2)).fittedTo(clean, 0.05));
 * AbstainingModel careful = AbstainingModel.of(model, ConfidenceThreshold.of(model, 0.9));
 * }</pre>
 *
 * <p><b>What counts.</b> To abstain on a clean sample is no right answer: it lowers clean and robust accuracy. To abstain on an adversarial
 * input is no wrong one: an attack succeeds only with a wrong label that is not rejected. So robust are the samples that are answered
 * rightly when clean and never wrongly within epsilon. An attacker who only wants the model to be of no use, by inputs it abstains on, is
 * another one: {@link #countingAbstentionAsBroken} makes every abstention within epsilon his success.
 *
 * <p><b>What attacks see.</b> K + 1 logits: those of the model, {@code z}, and one for abstention, {@code max z + c (s − t)} with the score s
 * of the detector, its threshold t and c logits per unit of score. It is the largest exactly where the detector rejects. Losses take the
 * larger one of the logits of the true label and of abstention for what is to be beaten: a margin loss then is
 * {@code min(lead of the wrong class, c (t − s))} where the model is wrong, so that an attack lowers whichever of both still stands in
 * its way (the construction follows Carlini and Wagner 2017; that adding up both losses instead may gain one at the cost of the other,
 * Bryniarski, Hingun, Pachuca, Wang, Carlini: Evading Adversarial Example Detection Defenses with Orthogonal Projected Gradient Descent,
 * ICLR 2022, <a href="https://arxiv.org/abs/2106.15023">arXiv:2106.15023</a>).
 *
 * <p>A query costs a pass of the model and those of the detector.
 */
public final class AbstainingModel implements DifferentiableModel {

    private final DifferentiableModel model;
    private final Detector detector;
    private final boolean abstentionIsBroken;

    private AbstainingModel(DifferentiableModel model, Detector detector, boolean abstentionIsBroken) {
        this.model = model;
        this.detector = detector;
        this.abstentionIsBroken = abstentionIsBroken;
    }

    /**
     * Let a model abstain where a detector rejects.
     *
     * @throws ConfigurationException if the model is randomized, or abstains already, or the detector is made for another one
     */
    public static AbstainingModel of(DifferentiableModel model, Detector detector) {
        requireFixed("AbstainingModel", model);
        detector.requireFor(model.info());
        return new AbstainingModel(model, detector, false);
    }

    static void requireFixed(String what, DifferentiableModel model) {
        if (model.randomized()) {
            throw new ConfigurationException(
                    what + ": the model " + model.info().name()
                            + " is randomized, and a threshold on one of its draws says nothing of the next: give a model without random steps");
        }
        if (model.against(Aim.awayFrom(0)).abstention() != Aim.NONE) {
            throw new ConfigurationException(
                    what + ": the model " + model.info().name() + " abstains already: give the model inside");
        }
    }

    /** Return the same model for an attacker to whom an abstention is a success too, as where no answer is as bad as a wrong one. */
    public AbstainingModel countingAbstentionAsBroken() {
        return new AbstainingModel(model, detector, true);
    }

    /** Return the model that answers. */
    public DifferentiableModel inner() {
        return model;
    }

    /** Return the detector. */
    public Detector detector() {
        return detector;
    }

    @Override
    public ModelInfo info() {
        ModelInfo info = model.info();
        List<String> warnings = new ArrayList<>(info.warnings());
        if (!detector.hasExactGradient()) {
            warnings.add("gradients pass through the detector '" + detector.name()
                    + "' by a declared approximation (BPDA): an attack is as good as that is");
        }
        if (abstentionIsBroken) {
            warnings.add("an abstention within epsilon counts as broken");
        }
        return new ModelInfo(
                info.name() + " or abstain by " + detector.name(),
                info.inputShape(),
                info.classes(),
                info.inputRange(),
                info.dataType(),
                Sha256.of("abstaining", detector.name(), String.valueOf(abstentionIsBroken), info.sha256()),
                warnings);
    }

    @Override
    public Aim against(Aim aim) {
        return abstentionIsBroken ? aim : aim.refusedBy(model.info().classes());
    }

    @Override
    public int[] predict(INDArray inputs) {
        int[] labels = model.predict(inputs);
        double[] scores = detector.scores(inputs);
        for (int i = 0; i < labels.length; i++) {
            labels[i] = rejects(scores[i]) ? LabelModel.ABSTAINED : labels[i];
        }
        return labels;
    }

    @Override
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        Aim[] ofAnswers =
                Arrays.stream(aims).map(aim -> aim.refusedBy(Aim.NONE)).toArray(Aim[]::new);
        Judgement[] answers = model.judge(inputs, ofAnswers);
        double[] scores = detector.scores(inputs);
        Judgement[] judgements = new Judgement[answers.length];
        Arrays.setAll(
                judgements,
                i -> rejects(scores[i])
                        ? new Judgement(LabelModel.ABSTAINED, abstentionIsBroken && !aims[i].isTargeted())
                        : answers[i]);
        return judgements;
    }

    private boolean rejects(double score) {
        return !(score <= detector.threshold());
    }

    @Override
    public INDArray logits(INDArray inputs) {
        return withAbstention(model.logits(inputs), detector.scores(inputs));
    }

    @Override
    public INDArray originalLogits(INDArray inputs) {
        return withAbstention(model.originalLogits(inputs), detector.scores(inputs));
    }

    private INDArray withAbstention(INDArray logits, double[] scores) {
        double[][] rows = Rows.toRows(logits);
        int classes = rows[0].length;
        double[] flat = new double[rows.length * (classes + 1)];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, flat, i * (classes + 1), classes);
            flat[i * (classes + 1) + classes] = rows[i][largest(rows[i], classes)] + excess(scores[i]);
        }
        return Rows.fromDoubles(flat, new long[] {rows.length, classes + 1}, logits.dataType());
    }

    private double excess(double score) {
        return detector.logitsPerScore() * (score - detector.threshold());
    }

    private static int largest(double[] row, int classes) {
        int best = 0;
        for (int j = 1; j < classes; j++) {
            best = row[j] > row[best] ? j : best;
        }
        return best;
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        InputGradients passes = gradients(inputs, logits -> List.of(lossGradient.apply(logits)));
        return new InputGradient(passes.logits(), passes.gradients().get(0));
    }

    @Override
    public InputGradients gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
        double[] scores = detector.scores(inputs);
        List<INDArray> told = new ArrayList<>();
        List<double[][]> outer = new ArrayList<>();
        InputGradients passes = model.gradients(inputs, logits -> {
            INDArray all = withAbstention(logits, scores);
            told.add(all);
            double[][] rows = Rows.toRows(logits);
            List<INDArray> own = new ArrayList<>();
            for (INDArray gradient : lossGradients.apply(all)) {
                double[][] rowsOfLoss = Rows.toRows(gradient);
                outer.add(rowsOfLoss);
                double[][] ofClasses = new double[rows.length][];
                for (int i = 0; i < rows.length; i++) {
                    int classes = rows[i].length;
                    ofClasses[i] = Arrays.copyOf(rowsOfLoss[i], classes);
                    ofClasses[i][largest(rows[i], classes)] += rowsOfLoss[i][classes];
                }
                own.add(Rows.fromRows(ofClasses, logits));
            }
            return own;
        });
        List<INDArray> gradients = new ArrayList<>();
        for (int k = 0; k < outer.size(); k++) {
            double[] weights = Arrays.stream(outer.get(k))
                    .mapToDouble(row -> detector.logitsPerScore() * row[row.length - 1])
                    .toArray();
            boolean concerned = Arrays.stream(weights).anyMatch(weight -> weight != 0);
            INDArray gradient = passes.gradients().get(k);
            gradients.add(concerned ? gradient.add(detector.gradient(inputs, weights)) : gradient);
        }
        return new InputGradients(told.get(0), gradients);
    }

    @Override
    public ExactPart exactPart(INDArray inputs) {
        ExactPart part = model.exactPart(inputs);
        return detector.hasExactGradient() && part.model() == model ? new ExactPart(this, inputs) : part;
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        DifferentiableModel exact = model.inDoublePrecision();
        return exact == model ? this : new AbstainingModel(exact, detector.inDoublePrecision(), abstentionIsBroken);
    }
}
