package dev.mettle.core.model;

import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.Rows;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Decisions read off scores of shape {@code [n, classes]}: logits, probabilities, or any other. */
public final class Logits {

    private Logits() {}

    /** Return the class with the largest score per row; the lowest one in a tie. */
    public static int[] argMax(INDArray scores) {
        double[][] rows = Rows.toRows(scores);
        int[] best = new int[rows.length];
        for (int row = 0; row < rows.length; row++) {
            for (int j = 1; j < rows[row].length; j++) {
                if (rows[row][j] > rows[row][best[row]]) {
                    best[row] = j;
                }
            }
        }
        return best;
    }

    /** Return the judgement of every row, as {@link LabelModel#judge} wants it. */
    public static Judgement[] judge(INDArray scores, Aim[] aims) {
        int[] labels = argMax(scores);
        boolean[] reached = reach(scores, aims, 0);
        Judgement[] judgements = new Judgement[labels.length];
        Arrays.setAll(judgements, i -> new Judgement(labels[i], reached[i]));
        return judgements;
    }

    /** Say per row whether scores reach an aim, strictly, and by at least a margin. NaN reaches nothing. */
    public static boolean[] reach(INDArray scores, Aim[] aims, double margin) {
        double[][] rows = Rows.toRows(scores);
        boolean[] reached = new boolean[rows.length];
        for (int row = 0; row < rows.length; row++) {
            double lead = aims[row].lead(rows[row]);
            reached[row] = lead > 0 && lead >= margin;
        }
        return reached;
    }
}
