/**
 * Turns Deeplearning4j networks into operator graphs: a few lines per layer and vertex, found by the type of its configuration.
 * Knows nothing of how a graph is run.
 */
@NullMarked
package dev.mettle.dl4j.lowering;

import org.jspecify.annotations.NullMarked;
