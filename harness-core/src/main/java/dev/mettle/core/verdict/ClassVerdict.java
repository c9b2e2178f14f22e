package dev.mettle.core.verdict;

import java.util.OptionalInt;

/**
 * What the facts say about the required robust accuracy of one class.
 *
 * @param label the class
 * @param tally its samples
 * @param outcome PASS, FAIL or INCONCLUSIVE
 * @param lowerBound the one-sided lower bound of its robust accuracy
 * @param upperBound the one-sided upper bound of its robust accuracy, corrected for the number of classes
 * @param samplesNeeded how many samples of the class would decide if its observed rate held; only where inconclusive
 */
public record ClassVerdict(
        int label, Tally tally, Outcome outcome, double lowerBound, double upperBound, OptionalInt samplesNeeded) {}
