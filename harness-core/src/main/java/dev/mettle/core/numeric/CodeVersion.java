package dev.mettle.core.numeric;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.CodeSource;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;

/** Tells builds of code apart, released or not: by the names, sizes and times of the files that classes are loaded from. */
public final class CodeVersion {

    private static final ConcurrentMap<Path, String> KNOWN = new ConcurrentHashMap<>();

    private CodeVersion() {}

    /** Return a text that changes whenever the archive or folder of a class does. */
    public static String of(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        if (source == null || !"file".equals(source.getLocation().getProtocol())) {
            return "Java " + Runtime.version() + " " + type.getName();
        }
        try {
            return KNOWN.computeIfAbsent(Path.of(source.getLocation().toURI()), CodeVersion::describe);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the place of " + type.getName() + " is no address", e);
        }
    }

    private static String describe(Path place) {
        try (Stream<Path> files = Files.walk(place)) {
            List<Path> classes = files.filter(Files::isRegularFile).sorted().toList();
            StringBuilder text = new StringBuilder();
            for (Path file : classes) {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                text.append(place.relativize(file))
                        .append(' ')
                        .append(attributes.size())
                        .append(' ')
                        .append(attributes.lastModifiedTime().toMillis())
                        .append('\n');
            }
            return Sha256.of(place.toString(), text.toString());
        } catch (IOException e) {
            throw new UncheckedIOException("can't read " + place, e);
        }
    }
}
