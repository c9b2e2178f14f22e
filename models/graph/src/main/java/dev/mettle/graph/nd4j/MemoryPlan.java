package dev.mettle.graph.nd4j;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where buffers lie in one block of memory, so that those which are never alive at the same time share it.
 *
 * <p>Large buffers are placed first, each at the lowest offset where it meets no other one of its time.
 *
 * @param offsets the offset of every buffer that owns memory
 * @param length the length of the block
 */
record MemoryPlan(Map<Buffer, Long> offsets, long length) {

    /** Vector instructions and cache lines like multiples of this many values. */
    private static final long ALIGNMENT = 16;

    /** From when to when a buffer is needed. */
    private static final class Life {

        private final Buffer buffer;
        private final long length;
        private final int first;
        private int last;
        private long offset;

        private Life(Buffer buffer, int first) {
            this.buffer = buffer;
            this.length = aligned(Math.max(1, buffer.length()));
            this.first = first;
            this.last = first;
        }

        private boolean meets(Life other) {
            return first <= other.last && other.first <= last;
        }
    }

    /** Plan the memory of all buffers that steps write. */
    static MemoryPlan of(List<Tape.Step> steps) {
        Map<Buffer, Life> lives = new LinkedHashMap<>();
        for (int i = 0; i < steps.size(); i++) {
            int now = i;
            for (Buffer written : steps.get(i).writes()) {
                lives.computeIfAbsent(written.root(), buffer -> new Life(buffer, now)).last = now;
            }
            for (Buffer read : steps.get(i).reads()) {
                Life life = lives.get(read.root());
                if (life != null) {
                    life.last = now;
                } else if (!read.isConstant()) {
                    throw new IllegalStateException("step " + i + " reads " + read + " before it is written");
                }
            }
        }
        return place(lives.values().stream()
                .sorted(Comparator.comparingLong((Life life) -> life.length).reversed())
                .toList());
    }

    private static MemoryPlan place(List<Life> lives) {
        List<Life> placed = new ArrayList<>(); // by offset
        long length = 0;
        for (Life life : lives) {
            for (Life other : placed) {
                if (life.meets(other) && other.offset < life.offset + life.length) {
                    life.offset = Math.max(life.offset, other.offset + other.length);
                }
            }
            length = Math.max(length, life.offset + life.length);
            int position = 0;
            while (position < placed.size() && placed.get(position).offset <= life.offset) {
                position++;
            }
            placed.add(position, life);
        }
        Map<Buffer, Long> offsets = new LinkedHashMap<>();
        placed.forEach(life -> offsets.put(life.buffer, life.offset));
        return new MemoryPlan(offsets, length);
    }

    private static long aligned(long length) {
        return (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
