import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  controlWord,
  createSharedRing,
  largestFrameBytes,
  readFrames,
  writeFrame,
} from "../../../core/journal/shared_ring.ts";

Deno.test("frames come out whole and in order, however writes and reads alternate", () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 28 }), fc.integer({ min: 1, max: 4 })), {
        maxLength: 200,
      }),
      (steps) => {
        const ring = createSharedRing(64);
        const model: Uint8Array[] = [];
        for (const step of steps) {
          if (typeof step === "number") {
            assertEquals(readFrames(ring, step), model.splice(0, step));
            continue;
          }
          const heldBytes = model.reduce((sum, frame) => sum + frame.length + 4, 0);
          const hasRoom = heldBytes + step.length + 4 <= 64;
          assertEquals(writeFrame(ring, step), hasRoom);
          if (hasRoom) model.push(step);
        }
        assertEquals(readFrames(ring, 1000), model);
      },
    ),
  ));

Deno.test("positions wrap at 2^32 without a lost byte", () => {
  const ring = createSharedRing(64);
  const start = -10; // ten bytes before the words overflow
  Atomics.store(ring.control, controlWord.head, start);
  Atomics.store(ring.control, controlWord.tail, start);
  for (let round = 0; round < 10; round++) {
    const frame = Uint8Array.from({ length: 20 }, (_, at) => at + round);
    assert(writeFrame(ring, frame));
    assertEquals(readFrames(ring, 10), [frame]);
  }
});

Deno.test("the largest frame fits twice", () => {
  const ring = createSharedRing(64);
  const frame = new Uint8Array(largestFrameBytes(ring));
  assert(writeFrame(ring, frame));
  assert(writeFrame(ring, frame));
  assert(!writeFrame(ring, new Uint8Array(0)));
});
