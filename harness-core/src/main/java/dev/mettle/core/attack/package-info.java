/** What an attack is, what it sees, and the engine that judges its proposals. */
@NullMarked
package dev.mettle.core.attack;

import org.jspecify.annotations.NullMarked;
