package dev.mettle.defenses.training;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * A layer of a network in training on batches of intervals: its forward pass, and its gradients by hand.
 *
 * <p>A linear layer maps the middles as it maps values, and the radii by the absolute values of its weights (Gowal et al. 2018).
 */
sealed interface IntervalLayer {

    Interval forward(Interval x);

    private static INDArray[] run(String operation, List<Integer> settings, INDArray... inputs) {
        return Nd4j.exec(DynamicCustomOp.builder(operation)
                .addInputs(inputs)
                .addIntegerArguments(
                        settings.stream().mapToInt(Integer::intValue).toArray())
                .build());
    }

    /**
     * Add to the gradients of the parameters.
     *
     * @param dy the gradient of the loss with respect to the layer's output
     * @return the gradient with respect to its input
     */
    Interval backward(Interval x, Interval dy);

    /**
     * Parameters and their gradients, as views of the network's own arrays.
     *
     * @param weights dense {@code [in, out]}, convolution {@code [out, in, kH, kW]}
     */
    record Parameters(
            INDArray weights, INDArray weightGradient, Optional<INDArray> bias, Optional<INDArray> biasGradient) {

        INDArray absolute() {
            return Transforms.abs(weights, true);
        }

        /** Add what reaches the weights by the middles and, through their absolute values, by the radii. */
        void give(INDArray byCenter, Optional<INDArray> byRadius) {
            weightGradient.addi(byCenter);
            byRadius.ifPresent(gradient -> weightGradient.addi(gradient.mul(Transforms.sign(weights, true))));
        }
    }

    /** {@code x · w + b}. */
    record Dense(Parameters parameters) implements IntervalLayer {

        @Override
        public Interval forward(Interval x) {
            INDArray center = x.center().mmul(parameters.weights());
            parameters.bias().ifPresent(bias -> center.addi(bias.reshape(1, bias.length())));
            return new Interval(center, x.radius().map(radius -> radius.mmul(parameters.absolute())));
        }

        @Override
        public Interval backward(Interval x, Interval dy) {
            parameters.give(
                    x.center().transpose().mmul(dy.center()),
                    x.radius().map(radius -> radius.transpose().mmul(dy.radius().orElseThrow())));
            parameters
                    .biasGradient()
                    .ifPresent(gradient -> gradient.addi(dy.center().sum(0).reshape(gradient.shape())));
            return new Interval(
                    dy.center().mmul(parameters.weights().transpose()),
                    dy.radius().map(radius -> radius.mmul(parameters.absolute().transpose())));
        }
    }

    /**
     * Convolution of images in the order {@code [n, channels, height, width]}.
     *
     * @param settings what ND4J's operation takes: kernel, strides, padding, dilation, whether padding is SAME, layouts
     */
    record Conv(Parameters parameters, List<Integer> settings) implements IntervalLayer {

        /** Create the layer. */
        public Conv {
            settings = List.copyOf(settings);
        }

        private INDArray convolve(INDArray x, INDArray weights) {
            return run("conv2d", settings, x, weights)[0];
        }

        /** Return the gradients of input and weights. */
        private INDArray[] gradients(INDArray x, INDArray weights, INDArray dy) {
            return run("conv2d_bp", settings, x, weights, dy);
        }

        @Override
        public Interval forward(Interval x) {
            INDArray center = convolve(x.center(), parameters.weights());
            parameters.bias().ifPresent(bias -> center.addi(bias.reshape(1, bias.length(), 1, 1)));
            return new Interval(center, x.radius().map(radius -> convolve(radius, parameters.absolute())));
        }

        @Override
        public Interval backward(Interval x, Interval dy) {
            INDArray[] byCenter = gradients(x.center(), parameters.weights(), dy.center());
            Optional<INDArray[]> byRadius = x.radius()
                    .map(radius ->
                            gradients(radius, parameters.absolute(), dy.radius().orElseThrow()));
            parameters.give(byCenter[1], byRadius.map(both -> both[1]));
            parameters
                    .biasGradient()
                    .ifPresent(
                            gradient -> gradient.addi(dy.center().sum(0, 2, 3).reshape(gradient.shape())));
            return new Interval(byCenter[0], byRadius.map(both -> both[0]));
        }
    }

    /** A function that grows with every input: it is taken at both ends of the intervals. */
    sealed interface Monotone extends IntervalLayer {

        INDArray apply(INDArray x);

        /** Return the gradient of the input at x. */
        INDArray adjoint(INDArray x, INDArray dy);

        @Override
        default Interval forward(Interval x) {
            if (x.radius().isEmpty()) {
                return Interval.point(apply(x.center()));
            }
            INDArray radius = x.radius().get();
            INDArray lower = apply(x.center().sub(radius));
            INDArray upper = apply(x.center().add(radius));
            return Interval.of(upper.add(lower).muli(0.5), upper.sub(lower).muli(0.5));
        }

        @Override
        default Interval backward(Interval x, Interval dy) {
            if (x.radius().isEmpty()) {
                return Interval.point(adjoint(x.center(), dy.center()));
            }
            INDArray radius = x.radius().get();
            INDArray ofRadius = dy.radius().orElseThrow();
            INDArray lower =
                    adjoint(x.center().sub(radius), dy.center().sub(ofRadius).muli(0.5));
            INDArray upper =
                    adjoint(x.center().add(radius), dy.center().add(ofRadius).muli(0.5));
            return Interval.of(upper.add(lower), upper.sub(lower));
        }
    }

    /** {@code max(0, x)}. */
    record Relu() implements Monotone {

        @Override
        public INDArray apply(INDArray x) {
            return Transforms.relu(x, true);
        }

        @Override
        public INDArray adjoint(INDArray x, INDArray dy) {
            return Transforms.step(x, true).muli(dy);
        }
    }

    /**
     * The largest value of every window.
     *
     * @param settings what ND4J's operation takes: kernel, strides, padding, dilation, whether padding is SAME, divisor, layout
     */
    record MaxPool(List<Integer> settings) implements Monotone {

        /** Create the layer. */
        public MaxPool {
            settings = List.copyOf(settings);
        }

        @Override
        public INDArray apply(INDArray x) {
            return run("maxpool2d", settings, x)[0];
        }

        @Override
        public INDArray adjoint(INDArray x, INDArray dy) {
            return run("maxpool2d_bp", settings, x, dy)[0];
        }
    }

    /**
     * The mean of every window.
     *
     * @param settings as those of {@link MaxPool}
     */
    record AveragePool(List<Integer> settings) implements IntervalLayer {

        /** Create the layer. */
        public AveragePool {
            settings = List.copyOf(settings);
        }

        private INDArray apply(INDArray x) {
            return run("avgpool2d", settings, x)[0];
        }

        @Override
        public Interval forward(Interval x) {
            return new Interval(apply(x.center()), x.radius().map(this::apply));
        }

        @Override
        public Interval backward(Interval x, Interval dy) {
            return new Interval(
                    run("avgpool2d_bp", settings, x.center(), dy.center())[0],
                    x.radius()
                            .map(radius -> run(
                                    "avgpool2d_bp",
                                    settings,
                                    radius,
                                    dy.radius().orElseThrow())[0]));
        }
    }

    /** The same values in another shape, all but the batch. */
    record Reshape(List<Long> sampleShape) implements IntervalLayer {

        /** Create the layer. */
        public Reshape {
            sampleShape = List.copyOf(sampleShape);
        }

        @Override
        public Interval forward(Interval x) {
            return new Interval(to(x.center()), x.radius().map(this::to));
        }

        private INDArray to(INDArray x) {
            long[] shape = new long[sampleShape.size() + 1];
            Arrays.setAll(shape, i -> i == 0 ? x.size(0) : sampleShape.get(i - 1));
            return x.dup('c').reshape('c', shape);
        }

        @Override
        public Interval backward(Interval x, Interval dy) {
            return new Interval(back(dy.center(), x), dy.radius().map(radius -> back(radius, x)));
        }

        private static INDArray back(INDArray dy, Interval x) {
            return dy.dup('c').reshape('c', x.center().shape());
        }
    }
}
