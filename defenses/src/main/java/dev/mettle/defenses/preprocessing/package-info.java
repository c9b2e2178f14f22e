/**
 * Steps before a model that are meant to remove adversarial perturbations. The literature has broken each of them; they are here to be
 * attacked together with the model.
 */
@NullMarked
package dev.mettle.defenses.preprocessing;

import org.jspecify.annotations.NullMarked;
