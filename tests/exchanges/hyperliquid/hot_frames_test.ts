/** The quick reader of quotes against JSON.parse. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { HotFrame } from "../../../exchanges/hyperliquid/hot_frames.ts";

const decimal = fc.tuple(fc.nat({ max: 99_999_999 }), fc.nat({ max: 9_999 })).map(([whole, fraction]) =>
  `${whole}.${fraction}`
);
const level = fc.record({ px: decimal, sz: decimal, n: fc.nat({ max: 500 }) });
const frame = fc.record({
  coin: fc.constantFrom("BTC", "kPEPE", "xyz:TSLA", "@107"),
  time: fc.integer({ min: 1, max: 4_000_000_000_000 }),
  bid: level,
  ask: level,
}).map(({ coin, time, bid, ask }) => ({ channel: "bbo", data: { coin, time, bbo: [bid, ask] } }));

const fieldsOf = (hot: HotFrame) => [
  hot.coin,
  hot.tsVenueMs,
  hot.bidPrice,
  hot.bidSize,
  hot.askPrice,
  hot.askSize,
];

Deno.test("it reads what JSON.parse reads, to the last digit", () => {
  const hot = new HotFrame();
  fc.assert(fc.property(frame, (one) => {
    const [bid, ask] = one.data.bbo;
    assert(bid !== undefined && ask !== undefined);
    const numbers = [bid.px, bid.sz, ask.px, ask.sz].map(Number);
    assertEquals(hot.read(JSON.stringify(one)), numbers.every((number) => number > 0));
    if (numbers.every((number) => number > 0)) {
      assertEquals(fieldsOf(hot), [one.data.coin, one.data.time, ...numbers]);
    }
  }));
});

const observed =
  '{"channel":"bbo","data":{"coin":"BTC","time":1790232237145,"bbo":[{"px":"84143.0","sz":"10.25923","n":36},{"px":"84144.0","sz":"50.66422","n":18}]}}';

Deno.test("it reads the frame that the venue sends", () => {
  const hot = new HotFrame();
  assert(hot.read(observed));
  assertEquals(fieldsOf(hot), ["BTC", 1_790_232_237_145, 84_143, 10.25923, 84_144, 50.66422]);
});

Deno.test("a frame that was cut, changed or lengthened is left alone, or read as JSON.parse reads it", () => {
  const hot = new HotFrame();
  for (let end = 0; end < observed.length; end++) assertEquals(hot.read(observed.slice(0, end)), false);
  fc.assert(
    fc.property(
      fc.nat({ max: observed.length - 1 }),
      fc.string({ maxLength: 3 }),
      fc.nat({ max: 3 }),
      (at, inserted, removed) => {
        const text = observed.slice(0, at) + inserted + observed.slice(at + removed);
        if (!hot.read(text)) return;
        const { data } = JSON.parse(text);
        assertEquals(fieldsOf(hot), [
          data.coin,
          data.time,
          ...[data.bbo[0].px, data.bbo[0].sz, data.bbo[1].px, data.bbo[1].sz].map(Number),
        ]);
      },
    ),
    { numRuns: 3_000 },
  );
});

const foreign: readonly string[] = [
  "",
  '{"channel":"pong"}',
  observed.replace('"bbo"', '"trades"'),
  observed.replace('{"px":"84143.0","sz":"10.25923","n":36}', "null"),
  observed.replace("84143.0", "-84143.0"),
  observed.replace("84143.0", "8.4143e4"),
  observed.replace("84143.0", "NaN"),
  observed.replace("84143.0", "1".repeat(400)),
  observed.replace("1790232237145", "1e12"),
  observed.replace("1790232237145", "0"),
  observed.replace('"n":18', '"n":18,"x":1'),
];
Deno.test("what is no quote with two sides is left to the general reader", () => {
  const hot = new HotFrame();
  for (const text of foreign) assertEquals(hot.read(text), false, text.slice(0, 80));
});
