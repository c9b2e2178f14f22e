/** What input gradients cost: Mettle, Deeplearning4j and PyTorch side by side. */
@NullMarked
package dev.mettle.benchmarks;

import org.jspecify.annotations.NullMarked;
