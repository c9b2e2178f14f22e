package dev.mettle.core.evaluation;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Constraints;
import dev.mettle.core.threat.Goal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Makes sure that data fit a model before any work is done with them. */
public final class DataCheck {

    private static final int ENOUGH_PER_CLASS = 10;

    private DataCheck() {}

    /**
     * Return the data in the shape and data type of the model, clipped to the box by at most rounding.
     *
     * @throws ConfigurationException if a sample doesn't fit the model
     */
    public static LabeledData fit(LabeledData data, ModelInfo model) {
        return fit(data, model, Goal.untargeted(), Constraints.none());
    }

    static LabeledData fit(LabeledData data, ModelInfo model, Goal goal, Constraints constraints) {
        LabeledData shaped = reshape(data, model);
        model.inputRange().requireFeatures(Rows.features(shaped.inputs()));
        constraints.requireFeatures(Rows.features(shaped.inputs()));
        double[][] rows = Rows.toRows(shaped.inputs());
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < rows[i].length; j++) {
                if (!Double.isFinite(rows[i][j])) {
                    throw new ConfigurationException("sample #" + data.id(i) + " of " + data.name() + " holds "
                            + rows[i][j] + " at feature " + j + ": inputs must be finite numbers");
                }
            }
            String violation = model.inputRange().firstViolation(rows[i]);
            if (!violation.isEmpty()) {
                throw new ConfigurationException("sample #" + data.id(i) + " of " + data.name()
                        + " lies outside the input range " + model.inputRange() + " (" + violation
                        + "): scale the data, or declare the range the model was trained on");
            }
            String offLattice = constraints.firstViolation(rows[i]);
            if (!offLattice.isEmpty()) {
                throw new ConfigurationException("sample #" + data.id(i) + " of " + data.name()
                        + " breaks the constraints (" + offLattice
                        + "): mend the data, or leave these features out of the constraints");
            }
            if (goal.kind() == Goal.Kind.CLASS && data.label(i) == goal.target()) {
                throw new ConfigurationException("sample #" + data.id(i) + " of " + data.name()
                        + " already has the target class " + goal.target()
                        + ": leave such samples out, with data.withoutLabel(" + goal.target() + ")");
            }
            if (data.label(i) < 0 || data.label(i) >= model.classes()) {
                throw new ConfigurationException(
                        "sample #" + data.id(i) + " of " + data.name() + " has label " + data.label(i)
                                + " but the model has " + model.classes() + " classes: labels are counted from 0 to "
                                + (model.classes() - 1));
            }
        }
        INDArray inputs = shaped.inputs().castTo(model.dataType()).dup('c');
        return shaped.withInputs(model.inputRange().clip(inputs));
    }

    /** Count the samples of every class that the data can hold: of all but the one that attacks aim at. */
    static SortedMap<Integer, Integer> samplesPerClass(LabeledData data, ModelInfo model, Goal goal) {
        SortedMap<Integer, Integer> counts = new TreeMap<>();
        for (int label = 0; label < model.classes(); label++) {
            if (goal.kind() != Goal.Kind.CLASS || goal.target() != label) {
                counts.put(label, 0);
            }
        }
        for (int label : data.labels()) {
            counts.merge(label, 1, Integer::sum);
        }
        return counts;
    }

    private static LabeledData reshape(LabeledData data, ModelInfo model) {
        List<Long> given = ModelInfo.shape(Rows.sampleShape(data.inputs()));
        List<Long> wanted = model.inputShape();
        if (model.takes(given)) {
            return data;
        }
        boolean flat = given.size() == 1 || wanted.size() == 1;
        boolean sameButForOnes = withoutOnes(given).equals(withoutOnes(wanted));
        long features = wanted.stream().reduce(1L, (a, b) -> a * b);
        boolean known = !wanted.contains(ModelInfo.ANY_SIZE);
        if (known && (flat || sameButForOnes) && features == Rows.features(data.inputs())) {
            return data.reshaped(wanted.stream().mapToLong(Long::longValue).toArray());
        }
        throw new ConfigurationException("the samples of " + data.name() + " have shape " + ModelInfo.formatShape(given)
                + " but the model " + model.name() + " takes " + ModelInfo.formatShape(wanted)
                + ": bring the data into the model's layout");
    }

    private static List<Long> withoutOnes(List<Long> shape) {
        return shape.stream().filter(size -> size != 1).toList();
    }

    /** Return what is odd about the data, as sentences. */
    public static List<String> notes(LabeledData data, ModelInfo model) {
        List<String> notes = new ArrayList<>();
        long seen = Arrays.stream(data.labels()).distinct().count();
        if (seen < model.classes() && data.size() >= ENOUGH_PER_CLASS * model.classes()) {
            notes.add("the " + data.size() + " samples hold only " + seen + " of " + model.classes()
                    + " classes: if the data are sorted, shuffle them before taking the first ones");
        }
        return notes;
    }
}
