import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { OrderPricing } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { checkOrder, classifyReduceOnly } from "../../../core/risk/gate.ts";
import { collarBound, isBeyond } from "../../../core/risk/limits/price_collar.ts";
import { pluginLimits } from "../../../core/risk/settings.ts";
import { alpha, btcAt, noLimits } from "../../support/engine_builders.ts";
import { type FactChanges, factsOf } from "./order_facts_builder.ts";

const market: OrderPricing = { kind: "market", worstPriceTicks: undefined };
const limit = (ticks: number): OrderPricing => ({
  kind: "limit",
  limitPriceTicks: priceTicks(ticks),
  timeInForce: "IOC",
  postOnly: false,
});
const ticksOf = (pricing: OrderPricing): number | undefined =>
  pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;

/** The price that an order is approved with; undefined when it is refused. */
function approvedTicks(given: FactChanges): number | undefined {
  const decision = checkOrder(factsOf(given));
  return decision.kind === "approved" ? ticksOf(decision.intent.pricing) : undefined;
}
const closing = (pricing: OrderPricing, changes: FactChanges = {}): FactChanges => ({
  ...changes,
  intent: { side: "sell", reduceOnly: true, pricing },
  reducible: { pluginPositionLots: 10, accountPositionLots: 10, entryTicks: 480_000 },
});

const prices: readonly { readonly name: string; readonly given: FactChanges; readonly expected: number }[] = [
  // mark 50,000 + 200 bps = 51,000; ask 50,000.5 + 100 bps = 50,500.505
  { name: "a market buy gets the tighter bound", given: { intent: { pricing: market } }, expected: 505_005 },
  // bid 49,999.5 − 100 bps = 49,499.505
  {
    name: "a market sell is rounded up to it",
    given: { intent: { side: "sell", pricing: market } },
    expected: 494_996,
  },
  {
    name: "a market buy's own, better bound stays",
    given: { intent: { pricing: { kind: "market", worstPriceTicks: priceTicks(500_100) } } },
    expected: 500_100,
  },
  {
    name: "a market buy's own, worse bound does not",
    given: { intent: { pricing: { kind: "market", worstPriceTicks: priceTicks(900_000) } } },
    expected: 505_005,
  },
  { name: "a limit stays what it is", given: { intent: { pricing: limit(500_001) } }, expected: 500_001 },
  // 300 bps below the looser of mark 50,000 (48,500) and bid 49,999.5 (48,499.515)
  {
    name: "a reduce-only market order is bounded by the looser young price",
    given: closing(market),
    expected: 484_996,
  },
  {
    name: "a reduce-only limit beyond the bound is moved to it",
    given: closing(limit(100)),
    expected: 484_996,
  },
  { name: "a reduce-only limit within the bound stays", given: closing(limit(490_000)), expected: 490_000 },
  {
    name: "an old mark bounds a reduce-only order more widely",
    given: closing(market, { market: { quoteAgeMs: 60_000, markAgeMs: 60_000 } }),
    expected: 450_000,
  },
  {
    name: "a trade does when there is no mark and no quote",
    given: closing(market, {
      market: { markPrice: NaN, bidPrice: NaN, askPrice: NaN, lastTradePrice: 40_000 },
    }),
    expected: 360_000,
  },
  {
    name: "the entry price does when there is nothing else",
    given: closing(market, { market: { markPrice: NaN, bidPrice: NaN, askPrice: NaN, lastTradePrice: NaN } }),
    expected: 432_000,
  },
  {
    name: "a crossed quote does not bound a reduce-only order",
    given: closing(market, { market: { isCrossed: true, bidPrice: 10 } }),
    expected: 485_000,
  },
];
for (const { name, given, expected } of prices) {
  Deno.test(`checkOrder() price: ${name}`, () => assertEquals(approvedTicks(given), expected));
}

Deno.test("a reduce-only order goes to the venue as such only if the account holds enough", () => {
  const flagOf = (accountPositionLots: number) => {
    const reducible = { pluginPositionLots: 10, accountPositionLots, entryTicks: 480_000 };
    const decision = checkOrder(factsOf({ intent: { side: "sell", reduceOnly: true }, reducible }));
    return decision.kind === "approved" && decision.intent.reduceOnly;
  };
  assertEquals([flagOf(10), flagOf(9), flagOf(-10)], [true, false, false]);
});

Deno.test("classifyReduceOnly() fits what is held less what is being closed, on the right side", () => {
  const held = (plugin: number, closingLots: number, account: number, contendingLots = 0) => ({
    pluginPositionLots: plugin,
    pluginReducingLots: closingLots,
    accountPositionLots: account,
    accountReducingLots: closingLots,
    contendingLots,
    entryTicks: 1,
  });
  const rows = [
    ["sell", 5, held(5, 0, 5), "reducing"],
    ["sell", 6, held(5, 0, 9), "too_large"],
    ["sell", 3, held(5, 2, 5), "reducing"],
    ["sell", 4, held(5, 2, 5), "too_large"],
    ["buy", 5, held(-5, 0, -5), "reducing"],
    ["buy", 1, held(5, 0, 5), "too_large"],
    ["sell", 5, held(5, 0, 4), "plugin_only"],
    ["sell", 5, held(5, 0, 5, 1), "contested"],
    ["sell", 5, held(5, 0, 9, 4), "reducing"],
    ["sell", NaN, held(5, 0, 5), "too_large"],
    ["sell", 1, held(NaN, 0, 5), "too_large"],
  ] as const;
  for (const [side, size, facts, expected] of rows) {
    assertEquals(classifyReduceOnly(side, size, facts), expected);
  }
});

const anyNumber = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, -1, 50_000, 1e300));

Deno.test("whatever numbers come in, an approved order is priced within a bound and never throws", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("buy" as const, "sell" as const),
      fc.boolean(),
      fc.option(fc.integer({ min: 1, max: 2_000_000 }), { nil: undefined }),
      fc.record({
        bidPrice: anyNumber,
        askPrice: anyNumber,
        markPrice: anyNumber,
        quoteAgeMs: anyNumber,
        markAgeMs: anyNumber,
        lastTradePrice: anyNumber,
      }),
      fc.integer({ min: -20, max: 20 }),
      (side, reduceOnly, ticks, prices, position) => {
        const pricing = ticks === undefined ? market : limit(ticks);
        const facts = factsOf({
          intent: { side, reduceOnly, pricing },
          market: prices,
          reducible: { pluginPositionLots: position, accountPositionLots: position, entryTicks: 500_000 },
        });
        const decision = checkOrder(facts);
        if (decision.kind === "refused") return;
        const approvedAt = ticksOf(decision.intent.pricing);
        assert(approvedAt !== undefined && Number.isSafeInteger(approvedAt) && approvedAt > 0);
        if (ticks !== undefined) assert(!isBeyond(side, approvedAt, ticks), "never worse than its own limit");
        if (decision.intent.reduceOnly) return;
        const bound = collarBound(side, prices.markPrice, 200, facts.instrument.tick);
        assert(bound !== undefined && !isBeyond(side, approvedAt, bound), "never beyond the mark's collar");
        assert(prices.bidPrice < prices.askPrice && prices.quoteAgeMs <= 2_000 && prices.markAgeMs <= 15_000);
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("collarBound() rounds inwards, so that the bound itself is inside", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("buy" as const, "sell" as const),
      fc.double({ min: 0.5, max: 1e6, noNaN: true }),
      fc.integer({ min: 0, max: 9_999 }),
      (side, reference, bps) => {
        const { tick } = btcAt(alpha);
        const bound = collarBound(side, reference, bps, tick);
        assert(bound !== undefined);
        const exact = (side === "buy" ? reference * (1 + bps / 1e4) : reference * (1 - bps / 1e4)) * 10;
        const fitted = collarBound(side, reference, bps, tick, 5);
        assert(
          fitted !== undefined && (side === "buy" ? fitted <= bound : fitted >= bound),
          "and to figures",
        );
        const slack = Math.max(1e-6, exact * 1e-12);
        assert(side === "buy" ? bound <= exact + slack || bound === 1 : bound >= exact - slack);
        assert(Math.abs(bound - exact) <= 1 + slack);
      },
    ),
  );
});

Deno.test("pluginLimits() takes the lower of ceiling and budget, and refuses by NaN", () => {
  const ceiling = { ...noLimits, maxOrderNotionalUsd: 100, maxDailyLossUsd: null, maxOrdersPerSecond: 5 };
  const budget = {
    maxOrderNotionalUsd: 200,
    maxPositionNotionalUsd: 50,
    maxOrdersPerSecond: NaN,
    maxDailyLossUsd: 10,
  };
  const limits = pluginLimits(ceiling, budget);
  assertEquals(
    [
      limits.maxOrderNotionalUsd,
      limits.maxPositionNotionalUsd,
      limits.maxOrdersPerSecond,
      limits.maxDailyLossUsd,
    ],
    [100, 50, NaN, 10],
  );
});

Deno.test("an approved order keeps what its intent said, and its size", () => {
  const decision = checkOrder(factsOf({ intent: { sizeLots: sizeLots(7), ref: "mine" } }));
  assert(decision.kind === "approved");
  assertEquals([decision.intent.sizeLots as number, decision.intent.ref], [7, "mine"]);
});
