package dev.mettle.examples;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Constraints;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.factory.Nd4j;

/**
 * German Credit: a thousand applicants for a loan, described by 7 whole numbers and 13 categories, and whether they paid it back.
 *
 * <p>Numbers keep their units (months, German marks, years); every category becomes a group of features of which one is 1. Class 0
 * is a good credit, class 1 a bad one.
 */
public final class CreditData {

    private static final int TRAINING = 700;
    private static final long SEED = 1;

    /** What an applicant can't lie about. */
    private static final Set<String> KNOWN_TO_THE_BANK =
            Set.of("age", "personal_status", "foreign_worker", "credit_history", "existing_credits");

    /** How far a number has to move to count as one lie. */
    private static final Map<String, Double> ONE_LIE = Map.of("duration", 6.0, "credit_amount", 500.0);

    /** A new category is one lie; it changes two features by 1. */
    private static final double CATEGORY = 2;

    private record Attribute(String name, List<String> categories, int first) {

        int width() {
            return Math.max(1, categories.size());
        }

        boolean isNumber() {
            return categories.isEmpty();
        }
    }

    private final List<Attribute> attributes = new ArrayList<>();
    private final int features;
    private final LabeledData all;

    private CreditData(List<String> lines) {
        int next = 0;
        for (String line : lines) {
            if (line.startsWith("@attribute") && !line.startsWith("@attribute class")) {
                String[] words = line.split(" ", 3);
                List<String> categories = words[2].startsWith("{")
                        ? Arrays.stream(words[2].substring(1, words[2].length() - 1)
                                        .split(",", -1))
                                .map(String::trim)
                                .toList()
                        : List.of();
                Attribute attribute = new Attribute(words[1], categories, next);
                attributes.add(attribute);
                next += attribute.width();
            }
        }
        features = next;
        List<String> rows = lines.subList(lines.indexOf("@data") + 1, lines.size()).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("%"))
                .toList();
        float[][] inputs = new float[rows.size()][features];
        int[] labels = new int[rows.size()];
        for (int row = 0; row < labels.length; row++) {
            String[] cells = rows.get(row).split(",", -1);
            for (int i = 0; i < attributes.size(); i++) {
                encode(attributes.get(i), cells[i].trim(), inputs[row]);
            }
            labels[row] = cells[attributes.size()].trim().equals("good") ? 0 : 1;
        }
        all = LabeledData.of("German Credit", Nd4j.createFromArray(inputs), labels)
                .shuffled(SEED);
    }

    private static void encode(Attribute attribute, String cell, float[] input) {
        if (attribute.isNumber()) {
            input[attribute.first()] = Float.parseFloat(cell);
        } else {
            input[attribute.first() + attribute.categories().indexOf(cell)] = 1;
        }
    }

    /** Read the data set. */
    public static CreditData load() {
        try (InputStream in = CreditData.class.getResourceAsStream("/credit-g.arff")) {
            String text = new String(
                    Objects.requireNonNull(in, "credit-g.arff belongs to this module")
                            .readAllBytes(),
                    StandardCharsets.UTF_8);
            return new CreditData(text.lines().toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Return the applicants to learn from. */
    public LabeledData training() {
        return all.first(TRAINING);
    }

    /** Return the applicants to examine a model with. */
    public LabeledData test() {
        return all.subset(IntStream.range(TRAINING, all.size()).toArray()).named("German Credit, test");
    }

    /** Return the smallest and largest value of every feature. */
    public Box range() {
        double[] lower = new double[features];
        double[] upper = new double[features];
        Arrays.fill(upper, 1);
        for (Attribute attribute : attributes) {
            if (attribute.isNumber()) {
                double[] column = all.inputs().getColumn(attribute.first()).toDoubleVector();
                lower[attribute.first()] = Arrays.stream(column).min().orElseThrow();
                upper[attribute.first()] = Arrays.stream(column).max().orElseThrow();
            }
        }
        return Box.perFeature(lower, upper);
    }

    /**
     * Return what an applicant may lie about: not what the bank knows anyway; numbers stay whole, and categories categories. In L1 the
     * constraints count lies: a new category, 6 months, 500 marks, or one of any other number.
     */
    public Constraints lies() {
        Constraints constraints = Constraints.none();
        double[] scale = new double[features];
        for (Attribute attribute : attributes) {
            int first = attribute.first();
            int last = first + attribute.width() - 1;
            Arrays.fill(
                    scale,
                    first,
                    last + 1,
                    attribute.isNumber() ? ONE_LIE.getOrDefault(attribute.name(), 1.0) : CATEGORY);
            constraints = attribute.isNumber() ? constraints.wholeNumbers(first) : constraints.oneHot(first, last);
            if (KNOWN_TO_THE_BANK.contains(attribute.name())) {
                constraints =
                        constraints.frozen(IntStream.rangeClosed(first, last).toArray());
            }
        }
        return constraints.scale(scale);
    }
}
