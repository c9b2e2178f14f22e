package dev.mettle.core.model;

/**
 * What the model under test says of one sample.
 *
 * @param label the class it prefers, counted from 0; the lowest one where scores tie; {@link LabelModel#ABSTAINED} if it gives no answer
 * @param reachesAim whether that is what an attack wants; a tie is no preference
 */
public record Judgement(int label, boolean reachesAim) {}
