/** Adversarial training: networks of Deeplearning4j that learn from the examples that attacks make. */
@NullMarked
package dev.mettle.defenses.training;

import org.jspecify.annotations.NullMarked;
