package dev.mettle.core.evaluation;

import dev.mettle.core.model.LabelModel;
import java.util.OptionalDouble;

/**
 * How sure a model is of a broken sample before and after: the softmax of its logits, in double precision.
 *
 * <p>These are the scores that the model was trained to tell, not chances of being right. NaN where a logit is NaN or infinite.
 *
 * @param id the id of the sample
 * @param clean the probability of the true class on the clean sample, from 0 to 1
 * @param adversarial the probability of the label that the model gives the adversarial example, from 0 to 1; empty if it
 *     abstains there ({@link LabelModel#ABSTAINED}), which is no class
 */
public record Confidence(long id, double clean, OptionalDouble adversarial) {}
