package dev.mettle.core.numeric;

/** A GPU that this process sees, by its index. */
record CudaDevice(int index, ComputeCapability capability) {}
