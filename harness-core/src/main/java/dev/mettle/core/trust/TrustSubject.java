package dev.mettle.core.trust;

import dev.mettle.core.data.LabeledData;
import dev.mettle.core.model.GradientCheck;
import dev.mettle.core.model.LabelModel;
import java.util.Optional;

/**
 * The evaluation whose trust is in question.
 *
 * @param model the model under test
 * @param data the samples, with inputs in the shape and data type of the model
 * @param gradientCheck the check of the model's input gradients, if an attack needs them
 * @param seed the base seed
 * @param batchSize how many samples to run at once
 */
public record TrustSubject(
        LabelModel model, LabeledData data, Optional<GradientCheck> gradientCheck, long seed, int batchSize) {}
