package dev.mettle.reports;

import dev.mettle.core.verdict.Outcome;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The colors of reports, dark enough to be read on white. Drawings use them as they are, so that any viewer shows them; a page with a
 * dark theme puts its own in their place.
 */
final class Colors {

    static final String INK = "#222222";
    static final String PAPER = "#ffffff";
    static final String GRID = "#dddddd";
    static final String AXIS = "#888888";
    static final String LINE = "#1f5fa8";
    static final String LIMIT = "#b4232a";
    static final String BEFORE = "#666666";
    static final String ATTACKED = "#8a4b08";

    private static final String PASS = "#1e7034";
    private static final String DOUBT = "#8f5a00";

    private static final List<String> ATTACKS = List.of("#8a4b08", "#6b3fa0", "#00707a", "#a3246f", "#4d6b00");

    /** The same colors on black, by those on white. */
    private static final Map<String, String> ON_BLACK = onBlack();

    private Colors() {}

    static String of(Outcome outcome) {
        return switch (outcome) {
            case PASS -> PASS;
            case FAIL -> LIMIT;
            case INCONCLUSIVE, UNTRUSTED -> DOUBT;
            case MEASURED -> LINE;
        };
    }

    /** Return the color of the line of an attack, by its position. */
    static String of(int attack) {
        return ATTACKS.get(attack % ATTACKS.size());
    }

    private static Map<String, String> onBlack() {
        Map<String, String> colors = new LinkedHashMap<>();
        colors.put(INK, "#e8e8e8");
        colors.put(PAPER, "#16181c");
        colors.put(GRID, "#3a3f47");
        colors.put(AXIS, "#8b929c");
        colors.put(LINE, "#6fb0f5");
        colors.put(LIMIT, "#ff8a85");
        colors.put(BEFORE, "#a8adb5");
        colors.put(PASS, "#6fd08c");
        colors.put(DOUBT, "#f0b64d");
        colors.put("#8a4b08", "#e0a35c");
        colors.put("#6b3fa0", "#c3a2f0");
        colors.put("#00707a", "#5cc8d1");
        colors.put("#a3246f", "#f08cc6");
        colors.put("#4d6b00", "#b5d156");
        return colors;
    }

    /** Put variables of the page's style sheet in the place of colors. */
    static String themed(String markup) {
        String themed = markup;
        for (String color : ON_BLACK.keySet()) {
            themed = themed.replace(color, "var(" + variable(color) + ")");
        }
        return themed;
    }

    /** Declare these variables, for a page that is white and one that is black. */
    static String declarations(boolean dark) {
        StringBuilder declarations = new StringBuilder();
        ON_BLACK.forEach((light, black) -> declarations
                .append(variable(light))
                .append(':')
                .append(dark ? black : light)
                .append(';'));
        return declarations.toString();
    }

    private static String variable(String color) {
        return "--c" + color.substring(1);
    }
}
