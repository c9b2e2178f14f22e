package dev.mettle.reports;

/** Says whether Allure is on the class path, without loading a class that needs it. */
final class AllurePresence {

    private static final String ALLURE = "io.qameta.allure.Allure";

    private AllurePresence() {}

    static boolean on(ClassLoader loader) {
        try {
            Class.forName(ALLURE, false, loader);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
