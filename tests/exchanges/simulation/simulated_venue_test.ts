import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { VirtualClock } from "../../../exchanges/simulation/clock.ts";
import { MarketModel } from "../../../exchanges/simulation/market_model.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";
import type {
  Side,
  SimulatedEvent,
  SimulatedInstrument,
  SimulatedOrderRequest,
} from "../../../exchanges/simulation/ports.ts";

const instrument: SimulatedInstrument = {
  symbol: "BTC-PERP",
  venueSymbol: "BTC",
  baseAsset: "BTC",
  quoteAsset: "USD",
  settlementAsset: "USDC",
  tickSize: "0.1",
  lotSize: "0.001",
  contractMultiplier: "1",
  minNotional: "10",
  minSizeLots: 1,
  maxSizeLots: 2_000_000,
  makerFee: "-0.0001",
  takerFee: "0.0005",
  maxLeverage: 10,
  fundingIntervalHours: 8,
};

function venueWith(deposit = "100000"): { venue: SimulatedVenueControl; events: SimulatedEvent[] } {
  const venue = createSimulatedVenue({
    venue: "alpha",
    instruments: [instrument],
    clock: new VirtualClock(1_000),
  });
  const events: SimulatedEvent[] = [];
  venue.deposit("me", deposit);
  venue.deposit("you", deposit);
  venue.setMark({
    symbol: "BTC-PERP",
    markPrice: 1_000,
    indexPrice: 1_000,
    fundingRate: 0.0001,
    tsNextFundingMs: 0,
    tsMs: 0,
  });
  venue.quoteHouse("BTC-PERP", "buy", new Map([[9_990, 50], [9_980, 100]]));
  venue.quoteHouse("BTC-PERP", "sell", new Map([[10_010, 50], [10_020, 100]]));
  venue.subscribe((event) => events.push(event));
  return { venue, events };
}

let count = 0;
const order = (change: Partial<SimulatedOrderRequest>): SimulatedOrderRequest => ({
  accountId: "me",
  symbol: "BTC-PERP",
  clientOrderId: `c${count++}`,
  side: "buy",
  type: "limit",
  timeInForce: "GTC",
  postOnly: false,
  reduceOnly: false,
  sizeLots: 20,
  limitPriceTicks: 10_010,
  ...change,
});

const cases: readonly {
  readonly name: string;
  readonly change: Partial<SimulatedOrderRequest>;
  readonly expected: string;
}[] = [
  { name: "a limit order at the ask fills", change: {}, expected: "accepted filled 20" },
  { name: "a larger one rests with what is left", change: { sizeLots: 70 }, expected: "accepted open 50" },
  {
    name: "an IOC is cancelled with what is left",
    change: { sizeLots: 70, timeInForce: "IOC" },
    expected: "accepted cancelled 50",
  },
  {
    name: "a FOK that can't be filled whole is refused",
    change: { sizeLots: 70, timeInForce: "FOK" },
    expected: "rejected fok_not_filled 0",
  },
  {
    name: "a FOK that can be is filled",
    change: { sizeLots: 150, limitPriceTicks: 10_020, timeInForce: "FOK" },
    expected: "accepted filled 150",
  },
  {
    name: "post-only at the ask is refused",
    change: { postOnly: true },
    expected: "rejected post_only_would_cross 0",
  },
  {
    name: "post-only below the ask rests",
    change: { postOnly: true, limitPriceTicks: 10_009 },
    expected: "accepted open 0",
  },
  {
    name: "reduce-only without a position is refused",
    change: { reduceOnly: true },
    expected: "rejected reduce_only_would_increase 0",
  },
  {
    name: "under the smallest value is refused",
    change: { sizeLots: 9 },
    expected: "rejected notional_below_minimum 0",
  },
  {
    name: "beyond the price band is refused",
    change: { limitPriceTicks: 10_501 },
    expected: "rejected price_outside_band 0",
  },
  {
    name: "at the edge of the price band is taken",
    change: { limitPriceTicks: 10_500 },
    expected: "accepted filled 20",
  },
  {
    name: "more than margin allows is refused",
    change: { sizeLots: 1_000_001, limitPriceTicks: 9_000 },
    expected: "rejected insufficient_margin 0",
  },
];
for (const c of cases) {
  Deno.test(`submit(): ${c.name}`, () => {
    const result = venueWith().venue.submit(order(c.change));
    const outcome = result.kind === "rejected" ? result.refusal : result.order.status;
    assertEquals(`${result.kind} ${outcome} ${result.order.filledLots}`, c.expected);
  });
}

Deno.test("a duplicate client order id among open orders is refused", () => {
  const { venue } = venueWith();
  venue.submit(order({ clientOrderId: "same", limitPriceTicks: 9_000 }));
  const second = venue.submit(order({ clientOrderId: "same", limitPriceTicks: 9_000 }));
  assertEquals(second.kind === "rejected" ? second.refusal : second.kind, "duplicate_client_order_id");
});

Deno.test("buying 50 at 1001 and selling them at 999 books exact PnL and fees", () => {
  const { venue } = venueWith();
  venue.submit(order({ sizeLots: 50 }));
  venue.submit(order({ side: "sell", sizeLots: 50, limitPriceTicks: 9_990, reduceOnly: true }));
  const [position] = venue.positions("me");
  // 50 × 0.001 × (999 − 1001) = −0.1; fees 0.05 % of 50.05 and of 49.95 = 0.05.
  assertEquals([position?.positionLots, position?.costTicksLots], [0, 0n]);
  assertEquals(position?.realizedPnl, -100_000_000_000_000_000n);
  assertEquals(position?.feesPaid, 50_000_000_000_000_000n);
  assertEquals(venue.account("me").cash, 99_999_850_000_000_000_000_000n);
});

Deno.test("a maker gets the rebate, and reduce-only orders shrink with the position", () => {
  const { venue, events } = venueWith();
  venue.submit(order({ sizeLots: 40 }));
  const resting = venue.submit(
    order({ side: "sell", sizeLots: 40, limitPriceTicks: 10_500, reduceOnly: true }),
  );
  venue.submit(order({ side: "sell", sizeLots: 30, limitPriceTicks: 9_990 }));
  const after = venue.order("me", { orderId: resting.order.orderId });
  assertEquals([after?.status, after?.cancelReason], ["cancelled", "reduce_only"]);
  venue.submit(order({ sizeLots: 10, limitPriceTicks: 10_000, clientOrderId: "maker" }));
  venue.takeHouse("BTC-PERP", "sell", 4);
  const fill = events.findLast((event) => event.kind === "fill");
  assertEquals(fill?.kind === "fill" ? [fill.fill.liquidity, fill.fill.sizeLots, fill.fill.fee] : [], [
    "maker",
    4,
    -400_000_000_000_000n,
  ]);
});

const step = fc.record({
  account: fc.constantFrom("me", "you"),
  side: fc.constantFrom<Side>("buy", "sell"),
  lots: fc.integer({ min: 10, max: 200 }),
  price: fc.integer({ min: 9_950, max: 10_050 }),
  house: fc.boolean(),
});

Deno.test("whatever is traded, cash is deposit + realized − fees, and both sides of a trade are booked", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const { venue, events } = venueWith();
    for (const s of steps) {
      if (s.house) venue.takeHouse("BTC-PERP", s.side, s.lots);
      else {venue.submit(
          order({ accountId: s.account, side: s.side, sizeLots: s.lots, limitPriceTicks: s.price }),
        );}
    }
    for (const accountId of ["me", "you"]) {
      const fills = venue.fills(accountId);
      const signed = fills.reduce(
        (sum, fill) => sum + (fill.side === "buy" ? fill.sizeLots : -fill.sizeLots),
        0,
      );
      const [position] = venue.positions(accountId);
      assertEquals(position?.positionLots ?? 0, signed);
      const realized = fills.reduce((sum, fill) => sum + fill.realizedPnl, 0n);
      const fees = fills.reduce((sum, fill) => sum + fill.fee, 0n);
      assertEquals(venue.account(accountId).cash, 100_000n * 10n ** 18n + realized - fees);
    }
    const sequences = events.flatMap((event) => (event.kind === "book" ? [event.sequence] : []));
    sequences.forEach((sequence, index) => assertEquals(sequence, (sequences[0] ?? 0) + index));
  }));
});

function runModel(seed: number, forMs: number): { edges: number; log: string; widestBps: number } {
  const clock = new VirtualClock(0);
  const other = {
    ...instrument,
    tickSize: "0.1",
    lotSize: "0.0001",
    minSizeLots: 1,
    maxSizeLots: 100_000_000,
  };
  const venues = ["alpha", "beta"].map((venue) =>
    createSimulatedVenue({ venue, instruments: [other], clock })
  );
  new MarketModel({ venues, clock, random: seededRandom(seed) }).start();
  let edges = 0;
  let isOpen = false;
  let widestBps = 0;
  const log: string[] = [];
  for (let ms = 0; ms < forMs; ms += 50) {
    clock.advanceTo(ms);
    const [a, b] = venues.map((venue) => venue.book("BTC-PERP", 1));
    const [bidA, askA, bidB, askB] = [a?.bids[0], a?.asks[0], b?.bids[0], b?.asks[0]].map((level) =>
      level?.priceTicks ?? NaN
    );
    assertEquals((bidA ?? NaN) < (askA ?? NaN) && (bidB ?? NaN) < (askB ?? NaN), true);
    const bps = Math.max(((bidA ?? 0) / (askB ?? NaN) - 1) * 1e4, ((bidB ?? 0) / (askA ?? NaN) - 1) * 1e4);
    widestBps = Math.max(widestBps, bps);
    if (bps > 19 && !isOpen) edges += 1;
    isOpen = bps > 19;
    log.push(`${bidA} ${askA} ${bidB} ${askB}`);
  }
  return { edges, log: log.join("\n"), widestBps };
}

Deno.test("the same seed gives the same market, another seed another", () => {
  assertEquals(runModel(7, 20_000).log, runModel(7, 20_000).log);
  assertEquals(runModel(7, 5_000).log === runModel(8, 5_000).log, false);
});

Deno.test("arbitrage beyond the fees of a round trip appears, and is the exception", () => {
  const runs = [1, 2, 3, 4, 5].map((seed) => runModel(seed, 60_000));
  const edges = runs.reduce((sum, run) => sum + run.edges, 0);
  assertEquals(edges >= 5 && edges <= 40, true, `${edges} edges in 300 s`);
  for (const { widestBps } of runs) assertEquals(widestBps < 150, true, `${widestBps} bps`);
});

Deno.test("virtual time ends where it was told to, though what stands before it was cancelled", () => {
  const clock = new VirtualClock(0);
  const ran: number[] = [];
  const cancel = clock.schedule(10, () => void ran.push(10));
  clock.schedule(100, () => void ran.push(100));
  cancel();
  clock.advanceTo(50);
  assertEquals([ran, clock.nowMs()], [[], 50]);
  clock.advanceTo(100);
  assertEquals([ran, clock.nowMs()], [[100], 100]);
});
