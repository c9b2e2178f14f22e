package dev.mettle.attacks;

import dev.mettle.core.numeric.SampleRandom;

/** Draws from the Poisson distribution. */
final class Poisson {

    private static final double[] LOG_FACTORIAL = new double[2048];

    static {
        for (int k = 2; k < LOG_FACTORIAL.length; k++) {
            LOG_FACTORIAL[k] = LOG_FACTORIAL[k - 1] + Math.log(k);
        }
    }

    private Poisson() {}

    /** Draw a number with the given mean: by inversion if it is small, else by transformed rejection (Hörmann 1993, PTRS). */
    static int draw(double mean, SampleRandom random) {
        return mean < 10 ? byInversion(mean, random) : byRejection(mean, random);
    }

    private static int byInversion(double mean, SampleRandom random) {
        double left = random.uniform(0, 1);
        double probability = Math.exp(-mean);
        int k = 0;
        while (left > probability && k < 200) { // beyond 200 there is nothing left but rounding
            left -= probability;
            k++;
            probability *= mean / k;
        }
        return k;
    }

    private static int byRejection(double mean, SampleRandom random) {
        double logMean = Math.log(mean);
        double b = 0.931 + 2.53 * Math.sqrt(mean);
        double a = -0.059 + 0.02483 * b;
        double inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
        double quick = 0.9277 - 3.6224 / (b - 2);
        while (true) {
            double u = random.uniform(-0.5, 0.5);
            double v = random.uniform(0, 1);
            double edge = 0.5 - Math.abs(u);
            int k = (int) Math.floor((2 * a / edge + b) * u + mean + 0.43);
            if (edge >= 0.07 && v <= quick) {
                return k;
            }
            if (k >= 0
                    && (edge >= 0.013 || v <= edge)
                    && Math.log(v * inverseAlpha / (a / (edge * edge) + b)) <= k * logMean - mean - logFactorial(k)) {
                return k;
            }
        }
    }

    private static double logFactorial(int k) {
        return k < LOG_FACTORIAL.length
                ? LOG_FACTORIAL[k]
                : (k + 0.5) * Math.log(k) - k + 0.5 * Math.log(2 * Math.PI) + 1.0 / (12.0 * k);
    }
}
