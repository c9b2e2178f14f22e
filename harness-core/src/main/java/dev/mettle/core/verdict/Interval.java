package dev.mettle.core.verdict;

/**
 * A confidence interval of a rate.
 *
 * @param lower the lower end, in [0, 1]
 * @param upper the upper end, in [0, 1]
 */
public record Interval(double lower, double upper) {}
