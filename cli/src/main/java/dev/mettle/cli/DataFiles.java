package dev.mettle.cli;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.data.LabeledData;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The files that hold samples and labels.
 *
 * @param inputs the samples as .npy, or samples and labels as .npz
 * @param labels the labels, if they are in a file of their own
 */
record DataFiles(Path inputs, @Nullable Path labels) {

    /** Say whether a file is an archive, which holds labels of its own. */
    static boolean isArchive(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".npz");
    }

    /** Refuse files that can't be read, and labels that are missing or given twice. */
    void check() {
        FileCheck.readable("--inputs", inputs);
        if (isArchive(inputs) != (labels == null)) {
            throw new ConfigurationException(
                    isArchive(inputs)
                            ? "--labels is given, but " + inputs
                                    + " is an archive with labels of its own: leave one out"
                            : "--labels is missing: give the true labels of " + inputs
                                    + ", or an .npz archive with 'inputs' and 'labels'");
        }
        if (labels != null) {
            FileCheck.readable("--labels", labels);
        }
    }

    /** Return all files. */
    List<Path> paths() {
        return labels == null ? List.of(inputs) : List.of(inputs, labels);
    }

    LabeledData load() {
        return labels == null ? LabeledData.load(inputs) : LabeledData.load(inputs, labels);
    }
}
