package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Lowers scaled dot-product attention (Vaswani 2017) over time series {@code [n, features, time]}. */
final class Attention {

    private Attention() {}

    static Tensor lower(Drawing drawing, SelfAttentionLayer layer, Tensor x) {
        if (!layer.isProjectInput()) {
            return dotProduct(drawing, x, x, x, layer.getNIn());
        }
        INDArray wq = drawing.parameter("Wq"); // [heads, size, features]
        long heads = wq.size(0);
        long size = wq.size(1);
        Tensor q = heads(drawing, "Wq", x);
        Tensor k = heads(drawing, "Wk", x);
        Tensor v = heads(drawing, "Wv", x);
        Tensor mixed = dotProduct(drawing, q, k, v, size);
        Tensor together = drawing.reshape(mixed, 0L, heads * size, -1L);
        INDArray wo = drawing.parameter("Wo"); // [heads · size, outputs]
        INDArray kernel = wo.transpose().dup('c').reshape('c', wo.size(1), wo.size(0), 1);
        return project(drawing, kernel, "Wo", together);
    }

    /** Project every step, and split what comes out into heads: {@code [n, heads, size, time]}. */
    private static Tensor heads(Drawing drawing, String name, Tensor x) {
        INDArray w = drawing.parameter(name);
        Tensor projected = project(drawing, w.reshape('c', w.size(0) * w.size(1), w.size(2), 1), name, x);
        return drawing.reshape(projected, 0L, w.size(0), w.size(1), -1L);
    }

    private static Tensor project(Drawing drawing, INDArray kernel, String name, Tensor x) {
        return Convolutions.overTime(drawing, drawing.constant(name, kernel), null, x);
    }

    /** {@code v · softmax(kᵀ · q / √size)} over the last two dimensions. */
    private static Tensor dotProduct(Drawing drawing, Tensor q, Tensor k, Tensor v, long size) {
        int rank = k.rank();
        Tensor keys = rank == 3 ? drawing.transpose(k, 0, 2, 1) : drawing.transpose(k, 0, 1, 3, 2);
        Tensor scores = drawing.add(new Operator.MatMul(), keys, q);
        Tensor scaled = drawing.add(new Operator.Mul(), scores, drawing.constant(1 / Math.sqrt((double) size)));
        return drawing.add(
                new Operator.MatMul(), v, drawing.add(new Operator.Softmax(rank - 2), Masks.attended(drawing, scaled)));
    }
}
