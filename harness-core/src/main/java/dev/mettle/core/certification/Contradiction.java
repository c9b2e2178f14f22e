package dev.mettle.core.certification;

/**
 * A sample that an attack broke inside its certified radius.
 *
 * @param id the id of the sample in its data set
 * @param certified the class that was certified
 * @param radius the certified radius
 * @param found the class that the model prefers at the point found
 * @param distance the distance of that point; 0 for the clean sample itself
 * @param attack the attack that found it; empty for the clean sample itself
 */
public record Contradiction(long id, int certified, double radius, int found, double distance, String attack) {}
