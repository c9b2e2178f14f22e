package dev.mettle.examples;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Digits that nobody wrote by hand. */
final class DrawnDigits {

    private DrawnDigits() {}

    /** Draw a one: a white vertical stroke on black, 3 pixels wide and 20 high, shape {@code [1, 1, 28, 28]}. */
    static INDArray one() {
        float[] pixels = new float[DigitNetwork.SIDE * DigitNetwork.SIDE];
        for (int row = 4; row < 24; row++) {
            for (int column = 13; column < 16; column++) {
                pixels[row * DigitNetwork.SIDE + column] = 1;
            }
        }
        return Nd4j.createFromArray(pixels).reshape(1, 1, DigitNetwork.SIDE, DigitNetwork.SIDE);
    }
}
