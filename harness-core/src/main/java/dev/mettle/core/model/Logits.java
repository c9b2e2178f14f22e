package dev.mettle.core.model;

import dev.mettle.core.numeric.Rows;
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

    /** Say per row whether a class other than the label scores strictly more than the label. NaN scores nothing. */
    public static boolean[] prefersAnother(INDArray scores, int[] labels) {
        return prefersAnother(scores, labels, 0);
    }

    /**
     * Say per row whether a class other than the label scores strictly more than the label, and more by at least a margin. NaN
     * scores nothing.
     */
    public static boolean[] prefersAnother(INDArray scores, int[] labels, double margin) {
        double[][] rows = Rows.toRows(scores);
        boolean[] another = new boolean[rows.length];
        for (int row = 0; row < rows.length; row++) {
            double own = rows[row][labels[row]];
            for (double score : rows[row]) {
                another[row] |= score > own && score - own >= margin;
            }
        }
        return another;
    }
}
