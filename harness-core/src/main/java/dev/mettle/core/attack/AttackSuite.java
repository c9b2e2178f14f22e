package dev.mettle.core.attack;

import dev.mettle.core.ConfigurationException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Attacks that belong together: run one after the other, each on the samples that the ones before left standing.
 *
 * <p>A suite is data: it prints its attacks with all parameters, and a name that the literature knows stands for exactly the
 * parameters published under it.
 *
 * @param name the name, such as {@code AutoAttack standard}
 * @param version changes whenever the attacks or their parameters do
 * @param attacks the attacks, in the order in which they run
 */
public record AttackSuite(String name, String version, List<Attack> attacks) {

    /**
     * Create a suite.
     *
     * @throws ConfigurationException if it has no name or no attack, or one attack twice
     */
    public AttackSuite {
        attacks = List.copyOf(attacks);
        if (name.isBlank()) {
            throw new ConfigurationException("a suite of attacks has no name: give one, for reports");
        }
        if (attacks.isEmpty()) {
            throw new ConfigurationException("the suite '" + name + "' has no attack: give at least one");
        }
        if (attacks.stream().distinct().count() < attacks.size()) {
            throw new ConfigurationException(
                    "the suite '" + name + "' names an attack twice: raise its restarts, or change a parameter");
        }
    }

    /**
     * Return the same attacks ordered by their cost on a sample that withstands them, so that cheap ones remove samples before
     * costly ones run. What the suite finds hardly depends on the order; what it costs does.
     *
     * @param classes the number of classes of the model
     */
    public AttackSuite cheapestFirst(int classes) {
        return new AttackSuite(
                name,
                version,
                attacks.stream()
                        .sorted(Comparator.comparingLong(
                                attack -> attack.passes(classes).total()))
                        .toList());
    }

    /** Return the most passes that the suite spends on a sample that withstands all attacks. */
    public Passes passes(int classes) {
        return attacks.stream().map(attack -> attack.passes(classes)).reduce(new Passes(0, 0), Passes::plus);
    }

    /** Return name and version, as reports print them. */
    public String label() {
        return name + " " + version;
    }

    /** Return name, version, and every attack with its parameters. */
    @Override
    public String toString() {
        return attacks.stream()
                .map(attack -> attack.label() + attack.parameters())
                .collect(Collectors.joining(", ", label() + ": ", ""));
    }
}
