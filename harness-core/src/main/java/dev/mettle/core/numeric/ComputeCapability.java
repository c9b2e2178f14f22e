package dev.mettle.core.numeric;

/** The generation of an NVIDIA GPU, such as 8.6. */
record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {

    /** Read one such as {@code 8.6}. */
    static ComputeCapability of(String text) {
        int dot = text.indexOf('.');
        return new ComputeCapability(
                Integer.parseInt(text.substring(0, dot)), Integer.parseInt(text.substring(dot + 1)));
    }

    @Override
    public int compareTo(ComputeCapability other) {
        return major == other.major ? Integer.compare(minor, other.minor) : Integer.compare(major, other.major);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
