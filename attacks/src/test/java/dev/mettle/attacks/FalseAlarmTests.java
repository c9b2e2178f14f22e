package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.trust.TrustCheck;
import dev.mettle.core.trust.TrustLevel;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No doubt about networks that hide nothing: some of the sixty of docs/trust.md, all five activations, plain and hardened. */
class FalseAlarmTests {

    private static final LabeledData DIGITS = LabeledData.load(
                    Path.of("../examples/src/main/resources/digits-test.npz"))
            .scaled(1 / 255.0);

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 6, 7, 8, 11, 12, 13, 15, 20, 54, 55})
    void honest_networks_raise_no_doubt(int number) {
        FalseAlarms.Checked checked = FalseAlarms.check(
                number, DIGITS.subset(IntStream.range(100, DIGITS.size()).toArray()), DIGITS.first(100));

        assertThat(checked.doubts()).as(checked.network()).isEmpty();
        assertThat(checked.trust().findings()).hasSize(TrustCheck.values().length);
        assertThat(checked.trust().findings(TrustLevel.PASSED)).hasSizeGreaterThan(12);
        long standing = Math.round(100 * checked.robustAccuracy());
        assertThat(checked.trust().passes())
                .isLessThanOrEqualTo(
                        Math.max(checked.trust().evaluationPasses() / 5, Math.min(500, 100 + 25 * standing)));
    }
}
