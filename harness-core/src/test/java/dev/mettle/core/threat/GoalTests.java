package dev.mettle.core.threat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.loss.Aim;
import dev.mettle.core.numeric.SampleRandom;
import org.junit.jupiter.api.Test;

class GoalTests {

    private static final double[] LOGITS = {3, -1, 2, 5};

    private static Aim aim(Goal goal, int label) {
        return goal.aim(label, 4, LOGITS, SampleRandom.of(1, "goal", 0, label));
    }

    @Test
    void chooses_the_wanted_label_sample_by_sample() {
        assertThat(aim(Goal.untargeted(), 3)).isEqualTo(Aim.awayFrom(3));
        assertThat(aim(Goal.target(1), 3)).isEqualTo(Aim.towards(3, 1));
        assertThat(aim(Goal.of(Goal.Kind.MOST_LIKELY), 3).target()).isZero();
        assertThat(aim(Goal.of(Goal.Kind.MOST_LIKELY), 0).target()).isEqualTo(3);
        assertThat(aim(Goal.of(Goal.Kind.LEAST_LIKELY), 1).target()).isEqualTo(2);
        assertThat(aim(Goal.of(Goal.Kind.NEXT), 3).target()).isZero();
        for (int label = 0; label < 4; label++) {
            assertThat(aim(Goal.of(Goal.Kind.RANDOM), label).target())
                    .isBetween(0, 3)
                    .isNotEqualTo(label);
        }
    }

    @Test
    void refuses_what_makes_no_sense() {
        assertThatThrownBy(() -> aim(Goal.target(4), 0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the target class is 4 but the model has 4 classes: give one from 0 to 3");
        assertThatThrownBy(() -> aim(Goal.target(2), 2))
                .hasMessage(
                        "a sample already has the target class 2: leave such samples out, with data.withoutLabel(2)");
        assertThatThrownBy(() -> Goal.target(-1)).hasMessage("the target class is -1: give a class, counted from 0");
        assertThatThrownBy(() -> new Goal(Goal.Kind.RANDOM, 2))
                .hasMessage("the target class 2 doesn't go with the goal 'random"
                        + " class': leave it out, or choose the goal CLASS");
        assertThatThrownBy(() -> Goal.of(Goal.Kind.LEAST_LIKELY).aim(0, 4, null, SampleRandom.of(1, "goal", 0, 0)))
                .hasMessage(
                        "the most or least likely class needs a model that tells its logits: choose the goal CLASS, RANDOM"
                                + " or NEXT");
    }

    @Test
    void reads_what_it_wrote() {
        for (Goal.Kind kind : Goal.Kind.values()) {
            Goal goal = kind == Goal.Kind.CLASS ? Goal.target(12) : Goal.of(kind);
            assertThat(Goal.parse(goal.toString())).isEqualTo(goal);
        }
        for (String text : new String[] {"", "towards class ", "towards class -1", "towards class x", "class 3"}) {
            assertThatThrownBy(() -> Goal.parse(text))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessage(
                            "'" + text + "' is no goal: give one such as 'untargeted', 'towards class 3' or 'towards"
                                    + " the least likely class'");
        }
    }

    @Test
    void reads_as_part_of_a_sentence() {
        assertThat(Goal.target(3)).hasToString("towards class 3");
        assertThat(Goal.of(Goal.Kind.LEAST_LIKELY)).hasToString("towards the least likely class");
        assertThat(new ThreatModel(Norm.L2, 1, Box.of(0, 1))
                        .withGoal(Goal.target(3))
                        .label())
                .isEqualTo("L2 ε=1 towards class 3");
        assertThat(ThreatModel.of("rotation ±30°", Box.of(0, 1)).label()).isEqualTo("rotation ±30°");
    }
}
