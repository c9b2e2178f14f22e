package dev.mettle.core.numeric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessorTests {

    @Test
    void linuxNamesEveryProcessor() {
        List<String> cpuinfo = List.of(
                "processor\t: 0",
                "model\t\t: 17",
                "model name\t: AMD EPYC 9654: 96 cores ",
                "processor\t: 1",
                "model name\t: another");

        assertThat(Processor.nameIn(cpuinfo)).contains("AMD EPYC 9654: 96 cores");
    }

    @Test
    void armProcessorsHaveNoName() {
        assertThat(Processor.nameIn(List.of("processor\t: 0", "CPU part\t: 0xd0c")))
                .isEmpty();
        assertThat(Processor.nameIn(List.of("model name\t: "))).isEmpty();
    }

    @Test
    void thisProcessorIsNamed() {
        assertThat(Processor.name()).isNotBlank();
    }
}
