/** Types that every part of Mettle shares. */
@NullMarked
package dev.mettle.core;

import org.jspecify.annotations.NullMarked;
