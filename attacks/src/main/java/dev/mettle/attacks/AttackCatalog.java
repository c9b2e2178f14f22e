package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** All attacks by the names used on the command line. */
public final class AttackCatalog {

    /**
     * One attack of the catalog.
     *
     * @param name the name on the command line
     * @param defaults the attack with its defaults
     * @param description one line on what it does
     */
    public record Entry(String name, Attack defaults, String description) {}

    private static final List<Entry> ENTRIES = List.of(
            new Entry("noise", new RandomNoise(), "uniform random points of the ball: the baseline to beat"),
            new Entry("fgsm", new Fgsm(), "one step along the sign of the gradient (Goodfellow 2015)"),
            new Entry("bim", new Bim(), "small FGSM steps from the clean sample (Kurakin 2017)"),
            new Entry("pgd", new Pgd(), "projected gradient steps from random starts (Madry 2018)"),
            new Entry("cw", new CarliniWagner(), "the nearest adversarial example in L2 (Carlini and Wagner 2017)"));

    private AttackCatalog() {}

    /** Return all attacks, cheap ones first. */
    public static List<Entry> entries() {
        return ENTRIES;
    }

    /**
     * Read a list of attacks, such as {@code fgsm,pgd:steps=40,restarts=5,cw}. What follows a comma belongs to the options of
     * the attack before it if it holds an equals sign and no colon.
     *
     * @throws ConfigurationException if there is no such attack or option, or a value can't be read
     */
    public static List<Attack> parseList(String text) {
        List<String> specifications = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            int last = specifications.size() - 1;
            if (last >= 0 && part.indexOf('=') >= 0 && part.indexOf(':') < 0) {
                specifications.set(last, specifications.get(last) + "," + part);
            } else {
                specifications.add(part);
            }
        }
        return specifications.stream().map(AttackCatalog::parse).toList();
    }

    /**
     * Read an attack, such as {@code pgd} or {@code pgd:steps=40,restarts=5,step=0.01,random-start=false}.
     *
     * @throws ConfigurationException if there is no such attack or option, or a value can't be read
     */
    public static Attack parse(String text) {
        int colon = text.indexOf(':');
        String name = (colon < 0 ? text : text.substring(0, colon)).trim().toLowerCase(Locale.ROOT);
        Entry entry = ENTRIES.stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ConfigurationException("there is no attack '" + name + "': choose from "
                        + String.join(", ", ENTRIES.stream().map(Entry::name).toList())));
        Map<String, String> options = new LinkedHashMap<>();
        for (String option :
                colon < 0 ? new String[0] : text.substring(colon + 1).split(",")) {
            int equals = option.indexOf('=');
            if (equals < 1) {
                throw new ConfigurationException(
                        "'" + option + "' in '" + text + "' is no option: write name=value, separated by commas");
            }
            options.put(
                    option.substring(0, equals).trim(),
                    option.substring(equals + 1).trim());
        }
        return AttackOptions.with(entry.defaults(), options);
    }
}
