/** Runs an operator graph, forward and backward to its input, on ND4J operations: on CPU or GPU, as the backend has it. */
@NullMarked
package dev.mettle.graph.nd4j;

import org.jspecify.annotations.NullMarked;
