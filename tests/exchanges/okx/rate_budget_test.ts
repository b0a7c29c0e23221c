import { assertEquals } from "@std/assert";
import { type BudgetKind, OrderBudget } from "../../../exchanges/okx/rate_budget.ts";
import { VirtualTime } from "./fakes.ts";

Deno.test("new orders leave a share of an instrument's bucket to orders that only reduce, and cancels have their own", async () => {
  const time = new VirtualTime();
  const budget = new OrderBudget(time, 1);
  const taken = (kind: BudgetKind): number => {
    let count = 0;
    while (budget.tryTake(kind, "BTC-USDT-SWAP")) count += 1;
    return count;
  };
  assertEquals([taken("order"), taken("close"), taken("order"), taken("cancel")], [48, 12, 0, 60]);
  await time.advance(2_000);
  budget.pause(1_000);
  assertEquals([taken("order"), taken("cancel") > 0], [0, true]);
});
