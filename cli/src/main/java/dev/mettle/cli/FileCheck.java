package dev.mettle.cli;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.numeric.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Collection;

/** Checks files before any work: a result that can't be written is noticed before it is computed. */
final class FileCheck {

    private FileCheck() {}

    /** Refuse an option whose file can't be read. */
    static void readable(String option, Path file) {
        if (!Files.exists(file)) {
            throw new ConfigurationException(option + ": there is no file " + file.toAbsolutePath());
        }
        if (!Files.isRegularFile(file)) {
            throw new ConfigurationException(
                    option + ": " + file.toAbsolutePath() + " is no file: name the file itself");
        }
        if (!Files.isReadable(file)) {
            throw new ConfigurationException(
                    option + ": " + file.toAbsolutePath() + " can't be read: change its permissions");
        }
    }

    /** Refuse an option whose file can't be written, or would overwrite one of the others. */
    static void writable(String option, Path file, Collection<Path> others) {
        Path absolute = file.toAbsolutePath().normalize();
        Path directory = absolute.getParent();
        if (directory == null || Files.isDirectory(absolute)) {
            throw new ConfigurationException(option + ": " + absolute + " is a directory: name a file in it");
        }
        if (!Files.isDirectory(directory)) {
            throw new ConfigurationException(option + ": there is no directory " + directory + ": create it first");
        }
        if (!Files.isWritable(Files.exists(absolute) ? absolute : directory)) {
            throw new ConfigurationException(
                    option + ": " + absolute + " can't be written: change permissions, or name another file");
        }
        if (others.stream().anyMatch(other -> other.toAbsolutePath().normalize().equals(absolute))) {
            throw new ConfigurationException(
                    option + ": " + absolute + " is named by another option, too: name another file");
        }
    }

    /** Return the SHA-256 of a file's bytes, in hex. */
    static String sha256(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = Sha256.digest();
            in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
            return Sha256.hex(digest);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
