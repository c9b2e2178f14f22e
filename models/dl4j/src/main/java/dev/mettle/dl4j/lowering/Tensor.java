package dev.mettle.dl4j.lowering;

/**
 * A tensor of the graph under construction, in the layout that Deeplearning4j has at this place.
 *
 * @param name its name in the graph
 * @param rank its number of dimensions, the batch included
 * @param perStep whether Deeplearning4j has the steps of a time series as rows {@code [n · time, features]} here, which the
 *     graph keeps as {@code [n, features, time]}
 */
record Tensor(String name, int rank, boolean perStep) {

    Tensor(String name, int rank) {
        this(name, rank, false);
    }

    /** Return the number of dimensions besides batch and channels. */
    int spatial() {
        return rank - 2;
    }
}
