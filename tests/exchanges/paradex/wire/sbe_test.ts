import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import * as v from "valibot";
import { formatScaled } from "@berth/sdk";
import {
  decodeFrame,
  type SbeFields,
  type SbeValue,
  templateOf,
} from "../../../../exchanges/paradex/wire/sbe.ts";
import {
  bboOffsets,
  bookOffsets,
  decodeBbo,
  decodeBook,
  decodeTrade,
  emptyBbo,
  emptyBook,
  emptyTrade,
  MarketNames,
  tradeOffsets,
} from "../../../../exchanges/paradex/wire/sbe_hot.ts";
import {
  blockLength,
  fieldOffset,
  type FieldSpec,
  type MessageSpec,
  sbeBitsets,
  sbeEnums,
  sbeMessages,
} from "../../../../exchanges/paradex/wire/sbe_schema.ts";
import { readVectors, skippedWithoutVectors } from "../vectors.ts";
import { encodeFrame, viewOf, viewOfBase64 } from "./sbe_encoder.ts";

const specOf = (name: string): MessageSpec => {
  const spec = sbeMessages.find((candidate) => candidate.name === name);
  assert(spec !== undefined, name);
  return spec;
};

// Lengths and offsets as the venue's layout page lists them.
for (
  const [name, version0, latest, offsets] of [
    ["Trade", 50, 50, { seq: 8, tradeId: 16, side: 24, price: 25, size: 33, createdAt: 41, tradeType: 49 }],
    ["Bbo", 48, 48, { bidPrice: 16, bidSize: 24, askPrice: 32, askSize: 40 }],
    ["Book", 89, 89, {
      pkgType: 16,
      bestBidPrice: 17,
      relativeSpread: 49,
      bestBidApiPrice: 57,
      bestAskApiSize: 81,
    }],
    ["MarketSummary", 216, 240, { markPrice: 16, askSize: 208, fundingRatePrecise: 232 }],
    ["FundingData", 58, 66, { fundingRate: 16, fundingPeriodHours: 56, impactPremiumRate: 58 }],
    ["FundingRateComparison", 26, 26, { hourlyFundingRate: 16, assetKind: 24, source: 25 }],
    ["Order", 126, 128, {
      status: 16,
      price: 20,
      size: 36,
      createdAt: 60,
      account: 76,
      stp: 124,
      requestType: 127,
    }],
    ["Fill", 107, 116, {
      fillType: 16,
      price: 19,
      fee: 35,
      account: 59,
      realizedFunding: 99,
      orderbookSeqNo: 108,
    }],
    ["Position", 154, 154, { side: 16, size: 17, leverage: 65, account: 81, cost: 121, status: 153 }],
    ["Account", 113, 121, { totalCollateral: 16, account: 72, marginCushion: 104, status: 112 }],
    ["Heartbeat", 16, 16, { seq: 8 }],
    ["Subscribed", 17, 17, {}],
  ] as const
) {
  Deno.test(`the table lays ${name} out as documented`, () => {
    const { fields } = specOf(name);
    assertEquals([blockLength(fields, 0), blockLength(fields, 2)], [version0, latest]);
    for (const [field, offset] of Object.entries(offsets)) {
      assertEquals(fieldOffset(fields, field), offset, field);
    }
  });
}

for (
  const [name, offsets] of [["Bbo", bboOffsets], ["Trade", tradeOffsets], ["Book", bookOffsets]] as const
) {
  Deno.test(`the fast reader of ${name} uses the offsets of the table`, () => {
    for (const [field, offset] of Object.entries(offsets)) {
      assertEquals(offset, fieldOffset(specOf(name).fields, field), field);
    }
  });
}

const expectedValue: v.GenericSchema<unknown, SbeValue> = v.union([
  v.string(),
  v.number(),
  v.null(),
  v.array(v.string()),
]);
const levelPairs = v.array(v.tuple([v.string(), v.string()]));
const constructedFile = v.object({
  frames: v.array(v.object({
    name: v.string(),
    version: v.number(),
    b64: v.string(),
    blockLength: v.number(),
    fields: v.record(v.string(), v.union([expectedValue, levelPairs])),
  })),
});

/** The file writes 64-bit numbers as text, levels as pairs and leaves absent groups out. */
function comparable(
  fields: SbeFields,
  groups: Readonly<Record<string, readonly SbeFields[]>>,
): Record<string, unknown> {
  const plain = (value: SbeValue) => (typeof value === "bigint" ? String(value) : value);
  const levels = (rows: readonly SbeFields[]) => rows.map((row) => [row["price"], row["size"]]);
  return {
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)])),
    ...Object.fromEntries(Object.entries(groups).map(([name, rows]) => [name, levels(rows)])),
  };
}
const withTextNumbers = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, name === "seq" ? String(value) : value]),
  );

const constructed = readVectors("ws_sbe_constructed.json", (value) => v.parse(constructedFile, value));
if (constructed === undefined) {
  Deno.test({ name: `ws_sbe_constructed.json ${skippedWithoutVectors}`, ignore: true, fn: () => {} });
} else {
  for (const frame of constructed.frames) {
    Deno.test(`the constructed frame ${frame.name} is read as its file says`, () => {
      const decoded = decodeFrame(viewOfBase64(frame.b64));
      assert(decoded.kind === "message", fc.stringify(decoded));
      assertEquals(decoded.version, frame.version);
      const actual = comparable(decoded.fields, decoded.groups);
      // What an older block lacks is null in the file.
      for (const [name, value] of Object.entries(frame.fields)) if (value === null) actual[name] ??= null;
      assertEquals(actual, withTextNumbers(frame.fields));
    });
  }
}

const capturedFile = v.object({
  frames: v.array(v.object({
    opcode: v.picklist(["text", "binary"]),
    b64: v.optional(v.string(), ""),
    decoded: v.optional(v.record(v.string(), v.unknown()), {}),
  })),
});
for (const file of ["ws_sbe_captured_bbo.json", "ws_sbe_captured_book.json"]) {
  const captured = readVectors(file, (value) => v.parse(capturedFile, value));
  if (captured === undefined) {
    Deno.test({ name: `${file} ${skippedWithoutVectors}`, ignore: true, fn: () => {} });
    continue;
  }
  captured.frames.filter((frame) => frame.opcode === "binary").forEach((frame, i) => {
    Deno.test(`${file}: frame ${i} from the live venue is read as its file says`, () => {
      const view = viewOfBase64(frame.b64);
      const decoded = decodeFrame(view);
      assert(decoded.kind === "message", fc.stringify(decoded));
      const { blockLength: _length, templateId, schemaId: _schema, version, ts_us, seq, ...rest } =
        frame.decoded;
      assertEquals(templateOf(view), templateId);
      assertEquals(decoded.version, version);
      assertEquals(comparable(decoded.fields, decoded.groups), { ts: ts_us, seq, ...rest });
    });
  });
}

// Property tests -------------------------------------------------------------------------------------------------

const i64Arbitrary = fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n });
function valueArbitrary(spec: FieldSpec): fc.Arbitrary<SbeValue> {
  const type = spec.type;
  if (typeof type === "object") {
    return "enum" in type
      ? fc.constantFrom(...Object.values<string>(sbeEnums[type.enum]))
      : fc.subarray(sbeBitsets[type.bitset].filter((name) => name !== ""));
  }
  const orNull = <T extends SbeValue>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<SbeValue> =>
    spec.isNullable ? fc.option(arbitrary, { nil: null }) : arbitrary;
  switch (type) {
    case "decimal8":
      return orNull(i64Arbitrary.map((n) => formatScaled(n, 8)));
    case "decimal12":
      return orNull(i64Arbitrary.map((n) => formatScaled(n, 12)));
    case "i64":
    case "tsUs":
      return orNull(i64Arbitrary);
    case "u64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "i16":
      return fc.integer({ min: -32768, max: 32767 });
    case "u8":
      return fc.integer({ min: 0, max: 255 });
    case "address":
      return fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((n) => `0x${n.toString(16)}`);
  }
}
const recordArbitrary = (specs: readonly FieldSpec[]): fc.Arbitrary<SbeFields> =>
  fc.record(Object.fromEntries(specs.map((spec) => [spec.name, valueArbitrary(spec)])), {
    noNullPrototype: true,
  });
const textArbitrary = fc.string({ maxLength: 60, unit: "binary-ascii" });

const messageArbitrary = fc.constantFrom(...sbeMessages).chain((spec) =>
  fc.record({
    spec: fc.constant(spec),
    version: fc.constantFrom(0 as const, 1 as const, 2 as const),
    fields: recordArbitrary(spec.fields),
    texts: fc.record(Object.fromEntries(spec.texts.map((text) => [text.name, textArbitrary])), {
      noNullPrototype: true,
    }),
    groups: fc.record(
      Object.fromEntries(
        spec.groups.map((group) => [group.name, fc.array(recordArbitrary(group.fields), { maxLength: 4 })]),
      ),
      { noNullPrototype: true },
    ),
    blockTail: fc.array(fc.nat(255), { maxLength: 9 }),
  }).map(({ spec, version, fields, texts, groups, blockTail }) => {
    const known = (item: { readonly since: number }) => item.since <= version;
    const kept = {
      ...Object.fromEntries(
        spec.fields.filter(known).map((field) => [field.name, fields[field.name] ?? null]),
      ),
      ...Object.fromEntries(spec.texts.filter(known).map((text) => [text.name, texts[text.name] ?? ""])),
    };
    // A tail is what a version later than the table would append; it may be read as missing fields of this table.
    return { spec, version, fields: kept, groups, blockTail: version === 2 ? blockTail : [] };
  })
);

Deno.test("every message of every version survives the way to bytes and back, longer blocks included", () =>
  fc.assert(fc.property(messageArbitrary, (message) => {
    const decoded = decodeFrame(viewOf(encodeFrame(message.spec, message)));
    assert(decoded.kind === "message", fc.stringify(decoded));
    assertEquals(decoded.template, message.spec.name);
    assertEquals(decoded.fields, message.fields);
    assertEquals(decoded.groups, message.groups);
  })));

Deno.test("a frame cut at any byte is malformed, or ends where an older version would", () =>
  fc.assert(
    fc.property(messageArbitrary, (message) => {
      const bytes = encodeFrame(message.spec, message);
      for (let length = 0; length < bytes.length; length++) {
        const decoded = decodeFrame(viewOf(bytes.subarray(0, length)));
        if (decoded.kind === "malformed") continue;
        assert(decoded.kind === "message");
        const missing = message.spec.texts.filter((text) => !(text.name in decoded.fields));
        assert(
          missing.length > 0 && missing.every((text) => text.since > 0),
          `cut at ${length} of ${bytes.length}`,
        );
      }
    }),
    { numRuns: 60 },
  ));

Deno.test("random bytes never make a decoder throw", () => {
  const names = new MarketNames();
  const [bbo, trade, book] = [emptyBbo(), emptyTrade(), emptyBook()];
  const header = fc.tuple(
    fc.constantFrom(0, 16, 48, 50, 89, 255),
    fc.constantFrom(1, 2, 3, 4, 20, 21, 22, 23, 40, 77),
  )
    .map(([length, template]) => [length, 0, template, 0, 1, 0, 1, 0]);
  const bytes = fc.tuple(fc.oneof(header, fc.constant([])), fc.array(fc.nat(255), { maxLength: 300 }))
    .map(([head, rest]) => Uint8Array.from([...head, ...rest]));
  fc.assert(
    fc.property(bytes, (frame) => {
      const view = viewOf(frame);
      decodeFrame(view);
      templateOf(view);
      decodeBbo(view, names, bbo);
      decodeTrade(view, names, trade);
      decodeBook(view, names, book);
    }),
    { numRuns: 2000 },
  );
});

const numberOf = (value: SbeValue | undefined): number => (value === null ? Number.NaN : Number(value));

Deno.test("the fast readers agree with the general decoder, and refuse what it refuses", () => {
  const hot = fc.record({ message: messageArbitrary, cut: fc.nat(400) }).filter(({ message }) =>
    ["Bbo", "Trade", "Book"].includes(message.spec.name)
  );
  const names = new MarketNames();
  const [bbo, trade, book] = [emptyBbo(), emptyTrade(), emptyBook()];
  fc.assert(
    fc.property(hot, ({ message, cut }) => {
      const bytes = encodeFrame(message.spec, message);
      const view = viewOf(cut < bytes.length && cut % 3 === 0 ? bytes.subarray(0, cut) : bytes);
      const decoded = decodeFrame(view);
      const read = message.spec.name === "Bbo"
        ? decodeBbo
        : message.spec.name === "Trade"
        ? decodeTrade
        : decodeBook;
      const out = message.spec.name === "Bbo" ? bbo : message.spec.name === "Trade" ? trade : book;
      const result = readInto(read, view, names, { bbo, trade, book });
      if (decoded.kind !== "message") return assert(result !== "ok");
      assertEquals(result, "ok");
      const { fields, groups } = decoded;
      assertEquals(out.market, fields["market"]);
      assertEquals(out.sequence, Number(fields["seq"]));
      if (message.spec.name === "Bbo") {
        for (const side of ["bidPrice", "bidSize", "askPrice", "askSize"] as const) {
          assertClose(bbo[side], numberOf(fields[side]));
        }
      } else if (message.spec.name === "Trade") {
        assertEquals(trade.side, fields["side"] === "UNKNOWN" ? "" : fields["side"]);
        assertClose(trade.price, numberOf(fields["price"]));
        assertEquals(trade.createdAtUs, Number(fields["createdAt"]));
      } else {
        for (const side of ["bids", "asks"] as const) {
          const rows = groups[side] ?? [];
          assertEquals(book[side].count, rows.length);
          rows.forEach((row, i) => assertClose((book[side].prices[i] ?? 0) / 1e8, numberOf(row["price"])));
        }
        assertEquals(book.isSnapshot, fields["pkgType"] === "SNAPSHOT");
      }
    }),
    { numRuns: 400 },
  );
});

function readInto(
  read: typeof decodeBbo | typeof decodeTrade | typeof decodeBook,
  view: DataView,
  names: MarketNames,
  out: {
    readonly bbo: ReturnType<typeof emptyBbo>;
    readonly trade: ReturnType<typeof emptyTrade>;
    readonly book: ReturnType<typeof emptyBook>;
  },
): string {
  if (read === decodeBbo) return decodeBbo(view, names, out.bbo);
  return read === decodeTrade ? decodeTrade(view, names, out.trade) : decodeBook(view, names, out.book);
}

/** Equal up to what an i64 beyond 2^53 loses as a double. */
function assertClose(actual: number, expected: number): void {
  if (Number.isNaN(expected)) return assert(Number.isNaN(actual));
  assert(Math.abs(actual - expected) <= Math.abs(expected) * 4e-16, `${actual} ${expected}`);
}

Deno.test("prices read fast are the doubles that their decimal text gives", () => {
  const spec = specOf("Bbo");
  const out = emptyBbo();
  const names = new MarketNames();
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }), (units) => {
      const bidPrice = formatScaled(units, 8);
      const fields = {
        ts: 1n,
        seq: 1n,
        bidPrice,
        bidSize: null,
        askPrice: null,
        askSize: "1",
        market: "BTC-USD-PERP",
      };
      assertEquals(decodeBbo(viewOf(encodeFrame(spec, { version: 1, fields })), names, out), "ok");
      assertEquals(out.bidPrice, Number(bidPrice));
      assert(Number.isNaN(out.askPrice) && Number.isNaN(out.bidSize) && out.askSize === 1);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a market's name is one string object however often it is read, also when hashes collide", () => {
  const names = new MarketNames();
  const read = (text: string) => names.read(viewOf(new TextEncoder().encode(text)), 0, text.length);
  // "Aa" and "BB" are the classic collision of a multiply-by-31 hash.
  assertEquals([read("Aa"), read("BB"), read("Aa"), read("BB")], ["Aa", "BB", "Aa", "BB"]);
});

Deno.test("a frame of an unknown template is skipped, one of another schema is a fault", () => {
  const frame = (schema: number, template: number) =>
    viewOf(Uint8Array.from([0, 0, template, 0, schema, 0, 9, 0]));
  assertEquals(decodeFrame(frame(1, 99)), { kind: "unknown_template", templateId: 99 });
  const other = decodeFrame(frame(2, 2));
  assert(other.kind === "malformed" && other.fault === "wrong_schema");
  assertEquals(templateOf(frame(2, 2)), -1);
});
