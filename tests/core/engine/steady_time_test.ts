import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SteadyTime } from "../../../core/engine/steady_time.ts";
import { alpha, EngineHarness, intentOf, looseRisk, noLimits } from "../../support/engine_builders.ts";

Deno.test("time never goes back and never stands still while the clock runs on", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: -1e8, max: 1e8 }), fc.boolean()),
        {
          maxLength: 50,
        },
      ),
      (steps) => {
        const time = new SteadyTime();
        let clockUs = 1_700_000_000_000_000;
        let latestUs = time.next(clockUs);
        for (const [passedUs, setByUs, isSet] of steps) {
          clockUs += passedUs + (isSet ? setByUs : 0);
          const nextUs = time.next(clockUs);
          if (isSet) assertEquals(nextUs, Math.max(latestUs, latestUs + passedUs + setByUs));
          else assertEquals(nextUs, latestUs + passedUs);
          assertEquals(time.of(clockUs), nextUs);
          latestUs = nextUs;
        }
      },
    ),
  );
});

Deno.test("orders and requests of a second are counted by the clock that nobody sets", () => {
  const harness = EngineHarness.ready({
    risk: { ...looseRisk, plugin: { ...noLimits, maxOrdersPerSecond: 2 } },
    defaultRateBudget: { requestsPerSecond: 1, burst: 20, reservedShare: 0.1 },
  });
  let monotonicUs = harness.nowUs;
  const place = (ref: string): void => {
    const event = { kind: "intent" as const, tsUs: harness.nowUs, intent: intentOf({ ref }) };
    harness.outputs.push(...harness.engine.handle(event, monotonicUs));
  };
  const tokens = () => harness.engine.snapshot(harness.nowUs).venues[0]?.rateBudget.tokens;
  place("one");
  place("two");
  const left = tokens();
  harness.nowUs += 1_500_000; // set forward; nothing else has moved
  place("three");
  assertEquals([harness.refusals(), tokens()], [["ORDER_RATE"], left]);
  monotonicUs += 1_000_000;
  place("four");
  place("five");
  assertEquals([harness.refusals().length, harness.sent("submit")], [1, 4]);
  monotonicUs += 1_000_000;
  place("six");
  assertEquals([harness.refusals().length, harness.sent("submit")], [1, 5]);
});

Deno.test("after the clock was set back, requests still run out, questions are still asked, old quotes are still old", () => {
  const harness = EngineHarness.ready();
  const order = harness.intend();
  assertEquals(order?.status, "pending_new");
  harness.nowUs -= 3_600_000_000;
  harness.pass(7_000, true);
  assertEquals(harness.order((order ?? harness.place()).clientOrderId).status, "unknown");
  assertEquals(harness.hasPending("query_order"), true);
  harness.intend({ ref: "second" });
  assertEquals(harness.refusals(), ["QUOTE_STALE"]);
  harness.price(alpha, 50_000);
  harness.intend({ ref: "third" });
  assertEquals(harness.refusals(), ["QUOTE_STALE"]);
});
