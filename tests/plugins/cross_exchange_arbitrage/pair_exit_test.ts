import { testInstrument } from "@berth/sdk/testing";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { type GroupLegView, type Instrument, type InstrumentId, instrumentId, type Quote } from "@berth/sdk";
import {
  exitReason,
  type ExitSettings,
  type LegMarket,
  type PairPast,
  pairResult,
} from "../../../plugins/cross_exchange_arbitrage/pair_exit.ts";

const instrument = (venue: string): Instrument =>
  testInstrument(`${venue}:BTC-PERP`, { makerFeeBps: 0, takerFeeBps: 2 });

const quote = (id: InstrumentId, bidPrice: number, askPrice: number): Quote => ({
  instrument: id,
  bidPrice,
  askPrice,
  bidSizeBase: 1,
  askSizeBase: 1,
  sequence: 1,
  tsVenueMs: 0,
  tsRecvUs: 0,
  source: "stream",
});

const leg = (
  venue: string,
  side: "buy" | "sell",
  openPrice: number,
  changes: Partial<GroupLegView> = {},
): GroupLegView => ({
  instrument: instrumentId(venue, "BTC-PERP"),
  side,
  openedBase: 0.5,
  closedBase: 0,
  heldBase: 0.5,
  averageOpenPrice: openPrice,
  averageClosePrice: undefined,
  fees: 0.02,
  ...changes,
});

const market = (venue: string, bid: number, ask: number, ageMs = 10): LegMarket => {
  const listed = instrument(venue);
  const funding = { rate: undefined, intervalHours: undefined, tsNextMs: undefined };
  return { quote: quote(listed.id, bid, ask), ageMs, instrument: listed, funding, liquidationBps: NaN };
};

const settings: ExitSettings = {
  closeSpreadBps: 1,
  closeRelaxBpsPerHour: 4,
  takeProfitBps: 2,
  maxExitQuoteAgeMs: 1_000,
  maxExitSpreadBps: 15,
  maxFundingCostBps: 3,
  fundingBlackoutMs: 600_000,
  closeZ: 0.5,
  minLiquidationDistanceBps: 300,
};
const fresh: PairPast = { ageMs: 0, baseline: undefined };

const cases: readonly {
  readonly name: string;
  /** Bought at 100, sold at 100.2: 19.98 bps less 8 of fees leave 11.98 for the way back. */
  readonly long: LegMarket;
  readonly short: LegMarket;
  readonly expected: "take_profit" | "converged" | undefined;
}[] = [
  {
    name: "the way back costs 9 bps: profit is left",
    long: market("alpha", 100, 100.1),
    short: market("beta", 100, 100.09),
    expected: "take_profit",
  },
  {
    name: "the way back costs 10 bps: not enough",
    long: market("alpha", 100, 100.1),
    short: market("beta", 100, 100.1),
    expected: undefined,
  },
  {
    name: "prices have met, whatever is left",
    long: market("alpha", 100.1, 100.2),
    short: market("beta", 100, 100.11),
    expected: "take_profit",
  },
  {
    name: "an old quote decides nothing",
    long: market("alpha", 100, 100.1, 2_000),
    short: market("beta", 99, 99.1),
    expected: undefined,
  },
  {
    name: "without a quote nothing is decided",
    long: { ...market("alpha", 100, 100.1), quote: undefined },
    short: market("beta", 99, 99.1),
    expected: undefined,
  },
  {
    name: "without fees known no profit is",
    long: { ...market("alpha", 100, 100.1), instrument: undefined },
    short: market("beta", 100, 100.05),
    expected: undefined,
  },
];
for (const { name, long, short, expected } of cases) {
  Deno.test(`exitReason(): ${name}`, () => {
    const pair = { long: leg("alpha", "buy", 100), short: leg("beta", "sell", 100.2) };
    assertEquals(exitReason(pair, { long, short }, settings, fresh, 0), expected);
  });
}

Deno.test("exitReason(): a pair that was bought dear closes when prices have met", () => {
  const pair = { long: leg("alpha", "buy", 100.2), short: leg("beta", "sell", 100.2) };
  const at = { long: market("alpha", 100.1, 100.2), short: market("beta", 100, 100.105) };
  assertEquals(exitReason(pair, at, settings, fresh, 0), "converged");
});

const even = { long: leg("alpha", "buy", 100.2), short: leg("beta", "sell", 100.2) };

Deno.test("exitReason(): an older pair may cost more to close", () => {
  // Selling at 100.1 and buying back at 100.15 costs 4.99 bps: 1 is allowed at first, 5 after an hour.
  const at = { long: market("alpha", 100.1, 100.15), short: market("beta", 100.1, 100.15) };
  assertEquals(exitReason(even, at, settings, { ageMs: 3_500_000, baseline: undefined }, 0), undefined);
  assertEquals(exitReason(even, at, settings, { ageMs: 3_600_000, baseline: undefined }, 0), "converged");
});

Deno.test("exitReason(): while a venue quotes wide nothing is closed for convergence, for funding it is", () => {
  const wide = { long: market("alpha", 100.2, 100.21), short: market("beta", 99.9, 100.1) };
  assertEquals(exitReason(even, wide, settings, fresh, 0), undefined);
  // The short leg pays 5 bps in five minutes.
  const funding = { rate: -0.0005, intervalHours: 8, tsNextMs: 300_000 };
  const due = { ...wide, short: { ...wide.short, funding } };
  assertEquals(exitReason(even, due, settings, fresh, 0), "funding");
  assertEquals(exitReason(even, due, { ...settings, maxFundingCostBps: 6 }, fresh, 0), undefined);
  assertEquals(exitReason(even, due, { ...settings, fundingBlackoutMs: 60_000 }, fresh, 0), undefined);
});

Deno.test("exitReason(): with a baseline the spread must be back at its mean of the entry, whatever closing costs", () => {
  const baseline = { meanBps: 2, deviationBps: 4 }; // half a deviation above the mean: 4 bps
  const at = (bid: number): { long: LegMarket; short: LegMarket } => ({
    long: market("alpha", 99.99, 100),
    short: market("beta", bid, bid + 0.01),
  });
  const past = { ageMs: 0, baseline };
  assertEquals(exitReason(even, at(100.05), settings, past, 0), undefined, "5 bps");
  assertEquals(exitReason(even, at(100.03), settings, past, 0), "usual_spread", "3 bps");
});

const near: readonly {
  readonly name: string;
  readonly long: Partial<LegMarket>;
  readonly short?: Partial<LegMarket>;
  readonly limitBps?: number;
  readonly expected: "near_liquidation" | undefined;
}[] = [
  { name: "299 bps of 300", long: { liquidationBps: 299 }, expected: "near_liquidation" },
  { name: "300 bps of 300", long: { liquidationBps: 300 }, expected: undefined },
  { name: "not known", long: { liquidationBps: NaN }, expected: undefined },
  { name: "switched off", long: { liquidationBps: 1 }, limitBps: 0, expected: undefined },
  {
    name: "the other venue's quote is old",
    long: { liquidationBps: 10 },
    short: { ageMs: 60_000 },
    expected: "near_liquidation",
  },
  { name: "its own quote is old", long: { liquidationBps: 10, ageMs: 60_000 }, expected: undefined },
  {
    name: "the short leg, while its venue quotes wide",
    long: {},
    short: { liquidationBps: 10, quote: quote(instrumentId("beta", "BTC-PERP"), 99, 101) },
    expected: "near_liquidation",
  },
];
for (const { name, long, short = {}, limitBps = 300, expected } of near) {
  Deno.test(`exitReason(): distance to liquidation, ${name}: ${expected ?? "hold"}`, () => {
    const at = {
      long: { ...market("alpha", 99.8, 99.9), ...long },
      short: { ...market("beta", 100.1, 100.2), ...short },
    };
    assertEquals(
      exitReason(even, at, { ...settings, minLiquidationDistanceBps: limitBps }, fresh, 0),
      expected,
    );
  });
}

Deno.test("pairResult(): what both legs brought, by their fills", () => {
  const long = leg("alpha", "buy", 100, { closedBase: 0.5, averageClosePrice: 101, heldBase: 0 });
  const short = leg("beta", "sell", 100.2, { closedBase: 0.5, averageClosePrice: 101.1, heldBase: 0 });
  const { pnlBeforeFees, fees } = pairResult({ long, short });
  assertAlmostEquals(pnlBeforeFees, 0.5 - 0.45, 1e-9);
  assertAlmostEquals(fees, 0.04, 1e-12);
});
