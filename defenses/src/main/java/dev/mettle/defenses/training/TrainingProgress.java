package dev.mettle.defenses.training;

import java.io.Serializable;
import java.util.Locale;

/**
 * How far a training has come.
 *
 * @param epoch the epoch, from 1
 * @param epochs how many there are to be
 * @param batch how many minibatches of the epoch are done
 * @param batches how many minibatches the epoch has; 0 if that isn't known yet
 * @param loss the mean training loss since the last progress
 * @param cleanAccuracy the share of held-out samples that the network gets right; NaN between two validations
 * @param robustAccuracy the share of held-out samples that it gets right under attack; NaN between two validations
 * @param heldOut how many samples are held out
 * @param seconds the time that training has taken so far, also before it was resumed
 * @param secondsLeft the time that it will take from here on, by what it took so far; NaN at the very beginning
 */
public record TrainingProgress(
        int epoch,
        int epochs,
        int batch,
        int batches,
        double loss,
        double cleanAccuracy,
        double robustAccuracy,
        int heldOut,
        double seconds,
        double secondsLeft)
        implements Serializable {

    /** Say whether the network was validated at this point. */
    public boolean isValidated() {
        return !Double.isNaN(cleanAccuracy);
    }

    /** Print one plain line, such as {@code epoch 3 of 12: loss 0.412, clean 97.2%, PGD-10 71.3% (500 held out), 1:42, 5:20 left}. */
    @Override
    public String toString() {
        StringBuilder line = new StringBuilder("epoch " + epoch + " of " + epochs);
        if (!isValidated()) {
            line.append(", batch ").append(batch).append(batches > 0 ? " of " + batches : "");
        }
        line.append(String.format(Locale.ROOT, ": loss %.3f", loss));
        if (isValidated()) {
            line.append(String.format(
                    Locale.ROOT,
                    ", clean %.1f%%, PGD-10 %.1f%% (%d held out)",
                    100 * cleanAccuracy,
                    100 * robustAccuracy,
                    heldOut));
        }
        line.append(", ").append(clock(seconds));
        if (!Double.isNaN(secondsLeft)) {
            line.append(", ").append(clock(secondsLeft)).append(" left");
        }
        return line.toString();
    }

    /** Print a time as {@code 1:42}, or {@code 2:01:42} with hours. */
    static String clock(double seconds) {
        long whole = Math.round(seconds);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    }
}
