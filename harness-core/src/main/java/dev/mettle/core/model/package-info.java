/** What Mettle needs of a model: labels, logits, input gradients, and the check that the gradients are right. */
@NullMarked
package dev.mettle.core.model;

import org.jspecify.annotations.NullMarked;
