/** Defenses that yield a new model, and certificates. */
@NullMarked
package dev.mettle.defenses;

import org.jspecify.annotations.NullMarked;
