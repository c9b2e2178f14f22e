package dev.mettle.core.threat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class ConstraintsTests {

    /** Two free numbers, one frozen, two whole ones, a category of three. */
    private static final Box BOX =
            Box.perFeature(new double[] {0, -10, 0, 0, -5, 0, 0, 0}, new double[] {1, 10, 1, 60, 5, 1, 1, 1});

    private static final Constraints CONSTRAINTS =
            Constraints.none().frozen(2).wholeNumbers(3, 4).oneHot(5, 7).scale(1, 10, 1, 6, 1, 2, 2, 2);

    private static final double[] CLEAN = {0.2, -3, 0.7, 12, -1, 0, 1, 0};

    private static INDArray row(double... values) {
        return Rows.fromDoubles(values, new long[] {1, values.length}, DataType.DOUBLE);
    }

    private static double[] toModel(ThreatModel threat, double... point) {
        return Rows.toDoubles(threat.space(row(CLEAN)).toModel(row(point), new int[] {0}));
    }

    @Test
    void attacks_move_in_units_of_the_scale() {
        ThreatModel threat = new ThreatModel(Norm.LINF, 1, BOX).withConstraints(CONSTRAINTS);
        AttackSpace space = threat.space(row(CLEAN));
        double[] start = Rows.toDoubles(space.clean());
        assertThat(start).containsExactly(0.2, -0.3, 0.7, 2, -1, 0, 0.5, 0);
        assertThat(toModel(threat, start)).containsExactly(CLEAN);

        double[] point = start.clone();
        point[1] += 0.5; // half a unit of ten
        point[2] += 0.5; // frozen
        point[3] += 1; // six months
        assertThat(toModel(threat, point)).containsExactly(0.2, 2, 0.7, 18, -1, 0, 1, 0);
        assertThat(Rows.toDoubles(space.gradientToAttack(row(1, 1, 1, 1, 1, 1, 1, 1))))
                .containsExactly(1, 10, 0, 6, 1, 2, 2, 2);
    }

    @Test
    void whole_numbers_are_rounded_and_categories_chosen() {
        ThreatModel threat = new ThreatModel(Norm.L1, ThreatModel.UNBOUNDED, BOX).withConstraints(CONSTRAINTS);
        assertThat(toModel(threat, 0.2, -0.3, 0.7, 13.4 / 6, -1.6, 0.4 / 2, 0.3 / 2, 0.9 / 2))
                .containsExactly(0.2, -3, 0.7, 13, -2, 0, 0, 1);
    }

    @Test
    void rounding_never_leaves_the_ball() {
        // L∞ of 0.9 units: the whole number 4 may not move at all, 3 by 5 months, and a category (half a unit each) may
        // change
        ThreatModel linf = new ThreatModel(Norm.LINF, 0.9, BOX).withConstraints(CONSTRAINTS);
        assertThat(toModel(linf, 0.2, -0.3, 0.7, 2 + 0.9, -1 - 0.9, 0.4, 0.3, 0))
                .containsExactly(0.2, -3, 0.7, 17, -1, 1, 0, 0);
        // L1 of 0.9 units: a category would cost 1
        ThreatModel l1 = new ThreatModel(Norm.L1, 0.9, BOX).withConstraints(CONSTRAINTS);
        assertThat(toModel(l1, 0.2, -0.3, 0.7, 2, -1, 0.4, 0.3, 0)).containsExactly(CLEAN);
    }

    @Test
    void an_attack_that_comes_from_afar_may_query_beyond_the_ball() {
        ThreatModel l1 = new ThreatModel(Norm.L1, 0.9, BOX).withConstraints(CONSTRAINTS);
        INDArray far = row(0.2, -0.3, 0.7, 5, -1, 0.4, 0.3, 0);
        assertThat(Rows.toDoubles(l1.spaceBeyond(row(CLEAN)).toModel(far, new int[] {0})))
                .containsExactly(0.2, -3, 0.7, 30, -1, 1, 0, 0);
    }

    @ParameterizedTest
    @EnumSource
    void every_point_becomes_an_allowed_input(Norm norm) {
        double epsilon = norm == Norm.L0 ? 3 : 1.3;
        ThreatModel threat = new ThreatModel(norm, epsilon, BOX).withConstraints(CONSTRAINTS);
        int changed = 0;
        for (int draw = 0; draw < 200; draw++) {
            SampleRandom random = SampleRandom.of(1, "constraints", 0, draw);
            INDArray x = threat.around(row(CLEAN)).sample(new SampleRandom[] {random});
            double[] input = Rows.toDoubles(threat.space(row(CLEAN)).toModel(x, new int[] {0}));
            assertThat(CONSTRAINTS.allows(input, CLEAN)).isTrue();
            assertThat(BOX.firstViolation(input)).isEmpty();
            assertThat(Distances.between(input, CLEAN, CONSTRAINTS).in(norm)).isLessThanOrEqualTo(epsilon * (1 + 1e-6));
            changed += java.util.Arrays.equals(input, CLEAN) ? 0 : 1;
        }
        assertThat(changed).isGreaterThan(100);
    }

    @Test
    void a_category_with_a_frozen_feature_stays() {
        ThreatModel threat = new ThreatModel(Norm.LINF, 1, Box.of(0, 1))
                .withConstraints(Constraints.none().oneHot(0, 2).frozen(1));
        INDArray clean = row(0, 0, 1);
        assertThat(Rows.toDoubles(threat.space(clean).toModel(row(0.9, 0, 0.1), new int[] {0})))
                .containsExactly(0, 0, 1);
    }

    @Test
    void frozen_features_have_no_room() {
        PerturbationSet set =
                new ThreatModel(Norm.L2, 5, BOX).withConstraints(CONSTRAINTS).around(row(CLEAN));
        assertThat(set.lower().getDouble(0, 2)).isEqualTo(0.7);
        assertThat(set.upper().getDouble(0, 2)).isEqualTo(0.7);
        assertThat(set.upper().getDouble(0, 3)).isEqualTo(10);
        assertThat(set.project(row(0, 0, 0, 0, 0, 0, 0, 0)).getDouble(0, 2)).isEqualTo(0.7);
    }

    @Test
    void says_in_words_what_is_constrained() {
        assertThat(CONSTRAINTS)
                .hasToString("1 frozen feature, 2 whole numbers, 1 one-hot group, an epsilon per feature");
        assertThat(Constraints.none()).hasToString("");
        assertThat(Constraints.none().mask(true, false, true))
                .isEqualTo(Constraints.none().frozen(1));
    }

    @Test
    void refuses_what_makes_no_sense() {
        assertThatThrownBy(() -> Constraints.none().scale(1, 0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("the scale of feature 1 is 0.0: give a finite number above 0, or freeze the feature");
        assertThatThrownBy(() -> Constraints.none().oneHot(2, 2))
                .hasMessage(
                        "a one-hot group from feature 2 to feature 2 is none: give the first and the last of at least two"
                                + " features");
        assertThatThrownBy(() -> Constraints.none().oneHot(0, 2).oneHot(2, 4))
                .hasMessageEndingWith("give each feature one group");
        assertThatThrownBy(() -> CONSTRAINTS.requireFeatures(5))
                .hasMessage("the constraints name feature 7 but a sample has 5 features: count them from 0");
        assertThatThrownBy(() -> CONSTRAINTS.requireFeatures(9))
                .hasMessage("there are 8 scales for 9 features: give one per feature");
        assertThatThrownBy(() -> Constraints.none().frozen(0, 1).requireFeatures(2))
                .hasMessage("all 2 features are frozen: leave the attacker at least one");
        assertThat(CONSTRAINTS.firstViolation(new double[] {0, 0, 0, 1.5, 0, 0, 0, 1}))
                .isEqualTo("feature 3 is 1.5, not a whole number");
        assertThat(CONSTRAINTS.firstViolation(new double[] {0, 0, 0, 1, 0, 0, 1, 1}))
                .isEqualTo("features 5 to 7 are [0.0, 1.0, 1.0], not one-hot");
    }
}
