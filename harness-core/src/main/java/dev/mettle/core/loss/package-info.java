/** Losses of the logits, with their gradients in closed form. */
@NullMarked
package dev.mettle.core.loss;

import org.jspecify.annotations.NullMarked;
