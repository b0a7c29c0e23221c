/** Maker–taker by hand: where a leg rests, what it earns after maker and taker fees, and when its hedge no longer pays. */
import { increment, instrumentId, type Quote } from "@berth/sdk";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  hedgeLimit,
  type Making,
  makingLeg,
  priceForEdge,
  restingPrice,
} from "../../../plugins/cross_exchange_arbitrage/maker_quote.ts";
import { commonSizeStep, grossEdgeBps } from "../../../plugins/cross_exchange_arbitrage/net_edge.ts";
import { groupOf } from "../../../plugins/cross_exchange_arbitrage/opening.ts";
import { evaluate, neededGrossBps, planOf } from "../../../plugins/cross_exchange_arbitrage/scanner.ts";
import { listedAt, settings } from "./builders.ts";

const half = { tick: increment("0.5") };
const resting = [
  { name: "a buy one tick inside", side: "buy", bid: 100, ask: 102, ticks: 1, expected: 100.5 },
  { name: "a sell one tick inside", side: "sell", bid: 100, ask: 102, ticks: 1, expected: 101.5 },
  { name: "a buy that joins its side", side: "buy", bid: 100, ask: 102, ticks: 0, expected: 100 },
  {
    name: "a buy with no room stays a tick off the ask",
    side: "buy",
    bid: 100,
    ask: 100.5,
    ticks: 3,
    expected: 100,
  },
  { name: "a sell that would touch the bid", side: "sell", bid: 100, ask: 101, ticks: 9, expected: 100.5 },
  { name: "a buy without an ask", side: "buy", bid: 100, ask: NaN, ticks: 1, expected: NaN },
] as const;
for (const { name, side, bid, ask, ticks, expected } of resting) {
  Deno.test(`restingPrice(): ${name}: ${expected}`, () =>
    assertEquals(restingPrice({ bidPrice: bid, askPrice: ask }, side, half, ticks), expected));
}

const edges = [
  { price: 100, side: "buy", edgeBps: 20, expected: 100.2002 },
  { price: 100, side: "sell", edgeBps: 20, expected: 99.8002 },
  { price: 43_250, side: "buy", edgeBps: 0, expected: 43_250 },
] as const;
for (const { price, side, edgeBps, expected } of edges) {
  Deno.test(`priceForEdge(): ${edgeBps} bps from a ${side} at ${price} is ${expected}`, () => {
    const other = priceForEdge(price, side, edgeBps);
    assertAlmostEquals(other, expected, 1e-4);
    const gross = side === "buy" ? grossEdgeBps(price, other) : grossEdgeBps(other, price);
    assertAlmostEquals(gross, edgeBps, 1e-9);
  });
}

const limits = [
  {
    name: "the paying price where that is nearer than the cap",
    best: 100.3,
    needed: 20,
    cap: 30,
    expected: 100.2002,
  },
  { name: "the cap where costs would allow more", best: 101, needed: 20, cap: 10, expected: 100.899 },
  { name: "never better than the best price", best: 100.1, needed: 20, cap: 30, expected: 100.1 },
] as const;
for (const { name, best, needed, cap, expected } of limits) {
  Deno.test(`hedgeLimit() of a buy that rests at 100: ${name}`, () =>
    assertAlmostEquals(hedgeLimit({ side: "buy", price: 100 }, best, needed, cap), expected, 1e-4));
}

const quote = (venue: string, bidPrice: number, askPrice: number, sizeBase = 1): Quote => ({
  instrument: instrumentId(venue, "BTC-PERP"),
  bidPrice,
  askPrice,
  bidSizeBase: sizeBase,
  askSizeBase: sizeBase,
  sequence: 1,
  tsVenueMs: 0,
  tsRecvUs: 0,
  source: "stream",
});
const noFunding = { rate: undefined, intervalHours: undefined, tsNextMs: undefined };
const side = (from: Quote) => ({
  quote: from,
  ageMs: 0,
  funding: noFunding,
  executable: () => undefined,
  depthBase: 0,
});
/** Alpha: maker −0.5, taker 4; beta: maker 1, taker 2.5. */
const [atAlpha, atBeta] = [listedAt("alpha", -0.5, 4), listedAt("beta", 1, 2.5)];
const route = {
  key: "r",
  symbol: "BTC-PERP",
  buy: atAlpha,
  sell: atBeta,
  step: commonSizeStep(atAlpha, atBeta),
};

/** Alpha 49,900 / 50,000, beta 50,020 / 50,030. */
const worth: readonly {
  readonly making: Making | undefined;
  readonly gross: number;
  readonly fees: number;
  readonly expected: number;
}[] = [
  // 50,020 − 50,000 is 4.00 bps; fees 4 + 2.5; closing the same again.
  { making: undefined, gross: 3.9992, fees: 6.5, expected: 3.9992 - 13 },
  // 49,900.5 rests; 119.5 of 49,960.25 is 23.92 bps; fees −0.5 + 2.5; closing 4 + 2.5.
  { making: "buy", gross: 23.9190, fees: 2, expected: 23.9190 - 2 - 6.5 },
  // 50,029.5 rests; 29.5 of 50,014.75 is 5.90 bps; fees 4 + 1; closing 4 + 2.5.
  { making: "sell", gross: 5.8983, fees: 5, expected: 5.8983 - 5 - 6.5 },
];
for (const { making, gross, fees, expected } of worth) {
  Deno.test(`evaluate(): ${making === undefined ? "both taken" : `the ${making} rests`}: ${gross} bps gross`, () => {
    const [from, to] = [side(quote("alpha", 49_900, 50_000)), side(quote("beta", 50_020, 50_030))];
    const found = evaluate(route, from, to, settings, 0, making);
    assertAlmostEquals(found?.grossBps ?? NaN, gross, 1e-3);
    assertAlmostEquals(found?.feesBps ?? NaN, fees, 1e-9);
    assertAlmostEquals(found?.expectedBps ?? NaN, expected, 1e-3);
  });
}

Deno.test("a resting leg is worth a look where the best prices do not cross, and is sized by the other's depth alone", () => {
  const [from, to] = [side(quote("alpha", 49_900, 50_000, 0.001)), side(quote("beta", 49_990, 50_030, 0.4))];
  assertEquals(evaluate(route, from, to, settings, 0), undefined);
  const found = evaluate(route, from, to, settings, 0, "buy");
  assert(found !== undefined);
  assertAlmostEquals(found.sizeBase, 0.4, 1e-9);
  assertEquals(
    planOf(found, "maker_first", 3),
    "buy 0.4 on alpha resting at 49900.5, sell on beta near 49990, maker_first, IOC within 3 bps",
  );
});

Deno.test("the group rests at its own price; its hedge's limit is where the costs are just paid", () => {
  const [from, to] = [side(quote("alpha", 49_900, 50_000)), side(quote("beta", 49_960, 50_030))];
  const found = evaluate(route, from, to, settings, 0, "buy");
  assert(found !== undefined);
  // Round trip: 0.5 + 2 + 6.5 = 9 bps of gross are needed; the opening alone needs 1 + 2.
  assertAlmostEquals(neededGrossBps(found, settings), 9, 1e-9);
  const group = groupOf(found, { ...settings, priceCapBps: 100 }, "maker_first");
  const [first, second] = group.legs;
  assertEquals([group.mode, first.side, first.limitPrice, second.side], [
    "maker_first",
    "buy",
    49_900.5,
    "sell",
  ]);
  assertAlmostEquals(Number(second.limitPrice), 49_945.43, 0.01);
});

const alphaWider = { quote: quote("alpha", 49_900, 50_000), venue: "alpha" };
const betaTighter = { quote: quote("beta", 50_020, 50_030), venue: "beta" };
for (
  const [named, expected] of [["", "buy"], ["beta", "sell"], ["alpha", "buy"], ["okx", "buy"]] as const
) {
  Deno.test(`makingLeg(): with ${named === "" ? "no venue" : named} named the ${expected} rests`, () =>
    assertEquals(makingLeg(alphaWider, betaTighter, named), expected));
}
