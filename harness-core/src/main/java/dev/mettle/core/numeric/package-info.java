/** Small numeric helpers: rows of arrays, tolerances, random streams. */
@NullMarked
package dev.mettle.core.numeric;

import org.jspecify.annotations.NullMarked;
