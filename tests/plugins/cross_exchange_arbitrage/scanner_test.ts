/** What a route is worth, by hand: executable prices, fees, funding, freshness, inventory. */
import { type Instrument, instrumentId, type Quote } from "@berth/sdk";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { hasRoom, inventoryOf, isRebalancing } from "../../../plugins/cross_exchange_arbitrage/inventory.ts";
import { commonSizeStep } from "../../../plugins/cross_exchange_arbitrage/net_edge.ts";
import {
  evaluate,
  marketObstacle,
  paysItsCosts,
  planOf,
  type Route,
  type SideMarket,
} from "../../../plugins/cross_exchange_arbitrage/scanner.ts";
import { listedAt, settings } from "./builders.ts";

const listed = (venue: string, takerFeeBps: number): Instrument => listedAt(venue, 0, takerFeeBps);
const routeOf = (feeBps: number): Route => {
  const [buy, sell] = [listed("alpha", feeBps), listed("beta", feeBps)];
  return { key: "r", symbol: "BTC-PERP", buy, sell, step: commonSizeStep(buy, sell) };
};
const noFunding = { rate: undefined, intervalHours: undefined, tsNextMs: undefined };
function side(
  venue: string,
  bidPrice: number,
  askPrice: number,
  changes: Partial<SideMarket> = {},
): SideMarket {
  const quote: Quote = {
    instrument: instrumentId(venue, "BTC-PERP"),
    bidPrice,
    askPrice,
    bidSizeBase: 1,
    askSizeBase: 1,
    sequence: 1,
    tsVenueMs: 0,
    tsRecvUs: 0,
    source: "stream",
  };
  return { quote, ageMs: 0, funding: noFunding, executable: () => undefined, depthBase: 0, ...changes };
}

// (sell − buy) ÷ mean × 10,000. The first three are the founding documents' samples, with their right values.
const samples = [
  { name: "43250 to 43251 is 0.23 bps", buy: 43_250, sell: 43_251, feeBps: 0, gross: 0.2312, net: 0.2312 },
  { name: "43249.5 to 43252 is 0.58 bps", buy: 43_249.5, sell: 43_252, feeBps: 0, gross: 0.578, net: 0.578 },
  {
    name: "43251 to 43254 loses 4.3 bps after 5 of fees",
    buy: 43_251,
    sell: 43_254,
    feeBps: 2.5,
    gross: 0.6936,
    net: -4.3064,
  },
  { name: "100 to 101 with 2 bps a side", buy: 100, sell: 101, feeBps: 2, gross: 99.5025, net: 95.5025 },
];
for (const { name, buy, sell, feeBps, gross, net } of samples) {
  Deno.test(`evaluate(): ${name}`, () => {
    const found = evaluate(
      routeOf(feeBps),
      side("alpha", buy - 1, buy),
      side("beta", sell, sell + 1),
      settings,
      0,
    );
    assertAlmostEquals(found?.grossBps ?? NaN, gross, 1e-3);
    assertAlmostEquals(found?.netBps ?? NaN, net, 1e-3);
    assertAlmostEquals(found?.expectedBps ?? NaN, net - 2 * feeBps, 1e-3);
    assertEquals(found !== undefined && paysItsCosts(found, settings, 0), net - 2 * feeBps >= 1);
  });
}

Deno.test("evaluate(): nothing where the best prices do not cross", () => {
  assertEquals(evaluate(routeOf(0), side("alpha", 99, 100), side("beta", 100, 101), settings, 0), undefined);
  assertEquals(evaluate(routeOf(0), side("alpha", 99, NaN), side("beta", 100, 101), settings, 0), undefined);
});

Deno.test("evaluate(): the size is priced through the book, not at its top", () => {
  // 10 of 100 USD each: the book sells them at 100.05 on average and buys them at 100.95.
  const buy = side("alpha", 99.5, 100, {
    depthBase: 20,
    executable: () => ({ averagePrice: 100.05, worstPrice: 100.5 }),
  });
  const sell = side("beta", 101, 101.5, {
    depthBase: 20,
    executable: () => ({ averagePrice: 100.95, worstPrice: 100.5 }),
  });
  const found = evaluate(routeOf(2), buy, sell, { ...settings, orderNotionalUsd: 1_000 }, 0);
  assertEquals(found?.sizeBase, 10);
  assertAlmostEquals(found?.spreadBps ?? NaN, (1 / 100.5) * 10_000, 1e-9);
  assertAlmostEquals(found?.grossBps ?? NaN, (0.9 / 100.5) * 10_000, 1e-9);
  assertAlmostEquals(found?.slippageBps ?? NaN, (0.1 / 100.5) * 10_000, 1e-9);
});

Deno.test("evaluate(): funding until the expected close counts, and an older quote counts less", () => {
  const funding = { rate: 0.0004, intervalHours: 8, tsNextMs: 300_000 };
  const buy = side("alpha", 99.5, 100);
  const sell = side("beta", 101, 101.5, { funding });
  const found = evaluate(routeOf(2), buy, sell, settings, 0);
  assertAlmostEquals(found?.fundingBps ?? NaN, 4, 1e-9);
  assertAlmostEquals(found?.expectedBps ?? NaN, 99.50248756 - 8 + 4, 1e-6);
  const old = evaluate(routeOf(2), buy, { ...sell, ageMs: 250 }, settings, 0);
  assertAlmostEquals((old?.score ?? NaN) / (found?.score ?? NaN), 0.5, 1e-9);
});

const obstacles: readonly {
  readonly name: string;
  readonly buy?: Partial<SideMarket>;
  readonly sell?: Partial<SideMarket>;
  readonly says: string | undefined;
}[] = [
  { name: "nothing", says: undefined },
  { name: "an old quote", buy: { ageMs: 501 }, says: "a quote is too old" },
  {
    name: "a crossed venue",
    buy: side("alpha", 100, 99.5),
    says: "a venue's own quote is one-sided or crossed",
  },
  {
    name: "a payment that costs in five minutes",
    buy: { funding: { rate: 0.0001, intervalHours: 8, tsNextMs: 300_000 } },
    says: "a funding payment against it is near",
  },
  {
    name: "a payment that brings",
    sell: { funding: { rate: 0.0001, intervalHours: 8, tsNextMs: 300_000 } },
    says: undefined,
  },
  {
    name: "a payment that costs in an hour",
    buy: { funding: { rate: 0.0001, intervalHours: 8, tsNextMs: 3_600_000 } },
    says: undefined,
  },
];
for (const { name, buy = {}, sell = {}, says } of obstacles) {
  Deno.test(`marketObstacle(): ${name}`, () => {
    const [from, to] = [side("alpha", 99.5, 100), side("beta", 101, 101.5)];
    const found = evaluate(routeOf(2), from, to, settings, 0);
    assert(found !== undefined);
    assertEquals(marketObstacle(found, { ...from, ...buy }, { ...to, ...sell }, settings, 0), says);
  });
}

Deno.test("planOf() says what would be done", () => {
  const found = evaluate(routeOf(2), side("alpha", 99.5, 100), side("beta", 101, 101.5), settings, 0);
  assert(found !== undefined);
  assertEquals(
    planOf(found, "pilot_first", 3),
    "buy 1 on alpha near 100, sell on beta near 101, pilot_first, IOC within 3 bps",
  );
});

Deno.test("inventory: gross and net by venue, room, and the direction towards flat", () => {
  const position = (venue: string, sizeBase: number) => ({
    instrument: instrumentId(venue, "BTC-PERP"),
    sizeBase,
    averageEntryPrice: 90,
    realizedPnl: 0,
    unrealizedPnl: 0,
    feesPaid: 0,
  });
  const found = inventoryOf(
    [position("alpha", 2), position("beta", -3)],
    (id) => listed(id.split(":")[0] ?? "", 2),
    (id) => (id.startsWith("alpha") ? side("alpha", 99, 101).quote : undefined),
  );
  assertEquals(found.get("alpha"), { grossUsd: 200, netUsd: 200 });
  assertEquals(found.get("beta"), { grossUsd: 270, netUsd: -270 }, "without a quote by its entry");
  assert(isRebalancing(found, "beta", "alpha", 100));
  assert(!isRebalancing(found, "alpha", "beta", 100));
  assert(!isRebalancing(found, "beta", "alpha", 1_000), "beyond flat is no nearer to it");
  assert(hasRoom(found, ["alpha", "beta"], 30, 300) && !hasRoom(found, ["alpha", "beta"], 31, 300));
});
