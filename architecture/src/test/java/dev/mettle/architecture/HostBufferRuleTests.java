package dev.mettle.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The rules of {@link HostBufferTests} find what they are there for, and nothing else. */
class HostBufferRuleTests {

    /** What the rules are there for, and what they let pass. */
    @SuppressWarnings("unused")
    static final class Samples {

        static final class Pointer {
            Object of(INDArray array) {
                return array.data().pointer();
            }
        }

        static final class Address {
            long of(INDArray array) {
                return array.data().address();
            }
        }

        static final class NioView {
            float of(INDArray array) {
                return array.data().asNioFloat().get(0);
            }
        }

        static final class NioArray {
            DataBuffer of(ByteBuffer values) {
                return Nd4j.createBuffer(values, DataType.FLOAT, 1);
            }
        }

        static final class JavaArray {
            Object of(INDArray array) {
                return array.data().array();
            }
        }

        static final class Copy {
            double of(INDArray array) {
                return array.dup().data().asDouble()[0] + array.getDouble(0) + array.toFloatVector()[0];
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                Samples.Pointer.class,
                Samples.Address.class,
                Samples.NioView.class,
                Samples.NioArray.class,
                Samples.JavaArray.class
            })
    void anOffenderIsFound(Class<?> offender) {
        assertThat(HostBufferTests.rules().stream().anyMatch(rule -> violates(rule, offender)))
                .isTrue();
    }

    @Test
    void copiesPass() {
        assertThat(HostBufferTests.rules()).noneMatch(rule -> violates(rule, Samples.Copy.class));
    }

    private static boolean violates(ArchRule rule, Class<?> type) {
        JavaClasses classes = new ClassFileImporter().importClasses(type);
        EvaluationResult result = rule.evaluate(classes);
        return result.hasViolation();
    }
}
