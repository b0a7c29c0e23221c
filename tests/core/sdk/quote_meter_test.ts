/** Rates and latencies of quotes, by hand and against all that was sent. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { QuoteMeter } from "../../../core/sdk/quote_meter.ts";

Deno.test("nothing has come yet", () => {
  const found = new QuoteMeter().statistics(5_000_000);
  assertEquals([found.updates, found.updatesPerSecond, found.ageMs], [0, 0, Infinity]);
  assert(Number.isNaN(found.averageLatencyMs));
});

Deno.test("ten quotes a second for a minute, then silence", () => {
  const meter = new QuoteMeter();
  for (let count = 1; count <= 600; count++) meter.onQuote(count, count * 100, count * 100_000 + 3_000);
  const live = meter.statistics(60_003_000);
  assertEquals([live.updates, live.ageMs], [600, 0]);
  assertAlmostEquals(live.updatesPerSecond, 10, 0.1);
  assertAlmostEquals(live.averageLatencyMs, 3, 1e-6);
  const silent = meter.statistics(160_003_000);
  assertEquals(silent.ageMs, 100_000);
  assert(silent.updatesPerSecond < 2, String(silent.updatesPerSecond));
});

Deno.test("quotes that were passed over count, for the sequence tells of them", () => {
  const meter = new QuoteMeter();
  meter.onQuote(101, 0, 1_000_000);
  meter.onQuote(151, 0, 2_000_000);
  assertEquals(meter.statistics(2_000_000).updates, 51);
});

Deno.test("a steady rate is found whatever it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 30, max: 120 }), (rate, seconds) => {
      const meter = new QuoteMeter();
      for (let count = 1; count <= rate * seconds; count++) {
        meter.onQuote(count, 0, (count * 1_000_000) / rate);
      }
      const found = meter.statistics(seconds * 1_000_000).updatesPerSecond;
      assert(Math.abs(found - rate) <= 0.15 * rate + 0.2, `${found} for ${rate}`);
    }),
  );
});
