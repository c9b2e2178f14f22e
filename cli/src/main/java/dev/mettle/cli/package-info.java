/** The command line: the same evaluation as in a test, for people outside one. */
@NullMarked
package dev.mettle.cli;

import org.jspecify.annotations.NullMarked;
