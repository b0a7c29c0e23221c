import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { HotFrame } from "../../../exchanges/aster/hot_frames.ts";

const decimal = fc.tuple(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 0, max: 99_999 })).map((
  [whole, fraction],
) => fraction === 0 ? `${whole}.00000000` : `${whole}.${fraction}`);
const time = fc.integer({ min: 1_500_000_000_000, max: 2_500_000_000_000 });
const frame = fc.record({
  e: fc.constant("bookTicker"),
  u: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  E: time,
  T: time,
  s: fc.constantFrom("BTCUSDT", "ETHUSDT", "1000SHIBUSDT"),
  b: decimal,
  B: decimal,
  a: decimal,
  A: decimal,
}, { noNullPrototype: true });

Deno.test("a bookTicker frame gives the numbers that JSON.parse and Number give", () => {
  const hot = new HotFrame();
  fc.assert(fc.property(frame, (row) => {
    assert(hot.read(JSON.stringify(row)));
    assertEquals([hot.symbol, hot.bidPrice, hot.bidSize, hot.askPrice, hot.askSize, hot.tsVenueMs], [
      row.s,
      Number(row.b),
      Number(row.B),
      Number(row.a),
      Number(row.A),
      row.T,
    ]);
  }));
});

Deno.test("a bookTicker frame that is cut or changed is refused, or read as JSON reads it", () => {
  const hot = new HotFrame();
  fc.assert(fc.property(frame, fc.nat(400), fc.string({ maxLength: 3 }), (row, at, inserted) => {
    const text = JSON.stringify(row);
    const place = at % text.length;
    assertEquals(hot.read(text.slice(0, place)), false);
    const changed = text.slice(0, place) + inserted + text.slice(place + 1);
    if (!hot.read(changed)) return; // the general reader's business
    const read = JSON.parse(changed);
    assertEquals([hot.symbol, hot.bidPrice, hot.bidSize, hot.askPrice, hot.askSize, hot.tsVenueMs], [
      read.s,
      Number(read.b),
      Number(read.B),
      Number(read.a),
      Number(read.A),
      read.T,
    ]);
  }));
});

Deno.test("an empty side, an exponent, other keys and another order are left to the general reader", () => {
  const row = { e: "bookTicker", u: 1, E: 2, T: 3, s: "BTCUSDT", b: "1", B: "1", a: "2", A: "1" };
  const hot = new HotFrame();
  assert(hot.read(JSON.stringify(row)));
  const { T, ...rest } = row;
  for (
    const other of [
      { ...row, b: "0" },
      { ...row, A: "1e3" },
      { ...row, a: "1234567890.1234567" },
      { ...row, more: 1 },
      { ...rest, T },
      { ...row, T: 0 },
      { ...row, s: 'B"' },
    ]
  ) assertEquals(hot.read(JSON.stringify(other)), false, JSON.stringify(other));
});
