/** Certificates: radii within which no perturbation changes the class of a sample, and what they say of a model. */
@NullMarked
package dev.mettle.core.certification;

import org.jspecify.annotations.NullMarked;
