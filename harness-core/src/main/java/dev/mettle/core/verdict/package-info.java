/** From the facts to a statistical verdict. */
@NullMarked
package dev.mettle.core.verdict;

import org.jspecify.annotations.NullMarked;
