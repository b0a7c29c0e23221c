import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { decodeBook, decodeJson, encodeBook, encodeMessage } from "../../../core/protocol/codec.ts";
import { frameLimits } from "../../../core/protocol/messages.ts";
import { recordBytes, recordKinds, recordOffsets, writeRecord } from "../../../core/protocol/records.ts";
import { parsePluginMessage } from "../../../core/protocol/schemas.ts";
import { type FrameKind, frameKinds, FrameReader, FrameWriter } from "../../../core/protocol/stream.ts";

interface Sent {
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
}

const frameArbitrary: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(frameKinds.message, frameKinds.book),
    payload: fc.uint8Array({ maxLength: 200 }),
  }),
  fc.record({
    kind: fc.constant(frameKinds.records),
    payload: fc.integer({ min: 1, max: 3 }).map((count) => new Uint8Array(count * recordBytes).fill(count)),
  }),
);

/** The bytes that a writer makes of frames. */
async function written(frames: readonly Sent[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const writer = new FrameWriter({ write: (bytes) => void chunks.push(bytes.slice()) }, {
    maxQueuedBytes: 1 << 20,
    onOverflow: () => assert(false, "overflow"),
    onError: () => assert(false, "error"),
  });
  for (const { kind, payload } of frames) writer.frame(kind, payload);
  await writer.flushed();
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

function readIn(
  bytes: Uint8Array,
  cuts: readonly number[],
): { readonly frames: Sent[]; readonly fault: unknown; readonly left: number } {
  const reader = new FrameReader();
  const frames: Sent[] = [];
  let fault: unknown;
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    fault = reader.push(
      bytes.subarray(from, cut),
      (kind, payload) => frames.push({ kind, payload: payload.slice() }),
    );
    from = cut;
  }
  return { frames, fault, left: reader.unfinishedBytes };
}

Deno.test("frames survive the way through the stream, wherever its chunks end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frameArbitrary, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(2_000), { maxLength: 8 }),
      async (frames, places) => {
        const bytes = await written(frames);
        const cuts = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
        assertEquals(readIn(bytes, cuts), { frames, fault: undefined, left: 0 });
      },
    ),
  );
});

Deno.test("a stream that is cut at any byte gives the whole frames before it and no fault", async () => {
  const frames: readonly Sent[] = [
    { kind: frameKinds.message, payload: new TextEncoder().encode('{"type":"stopped"}') },
    { kind: frameKinds.records, payload: new Uint8Array(2 * recordBytes) },
    { kind: frameKinds.book, payload: new Uint8Array(40) },
  ];
  const bytes = await written(frames);
  for (let length = 0; length <= bytes.length; length++) {
    const { frames: got, fault } = readIn(bytes.subarray(0, length), []);
    assertEquals([got, fault], [frames.slice(0, got.length), undefined]);
    const byteByByte = readIn(bytes.subarray(0, length), Array.from({ length }, (_, index) => index));
    assertEquals(byteByByte.frames, got);
  }
});

Deno.test("random bytes end as a fault or as frames, never as an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), (bytes, place) => {
      const { frames } = readIn(bytes, [Math.min(place, bytes.length)]);
      for (const { kind, payload } of frames) {
        if (kind === frameKinds.book) decodeBook(payload);
        if (kind !== frameKinds.message) continue;
        try {
          parsePluginMessage(decodeJson(payload), "strategy");
        } catch (error) {
          assert(error instanceof SyntaxError || error instanceof TypeError, String(error));
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a length beyond the limit is refused before anything of the frame is kept", () => {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, frameLimits.maxFrameBytes + 1, true);
  head.set([frameKinds.message, 1], 4);
  const { frames, fault } = readIn(head, []);
  assertEquals([frames, fault], [[], { kind: "too_large", sizeBytes: frameLimits.maxFrameBytes + 1 }]);
});

const headers: readonly {
  readonly name: string;
  readonly size: number;
  readonly kind: number;
  readonly version: number;
}[] = [
  { name: "an unknown kind", size: 4, kind: 9, version: 1 },
  { name: "kind 0", size: 4, kind: 0, version: 1 },
  { name: "another version", size: 4, kind: 1, version: 2 },
  { name: "records of a broken length", size: 63, kind: 2, version: 1 },
  { name: "no records at all", size: 0, kind: 2, version: 1 },
];
for (const c of headers) {
  Deno.test(`a header with ${c.name} ends the stream`, () => {
    const bytes = Uint8Array.of(c.size, 0, 0, 0, c.kind, c.version, 0, 0, 1, 2, 3, 4);
    const { frames, fault } = readIn(bytes, []);
    assertEquals(frames, []);
    assert(typeof fault === "object" && fault !== null && "kind" in fault && fault.kind === "bad_frame");
  });
}

const double = fc.double({ noNaN: true });

Deno.test("a record's numbers come back as they were written", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 65_535 }),
      fc.array(double, { minLength: 7, maxLength: 7 }),
      fc.constantFrom<0 | 1>(0, 1),
      (index, numbers, flag) => {
        const view = new DataView(new ArrayBuffer(2 * recordBytes));
        const [sequence = 0, tsVenueMs = 0, tsRecvUs = 0, first = 0, second = 0, third = 0, fourth = 0] =
          numbers;
        writeRecord(
          view,
          recordBytes,
          recordKinds.quote,
          flag,
          index,
          sequence,
          tsVenueMs,
          tsRecvUs,
          first,
          second,
          third,
          fourth,
        );
        const { sequence: at } = recordOffsets;
        const read = numbers.map((_, place) => view.getFloat64(recordBytes + at + 8 * place, true));
        assertEquals([
          view.getUint8(recordBytes),
          view.getUint8(recordBytes + 1),
          view.getUint32(recordBytes + 4, true),
          read,
        ], [1, flag, index, numbers]);
      },
    ),
  );
});

const level = fc.record({
  priceTicks: fc.maxSafeNat().map(priceTicks),
  sizeLots: fc.maxSafeNat().map(sizeLots),
});

Deno.test("a book comes back as it was written, and cut at any byte it is refused", () => {
  fc.assert(
    fc.property(
      fc.array(level, { maxLength: 5 }),
      fc.array(level, { maxLength: 5 }),
      fc.constantFrom("snapshot", "delta", "invalid"),
      (bids, asks, kind) => {
        const book = { index: 7, kind, bids, asks, sequence: 3, tsVenueMs: 1.5, tsRecvUs: 2.5 } as const;
        const bytes = encodeBook(book);
        assertEquals<unknown>(decodeBook(bytes), book);
        for (let length = 0; length < bytes.length; length++) {
          assertEquals(
            decodeBook(bytes.subarray(0, length)),
            undefined,
          );
        }
      },
    ),
  );
});

Deno.test("money beyond 2^53 survives a message", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (amount) => {
    const bytes = new TextEncoder().encode(JSON.stringify({ amount: { $int: amount.toString() } }));
    assertEquals(decodeJson(bytes), { amount });
  }));
});

Deno.test("anything at all as a message is a message or a fault", () => {
  fc.assert(fc.property(fc.anything(), fc.constantFrom("strategy", "exchange", "probe"), (found, role) => {
    const parsed = parsePluginMessage(found, role);
    assert(parsed.kind === "fault" && parsed.reason.length > 0);
  }));
});

Deno.test("a strategy can't speak as an adapter, nor an adapter as a strategy", () => {
  const report = { type: "private_stream_restored" };
  const cancel = { type: "cancel", ref: "1" };
  assertEquals([parsePluginMessage(report, "strategy").kind, parsePluginMessage(report, "exchange").kind], [
    "fault",
    "message",
  ]);
  assertEquals([parsePluginMessage(cancel, "exchange").kind, parsePluginMessage(cancel, "strategy").kind], [
    "fault",
    "message",
  ]);
});

Deno.test("a message that the SDK sends passes the schema unchanged", () => {
  const message = {
    type: "log",
    level: "info",
    message: "hello",
    fields: { a: 1, b: "two", c: true },
  } as const;
  assertEquals<unknown>(parsePluginMessage(decodeJson(encodeMessage(message)), "strategy"), {
    kind: "message",
    message,
  });
});
