package dev.mettle.core.verdict;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** How counts become bounds of robust accuracy, and when an evaluation may stop. */
public enum Decision {

    /** Evaluate all samples, then judge once by the exact bounds of Clopper and Pearson. */
    FIXED {
        @Override
        double lower(Tally tally, double confidence) {
            return ClopperPearson.lowerBound(tally.robust(), tally.samples(), confidence);
        }

        @Override
        double upper(Tally tally, double confidence) {
            return ClopperPearson.upperBound(tally.mostRobust(), tally.samples(), confidence);
        }
    },

    /**
     * Judge as {@link #FIXED} does, to the sample, but stop as soon as the samples left can't change the verdict. Bounds count samples not
     * evaluated as broken below and as robust above.
     */
    CURTAILED {
        @Override
        double lower(Tally tally, double confidence) {
            return FIXED.lower(tally, confidence);
        }

        @Override
        double upper(Tally tally, double confidence) {
            return FIXED.upper(tally, confidence);
        }
    },

    /**
     * Judge by the samples evaluated so far, with bounds that hold however often one looks, and stop as soon as they decide; see
     * {@link BetaBinomialTest}.
     */
    SEQUENTIAL {
        @Override
        double lower(Tally tally, double confidence) {
            return tally.evaluated() == 0
                    ? 0
                    : BetaBinomialTest.lowerBound(tally.robust(), tally.evaluated(), confidence);
        }

        @Override
        double upper(Tally tally, double confidence) {
            return tally.evaluated() == 0
                    ? 1
                    : BetaBinomialTest.upperBound(tally.robust() + tally.undecided(), tally.evaluated(), confidence);
        }

        @Override
        boolean shows(Tally tally, double threshold, double confidence) {
            return BetaBinomialTest.logEvidenceAbove(tally.robust(), tally.evaluated(), threshold)
                    >= -Math.log1p(-confidence);
        }

        @Override
        boolean refutes(Tally tally, double threshold, double confidence) {
            return BetaBinomialTest.logEvidenceBelow(tally.robust() + tally.undecided(), tally.evaluated(), threshold)
                    >= -Math.log1p(-confidence);
        }
    },

    /**
     * Take the samples for the whole population, such as a fixed regression set: the share of robust ones is judged as it is, without an
     * interval. Stops as soon as the samples left can't change the verdict.
     */
    POPULATION {
        @Override
        double lower(Tally tally, double confidence) {
            return (double) tally.robust() / tally.samples();
        }

        @Override
        double upper(Tally tally, double confidence) {
            return (double) tally.mostRobust() / tally.samples();
        }
    };

    abstract double lower(Tally tally, double confidence);

    abstract double upper(Tally tally, double confidence);

    /** Say whether one look shows that the rate reaches the threshold. */
    boolean shows(Tally tally, double threshold, double confidence) {
        return lower(tally, confidence) >= threshold;
    }

    /** Say whether one look shows that the rate is below the threshold. */
    boolean refutes(Tally tally, double threshold, double confidence) {
        return upper(tally, confidence) < threshold;
    }

    /** Say whether an evaluation stops when its verdict is certain, rather than evaluate all samples. */
    public boolean stopsEarly() {
        return this != FIXED;
    }

    /** Say whether the verdict is about all inputs that the samples are drawn from, and so holds with some confidence only. */
    public boolean generalizes() {
        return this != POPULATION;
    }

    /** Return the looks that count: with bounds that hold at all times at once every look, else the last. */
    private List<Tally> counting(List<Tally> looks) {
        return this == SEQUENTIAL ? looks : looks.subList(looks.size() - 1, looks.size());
    }

    boolean shows(List<Tally> looks, double threshold, double confidence) {
        return counting(looks).stream().anyMatch(look -> shows(look, threshold, confidence));
    }

    boolean refutes(List<Tally> looks, double threshold, double confidence) {
        return counting(looks).stream().anyMatch(look -> refutes(look, threshold, confidence));
    }

    /**
     * Return the one-sided lower bound of the rate.
     *
     * @param looks the counts at every look, the last one last, at least one
     * @param confidence in (0, 1)
     */
    public double lowerBound(List<Tally> looks, double confidence) {
        return best(looks, look -> lower(look, confidence));
    }

    /** Return the one-sided upper bound of the rate; undecided samples count as robust here. */
    public double upperBound(List<Tally> looks, double confidence) {
        return -best(looks, look -> -upper(look, confidence));
    }

    private double best(List<Tally> looks, ToDoubleFunction<Tally> bound) {
        return counting(looks).stream().mapToDouble(bound).max().orElseThrow();
    }

    /**
     * Return the two-sided interval of the rate that reports print. Undecided samples count as broken. Not a statement about chance where
     * the samples are the population: then it is what is still possible.
     */
    public Interval interval(List<Tally> looks, double confidence) {
        List<Tally> observed = looks.stream()
                .map(look -> new Tally(look.samples(), look.evaluated(), look.robust(), 0, look.open()))
                .toList();
        double oneSided = (1 + confidence) / 2;
        double lower = lowerBound(observed, oneSided);
        // bounds of different looks may cross, though seldom; an interval never does
        return new Interval(lower, Math.max(lower, upperBound(observed, oneSided)));
    }
}
