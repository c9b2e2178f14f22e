package dev.mettle.cli;

import java.io.PrintWriter;

/** Prints long texts so that they fit a terminal. */
final class Wrapping {

    private static final int WIDTH = 100;

    private Wrapping() {}

    /** Print a text after a prefix, broken at spaces; further lines begin below the text. */
    static void print(PrintWriter out, String prefix, String text) {
        String indent = " ".repeat(prefix.length());
        String line = prefix;
        for (String word : text.split(" ", -1)) {
            if (line.length() + word.length() > WIDTH) {
                out.println(line.stripTrailing());
                line = indent;
            }
            line += word + " ";
        }
        out.println(line.stripTrailing());
    }
}
