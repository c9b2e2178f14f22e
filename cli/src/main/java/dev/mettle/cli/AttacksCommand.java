package dev.mettle.cli;

import dev.mettle.attacks.AttackCatalog;
import dev.mettle.attacks.Suite;
import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists the attacks. */
@Command(
        name = "attacks",
        description = "Lists the attacks with their parameters and defaults.",
        mixinStandardHelpOptions = true,
        versionProvider = MettleCommand.Version.class)
@SuppressWarnings("NullAway.Init") // picocli fills the fields
final class AttacksCommand implements Runnable {

    private static final int NAME_WIDTH = 12;
    private static final int LABEL_WIDTH = 10;
    private static final int SUITE_WIDTH = 18;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        for (AttackCatalog.Group group : AttackCatalog.Group.values()) {
            out.println(group.title().toUpperCase(Locale.ROOT));
            out.println();
            AttackCatalog.entries().stream()
                    .filter(entry -> entry.group() == group)
                    .forEach(entry -> print(out, entry));
        }
        out.println("SUITES (--suite)");
        out.println();
        for (Suite suite : Suite.values()) {
            out.println(pad(suite.commandName(), SUITE_WIDTH) + suite.description());
        }
        out.println();
        out.println("Change options after a colon: --attacks fgsm,pgd:steps=100,restarts=5,cw");
        out.println("A step of 'auto' follows from epsilon and the number of steps.");
        out.println("eot-20-apgd-ce averages every gradient of apgd-ce over 20 passes, for randomized models.");
        out.flush();
    }

    private static void print(PrintWriter out, AttackCatalog.Entry entry) {
        Attack attack = entry.defaults();
        out.println(pad(entry.name(), NAME_WIDTH) + entry.description());
        if (attack.transformation().isEmpty()) {
            print(out, "norms", Converters.options(attack.norms()));
        } else {
            print(out, "bound", attack.transformation());
        }
        print(out, "needs", needs(attack.access()));
        List<String> defaults = new ArrayList<>();
        attack.parameters().forEach((name, value) -> defaults.add(name + "=" + value));
        print(out, "options", defaults.isEmpty() ? "none" : String.join(", ", defaults));
        out.println();
    }

    private static String needs(Access access) {
        return switch (access) {
            case LABELS -> "the labels that the model gives";
            case LOGITS -> "the logits of the model";
            case GRADIENTS -> "input gradients of the model";
        };
    }

    private static void print(PrintWriter out, String label, String text) {
        Wrapping.print(out, " ".repeat(NAME_WIDTH) + pad(label, LABEL_WIDTH), text);
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(width - text.length());
    }
}
