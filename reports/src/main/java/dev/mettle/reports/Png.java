package dev.mettle.reports;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * Encodes pictures as PNG, so that reports need neither AWT nor fonts, which slim containers lack.
 *
 * <p>See the Portable Network Graphics specification, W3C, parts 5 and 11.
 */
final class Png {

    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final byte GRAY = 0;
    private static final byte RGB = 2;

    private Png() {}

    /** Encode with 8 bits per channel. */
    static byte[] encode(Picture picture) {
        ByteBuffer header = ByteBuffer.allocate(13);
        header.putInt(picture.width()).putInt(picture.height());
        header.put((byte) 8).put(picture.channels() == 1 ? GRAY : RGB);
        header.put((byte) 0).put((byte) 0).put((byte) 0); // deflate, standard filters, not interlaced
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes(SIGNATURE);
        chunk(png, "IHDR", header.array());
        chunk(png, "IDAT", deflate(scanlines(picture)));
        chunk(png, "IEND", new byte[0]);
        return png.toByteArray();
    }

    /** Encode as a {@code data:} URI. */
    static String dataUri(Picture picture) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(encode(picture));
    }

    /** Lines of pixels, each after a byte that says "not filtered". */
    private static byte[] scanlines(Picture picture) {
        int line = picture.width() * picture.channels();
        byte[] lines = new byte[picture.height() * (line + 1)];
        byte[] pixels = picture.pixels();
        for (int y = 0; y < picture.height(); y++) {
            System.arraycopy(pixels, y * line, lines, y * (line + 1) + 1, line);
        }
        return lines;
    }

    private static byte[] deflate(byte[] bytes) {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
        try (DeflaterOutputStream out = new DeflaterOutputStream(compressed, deflater)) {
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            deflater.end();
        }
        return compressed.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream png, String type, byte[] content) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 checksum = new CRC32();
        checksum.update(name);
        checksum.update(content);
        png.writeBytes(ByteBuffer.allocate(4).putInt(content.length).array());
        png.writeBytes(name);
        png.writeBytes(content);
        png.writeBytes(ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
    }
}
