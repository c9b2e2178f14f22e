package dev.mettle.core.evaluation;

import java.util.ArrayList;
import java.util.List;

/**
 * What became of the known adversarial examples of a test when its model was asked about them again.
 *
 * @param resisted how many the model resists, as it did before
 * @param open how many fool the model, as they did before: known weaknesses
 * @param fooledAgain the names of those that the model resisted before and that fool it now
 * @param closable how many fooled the model before and don't now
 * @param found how many samples an attack broke that no known example breaks, as far as there is room for more examples
 */
public record CorpusReplay(int resisted, int open, List<String> fooledAgain, int closable, int found) {

    /** Create the result. */
    public CorpusReplay {
        fooledAgain = List.copyOf(fooledAgain);
    }

    /** Return how many known examples were tried. */
    public int tried() {
        return resisted + open + fooledAgain.size() + closable;
    }

    /** Say whether an example fools the model that it resisted before. A known adversarial example is proof, not a matter of statistics. */
    public boolean isRegression() {
        return !fooledAgain.isEmpty();
    }

    /** Say whether there is something to write down: examples that the model resists by now, or new ones. */
    public boolean hasNews() {
        return closable > 0 || found > 0;
    }

    /**
     * Say in one sentence what became of them, such as {@code of 12 known examples, 3 are resisted and 9 open; 2 open ones are resisted
     * now, 5 new ones were found}.
     */
    public String sentence() {
        StringBuilder sentence = new StringBuilder();
        if (isRegression()) {
            sentence.append(fooledAgain.size())
                    .append(" of ")
                    .append(fooledAgain.size() + resisted)
                    .append(" known adversarial examples that the model resisted ")
                    .append(fooledAgain.size() == 1 ? "fools" : "fool")
                    .append(" it again");
            if (open + closable > 0) {
                sentence.append("; ").append(open + closable).append(" more are open");
            }
        } else if (tried() == 0) {
            sentence.append("no adversarial example was known");
        } else {
            sentence.append("of ")
                    .append(tried())
                    .append(tried() == 1 ? " known adversarial example, " : " known adversarial examples, ")
                    .append(resisted)
                    .append(resisted == 1 ? " is resisted and " : " are resisted and ")
                    .append(open + closable)
                    .append(" open");
        }
        List<String> news = new ArrayList<>();
        if (closable > 0) {
            news.add(closable + " open " + (closable == 1 ? "one is" : "ones are") + " resisted now");
        }
        if (found > 0) {
            news.add(found + " new " + (found == 1 ? "one was" : "ones were") + " found");
        }
        return sentence + (news.isEmpty() ? "" : "; " + String.join(", ", news));
    }
}
