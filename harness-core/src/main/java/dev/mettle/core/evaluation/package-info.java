/** From a plan to the facts: who was attacked with what, and what came of it. */
@NullMarked
package dev.mettle.core.evaluation;

import org.jspecify.annotations.NullMarked;
