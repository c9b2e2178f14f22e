package dev.mettle.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.Buffer;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataBuffer;

/**
 * What runs on the CPU runs unchanged on a GPU. There an array lives twice, on the device and in host memory, and ND4J copies
 * from one to the other when it is asked by a method that does so. A pointer or a {@code java.nio} view of the host memory
 * goes stale as soon as the device writes, and the device never sees what is written through it. On the CPU the same code
 * works, so no other test would notice.
 */
@AnalyzeClasses(packages = "dev.mettle", importOptions = ImportOption.DoNotIncludeTests.class)
class HostBufferTests {

    /**
     * What of a buffer may be called: methods that copy from the device before they read, and mark the host's side as newer
     * after they wrote, in {@code BaseCudaDataBuffer} of ND4J 1.0.0-M1.1 and 1.0.0-M2.1; and what doesn't touch the values.
     */
    private static final Set<String> SYNCHRONIZING = Set.of(
            "asBytes",
            "asDouble",
            "asFloat",
            "asInt",
            "asLong",
            "getDouble",
            "getFloat",
            "getInt",
            "getLong",
            "getNumber",
            "put",
            "dup",
            "write",
            "close",
            "closeable",
            "wasClosed",
            "dataType",
            "getElementSize",
            "isAttached",
            "length",
            "offset",
            "sameUnderlyingData",
            "underlyingLength");

    private static final String WHY =
            "a GPU would not see it, or it would not see the GPU's: take INDArray's operations, or"
                    + " data().asFloat() and the like, which copy";

    @ArchTest
    static final ArchRule buffers_are_read_by_methods_that_copy_from_the_device = noClasses()
            .should()
            .accessTargetWhere(access(
                    "a method of DataBuffer that doesn't synchronize with the device",
                    target -> target.getTargetOwner().isAssignableTo(DataBuffer.class)
                            && !SYNCHRONIZING.contains(target.getName())
                            && !target.getTargetOwner().isEnum()))
            .because(WHY);

    @ArchTest
    static final ArchRule nobody_takes_a_pointer = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.bytedeco..")
            .because(WHY);

    @ArchTest
    static final ArchRule nobody_exchanges_nio_buffers_or_pointers_with_nd4j = noClasses()
            .should()
            .accessTargetWhere(access(
                    "a method of ND4J that takes or gives a java.nio buffer or a pointer", HostBufferTests::isRaw))
            .because(WHY);

    static List<ArchRule> rules() {
        return List.of(
                buffers_are_read_by_methods_that_copy_from_the_device,
                nobody_takes_a_pointer,
                nobody_exchanges_nio_buffers_or_pointers_with_nd4j);
    }

    private static boolean isRaw(JavaAccess<?> access) {
        if (!access.getTargetOwner().getPackageName().startsWith("org.nd4j")) {
            return false;
        }
        return access.getTarget().resolveMember().stream()
                .filter(JavaCodeUnit.class::isInstance)
                .map(JavaCodeUnit.class::cast)
                .flatMap(
                        unit -> Stream.concat(unit.getRawParameterTypes().stream(), Stream.of(unit.getRawReturnType())))
                .anyMatch(HostBufferTests::isMemory);
    }

    private static boolean isMemory(JavaClass type) {
        return type.isAssignableTo(Buffer.class) || type.getPackageName().startsWith("org.bytedeco");
    }

    private static DescribedPredicate<JavaAccess<?>> access(String description, Predicate<JavaAccess<?>> predicate) {
        return DescribedPredicate.describe(description, predicate);
    }
}
