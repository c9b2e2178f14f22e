package dev.mettle.junit;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;

/** Finds the sources of the project that a test class belongs to: in a build of many modules, that of its own module. */
final class ProjectFolder {

    private ProjectFolder() {}

    /** Return the folder of the project: the one above {@code target} or {@code build} that the class was loaded from. */
    static Path of(Class<?> testClass) {
        CodeSource source = testClass.getProtectionDomain().getCodeSource();
        if (source != null && "file".equals(source.getLocation().getProtocol())) {
            try {
                for (Path folder = Path.of(source.getLocation().toURI()); folder != null; folder = folder.getParent()) {
                    if (Files.isDirectory(folder.resolve("src"))) {
                        return folder;
                    }
                }
            } catch (URISyntaxException e) {
                throw new IllegalStateException("the place of " + testClass.getName() + " is no address", e);
            }
        }
        return Path.of(System.getProperty("basedir", ""))
                .toAbsolutePath(); // Maven's name for it, else where the tests run
    }

    /** Return the folder of what is recorded in the sources of the tests. */
    static Path resources(Class<?> testClass) {
        return of(testClass).resolve(Path.of("src", "test", "resources", "mettle"));
    }
}
