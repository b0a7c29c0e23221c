import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { VirtualTime } from "../../../support/venue_fakes.ts";

Deno.test("never more in any stretch of time than the bucket holds plus what flows in", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.record({ waitMs: fc.nat(400), attempts: fc.nat(15) }), { maxLength: 40 }),
      async (requests, steps) => {
        const time = new VirtualTime();
        const budget = new RateBudget(time, [{ requests, perMs: 1_000 }]);
        const taken: number[] = [];
        for (const { waitMs, attempts } of steps) {
          await time.advance(waitMs);
          for (let i = 0; i < attempts; i++) if (budget.tryTake()) taken.push(time.monotonicMs());
        }
        taken.forEach((fromMs, first) =>
          taken.slice(first).forEach((toMs, count) => {
            const allowed = requests + ((toMs - fromMs) * requests) / 1_000;
            assert(count + 1 <= allowed + 1e-6, `${count + 1} within ${toMs - fromMs} ms`);
          })
        );
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a refused attempt takes nothing, and waitMs() says when it would succeed", async () => {
  const time = new VirtualTime();
  const budget = new RateBudget(time, [{ requests: 2, perMs: 1_000 }, { requests: 3, perMs: 60_000 }]);
  assertEquals([budget.tryTake(), budget.tryTake(), budget.tryTake()], [true, true, false]);
  assertEquals(budget.waitMs(), 500);
  await time.advance(499);
  assertEquals(budget.tryTake(), false);
  await time.advance(1);
  assertEquals(budget.tryTake(), true);
  // The minute's bucket is the narrower one now: 3 taken, 20 s for each.
  await time.advance(1_000);
  assert(budget.waitMs() > 18_000 && budget.waitMs() < 20_000);
});

Deno.test("the reserved share is for those who don't respect it", () => {
  const budget = new RateBudget(new VirtualTime(), [{ requests: 10, perMs: 1_000 }]);
  const taken = Array.from({ length: 10 }, () => budget.tryTake(0.2)).filter(Boolean).length;
  assertEquals([taken, budget.tryTake(), budget.tryTake(), budget.tryTake()], [8, true, true, false]);
});

Deno.test("a pause holds everything back until it is over", async () => {
  const time = new VirtualTime();
  const budget = new RateBudget(time, [{ requests: 10, perMs: 1_000 }]);
  budget.pause(700);
  assertEquals([budget.tryTake(), budget.waitMs()], [false, 700]);
  assertEquals(budget.tryTakeUrgent(), true); // a cancel is tried all the same
  await time.advance(700);
  assertEquals(budget.tryTake(), true);
});
