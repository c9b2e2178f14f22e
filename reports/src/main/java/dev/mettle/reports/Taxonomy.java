package dev.mettle.reports;

import dev.mettle.core.attack.Access;
import dev.mettle.core.attack.Attack;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What catalogs of threats and rules call what a test does: one table, with the version of each catalog.
 *
 * <p>An entry says what kind of test this is, not that a rule is met: a report is evidence, and no statement of conformity. Sources:
 * MITRE ATLAS data 5.6.0; OWASP Machine Learning Security Top 10, 2023 edition; NIST AI 100-2e2025, section 2.2; CWE; Regulation (EU)
 * 2024/1689; ISO/IEC TR 24029-1:2021 and 24029-2:2023.
 */
@SuppressWarnings("ImmutableEnumChecker") // texts, and functions without state
enum Taxonomy {
    EVADE("MITRE ATLAS", "5.6.0", "AML.T0015", "Evade AI Model", Taxonomy::adversarial),
    WHITE_BOX(
            "MITRE ATLAS",
            "5.6.0",
            "AML.T0043.000",
            "Craft Adversarial Data: White-Box Optimization",
            of(Access.GRADIENTS)),
    FULL_ACCESS("MITRE ATLAS", "5.6.0", "AML.T0044", "Full AI Model Access", of(Access.GRADIENTS)),
    BLACK_BOX(
            "MITRE ATLAS",
            "5.6.0",
            "AML.T0043.001",
            "Craft Adversarial Data: Black-Box Optimization",
            of(Access.LOGITS, Access.LABELS)),
    API_ACCESS("MITRE ATLAS", "5.6.0", "AML.T0040", "AI Model Inference API Access", of(Access.LOGITS, Access.LABELS)),
    VALIDATE("MITRE ATLAS", "5.6.0", "AML.M0008", "Validate AI Model", attack -> true),
    OWASP("OWASP ML Top 10", "2023", "ML01:2023", "Input Manipulation Attack", Taxonomy::adversarial),
    NIST("NIST AI 100-2", "e2025", "NISTAML.022", "Evasion", Taxonomy::adversarial),
    NIST_BLACK_BOX("NIST AI 100-2", "e2025", "NISTAML.025", "Black-box Evasion", of(Access.LOGITS, Access.LABELS)),
    CWE(
            "CWE",
            "1039",
            "CWE-1039",
            "Inadequate Detection or Handling of Adversarial Input Perturbations",
            Taxonomy::adversarial),
    ERRORS(
            "EU AI Act",
            "2024/1689",
            "Art. 15(4)",
            "evidence on resilience to errors and faults in inputs",
            Attack::isNatural),
    ADVERSARIES(
            "EU AI Act",
            "2024/1689",
            "Art. 15(5)",
            "evidence on resilience to adversarial examples",
            Taxonomy::adversarial),
    EMPIRICAL(
            "ISO/IEC TR 24029-1",
            "2021",
            "ISO/IEC TR 24029-1",
            "empirical assessment of robustness",
            Taxonomy::adversarial),
    STATISTICAL(
            "ISO/IEC TR 24029-1",
            "2021",
            "ISO/IEC TR 24029-1",
            "statistical assessment of robustness",
            Attack::isNatural),
    FORMAL("ISO/IEC 24029-2", "2023", "ISO/IEC 24029-2", "formal assessment of stability", attack -> false);

    private final Entry entry;
    private final Predicate<Attack> about;

    Taxonomy(String scheme, String version, String id, String title, Predicate<Attack> about) {
        this.entry = new Entry(scheme, version, id, title);
        this.about = about;
    }

    /**
     * An entry of a catalog.
     *
     * @param scheme the catalog
     * @param version its version
     * @param id what the catalog calls the entry
     * @param title what the entry is about
     */
    record Entry(String scheme, String version, String id, String title) {

        /** Print all of it, such as {@code MITRE ATLAS 5.6.0 AML.T0015 Evade AI Model}. */
        @Override
        public String toString() {
            boolean own = id.startsWith(scheme);
            return (scheme.equals("CWE") ? id : scheme + " " + version + (own ? "" : " " + id)) + ": " + title;
        }

        /** Return a page about the entry; empty if the catalog has none of its own. */
        String url() {
            return switch (scheme) {
                case "MITRE ATLAS" ->
                    "https://atlas.mitre.org/" + (id.startsWith("AML.M") ? "mitigations/" : "techniques/") + id;
                case "CWE" -> "https://cwe.mitre.org/data/definitions/" + version + ".html";
                case "OWASP ML Top 10" ->
                    "https://owasp.org/www-project-machine-learning-security-top-10/docs/ML01_2023-Input_Manipulation_Attack";
                case "NIST AI 100-2" -> "https://doi.org/10.6028/NIST.AI.100-2e2025";
                case "EU AI Act" -> "https://eur-lex.europa.eu/eli/reg/2024/1689/oj";
                default -> "";
            };
        }
    }

    /** Return the entries that say what attacks do. */
    static List<Entry> of(Collection<Attack> attacks) {
        return Arrays.stream(values())
                .filter(each -> attacks.stream().anyMatch(each.about))
                .map(each -> each.entry)
                .toList();
    }

    /** Return the entries that say what a certification does. */
    static List<Entry> ofCertification() {
        return Stream.of(VALIDATE, FORMAL).map(each -> each.entry).toList();
    }

    private static boolean adversarial(Attack attack) {
        return !attack.isNatural();
    }

    private static Predicate<Attack> of(Access... access) {
        return attack -> adversarial(attack) && Arrays.asList(access).contains(attack.access());
    }
}
