/** Checks that ask whether the failure of attacks may be taken as evidence of robustness. */
@NullMarked
package dev.mettle.core.trust;

import org.jspecify.annotations.NullMarked;
