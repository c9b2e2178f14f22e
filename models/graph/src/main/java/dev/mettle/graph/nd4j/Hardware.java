package dev.mettle.graph.nd4j;

import org.nd4j.linalg.factory.Nd4j;

/** What the ND4J backend can do. */
final class Hardware {

    private static final boolean ONE_DNN = Nd4j.getBackend().buildInfo().contains("HAVE_ONEDNN");

    private Hardware() {}

    /** Say whether ND4J was built with oneDNN, which accelerates some operations in single precision. */
    static boolean hasOneDnn() {
        return ONE_DNN;
    }
}
