package dev.mettle.dl4j;

import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;

/**
 * Copies of configurations that share no layer with the original: Deeplearning4j's {@code clone()} leaves the inner layers of
 * wrappers shared. Frozen layers are thawed, since freezing is about training only.
 */
final class LayerCopy {

    private LayerCopy() {}

    /** Copy a vertex, with its layer, if it has one, under the vertex's name, as graphs want it. */
    static GraphVertex of(String name, GraphVertex vertex) {
        return rebuild(vertex, layer -> {
            Layer copy = of(layer, UnaryOperator.identity());
            copy.setLayerName(name);
            return copy;
        });
    }

    /** Copy a layer and its inner layers, each one changed by {@code change}, which gets a copy and may return another layer. */
    static Layer of(Layer original, UnaryOperator<Layer> change) {
        if (original instanceof FrozenLayer frozen) {
            return of(frozen.getLayer(), change);
        }
        if (original instanceof FrozenLayerWithBackprop frozen) {
            return of(frozen.getUnderlying(), change);
        }
        Layer copy = original.clone();
        if (copy instanceof BaseWrapperLayer wrapper) {
            wrapper.setUnderlying(of(wrapper.getUnderlying(), change));
        } else if (copy instanceof Bidirectional both) {
            both.setFwd(of(both.getFwd(), change));
            both.setBwd(of(both.getBwd(), change));
        }
        return change.apply(copy);
    }

    /** Return the vertex with another layer; vertices without a layer are returned as they are. */
    static GraphVertex rebuild(GraphVertex vertex, UnaryOperator<Layer> change) {
        if (vertex instanceof FrozenVertex frozen) {
            return rebuild(frozen.getUnderlying(), change);
        }
        if (!(vertex instanceof LayerVertex original)) {
            return vertex;
        }
        NeuralNetConfiguration conf = original.getLayerConf().clone();
        conf.setLayer(change.apply(original.getLayerConf().getLayer()));
        return new LayerVertex(conf, original.getPreProcessor());
    }
}
