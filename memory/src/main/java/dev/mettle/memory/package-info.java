/** What tests remember from run to run, in files that people can read and compare. */
@NullMarked
package dev.mettle.memory;

import org.jspecify.annotations.NullMarked;
