package dev.mettle.graph.nd4j;

/** What ND4J's named operations take besides arrays. */
final class Arguments {

    static final Arguments NONE = new Arguments(new double[0], new long[0], new boolean[0], true);

    private final double[] floating;
    private final long[] integers;
    private final boolean[] booleans;
    private final boolean accelerated;

    private Arguments(double[] floating, long[] integers, boolean[] booleans, boolean accelerated) {
        this.floating = floating;
        this.integers = integers;
        this.booleans = booleans;
        this.accelerated = accelerated;
    }

    static Arguments floating(double... values) {
        return NONE.withFloating(values);
    }

    static Arguments integers(long... values) {
        return new Arguments(NONE.floating, values, NONE.booleans, true);
    }

    Arguments withFloating(double... values) {
        return new Arguments(values, integers, booleans, accelerated);
    }

    Arguments withBooleans(boolean... values) {
        return new Arguments(floating, integers, values, accelerated);
    }

    /** Return the same for ND4J's own code, without the helper library that is slower here. */
    Arguments plain() {
        return new Arguments(floating, integers, booleans, false);
    }

    double[] floating() {
        return floating.clone();
    }

    long[] integers() {
        return integers.clone();
    }

    boolean[] booleans() {
        return booleans.clone();
    }

    boolean accelerated() {
        return accelerated;
    }
}
