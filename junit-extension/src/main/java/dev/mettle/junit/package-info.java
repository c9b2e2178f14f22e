/** Robustness tests for JUnit Jupiter: annotations, the extension behind them, and AssertJ assertions. */
@NullMarked
package dev.mettle.junit;

import org.jspecify.annotations.NullMarked;
