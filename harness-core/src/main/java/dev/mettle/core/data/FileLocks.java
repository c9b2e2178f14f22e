package dev.mettle.core.data;

import dev.mettle.core.numeric.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Lets one thread of one process at a time change a file, for tests that run in parallel and builds that fork. The lock is a file in the
 * folder for temporary ones, not beside it.
 */
public final class FileLocks {

    private static final ConcurrentMap<Path, Object> MONITORS = new ConcurrentHashMap<>();

    private FileLocks() {}

    /** Run while no other thread or process runs anything for the same path. */
    @SuppressWarnings("try") // the lock is all there is to it
    public static void locked(Path path, Runnable work) {
        Path absolute = path.toAbsolutePath().normalize();
        synchronized (MONITORS.computeIfAbsent(absolute, key -> new Object())) {
            Path lock = Path.of(
                    System.getProperty("java.io.tmpdir"),
                    "mettle-" + Sha256.of(absolute.toString()).substring(0, 16) + ".lock");
            try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock held = channel.lock()) {
                work.run();
            } catch (IOException e) {
                throw new UncheckedIOException("can't lock " + absolute + " by " + lock, e);
            }
        }
    }

    /** Writes a file. */
    @FunctionalInterface
    public interface Writer {
        /** Write to a file. */
        void write(Path file) throws IOException;
    }

    /** Write a file whole or not at all, while its path is {@link #locked}. */
    public static void write(Path target, Writer writer) throws IOException {
        Path written = target.resolveSibling(target.getFileName() + ".tmp");
        writer.write(written);
        try {
            Files.move(written, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(written, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
