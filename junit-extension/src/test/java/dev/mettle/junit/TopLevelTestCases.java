package dev.mettle.junit;

import dev.mettle.attacks.Fgsm;
import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.LabelModel;

/** A fixture that fails. */
class TopLevelTestCases {

    @ModelUnderTest
    static final LabelModel model = AffineModel.exact();

    @EvaluationData
    static final LabeledData data = Samples.of(0, 0, 40);

    @RobustnessTest(attacks = Fgsm.class, epsilon = 8 / 255.0, minRobustAccuracy = 0.6)
    void staysAccurate() {}
}
