package dev.mettle.examples;

import dev.mettle.attacks.Fgsm;
import dev.mettle.attacks.Pgd;
import dev.mettle.junit.RobustnessTest;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/** What a network for digits must withstand before it is released: a team's own annotation names the policy once. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@RobustnessTest(
        attacks = {Fgsm.class, Pgd.class},
        epsilon = 0.1,
        minRobustAccuracy = 0.75,
        samples = 300)
@Tag("release-gate")
@interface ReleaseGate {}
