package dev.mettle.defenses.certification.bounds;

import dev.mettle.core.numeric.Rows;
import dev.mettle.core.numeric.SampleRandom;
import dev.mettle.core.threat.Norm;
import dev.mettle.dl4j.Dl4jClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * A network of the plane with a few rectified neurons and three classes, small enough to enumerate the polygons on which it is linear,
 * so that the least margin and the distance to the next class are known exactly.
 */
final class TinyNetwork {

    static final int CLASSES = 3;

    private final MultiLayerNetwork network;
    private final List<Cell> cells;

    /** A polygon on which the network is linear; weights [rows][x, y, 1]. */
    private record Cell(Polygon polygon, List<Plane> logits) {}

    private record Plane(double a, double b, double c) {
        Plane minus(Plane other) {
            return new Plane(a - other.a, b - other.b, c - other.c);
        }
    }

    TinyNetwork(long seed, DataType type, int... hidden) {
        NeuralNetConfiguration.ListBuilder layers =
                new NeuralNetConfiguration.Builder().dataType(type).seed(seed).list();
        int inputs = 2;
        for (int units : hidden) {
            layers.layer(new DenseLayer.Builder()
                    .nIn(inputs)
                    .nOut(units)
                    .activation(Activation.RELU)
                    .build());
            inputs = units;
        }
        layers.layer(new OutputLayer.Builder(LossFunction.MCXENT)
                .nIn(inputs)
                .nOut(CLASSES)
                .activation(Activation.SOFTMAX)
                .build());
        network = new MultiLayerNetwork(layers.build());
        network.init();
        for (Map.Entry<String, INDArray> parameter : network.paramTable().entrySet()) {
            SampleRandom random = SampleRandom.of(seed, parameter.getKey(), 0, 0);
            double[] values = new double[(int) parameter.getValue().length()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (parameter.getKey().endsWith("W") ? 1.5 : 0.7) * random.gaussian();
            }
            parameter
                    .getValue()
                    .assign(Rows.fromDoubles(values, parameter.getValue().shape(), type));
        }
        List<Plane> input = List.of(new Plane(1, 0, 0), new Plane(0, 1, 0));
        cells = new ArrayList<>();
        enumerate(Polygon.unitSquare(), input, 0);
    }

    Dl4jClassifier model() {
        return Dl4jClassifier.of(network).withInputRange(0, 1);
    }

    private void enumerate(Polygon polygon, List<Plane> values, int layer) {
        if (polygon.isEmpty()) {
            return;
        }
        List<Plane> sums = sums(values, layer);
        if (layer == network.getnLayers() - 1) {
            cells.add(new Cell(polygon, sums));
        } else {
            split(polygon, sums, new ArrayList<>(), layer);
        }
    }

    /** Cut the polygon where a neuron of the layer starts to fire, one neuron after the other. */
    private void split(Polygon polygon, List<Plane> sums, List<Plane> fired, int layer) {
        if (polygon.isEmpty()) {
            return;
        } else if (fired.size() == sums.size()) {
            enumerate(polygon, fired, layer + 1);
            return;
        }
        Plane next = sums.get(fired.size());
        List<Plane> on = new ArrayList<>(fired);
        on.add(next);
        split(polygon.where(next.a, next.b, next.c), sums, on, layer);
        List<Plane> off = new ArrayList<>(fired);
        off.add(new Plane(0, 0, 0));
        split(polygon.where(-next.a, -next.b, -next.c), sums, off, layer);
    }

    private List<Plane> sums(List<Plane> values, int layer) {
        double[][] weights = Rows.toRows(network.getParam(layer + "_W"));
        double[] biases = Rows.toDoubles(network.getParam(layer + "_b"));
        List<Plane> sums = new ArrayList<>();
        for (int j = 0; j < biases.length; j++) {
            double a = 0;
            double b = 0;
            double c = biases[j];
            for (int i = 0; i < values.size(); i++) {
                a += weights[i][j] * values.get(i).a;
                b += weights[i][j] * values.get(i).b;
                c += weights[i][j] * values.get(i).c;
            }
            sums.add(new Plane(a, b, c));
        }
        return sums;
    }

    /** Return the least margin over a ball of L∞ or L1, cut by the unit square. */
    double leastMargin(int label, int other, Norm norm, double x, double y, double radius) {
        Polygon ball = Polygon.ball(norm, x, y, radius);
        double least = Double.POSITIVE_INFINITY;
        for (Cell cell : cells) {
            Polygon common = ball;
            for (int i = 0; i < cell.polygon.corners().size(); i++) {
                Polygon.Point from = cell.polygon.corners().get(i);
                Polygon.Point to = cell.polygon
                        .corners()
                        .get((i + 1) % cell.polygon.corners().size());
                double dx = to.x() - from.x();
                double dy = to.y() - from.y();
                common = common.where(-dy, dx, dy * from.x() - dx * from.y()); // corners run counterclockwise
            }
            Plane margin = cell.logits.get(label).minus(cell.logits.get(other));
            least = Math.min(least, common.minimum(margin.a, margin.b, margin.c));
        }
        return least;
    }

    /** Return the distance to the next point of the square where another class ties or wins. */
    double distance(int label, Norm norm, double x, double y) {
        if (norm == Norm.L2) {
            double least = Double.POSITIVE_INFINITY;
            for (Cell cell : cells) {
                for (int other = 0; other < CLASSES; other++) {
                    if (other != label) {
                        Plane lead = cell.logits.get(other).minus(cell.logits.get(label));
                        least = Math.min(
                                least,
                                cell.polygon.where(lead.a, lead.b, lead.c).distance(x, y));
                    }
                }
            }
            return least;
        }
        double low = 0;
        double high = 2;
        for (int i = 0; i < 45; i++) {
            double middle = (low + high) / 2;
            double least = Double.POSITIVE_INFINITY;
            for (int other = 0; other < CLASSES; other++) {
                least = other == label ? least : Math.min(least, leastMargin(label, other, norm, x, y, middle));
            }
            if (least > 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high == 2 ? Double.POSITIVE_INFINITY : high;
    }
}
