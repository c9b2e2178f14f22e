/** Images as planes of doubles: filters and JPEG, for corruptions that attack and for steps that defend. */
@NullMarked
package dev.mettle.core.image;

import org.jspecify.annotations.NullMarked;
