/** Models with known answers, for the tests of all modules. */
@NullMarked
package dev.mettle.core.testing;

import org.jspecify.annotations.NullMarked;
