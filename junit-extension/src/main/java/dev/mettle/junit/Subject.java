package dev.mettle.junit;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;
import dev.mettle.core.threat.Constraints;
import dev.mettle.defenses.Defended;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The model under test and the data to evaluate it on, as the test class declares them. */
final class Subject {

    private static final Set<String> NETWORKS = Set.of(
            "org.deeplearning4j.nn.multilayer.MultiLayerNetwork", "org.deeplearning4j.nn.graph.ComputationGraph");

    private final TestMember model;
    private final TestMember data;
    private final Optional<TestMember> constraints;
    private final Optional<DefenseSource> defense;

    private Subject(
            TestMember model, TestMember data, Optional<TestMember> constraints, Optional<DefenseSource> defense) {
        this.defense = defense;
        this.model = model;
        this.data = data;
        this.constraints = constraints;
    }

    /**
     * Find model and data; look at them already where that is possible without an instance of the test.
     *
     * @throws ConfigurationException if one of them is missing, there are two, or it is of the wrong type
     */
    static Subject find(ExtensionContext context) {
        Subject subject = new Subject(
                TestMember.find(
                        context,
                        ModelUnderTest.class,
                        "static final LabelModel model = Dl4jClassifier.load(path).withInputRange(0, 1)"),
                TestMember.find(
                        context,
                        EvaluationData.class,
                        "static final LabeledData data = LabeledData.fromClasspath(\"data.npz\")"),
                TestMember.findOptional(context, InputConstraints.class),
                DefenseSource.find(context));
        // A static field may still be empty: a @BeforeEach method may fill it.
        if (subject.model.isStaticField() && subject.model.read(context) != null) {
            subject.model(context);
        }
        if (subject.data.isStaticField() && subject.data.read(context) != null) {
            subject.data(context);
        }
        return subject;
    }

    LabelModel model(ExtensionContext context) {
        Object value = present(model, ModelUnderTest.class.getSimpleName(), context);
        if (value instanceof LabelModel labelModel) {
            return labelModel;
        }
        if (isNetwork(value.getClass())) {
            throw new ConfigurationException("@ModelUnderTest " + model + " is a bare "
                    + value.getClass().getSimpleName()
                    + ", whose input range is unknown: wrap it, Dl4jClassifier.of(net).withInputRange(0, 1)");
        }
        throw new ConfigurationException("@ModelUnderTest " + model + " is a "
                + value.getClass().getName() + ": give a LabelModel, such as Dl4jClassifier");
    }

    /** Defend the model, if the test asks for it. */
    Optional<Defended<?>> defend(LabelModel given, ExtensionContext context) {
        return defense.map(source -> source.defend(given, context));
    }

    LabeledData data(ExtensionContext context) {
        Object value = present(data, EvaluationData.class.getSimpleName(), context);
        if (value instanceof LabeledData labeled) {
            return labeled;
        }
        throw new ConfigurationException("@EvaluationData " + data + " is a "
                + value.getClass().getName() + ": give a LabeledData, such as LabeledData.of(inputs, labels)");
    }

    /** Return what attackers may do to which feature: everything, unless the test class says otherwise. */
    Constraints constraints(ExtensionContext context) {
        if (constraints.isEmpty()) {
            return Constraints.none();
        }
        TestMember member = constraints.get();
        Object value = present(member, InputConstraints.class.getSimpleName(), context);
        if (value instanceof Constraints known) {
            return known;
        }
        throw new ConfigurationException("@InputConstraints " + member + " is a "
                + value.getClass().getName() + ": give a Constraints, such as Constraints.none().frozen(3)");
    }

    private static Object present(TestMember member, String annotation, ExtensionContext context) {
        Object value = member.read(context);
        if (value == null) {
            throw new ConfigurationException("@" + annotation + " " + member
                    + " is null: set it before the test runs, best where it is declared");
        }
        return value;
    }

    private static boolean isNetwork(Class<?> type) {
        for (@Nullable Class<?> each = type; each != null; each = each.getSuperclass()) {
            if (NETWORKS.contains(each.getName())) {
                return true;
            }
        }
        return false;
    }
}
