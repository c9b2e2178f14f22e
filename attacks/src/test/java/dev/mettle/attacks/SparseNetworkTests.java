package dev.mettle.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mettle.core.attack.Attack;
import dev.mettle.core.attack.AttackEngine;
import dev.mettle.core.attack.SampleOutcome;
import dev.mettle.core.attack.SampleStatus;
import dev.mettle.core.numeric.Rows;
import dev.mettle.core.threat.Box;
import dev.mettle.core.threat.Norm;
import dev.mettle.core.threat.ThreatModel;
import dev.mettle.dl4j.ConformanceNetwork;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Mean distances on trained networks, against recorded peers and against FMN, which equals its peers. */
class SparseNetworkTests {

    private static final int IMAGES = 8;

    private static INDArray images() {
        return Rows.select(
                ConformanceNetwork.images(), IntStream.range(0, IMAGES).toArray());
    }

    private static double meanDistance(String network, Attack attack, Norm norm) {
        Dl4jClassifier model = Dl4jClassifier.of(ConformanceNetwork.load(network, DataType.DOUBLE, false))
                .withInputRange(0, 1);
        List<SampleOutcome> outcomes = AttackEngine.of(model, 0)
                .run(
                        attack,
                        new ThreatModel(norm, ThreatModel.UNBOUNDED, Box.of(0, 1)),
                        images(),
                        Arrays.copyOf(ConformanceNetwork.labels(), IMAGES),
                        IntStream.range(0, IMAGES).asLongStream().toArray())
                .outcomes();
        assertThat(outcomes).allMatch(outcome -> outcome.status() == SampleStatus.BROKEN);
        return outcomes.stream()
                .mapToDouble(outcome -> outcome.breakingDistance(norm))
                .average()
                .orElseThrow();
    }

    private static double recorded(String network, String golden, Norm norm) {
        INDArray all = ConformanceNetwork.golden(network, "attacks/" + golden + "_float64");
        INDArray theirs = Rows.select(all, IntStream.range(0, IMAGES).toArray());
        return Arrays.stream(norm.distances(theirs, images())).average().orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "cnn"})
    void sparse_attacks_change_about_as_few_features_as_fmn(String network) {
        double fmn = meanDistance(network, new Fmn(), Norm.L0);
        assertThat(meanDistance(network, new SigmaZero(), Norm.L0)).isLessThanOrEqualTo(1.05 * fmn);
        assertThat(meanDistance(network, new CarliniWagnerL0(), Norm.L0)).isLessThanOrEqualTo(1.05 * fmn);
        assertThat(meanDistance(network, new Jsma().withTargets(9), Norm.L0)).isBetween(fmn, 4 * fmn);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "cnn"})
    void ead_is_as_near_in_l1_as_fmn(String network) {
        assertThat(meanDistance(network, new Ead(), Norm.L1))
                .isLessThanOrEqualTo(1.05 * meanDistance(network, new Fmn(), Norm.L1));
    }

    /** These two work with thresholds and boundaries, and share no machinery with the peers they are held against. */
    @ParameterizedTest
    @CsvSource({
        "mlp, fmn_linf_advlib_100, LINF",
        "cnn, fmn_linf_advlib_100, LINF",
        "mlp, cw_l2_foolbox_5x200_lr0.05_c0.01_noabort, L2",
        "cnn, cw_l2_foolbox_5x200_lr0.05_c0.01_noabort, L2",
    })
    void others_come_near_recorded_distances(String network, String golden, Norm norm) {
        double theirs = recorded(network, golden, norm);
        assertThat(meanDistance(network, new BrendelBethge(), norm)).isBetween(0.95 * theirs, 1.25 * theirs);
        if (norm == Norm.LINF) {
            assertThat(meanDistance(network, new CarliniWagnerLinf(), norm)).isBetween(0.95 * theirs, 1.15 * theirs);
        }
    }
}
