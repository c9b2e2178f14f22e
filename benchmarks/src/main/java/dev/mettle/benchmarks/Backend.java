package dev.mettle.benchmarks;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.nd4j.nativeblas.NativeOpsHolder;

/** ND4J's native code, of which a JVM can load one build only: the one with the longest classifier on its class path. */
final class Backend {

    private static final Pattern NATIVES = Pattern.compile("nd4j-native-\\d.*-(linux|macosx|windows)-.+\\.jar");

    private Backend() {}

    /** Return a class path with another native jar in place of all of its own. */
    static String swap(String classPath, Path natives) {
        return Stream.concat(
                        entries(classPath).filter(entry -> !isNative(entry)),
                        Stream.of(natives.toAbsolutePath().toString()))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Tell whether a class path has the native jar, and no other. */
    static boolean isOnly(String classPath, Path natives) {
        List<String> present = entries(classPath)
                .filter(Backend::isNative)
                .map(Backend::fileName)
                .toList();
        return present.equals(List.of(fileName(natives.toString())));
    }

    /** Load native code, and tell what it is. */
    static String describe() {
        boolean oneDnn =
                NativeOpsHolder.getInstance().getDeviceNativeOps().buildInfo().contains("HAVE_ONEDNN");
        return oneDnn ? "ND4J with oneDNN" : "ND4J without oneDNN";
    }

    private static Stream<String> entries(String classPath) {
        return Arrays.stream(classPath.split(Pattern.quote(File.pathSeparator), -1));
    }

    private static boolean isNative(String entry) {
        return NATIVES.matcher(fileName(entry)).matches();
    }

    private static String fileName(String entry) {
        return entry.substring(entry.lastIndexOf(File.separatorChar) + 1);
    }
}
