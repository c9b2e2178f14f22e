package dev.mettle.reports;

import java.io.StringWriter;
import java.util.Locale;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** Writes elements of SVG or HTML, well-formed and with all text escaped. */
final class Markup {

    private final StringWriter text = new StringWriter();
    private final XMLStreamWriter writer;

    Markup() {
        try {
            // The JDK's own writer, whatever is on the class path: equal reports give equal bytes.
            writer = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(text);
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Open a drawing of some size in pixels, on white ground. */
    static Markup svg(double width, double height) {
        return new Markup()
                .open(
                        "svg",
                        "xmlns",
                        "http://www.w3.org/2000/svg",
                        "width",
                        px(width),
                        "height",
                        px(height),
                        "viewBox",
                        "0 0 " + px(width) + " " + px(height),
                        "font-family",
                        "system-ui, sans-serif",
                        "font-size",
                        "11")
                .empty("rect", "width", "100%", "height", "100%", "fill", Colors.PAPER);
    }

    /** Open an element; attributes are names and values in turn. */
    Markup open(String element, String... attributes) {
        return write(() -> {
            writer.writeStartElement(element);
            writeAttributes(attributes);
        });
    }

    /** Write an element without content. */
    Markup empty(String element, String... attributes) {
        return write(() -> {
            writer.writeEmptyElement(element);
            writeAttributes(attributes);
        });
    }

    /** Write an element that holds a text. */
    Markup element(String element, String content, String... attributes) {
        return open(element, attributes).text(content).close();
    }

    Markup text(String content) {
        return write(() -> writer.writeCharacters(content));
    }

    /** Write markup that is well-formed already. */
    Markup raw(String markup) {
        return write(() -> {
            writer.writeCharacters(""); // ends the tag that is open
            writer.flush();
            text.write(markup);
        });
    }

    /** Close the innermost open element. */
    Markup close() {
        return write(writer::writeEndElement);
    }

    private void writeAttributes(String... attributes) throws XMLStreamException {
        for (int i = 0; i < attributes.length; i += 2) {
            writer.writeAttribute(attributes[i], attributes[i + 1]);
        }
    }

    private Markup write(Step step) {
        try {
            step.run();
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e); // a string writer never fails
        }
        return this;
    }

    /** Print a coordinate in pixels, with one decimal where it needs one. */
    static String px(double value) {
        String fixed = String.format(Locale.ROOT, "%.1f", value);
        return fixed.endsWith(".0") ? fixed.substring(0, fixed.length() - 2) : fixed;
    }

    @Override
    public String toString() {
        write(writer::flush);
        return text.toString();
    }

    private interface Step {
        void run() throws XMLStreamException;
    }
}
