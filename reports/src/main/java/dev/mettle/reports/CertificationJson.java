package dev.mettle.reports;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mettle.core.certification.Certificate;
import dev.mettle.core.certification.Certification;
import dev.mettle.core.certification.CertificationReport;
import dev.mettle.core.certification.CertificationText;
import dev.mettle.core.certification.CertifiedCurve;
import dev.mettle.core.certification.Certifier;
import dev.mettle.core.certification.Contradiction;
import dev.mettle.core.certification.Sandwich;
import dev.mettle.core.verdict.Interval;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes a certification as one JSON document, for other programs to read.
 *
 * <p>Rates are fractions of all samples, intervals two-sided ones of 95 %, the bounds of the verdict one-sided. A number that is not
 * finite is {@code null}, and so is the class of a sample where the certifier abstained. The order of keys is fixed and there are no time
 * stamps, so equal certifications give equal documents but for {@code seconds}.
 */
public final class CertificationJson {

    /** The version of the document's structure, its value of {@code schema}. It changes when a reader must change. */
    public static final String SCHEMA = "mettle-certification/1";

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private CertificationJson() {}

    /** Build the document. */
    public static ObjectNode of(CertificationReport report) {
        Certification certification = report.certification();
        ObjectNode document = NODES.objectNode();
        document.put("schema", SCHEMA);
        document.put("name", certification.name());
        document.put("norm", certification.norm().name());
        document.put("radius", report.radius());
        document.put("samples", certification.samples());
        document.put("cleanCount", certification.cleanCount());
        document.put("cleanAccuracy", certification.cleanAccuracy());
        document.put("certifiedCount", report.certifiedCount());
        document.put("certifiedAccuracy", report.certifiedAccuracy());
        interval(document, report.certifiedInterval());
        document.put("abstainedCount", certification.abstainedCount());
        document.put("averageRadius", finite(certification.averageRadius()));
        document.set("verdict", verdict(report));
        document.set("certifier", certifier(certification.certifier()));
        document.set(
                "sandwich", report.sandwich().map(CertificationJson::sandwich).orElse(null));
        ArrayNode curve = document.putArray("curve");
        CertifiedCurve stairs = certification.curve();
        for (CertifiedCurve.Point point : stairs.points()) {
            ObjectNode node = curve.addObject();
            node.put("radius", point.radius());
            node.put("certifiedCount", point.certifiedCount());
            node.put("certifiedAccuracy", stairs.certifiedAccuracy(point));
            interval(node, stairs.interval(point));
        }
        ArrayNode certificates = document.putArray("certificates");
        certification.certificates().forEach(certificate -> certificates.add(certificate(certificate)));
        document.putObject("model")
                .put("name", certification.model().name())
                .put("sha256", certification.model().sha256());
        document.putObject("data").put("name", certification.dataName()).put("sha256", certification.dataSha256());
        ObjectNode environment = document.putObject("environment");
        new TreeMap<>(certification.environment()).forEach(environment::put);
        document.put("seed", certification.seed());
        document.put("batchSize", certification.batchSize());
        document.put("seconds", certification.seconds());
        ArrayNode notes = document.putArray("notes");
        certification.notes().forEach(notes::add);
        return document;
    }

    /** Build the document as text, indented by two spaces, with {@code \n} at the end of every line. */
    public static String text(CertificationReport report) {
        return EvaluationJson.text(of(report));
    }

    private static void interval(ObjectNode node, Interval interval) {
        node.put("lower95", interval.lower());
        node.put("upper95", interval.upper());
    }

    private static ObjectNode verdict(CertificationReport report) {
        ObjectNode node = NODES.objectNode();
        node.put("outcome", report.outcome().name());
        node.put("sentence", CertificationText.sentence(report));
        node.put("confidence", report.policy().confidence());
        node.put("decision", report.policy().decision().name());
        node.put(
                "minCertifiedAccuracy",
                report.policy().minCertifiedAccuracy().isPresent()
                        ? (Double) report.policy().minCertifiedAccuracy().getAsDouble()
                        : null);
        node.put("lowerBound", report.lowerBound());
        node.put("upperBound", report.upperBound());
        node.put("robustLowerBound", report.robustLowerBound());
        node.put("levels", CertificationText.levels(report));
        return node;
    }

    private static ObjectNode certifier(Certifier certifier) {
        ObjectNode node = NODES.objectNode();
        node.put("name", certifier.name());
        node.put("label", certifier.label());
        node.put("alpha", certifier.alpha());
        ObjectNode parameters = node.putObject("parameters");
        certifier.parameters().forEach(parameters::put);
        return node;
    }

    private static ObjectNode sandwich(Sandwich sandwich) {
        ObjectNode node = NODES.objectNode();
        node.put("attacks", sandwich.report().title());
        node.put("epsilon", sandwich.radius());
        node.put("certifiedCount", sandwich.certifiedCount());
        node.put("unbrokenCount", sandwich.unbrokenCount());
        ArrayNode contradictions = node.putArray("contradictions");
        for (Contradiction each : sandwich.contradictions()) {
            contradictions
                    .addObject()
                    .put("id", each.id())
                    .put("certified", each.certified())
                    .put("radius", finite(each.radius()))
                    .put("found", each.found())
                    .put("distance", each.distance())
                    .put("attack", each.attack());
        }
        return node;
    }

    private static ObjectNode certificate(Certificate certificate) {
        ObjectNode node = NODES.objectNode();
        node.put("id", certificate.id());
        node.put("label", certificate.label());
        node.put(
                "predicted",
                certificate.predicted().isPresent()
                        ? (Integer) certificate.predicted().getAsInt()
                        : null);
        node.put("radius", finite(certificate.radius()));
        node.put("forwards", certificate.forwards());
        node.put("evidence", certificate.evidence());
        return node;
    }

    private static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
