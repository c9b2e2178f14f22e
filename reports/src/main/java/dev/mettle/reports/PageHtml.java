package dev.mettle.reports;

import dev.mettle.core.evaluation.ReportText;
import dev.mettle.core.model.ModelInfo;
import dev.mettle.core.verdict.Outcome;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Tells reports in one HTML page that needs no other file, no script and no network. It follows the reader's theme, and prints. */
final class PageHtml {

    private static final String STYLE = """
            :root{color-scheme:light dark;%s}
            @media (prefers-color-scheme:dark){:root{%s}}
            *{box-sizing:border-box}
            body{margin:0;background:var(--cffffff);color:var(--c222222);
            font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:break-word}
            header,main,footer{max-width:880px;margin:0 auto;padding:0 20px}
            header{padding-top:28px}
            h1{font-size:1.6rem;line-height:1.25;margin:0 0 4px}
            h2{font-size:1.25rem;line-height:1.3;margin:0 0 8px}
            h3{font-size:1rem;margin:20px 0 6px}
            a{color:var(--c1f5fa8)}
            .skip{position:absolute;left:-999px}
            .skip:focus{left:8px;top:8px;background:var(--cffffff);padding:6px}
            .about{color:var(--c666666);margin:0 0 18px}
            section{border-top:1px solid var(--cdddddd);padding:22px 0 6px}
            table{max-width:100%%}
            th{font-weight:600;color:var(--c666666)}
            td,th{padding:2px 18px 2px 0!important}
            .overview{border-collapse:collapse;margin:0 0 22px;width:100%%}
            .overview td,.overview th{text-align:left;padding:5px 10px 5px 0!important;border-bottom:1px solid var(--cdddddd);
            vertical-align:top}
            .overview .number{text-align:right;white-space:nowrap}
            figure{margin:0 0 14px;max-width:660px}
            figure svg{display:block;max-width:100%%;height:auto}
            code,pre{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
            footer{padding-bottom:40px;font-size:13px;
            color:var(--c666666)}
            footer h2{border-top:1px solid var(--cdddddd);padding-top:18px}
            footer dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:0}
            footer dt{font-weight:600}
            footer dd{margin:0;overflow-wrap:anywhere}
            @media (max-width:600px){
            body{font-size:14px}
            header,main,footer{padding-left:12px;padding-right:12px}
            td,th{padding:2px 6px 2px 0!important}
            figure{overflow-x:auto}
            figure svg{max-width:none}
            td:not([style*="right"]),th{white-space:normal!important}
            .overview td{overflow-wrap:anywhere}
            .overview .number{overflow-wrap:normal}
            footer h2{border-top:1px solid var(--cdddddd);padding-top:18px}
            footer dl{display:block}
            footer dd{margin:0 0 6px}
            }
            @media print{
            :root{%s}
            body{font-size:11px}
            header,main,footer{max-width:none;padding-left:0;padding-right:0}
            section{break-before:auto}
            figure,table{break-inside:avoid}
            details::details-content{content-visibility:visible;height:auto}
            summary{list-style:none}
            }
            """.replace("\n", "");

    /** The style sheet comes last: it declares the colors that are replaced elsewhere. */
    private static final String STYLE_PLACE = "@style@";

    private final List<ReportDocument> documents;
    private final Markup html = new Markup();

    private PageHtml(List<ReportDocument> documents) {
        this.documents = documents;
    }

    static String of(List<ReportDocument> documents) {
        return new PageHtml(documents).write();
    }

    private String write() {
        return page(html, title(), about(), () -> {
            writeOverview();
            for (int i = 0; i < documents.size(); i++) {
                ReportDocument document = documents.get(i);
                html.open("section", "id", "report-" + (i + 1));
                writeName(html, "h2", document.name());
                for (ReportDocument.Threat threat : document.threatModels()) {
                    html.element("h3", threat.heading());
                    ReportHtml.write(html, document, threat);
                }
                html.close();
            }
            html.close();
            writeProvenance(html, documents);
        });
    }

    /**
     * Write a page around its content.
     *
     * @param html what the content is written to
     * @param title the title
     * @param about one line below it
     * @param content writes the content, and closes the main part of the page before its footer
     */
    static String page(Markup html, String title, String about, Runnable content) {
        html.open("html", "lang", "en").open("head");
        html.empty("meta", "charset", "utf-8");
        html.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        html.element("title", title).element("style", STYLE_PLACE);
        html.close().open("body");
        html.element("a", "Skip to the results", "class", "skip", "href", "#results");
        html.open("header").element("h1", title).element("p", about, "class", "about");
        html.close().open("main", "id", "results");
        content.run();
        html.close().close();
        String style =
                STYLE.formatted(Colors.declarations(false), Colors.declarations(true), Colors.declarations(false));
        return "<!DOCTYPE html>\n" + Colors.themed(html.toString()).replace(STYLE_PLACE, style) + "\n";
    }

    private String title() {
        List<String> models = documents.stream()
                .map(document -> document.model().name())
                .distinct()
                .toList();
        return "Adversarial robustness of " + (models.size() == 1 ? models.get(0) : models.size() + " models");
    }

    private String about() {
        Map<Outcome, Long> outcomes = documents.stream()
                .flatMap(document -> document.threatModels().stream())
                .collect(Collectors.groupingBy(threat -> threat.verdict().outcome(), Collectors.counting()));
        return documents.size()
                + (documents.size() == 1 ? " report: " : " reports: ")
                + Arrays.stream(Outcome.values())
                        .filter(outcomes::containsKey)
                        .map(outcome -> outcomes.get(outcome) + " " + outcome)
                        .collect(Collectors.joining(", "));
    }

    private void writeOverview() {
        int rows = documents.stream()
                .mapToInt(document -> document.threatModels().size())
                .sum();
        if (rows < 2) {
            return;
        }
        html.open("table", "class", "overview").open("thead").open("tr");
        html.element("th", "test", "scope", "col").element("th", "threat model", "scope", "col");
        html.element("th", "clean", "scope", "col", "class", "number");
        html.element("th", "robust", "scope", "col", "class", "number");
        html.element("th", "verdict", "scope", "col").close().close().open("tbody");
        for (int i = 0; i < documents.size(); i++) {
            ReportDocument document = documents.get(i);
            for (ReportDocument.Threat threat : document.threatModels()) {
                Outcome outcome = threat.verdict().outcome();
                html.open("tr").open("td").open("a", "href", "#report-" + (i + 1));
                writeBreakable(html, document.name());
                html.close().close().element("td", threat.heading());
                html.element("td", ReportText.percent(document.cleanAccuracy()), "class", "number");
                html.element("td", ReportText.percent(threat.robustAccuracy()), "class", "number");
                html.open("td").element("b", outcome.name(), "style", "color:" + Colors.of(outcome));
                html.text(ReportText.surprise(outcome, document.expected()))
                        .close()
                        .close();
            }
        }
        html.close().close();
    }

    private static void writeName(Markup html, String element, String name) {
        html.open(element);
        writeBreakable(html, name);
        html.close();
    }

    /** Writes a name that may be broken after its dots and before its capitals. */
    private static void writeBreakable(Markup html, String name) {
        int from = 0;
        for (int i = 1; i < name.length(); i++) {
            boolean capital = Character.isUpperCase(name.charAt(i)) && Character.isLowerCase(name.charAt(i - 1));
            if (name.charAt(i - 1) == '.' || capital) {
                html.text(name.substring(from, i)).empty("wbr");
                from = i;
            }
        }
        html.text(name.substring(from));
    }

    /** Write which models, data and versions documents are about. */
    static void writeProvenance(Markup html, List<ReportDocument> documents) {
        html.open("footer").element("h2", "What was tested, with what").open("dl");
        documents.stream().map(ReportDocument::model).distinct().forEach(model -> {
            fact(
                    html,
                    "model",
                    model.name() + ", inputs " + ModelInfo.formatShape(model.inputShape()) + ", " + model.classes()
                            + " classes");
            fact(html, "model SHA-256", model.sha256());
        });
        Set<String> known = new HashSet<>();
        documents.stream()
                .map(ReportDocument::data)
                .filter(data -> known.add(data.sha256()))
                .forEach(data -> {
                    fact(html, "data", data.name() + ", " + ReportText.samples(data.samples()));
                    fact(html, "data SHA-256", data.sha256());
                });
        documents.get(0).environment().forEach((name, value) -> fact(html, name, value));
        html.close().close();
    }

    private static void fact(Markup html, String name, String value) {
        html.element("dt", name).element("dd", value);
    }
}
