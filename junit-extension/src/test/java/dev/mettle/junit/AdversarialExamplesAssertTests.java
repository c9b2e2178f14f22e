package dev.mettle.junit;

import static dev.mettle.junit.RobustnessAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.attacks.Fgsm;
import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.AdversarialExamples;
import dev.mettle.core.threat.Norm;
import org.junit.jupiter.api.Test;

class AdversarialExamplesAssertTests {

    /** Three samples broken at 0.1, seven that stand. */
    private static final AdversarialExamples EXAMPLES =
            new Fgsm().against(AffineModel.exact(), Norm.LINF, 0.1).generate(Samples.of(0, 7, 3));

    @Test
    void distancesAreBounded() {
        assertThat(EXAMPLES).allWithin(0.1);
        assertThatThrownBy(() -> assertThat(EXAMPLES).allWithin(0.05))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("sample #7 was moved by L∞ 0.1, more than ε = 0.05 (3 of 10 samples broken)");
    }

    @Test
    void brokenSamplesAreCounted() {
        assertThat(EXAMPLES).haveBroken(3).haveBrokenAtLeast(3);
        assertThatThrownBy(() -> assertThat(EXAMPLES).haveBroken(0))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("3 of 10 samples broken but 0 were expected");
        assertThatThrownBy(() -> assertThat(EXAMPLES).haveBrokenAtLeast(4))
                .isInstanceOf(RobustnessAssertionError.class)
                .hasMessage("3 of 10 samples broken but at least 4 were expected");
    }

    @Test
    void undecidedSamplesAreNotTakenForRobust() {
        AdversarialExamples undecided =
                new Fgsm().against(new StepModel(), Norm.LINF, 0.1).generate(Samples.of(0, 7, 3));

        assertThatThrownBy(() -> assertThat(undecided).haveBroken(0))
                .isInstanceOf(UntrustedEvaluationException.class)
                .hasMessage("0 of 10 samples broken can't be trusted: the attacks could not decide 10 of them");
    }

    @Test
    void requirementsThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> assertThat(EXAMPLES).allWithin(Double.NaN))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("epsilon is NaN: give a number of at least 0, in input units of the model");
        assertThatThrownBy(() -> assertThat(EXAMPLES).haveBroken(-1))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the number of broken samples is -1: give a number of at least 0");
    }
}
