import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RateBudget } from "../../../core/execution/rate_budget.ts";

const second = 1_000_000;
const settings = { requestsPerSecond: 10, burst: 20, reservedShare: 0.3 };

Deno.test("new orders stop at the reserve, cancels go on into debt", () => {
  const budget = new RateBudget(settings);
  let sent = 0;
  while (budget.allowsNewOrder(0)) {
    budget.take(0);
    sent += 1;
  }
  assertEquals([sent, budget.tokens(0)], [14, 6]);
  for (let cancel = 0; cancel < 100; cancel++) budget.take(0);
  assertEquals(budget.tokens(0), -20);
});

Deno.test("tokens come back with time, up to the burst", () => {
  const budget = new RateBudget(settings);
  for (let request = 0; request < 14; request++) budget.take(0);
  assertEquals(budget.allowsNewOrder(0), false);
  assertEquals(budget.allowsNewOrder(second / 10), true);
  assertEquals(budget.tokens(60 * second), 20);
});

Deno.test("time that stands still or goes back brings nothing", () => {
  const budget = new RateBudget(settings);
  budget.take(10 * second);
  assertEquals(budget.tokens(5 * second), 19);
  assertEquals(budget.tokens(10 * second), 19);
  assertEquals(budget.tokens(10 * second + second / 20), 19.5);
});

Deno.test("NaN settings allow nothing", () => {
  assertEquals(new RateBudget({ ...settings, reservedShare: NaN }).allowsNewOrder(0), false);
  assertEquals(new RateBudget({ ...settings, burst: NaN }).allowsNewOrder(0), false);
});

Deno.test("over any time no more new orders pass than burst and rate allow", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 300_000 }), { maxLength: 300 }), (pauses) => {
      const budget = new RateBudget(settings);
      let [nowUs, sent] = [0, 0];
      budget.tokens(0);
      for (const pause of pauses) {
        nowUs += pause;
        if (!budget.allowsNewOrder(nowUs)) continue;
        budget.take(nowUs);
        sent += 1;
      }
      assert(sent <= 14 + (nowUs / second) * 10 + 1e-6);
    }),
  );
});
