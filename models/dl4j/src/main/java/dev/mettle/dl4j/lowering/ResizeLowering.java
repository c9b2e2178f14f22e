package dev.mettle.dl4j.lowering;

import dev.mettle.graph.Operator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling1D;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.Upsampling3D;
import org.deeplearning4j.nn.conf.layers.ZeroPadding1DLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPadding3DLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping1D;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping3D;

/** Lowers what changes the size of images, lines and volumes. */
final class ResizeLowering {

    private ResizeLowering() {}

    static Tensor lower(Drawing drawing, Layer layer, Tensor x) throws NotLoweredException {
        if (layer instanceof ZeroPadding1DLayer padding) {
            return pad(drawing, padding.getPadding(), 2, x);
        } else if (layer instanceof ZeroPaddingLayer padding) {
            return pad(drawing, padding.getPadding(), padding.getDataFormat() == CNN2DFormat.NHWC ? 1 : 2, x);
        } else if (layer instanceof ZeroPadding3DLayer padding) {
            return pad(drawing, padding.getPadding(), 2, x);
        } else if (layer instanceof Cropping1D cropping) {
            return crop(drawing, cropping.getCropping(), 2, x);
        } else if (layer instanceof Cropping2D cropping) {
            return crop(drawing, cropping.getCropping(), cropping.getDataFormat() == CNN2DFormat.NHWC ? 1 : 2, x);
        } else if (layer instanceof Cropping3D cropping) {
            return crop(drawing, cropping.getCropping(), 2, x);
        } else if (layer instanceof Upsampling1D upsampling) {
            return enlarge(drawing, Arrays.copyOf(upsampling.getSize(), 1), false, x);
        } else if (layer instanceof Upsampling2D upsampling) {
            return enlarge(drawing, upsampling.getSize(), upsampling.getFormat() == CNN2DFormat.NHWC, x);
        } else if (layer instanceof Upsampling3D upsampling) {
            boolean channelsLast = upsampling.getDataFormat() == Convolution3D.DataFormat.NDHWC;
            return enlarge(drawing, upsampling.getSize(), channelsLast, x);
        } else if (layer instanceof SpaceToDepthLayer space) {
            Operator blocks = new Operator.SpaceToDepth(space.getBlockSize());
            return space.getDataFormat() == CNN2DFormat.NHWC
                    ? drawing.channelsLast(drawing.add(blocks, drawing.channelsFirst(x)))
                    : drawing.add(blocks, x);
        }
        throw new NotLoweredException("has no known operators");
    }

    /** Settings stand as before and after, dimension by dimension. */
    private static Tensor pad(Drawing drawing, int[] padding, int firstAxis, Tensor x) {
        List<Long> before = new ArrayList<>();
        List<Long> after = new ArrayList<>();
        for (int axis = 0; axis < x.rank(); axis++) {
            int dimension = axis - firstAxis;
            boolean padded = dimension >= 0 && 2 * dimension < padding.length;
            before.add(padded ? padding[2 * dimension] : 0L);
            after.add(padded ? padding[2 * dimension + 1] : 0L);
        }
        return drawing.add(new Operator.Pad(before, after, 0), x);
    }

    private static Tensor crop(Drawing drawing, int[] cropping, int firstAxis, Tensor x) {
        Tensor y = x;
        for (int dimension = 0; 2 * dimension < cropping.length; dimension++) {
            int before = cropping[2 * dimension];
            int after = cropping[2 * dimension + 1];
            if (before != 0 || after != 0) {
                int end = after == 0 ? Integer.MAX_VALUE : -after;
                y = drawing.add(new Operator.Slice(firstAxis + dimension, before, end), y);
            }
        }
        return y;
    }

    private static Tensor enlarge(Drawing drawing, int[] size, boolean channelsLast, Tensor x) {
        Operator resize =
                new Operator.Resize(Arrays.stream(size).mapToObj(Long::valueOf).toList());
        return channelsLast
                ? drawing.channelsLast(drawing.add(resize, drawing.channelsFirst(x)))
                : drawing.add(resize, x);
    }
}
