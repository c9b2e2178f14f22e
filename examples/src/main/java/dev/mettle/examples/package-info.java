/** A user's project in small: a network for handwritten digits, trained here and tested for robustness in the tests. */
@NullMarked
package dev.mettle.examples;

import org.jspecify.annotations.NullMarked;
