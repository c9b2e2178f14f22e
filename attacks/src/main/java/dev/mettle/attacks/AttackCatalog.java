package dev.mettle.attacks;

import dev.mettle.core.ConfigurationException;
import dev.mettle.core.attack.Attack;
import dev.mettle.core.loss.Loss;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** All attacks by the names used on the command line. */
public final class AttackCatalog {

    /** What kinds of attacks there are. */
    public enum Group {
        /** Follow gradients inside a ball of given size. */
        FIXED_BUDGET("white box, within epsilon"),
        /** Follow gradients to the nearest adversarial example; one run answers every epsilon. */
        MINIMUM_NORM("white box, nearest adversarial example"),
        /** See the scores of the model only. */
        SCORES("black box, by scores"),
        /** See the labels of the model only. */
        LABELS("black box, by labels"),
        /** Bound by a kind of change rather than by a small norm. */
        BEYOND_NORMS("beyond small norms");

        private final String title;

        Group(String title) {
            this.title = title;
        }

        /** Return the title of the group in lists. */
        public String title() {
            return title;
        }
    }

    /**
     * One attack of the catalog.
     *
     * @param group what kind of attack it is
     * @param name the name on the command line
     * @param defaults the attack with its defaults
     * @param description one line on what it does
     */
    public record Entry(Group group, String name, Attack defaults, String description) {}

    private static final List<Entry> ENTRIES = List.of(
            new Entry(
                    Group.LABELS,
                    "noise",
                    new RandomNoise(),
                    "uniform random points of the ball: the baseline to beat"),
            new Entry(
                    Group.FIXED_BUDGET,
                    "fgsm",
                    new Fgsm(),
                    "one step along the sign of the gradient (Goodfellow 2015)"),
            new Entry(Group.FIXED_BUDGET, "bim", new Bim(), "small FGSM steps from the clean sample (Kurakin 2017)"),
            new Entry(
                    Group.FIXED_BUDGET,
                    "mi-fgsm",
                    new MiFgsm(),
                    "FGSM steps along the sum of all gradients (Dong 2018)"),
            new Entry(Group.FIXED_BUDGET, "pgd", new Pgd(), "projected gradient steps from random starts (Madry 2018)"),
            new Entry(
                    Group.FIXED_BUDGET,
                    "apgd-ce",
                    new Apgd(),
                    "projected ascent that chooses its own step size, on cross-entropy (Croce and Hein 2020)"),
            new Entry(
                    Group.FIXED_BUDGET,
                    "apgd-dlr",
                    new Apgd(Loss.DLR),
                    "the same on the difference-of-logits ratio (Croce and Hein 2020)"),
            new Entry(
                    Group.FIXED_BUDGET,
                    "apgd-t",
                    new ApgdTargeted(),
                    "the same towards the likeliest wrong classes (Croce and Hein 2020)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "deepfool",
                    new DeepFool(),
                    "steps to the linearized decision boundary (Moosavi-Dezfooli 2016)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "ddn",
                    new Ddn(),
                    "gradient steps on a sphere that shrinks on success (Rony 2019)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "fmn",
                    new Fmn(),
                    "gradient steps in a ball fitted to the boundary (Pintor 2021)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "fab",
                    new Fab(),
                    "projections on the linearized boundary and the box (Croce and Hein 2020)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "fab-t",
                    new FabTargeted(),
                    "the same towards one wrong class after the other (Croce and Hein 2020)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "cw",
                    new CarliniWagner(),
                    "Adam on distance plus weighted hinge loss, L2 (Carlini and Wagner 2017)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "cw-linf",
                    new CarliniWagnerLinf(),
                    "the same with a falling bound on every feature (Carlini and Wagner 2017)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "cw-l0",
                    new CarliniWagnerL0(),
                    "the same with ever more features given back (Carlini and Wagner 2017)"),
            new Entry(Group.MINIMUM_NORM, "ead", new Ead(), "the elastic net: few changes, small changes (Chen 2018)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "bb",
                    new BrendelBethge(),
                    "along the decision boundary towards the sample (Brendel 2019)"),
            new Entry(
                    Group.MINIMUM_NORM,
                    "sigma-zero",
                    new SigmaZero(),
                    "a smooth count of changed features (Cinà 2025)"),
            new Entry(Group.MINIMUM_NORM, "jsma", new Jsma(), "two features at a time, by saliency (Papernot 2016)"),
            new Entry(Group.SCORES, "square", new SquareAttack(), "random search over squares (Andriushchenko 2020)"),
            new Entry(Group.SCORES, "spsa", new Spsa(), "Adam on gradients estimated from random signs (Uesato 2018)"),
            new Entry(Group.SCORES, "nes", new Nes(), "sign steps along gradients estimated from scores (Ilyas 2018)"),
            new Entry(Group.SCORES, "simba", new Simba(), "one basis direction after the other (Guo 2019)"),
            new Entry(Group.SCORES, "one-pixel", new OnePixel(), "differential evolution of a few pixels (Su 2019)"),
            new Entry(
                    Group.LABELS,
                    "hsj",
                    new HopSkipJump(),
                    "the boundary's direction estimated from labels (Chen 2020)"),
            new Entry(
                    Group.LABELS,
                    "geoda",
                    new GeoDa(),
                    "one estimate of the boundary's normal after the other (Rahmati 2020)"),
            new Entry(
                    Group.LABELS, "boundary", new BoundaryAttack(), "a random walk along the boundary (Brendel 2018)"),
            new Entry(Group.LABELS, "pointwise", new Pointwise(), "features set back one by one (Schott 2019)"),
            new Entry(
                    Group.BEYOND_NORMS,
                    "spatial",
                    new SpatialTransformation(),
                    "the worst rotation and translation (Engstrom 2019)"),
            new Entry(
                    Group.BEYOND_NORMS,
                    "corruption",
                    new CommonCorruption(),
                    "one of the common corruptions of ImageNet-C (Hendrycks and Dietterich 2019)"),
            new Entry(
                    Group.BEYOND_NORMS,
                    "uap",
                    new UniversalPerturbation(),
                    "one perturbation for all samples (Moosavi-Dezfooli 2017)"),
            new Entry(
                    Group.BEYOND_NORMS,
                    "patch",
                    new AdversarialPatch(),
                    "one small square for all samples (Brown 2017)"));

    private static final String EOT = "eot-";
    private static final String EOT_NAME = "eot ";

    private AttackCatalog() {}

    /** Return all attacks. */
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
     * Read an attack, such as {@code pgd} or {@code pgd:steps=40,restarts=5,step=0.01,random-start=false}. {@code eot-20-apgd-ce} is
     * APGD-CE with every gradient averaged over 20 passes.
     *
     * @throws ConfigurationException if there is no such attack or option, or a value can't be read
     */
    public static Attack parse(String text) {
        if (text.trim().toLowerCase(Locale.ROOT).startsWith(EOT)) {
            return averaged(text.trim().substring(EOT.length()));
        }
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

    /**
     * Find the attack that a report is about.
     *
     * @param name the name that the attack gives itself, in any case, such as {@code APGD-CE}
     * @param parameters all its parameters, as reports print them
     * @return the attack, of exactly this name and these parameters; empty if there is none here: it is somebody's own, or a version of
     *     Mettle with other parameters ran it
     * @throws ConfigurationException if the value of a parameter can't be read
     */
    public static Optional<Attack> find(String name, Map<String, String> parameters) {
        String wanted = name.toLowerCase(Locale.ROOT);
        if (wanted.startsWith(EOT_NAME)) {
            Map<String, String> own = new LinkedHashMap<>(parameters);
            own.remove("attack");
            String draws = own.remove("draws");
            return draws == null
                    ? Optional.empty()
                    : find(wanted.substring(EOT_NAME.length()), own)
                            .map(attack -> AttackOptions.with(
                                    ExpectationOverTransformation.of(attack, 2), Map.of("draws", draws)))
                            .filter(attack -> attack.parameters().equals(parameters));
        }
        return ENTRIES.stream()
                .map(Entry::defaults)
                .filter(attack -> attack.parameters().keySet().equals(parameters.keySet()))
                .sorted(Comparator.comparing(attack -> !attack.name().equalsIgnoreCase(wanted)))
                .map(attack -> AttackOptions.with(attack, parameters))
                .filter(attack -> attack.name().equalsIgnoreCase(wanted)
                        && attack.parameters().equals(parameters))
                .findFirst();
    }

    private static Attack averaged(String drawsAndAttack) {
        int dash = drawsAndAttack.indexOf('-');
        try {
            return ExpectationOverTransformation.of(
                    parse(drawsAndAttack.substring(dash + 1)),
                    Integer.parseInt(drawsAndAttack.substring(0, Math.max(0, dash))));
        } catch (NumberFormatException e) {
            throw new ConfigurationException(
                    "'" + EOT + drawsAndAttack
                            + "' averages over no number of passes: write eot-20-apgd-ce for 20 passes per gradient of apgd-ce",
                    e);
        }
    }
}
