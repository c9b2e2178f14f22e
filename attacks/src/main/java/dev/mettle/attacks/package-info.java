/** Adversarial attacks, one class each, as published. */
@NullMarked
package dev.mettle.attacks;

import org.jspecify.annotations.NullMarked;
