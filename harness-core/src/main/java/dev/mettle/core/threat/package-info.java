/** What the attacker may do: norm, epsilon, input range, and the geometry of the perturbations they allow. */
@NullMarked
package dev.mettle.core.threat;

import org.jspecify.annotations.NullMarked;
