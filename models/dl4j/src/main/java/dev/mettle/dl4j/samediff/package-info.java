/**
 * SameDiff graphs as models under attack: their operations are lowered to an operator graph by an allow-list, everything else is
 * refused by name.
 */
@NullMarked
package dev.mettle.dl4j.samediff;

import org.jspecify.annotations.NullMarked;
