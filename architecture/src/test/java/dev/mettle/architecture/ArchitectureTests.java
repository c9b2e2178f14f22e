package dev.mettle.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * Imports run one way: {@code cli, junit → defenses → attacks, dl4j → graph → core}, {@code junit → memory → core}, and {@code reports → core}. Core knows no attack, no
 * Deeplearning4j, no JUnit and no Allure, so that each of them can be left out.
 */
@AnalyzeClasses(packages = "dev.mettle", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

    private static final String JDK = "java..";
    private static final String CORE = "dev.mettle.core..";
    private static final String[] SHARED = {
        JDK, "javax..", "com.sun.management..", "org.jspecify..", "org.apiguardian..", "org.slf4j..", "org.nd4j..", CORE
    };

    @ArchTest
    static final ArchRule core_knows_only_nd4j_and_statistics = classes()
            .that()
            .resideInAPackage(CORE)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with("org.apache.commons.statistics.."));

    @ArchTest
    static final ArchRule attacks_know_only_the_core = classes()
            .that()
            .resideInAPackage("dev.mettle.attacks..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with("dev.mettle.attacks.."));

    @ArchTest
    static final ArchRule graphs_know_only_the_core = classes()
            .that()
            .resideInAPackage("dev.mettle.graph..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with("dev.mettle.graph.."));

    @ArchTest
    static final ArchRule graphs_do_not_know_what_runs_them = noClasses()
            .that()
            .resideInAPackage("dev.mettle.graph")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.mettle.graph.nd4j..");

    @ArchTest
    static final ArchRule lowering_does_not_know_what_runs_graphs = noClasses()
            .that()
            .resideInAPackage("dev.mettle.dl4j.lowering..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.mettle.graph.nd4j..");

    @ArchTest
    static final ArchRule models_know_only_graphs_and_the_core = classes()
            .that()
            .resideInAPackage("dev.mettle.dl4j..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with("dev.mettle.dl4j..", "dev.mettle.graph..", "org.deeplearning4j.."));

    @ArchTest
    static final ArchRule defenses_know_attacks_models_and_the_core = classes()
            .that()
            .resideInAPackage("dev.mettle.defenses..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with(
                    "dev.mettle.defenses..",
                    "dev.mettle.attacks..",
                    "dev.mettle.dl4j..",
                    "dev.mettle.graph..",
                    "org.deeplearning4j.."));

    @ArchTest
    static final ArchRule reports_know_only_the_core = classes()
            .that()
            .resideInAPackage("dev.mettle.reports..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with("dev.mettle.reports..", "com.fasterxml.jackson..", "io.qameta.allure.."));

    @ArchTest
    static final ArchRule memory_knows_only_the_core = classes()
            .that()
            .resideInAPackage("dev.mettle.memory..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with("dev.mettle.memory..", "com.fasterxml.jackson.."));

    @ArchTest
    static final ArchRule the_junit_extension_knows_no_report = classes()
            .that()
            .resideInAPackage("dev.mettle.junit..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with(
                    "dev.mettle.junit..",
                    "dev.mettle.attacks..",
                    "dev.mettle.defenses..",
                    "dev.mettle.dl4j..",
                    "dev.mettle.memory..",
                    "org.deeplearning4j..",
                    "org.junit.jupiter..",
                    "org.junit.platform.commons..",
                    "org.opentest4j..",
                    "org.assertj.."));

    @ArchTest
    static final ArchRule nobody_needs_a_backend = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.nd4j.linalg.cpu..", "org.nd4j.linalg.jcublas..");

    @ArchTest
    static final ArchRule the_core_has_no_cycles =
            slices().matching("dev.mettle.core.(*)..").should().beFreeOfCycles();

    private static String[] with(String... more) {
        return java.util.stream.Stream.concat(java.util.Arrays.stream(SHARED), java.util.Arrays.stream(more))
                .toArray(String[]::new);
    }
}
