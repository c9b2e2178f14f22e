package dev.mettle.core.model;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Sha256;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A model behind one or several {@link Preprocessing} steps: attacked as a whole, with the gradients that the steps declare.
 *
 * <pre>{@code
 * PreprocessedModel defended = PreprocessedModel.of(model, new JpegCompression(75), new BitDepth(3));
 * }</pre>
 *
 * <p>With a {@link RandomizedPreprocessing} the model draws anew at every call. Its draws depend on the seed of the step and, in an
 * evaluation, on that of the evaluation and the attack: the k-th time that an attack asks about an input, the input gets the k-th draw of a
 * stream of its own. So attacks see fresh draws, and an evaluation with the same seed gives the same result whatever the batch size and
 * whatever else was evaluated before. Used outside of an evaluation, a model that is built anew begins with the same draws again.
 */
public final class PreprocessedModel implements DifferentiableModel {

    private final DifferentiableModel inner;
    private final Preprocessing step;
    private final Draws draws;

    private PreprocessedModel(DifferentiableModel inner, Preprocessing step, Draws draws) {
        this.inner = inner;
        this.step = step;
        this.draws = draws;
    }

    /**
     * Put steps before a model.
     *
     * @param model the model
     * @param first the step that inputs meet first
     * @param more the steps after it, in order
     * @throws dev.mettle.core.ConfigurationException if a step makes no sense for the inputs of the model
     */
    public static PreprocessedModel of(DifferentiableModel model, Preprocessing first, Preprocessing... more) {
        DifferentiableModel behind = model;
        for (int i = more.length - 1; i >= 0; i--) {
            behind = before(behind, more[i]);
        }
        return before(behind, first);
    }

    private static PreprocessedModel before(DifferentiableModel model, Preprocessing step) {
        return new PreprocessedModel(model, step.before(model.info()), Draws.from(0));
    }

    /** Return the model behind the first step. */
    public DifferentiableModel inner() {
        return inner;
    }

    /** Return the step that inputs meet first, as it works before this model. */
    public Preprocessing preprocessing() {
        return step;
    }

    @Override
    public ModelInfo info() {
        ModelInfo info = inner.info();
        List<String> warnings = new ArrayList<>(info.warnings());
        switch (step.declaredGradient()) {
            case EXACT -> {}
            case APPROXIMATE ->
                warnings.add("gradients pass through '" + step.name()
                        + "' by its declared approximation (BPDA): an attack is as good as that is");
            case NONE ->
                warnings.add("'" + step.name()
                        + "' declares no gradient, so attacks that follow gradients show nothing: declare an approximation"
                        + " (BPDA), or attack by Square or HopSkipJump");
        }
        if (step instanceof RandomizedPreprocessing) {
            warnings.add("'" + step.name() + "' draws anew at every call: what counts is the answer that most of "
                    + Votes.DRAWS
                    + " draws give, and robustness is shown only against attacks that average over draws (EOT)");
        }
        return new ModelInfo(
                step.name() + " + " + info.name(),
                info.inputShape(),
                info.classes(),
                info.inputRange(),
                info.dataType(),
                step instanceof RandomizedPreprocessing randomized
                        ? Sha256.of(step.name(), String.valueOf(randomized.seed()), info.sha256())
                        : Sha256.of(step.name(), info.sha256()),
                warnings);
    }

    /** The step itself, or one draw of it. */
    private Preprocessing drawn(INDArray inputs) {
        return step instanceof RandomizedPreprocessing randomized
                ? randomized.drawn(draws.streams(randomized, inputs))
                : step;
    }

    private INDArray applied(INDArray inputs) {
        return drawn(inputs).apply(inputs);
    }

    @Override
    public boolean randomized() {
        return step instanceof RandomizedPreprocessing || inner.randomized();
    }

    @Override
    public DifferentiableModel redrawn(long seed) {
        return randomized() ? new PreprocessedModel(inner.redrawn(seed), step, Draws.from(seed)) : this;
    }

    @Override
    public DifferentiableModel atOneDraw() {
        return randomized() ? new PreprocessedModel(inner.atOneDraw(), step, Draws.fixed()) : this;
    }

    @Override
    public Aim against(Aim aim) {
        return inner.against(aim);
    }

    @Override
    public int[] predict(INDArray inputs) {
        return inner.predict(applied(inputs));
    }

    @Override
    public Judgement[] judge(INDArray inputs, Aim[] aims) {
        return inner.judge(applied(inputs), aims);
    }

    @Override
    public INDArray logits(INDArray inputs) {
        return inner.logits(applied(inputs));
    }

    @Override
    public INDArray originalLogits(INDArray inputs) {
        return inner.originalLogits(applied(inputs));
    }

    @Override
    public InputGradient gradient(INDArray inputs, UnaryOperator<INDArray> lossGradient) {
        Preprocessing own = drawn(inputs);
        InputGradient pass = inner.gradient(own.apply(inputs), lossGradient);
        return new InputGradient(pass.logits(), backward(own, inputs, pass.gradient()));
    }

    @Override
    public InputGradients gradients(INDArray inputs, Function<INDArray, List<INDArray>> lossGradients) {
        Preprocessing own = drawn(inputs);
        InputGradients passes = inner.gradients(own.apply(inputs), lossGradients);
        return new InputGradients(
                passes.logits(),
                passes.gradients().stream()
                        .map(gradient -> backward(own, inputs, gradient))
                        .toList());
    }

    private static INDArray backward(Preprocessing own, INDArray inputs, INDArray gradient) {
        return own.declaredGradient() == DeclaredGradient.NONE ? inputs.like() : own.backward(inputs, gradient);
    }

    @Override
    public ExactPart exactPart(INDArray inputs) {
        ExactPart behind = inner.exactPart(applied(inputs));
        return step.declaredGradient() == DeclaredGradient.EXACT && behind.model() == inner
                ? new ExactPart(this, inputs)
                : behind;
    }

    @Override
    public DifferentiableModel inDoublePrecision() {
        DifferentiableModel exact = inner.inDoublePrecision();
        return exact == inner ? this : new PreprocessedModel(exact, step, draws);
    }
}
