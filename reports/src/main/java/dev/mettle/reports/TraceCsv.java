package dev.mettle.reports;

import dev.mettle.core.attack.Query;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes every query of attacks on one sample as a table, one line each, numbers in full. */
public final class TraceCsv {

    private TraceCsv() {}

    /** Build the table; a cell without a number is empty. */
    public static String text(List<ReproducedAttack> attacks) {
        StringBuilder text = new StringBuilder("attack,pass,restart,asked,backward,margin,gradient_norm,distance\n");
        for (ReproducedAttack attack : attacks) {
            int pass = 0;
            for (Query query : attack.trace().queries()) {
                pass++;
                text.append('"')
                        .append(attack.saved().label().replace("\"", "\"\""))
                        .append("\",");
                text.append(pass).append(',');
                text.append(query.restart() + 1).append(',');
                text.append(query.asked().name().toLowerCase(Locale.ROOT)).append(',');
                text.append(query.backwards()).append(',');
                text.append(Double.isNaN(query.margin()) ? "" : query.margin()).append(',');
                text.append(query.backwards() == 0 ? "" : query.gradientNorm()).append(',');
                text.append(query.distance()).append('\n');
            }
        }
        return text.toString();
    }

    /**
     * Write the table to a file, in UTF-8.
     *
     * @throws UncheckedIOException if the file can't be written
     */
    public static void write(Path file, List<ReproducedAttack> attacks) {
        try {
            Files.writeString(file, text(attacks), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("can't write " + file.toAbsolutePath() + ": " + e.getMessage(), e);
        }
    }
}
