/** Labeled samples and the NumPy files they come from. */
@NullMarked
package dev.mettle.core.data;

import org.jspecify.annotations.NullMarked;
