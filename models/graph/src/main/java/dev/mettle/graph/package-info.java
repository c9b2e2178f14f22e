/**
 * Inference networks as plain data: a graph of operators with the names and meanings of ONNX, whatever library the network came from
 * and whatever will run it.
 */
@NullMarked
package dev.mettle.graph;

import org.jspecify.annotations.NullMarked;
