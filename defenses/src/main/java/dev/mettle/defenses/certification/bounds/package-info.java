/** Deterministic certificates: bounds of a network's margins by interval propagation and linear relaxation. */
@NullMarked
package dev.mettle.defenses.certification.bounds;

import org.jspecify.annotations.NullMarked;
