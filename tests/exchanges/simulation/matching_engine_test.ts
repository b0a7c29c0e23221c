import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MatchingEngine } from "../../../exchanges/simulation/matching_engine.ts";
import type { Side } from "../../../exchanges/simulation/ports.ts";

interface Resting {
  readonly id: string;
  readonly side: Side;
  readonly price: number;
  lots: number;
}

/** The same book, slow and obvious: one list in the order of arrival. */
class SlowBook {
  orders: Resting[] = [];

  best(side: Side): Resting | undefined {
    const better = side === "buy" ? (a: number, b: number) => b - a : (a: number, b: number) => a - b;
    return this.orders.filter((order) => order.side === side).sort((a, b) => better(a.price, b.price))[0];
  }

  match(side: Side, lots: number, limit: number): { fills: [string, number, number][]; left: number } {
    const fills: [string, number, number][] = [];
    let left = lots;
    while (left > 0) {
      const maker = this.best(side === "buy" ? "sell" : "buy");
      if (maker === undefined || (side === "buy" ? maker.price > limit : maker.price < limit)) break;
      const size = Math.min(left, maker.lots);
      maker.lots -= size;
      left -= size;
      fills.push([maker.id, maker.price, size]);
      this.orders = this.orders.filter((order) => order.lots > 0);
    }
    return { fills, left };
  }
}

type Step =
  | { readonly kind: "place"; readonly side: Side; readonly price: number; readonly lots: number }
  | { readonly kind: "cancel"; readonly which: number }
  | { readonly kind: "shrink"; readonly which: number; readonly by: number };

const sideArbitrary = fc.constantFrom<Side>("buy", "sell");
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("place" as const),
      side: sideArbitrary,
      price: fc.integer({ min: 90, max: 110 }),
      lots: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(50) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("shrink" as const),
      which: fc.nat(50),
      by: fc.integer({ min: 1, max: 5 }),
    }),
  },
);

Deno.test("the book fills like a slow list in price and time priority, and its levels add up", () => {
  fc.assert(fc.property(fc.array(stepArbitrary, { maxLength: 120 }), (steps) => {
    const engine = new MatchingEngine();
    const slow = new SlowBook();
    steps.forEach((step, index) => {
      if (step.kind === "place") {
        const id = String(index);
        const fills: [string, number, number][] = [];
        const taker = { accountId: "a", side: step.side, sizeLots: step.lots, limitPriceTicks: step.price };
        const { remainingLots } = engine.match(
          taker,
          (maker, price, lots) => fills.push([maker.orderId, price, lots]),
        );
        const expected = slow.match(step.side, step.lots, step.price);
        assertEquals([fills, remainingLots], [expected.fills, expected.left]);
        if (remainingLots > 0) {
          engine.rest({
            orderId: id,
            accountId: "b",
            side: step.side,
            priceTicks: step.price,
            remainingLots,
          });
          slow.orders.push({ id, side: step.side, price: step.price, lots: remainingLots });
        }
      } else {
        const order = slow.orders[step.which % Math.max(1, slow.orders.length)];
        if (order === undefined) return;
        if (step.kind === "cancel" || order.lots <= step.by) {
          assertEquals(engine.remove(order.id), true);
          slow.orders = slow.orders.filter((other) => other !== order);
        } else {
          order.lots -= step.by;
          assertEquals(engine.shrink(order.id, order.lots), true);
        }
      }
      for (const side of ["buy", "sell"] as const) {
        const sums = new Map<number, number>();
        for (const order of slow.orders.filter((one) => one.side === side)) {
          sums.set(order.price, (sums.get(order.price) ?? 0) + order.lots);
        }
        const expected = [...sums].sort(([a], [b]) => (side === "buy" ? b - a : a - b)).map((
          [priceTicks, sizeLots],
        ) => ({ priceTicks, sizeLots }));
        assertEquals(engine.levels(side, 100), expected);
      }
      const bid = engine.bestTicks("buy");
      const ask = engine.bestTicks("sell");
      assertEquals(bid === undefined || ask === undefined || bid < ask, true);
    });
  }));
});

Deno.test("an account's order never trades with its own, and says so", () => {
  const engine = new MatchingEngine();
  engine.rest({ orderId: "1", accountId: "me", side: "sell", priceTicks: 100, remainingLots: 5 });
  const taker = { accountId: "me", side: "buy", sizeLots: 3, limitPriceTicks: 100 } as const;
  assertEquals(engine.available(taker), 0);
  assertEquals(engine.match(taker, () => {}), { remainingLots: 3, isSelfTrade: true });
});

Deno.test("takeChanges() names each changed price once with its size now, zero for what is gone", () => {
  const engine = new MatchingEngine();
  engine.rest({ orderId: "1", accountId: "a", side: "buy", priceTicks: 100, remainingLots: 5 });
  engine.rest({ orderId: "2", accountId: "a", side: "buy", priceTicks: 100, remainingLots: 2 });
  engine.rest({ orderId: "3", accountId: "a", side: "buy", priceTicks: 99, remainingLots: 1 });
  engine.remove("3");
  assertEquals(engine.takeChanges("buy"), [{ priceTicks: 100, sizeLots: 7 }, {
    priceTicks: 99,
    sizeLots: 0,
  }]);
  assertEquals(engine.takeChanges("buy"), []);
});
