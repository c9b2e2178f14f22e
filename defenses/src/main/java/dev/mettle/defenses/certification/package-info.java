/** Certifiers: randomized smoothing, and bounds that are propagated through a network. */
@NullMarked
package dev.mettle.defenses.certification;

import org.jspecify.annotations.NullMarked;
