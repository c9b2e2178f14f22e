package dev.mettle.core.threat;

import dev.mettle.core.numeric.Rows;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The norm that measures the size of a perturbation δ. */
public enum Norm {
    /** The largest change of any feature, {@code max |δᵢ|}. */
    LINF("L∞") {
        @Override
        INDArray reduce(INDArray delta) {
            return delta.normmax(1);
        }

        @Override
        PerturbationSet ball(double epsilon, Box box, Constraints constraints, INDArray clean) {
            return new LinfSet(epsilon, box, constraints, clean);
        }
    },

    /** The Euclidean length, {@code √Σδᵢ²}. */
    L2("L2") {
        @Override
        INDArray reduce(INDArray delta) {
            return delta.norm2(1);
        }

        @Override
        PerturbationSet ball(double epsilon, Box box, Constraints constraints, INDArray clean) {
            return new L2Set(epsilon, box, constraints, clean);
        }
    },

    /** The sum of all changes, {@code Σ|δᵢ|}. */
    L1("L1") {
        @Override
        INDArray reduce(INDArray delta) {
            return delta.norm1(1);
        }

        @Override
        PerturbationSet ball(double epsilon, Box box, Constraints constraints, INDArray clean) {
            return new L1Set(epsilon, box, constraints, clean);
        }
    },

    /** The number of changed features. */
    L0("L0") {
        @Override
        INDArray reduce(INDArray delta) {
            return delta.neq(0).castTo(DataType.DOUBLE).sum(1);
        }

        @Override
        PerturbationSet ball(double epsilon, Box box, Constraints constraints, INDArray clean) {
            return new L0Set(epsilon, box, constraints, clean);
        }
    };

    private final String symbol;

    Norm(String symbol) {
        this.symbol = symbol;
    }

    /** Reduce the perturbations {@code [n, features]} to one size per row. */
    abstract INDArray reduce(INDArray delta);

    /** Create the set of perturbations within {@code epsilon} of {@code clean} and inside the box. */
    abstract PerturbationSet ball(double epsilon, Box box, Constraints constraints, INDArray clean);

    /** Return the usual symbol, such as {@code L∞}. */
    public String symbol() {
        return symbol;
    }

    /**
     * Measure how far each sample was moved, in double precision.
     *
     * @param perturbed the perturbed samples, shape {@code [n, ...]}
     * @param clean the original samples, same shape
     * @return {@code n} distances
     */
    public double[] distances(INDArray perturbed, INDArray clean) {
        INDArray delta = Rows.matrix(perturbed.castTo(DataType.DOUBLE)).sub(Rows.matrix(clean.castTo(DataType.DOUBLE)));
        return Rows.toDoubles(reduce(delta));
    }

    /**
     * Measure the largest perturbation that a box of the given width allows.
     *
     * @param width the width of the box per feature
     * @param features the number of features
     */
    public double diameter(double width, long features) {
        return switch (this) {
            case LINF -> width;
            case L2 -> width * Math.sqrt((double) features);
            case L1 -> width * (double) features;
            case L0 -> features;
        };
    }
}
