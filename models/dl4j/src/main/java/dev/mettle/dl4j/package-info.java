/** Deeplearning4j networks as models under attack: their own predictions, their logits, and exact input gradients. */
@NullMarked
package dev.mettle.dl4j;

import org.jspecify.annotations.NullMarked;
