package dev.mettle.core.verdict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mettle.core.ConfigurationException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairedDifferenceTests {

    @Test
    void countsWhatWasGainedAndLost() {
        boolean[] before = {true, true, false, false, false};
        boolean[] after = {true, false, true, true, false};
        PairedDifference difference = PairedDifference.of(before, after, 0.95);
        assertThat(difference).isEqualTo(new PairedDifference(5, 2, 2, 1, 0.95));
        assertThat(difference.shareBefore()).isEqualTo(0.4);
        assertThat(difference.shareAfter()).isCloseTo(0.6, within(1e-15));
        assertThat(difference.difference()).isCloseTo(0.2, within(1e-15));
    }

    @Test
    void boundsAreThoseOfClopperAndPearsonAtHalfTheError() {
        PairedDifference difference = new PairedDifference(100, 3, 75, 1, 0.95);
        // scipy.stats.beta.ppf(.025, 75, 26) - beta.ppf(.975, 2, 99), and beta.ppf(.975, 76, 25) - beta.ppf(.025, 1,
        // 100)
        assertThat(difference.lowerBound()).isCloseTo(0.598988118849111, within(1e-9));
        assertThat(difference.upperBound()).isCloseTo(0.8309671158676808, within(1e-9));
        assertThat(difference).hasToString("3.0% → 77.0%, +74.0 points (bounds +59.9 and +83.1; 75 gained, 1 lost)");
    }

    /** The true difference lies beyond a bound in at most five of a hundred experiments. */
    @ParameterizedTest
    @CsvSource({"0.5, 0.1", "0.1, 0.1", "0.02, 0.01", "0.7, 0"})
    void boundsHoldAsOftenAsTheySay(double gain, double loss) {
        Random random = new Random(11);
        int below = 0;
        int above = 0;
        for (int run = 0; run < 4000; run++) {
            int gained = 0;
            int lost = 0;
            for (int i = 0; i < 60; i++) {
                double draw = random.nextDouble();
                gained += draw < gain ? 1 : 0;
                lost += draw >= gain && draw < gain + loss ? 1 : 0;
            }
            PairedDifference difference = new PairedDifference(60, 0, gained, lost, 0.95);
            below += gain - loss < difference.lowerBound() ? 1 : 0;
            above += gain - loss > difference.upperBound() ? 1 : 0;
        }
        assertThat(below).isLessThanOrEqualTo(200);
        assertThat(above).isLessThanOrEqualTo(200);
    }

    @Test
    void noSamplesAreRefused() {
        assertThatThrownBy(() -> PairedDifference.of(new boolean[0], new boolean[0], 0.95))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("there are no samples to compare two models on: give at least one");
    }
}
