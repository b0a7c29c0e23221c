import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { increment, type Instrument, type InstrumentId, instrumentId, type Quote, venueId } from "@berth/sdk";
import {
  type LegOrderRequest,
  type PairPlan,
  type PairSettings,
  PairTrade,
} from "../../../plugins/cross_exchange_arbitrage/pair_trade.ts";

function instrument(venue: string, lot: string): Instrument {
  return {
    id: instrumentId(venue, "BTC-PERP"),
    venue: venueId(venue),
    symbol: "BTC-PERP",
    venueSymbol: "BTC",
    kind: "perpetual",
    settlement: "linear",
    baseAsset: "BTC",
    quoteAsset: "USD",
    settlementAsset: "USDC",
    tick: increment("0.1"),
    lot: increment(lot),
    contractMultiplier: "1",
    minSizeLots: 1,
    maxSizeLots: 1_000_000,
    minNotional: 0,
    makerFeeBps: 0,
    takerFeeBps: 2.5,
    maxLeverage: 10,
    status: "trading",
  };
}
const long = instrument("alpha", "0.001");
const short = instrument("beta", "0.01");

const defaults: PairSettings = {
  priceCapBps: 3,
  exitPriceCapBps: 10,
  completeMaxLossBps: 4,
  maxRepairAttempts: 3,
  closeSpreadBps: 1,
  takeProfitBps: 2,
  maxHoldMs: 60_000,
  maxExitQuoteAgeMs: 1_000,
};

/** A venue that fills what the test says, and remembers what it was sent. */
class Desk {
  nowMs = 0;
  readonly sent: (LegOrderRequest & { readonly ref: string })[] = [];
  readonly notes: string[] = [];
  readonly quotes = new Map<InstrumentId, Quote>();
  pair: PairTrade;

  constructor(plan: Partial<PairPlan> = {}, settings: Partial<PairSettings> = {}) {
    this.quote(long.id, 99.9, 100);
    this.quote(short.id, 100.2, 100.3);
    this.pair = new PairTrade(
      { symbol: "BTC-PERP", long, short, mode: "pilot_first", pilot: "long", sizeBase: "0.5", ...plan },
      { ...defaults, ...settings },
      {
        nowMs: () => this.nowMs,
        quote: (id) => this.quotes.get(id),
        ageMs: (id) => this.nowMs - (this.quotes.get(id)?.tsVenueMs ?? -Infinity),
        submit: (order) => {
          const ref = String(this.sent.length + 1);
          this.sent.push({ ...order, ref });
          return ref;
        },
        note: (_level, message) => this.notes.push(message),
      },
    );
  }

  quote(id: InstrumentId, bidPrice: number, askPrice: number): void {
    this.quotes.set(id, {
      instrument: id,
      bidPrice,
      askPrice,
      bidSizeBase: 10,
      askSizeBase: 10,
      sequence: 1,
      tsVenueMs: this.nowMs,
      tsRecvUs: this.nowMs * 1000,
      source: "stream",
    });
  }

  get last(): LegOrderRequest & { readonly ref: string } {
    const order = this.sent.at(-1);
    if (order === undefined) throw new Error("nothing was sent");
    return order;
  }

  /** Executes `sizeBase` of an order at its quote, then reports it done. */
  execute(order: LegOrderRequest & { readonly ref: string }, sizeBase: number): void {
    const quote = this.quotes.get(order.instrument);
    const price = (order.side === "buy" ? quote?.askPrice : quote?.bidPrice) ?? order.limitPrice;
    if (sizeBase > 0) this.pair.onFill(order.ref, { price, sizeBase, fee: price * sizeBase * 0.00025 });
    this.pair.onOrderDone(order.ref, sizeBase);
  }
}

Deno.test("the hedge is sized by the pilot's fills, not by what was asked for", () => {
  const desk = new Desk();
  desk.pair.open();
  assertEquals([desk.sent.length, desk.last.sizeBase, desk.last.side], [1, "0.5", "buy"]);
  desk.execute(desk.last, 0.3);
  assertEquals([desk.sent.length, desk.last.sizeBase, desk.last.side], [2, "0.3", "sell"]);
  desk.execute(desk.last, 0.3);
  assertEquals(desk.pair.phase, { kind: "open" });
});

Deno.test("an order that is done but whose fills have not arrived moves nothing", () => {
  const desk = new Desk();
  desk.pair.open();
  desk.pair.onOrderDone(desk.last.ref, 0.5);
  assertEquals(desk.sent.length, 1);
  desk.pair.onFill("1", { price: 100, sizeBase: 0.2, fee: 0 });
  assertEquals(desk.sent.length, 1);
  desk.pair.onFill("1", { price: 100, sizeBase: 0.3, fee: 0 });
  assertEquals([desk.sent.length, desk.last.sizeBase], [2, "0.5"]);
});

Deno.test("a pilot that fills nothing costs nothing", () => {
  const desk = new Desk();
  desk.pair.open();
  desk.execute(desk.last, 0);
  assertEquals(desk.pair.phase, { kind: "done", why: "nothing_filled" });
  assertEquals(desk.sent.length, 1);
});

Deno.test("a hedge that misses is completed while that costs little", () => {
  const desk = new Desk();
  desk.pair.open();
  desk.execute(desk.last, 0.5);
  desk.execute(desk.last, 0.2);
  assertEquals([desk.last.instrument, desk.last.side, desk.last.sizeBase, desk.last.reduceOnly], [
    short.id,
    "sell",
    "0.3",
    false,
  ]);
  desk.execute(desk.last, 0.3);
  assertEquals(desk.pair.phase, { kind: "open" });
});

Deno.test("a hedge whose price ran away is unwound by a reduce-only order on the filled venue", () => {
  const desk = new Desk();
  desk.pair.open();
  desk.execute(desk.last, 0.5);
  desk.quote(short.id, 99.0, 99.1); // completing would lock in a loss of 1 %
  desk.execute(desk.last, 0);
  assertEquals([desk.last.instrument, desk.last.side, desk.last.sizeBase, desk.last.reduceOnly], [
    long.id,
    "sell",
    "0.5",
    true,
  ]);
  desk.execute(desk.last, 0.5);
  assertEquals(desk.pair.phase, { kind: "done", why: "unwound" });
});

Deno.test("both legs are sent at once in together mode, and a broken pair is evened out", () => {
  const desk = new Desk({ mode: "together" });
  desk.pair.open();
  const [buy, sell] = desk.sent;
  assertEquals([buy?.side, sell?.side, desk.sent.length], ["buy", "sell", 2]);
  if (buy === undefined || sell === undefined) return;
  desk.execute(sell, 0.5);
  assertEquals(desk.sent.length, 2); // the buy is still working
  desk.execute(buy, 0.1);
  assertEquals([desk.last.instrument, desk.last.side, desk.last.sizeBase], [long.id, "buy", "0.4"]);
});

Deno.test("what can't be evened out is halted after the settled number of attempts", () => {
  const desk = new Desk();
  desk.pair.open();
  desk.execute(desk.last, 0.5);
  for (let i = 0; i < 4; i++) desk.execute(desk.last, 0);
  assertEquals(desk.pair.phase.kind, "halted");
  assertEquals(desk.sent.length, 2 + defaults.maxRepairAttempts);
  assertEquals(desk.notes.at(-1), "pair halted: it needs the operator");
});

function opened(settings: Partial<PairSettings> = {}): Desk {
  const desk = new Desk({}, settings);
  desk.pair.open();
  desk.execute(desk.last, 0.5);
  desk.execute(desk.last, 0.5);
  return desk;
}

Deno.test("a converged pair is closed by two reduce-only orders of exactly what is held", () => {
  const desk = opened();
  desk.quote(long.id, 100.1, 100.2);
  desk.quote(short.id, 100.0, 100.1);
  desk.pair.review();
  assertEquals(desk.sent.slice(2).map((o) => [o.instrument, o.side, o.sizeBase, o.reduceOnly]), [
    [long.id, "sell", "0.5", true],
    [short.id, "buy", "0.5", true],
  ]);
  for (const order of desk.sent.slice(2)) desk.execute(order, 0.5);
  assertEquals(desk.pair.phase, { kind: "done", why: "take_profit" });
  // Bought 0.5 at 100, sold 0.5 at 100.2; sold at 100.1, bought at 100.1: 0.5 × (0.1 + 0.1) = 0.1.
  assertAlmostEquals(desk.pair.result().pnlBeforeFees, 0.1, 1e-9);
});

Deno.test("stale quotes don't close a pair, its age does", () => {
  const desk = opened();
  desk.quote(long.id, 100.1, 100.2);
  desk.quote(short.id, 100.0, 100.1);
  desk.nowMs = 1_001;
  desk.pair.review();
  assertEquals(desk.sent.length, 2);
  desk.nowMs = 60_000;
  desk.pair.review();
  assertEquals(desk.pair.phase, { kind: "closing", attempts: 1, why: "time" });
});

Deno.test("a closing leg that is left over is tried again at a worse price", () => {
  const desk = opened();
  desk.pair.close("stopping");
  const [sell, buy] = desk.sent.slice(2);
  if (sell === undefined || buy === undefined) throw new Error("both legs must be sent");
  desk.execute(sell, 0.5);
  desk.execute(buy, 0.2);
  assertEquals([desk.last.instrument, desk.last.sizeBase, desk.last.reduceOnly], [short.id, "0.3", true]);
  assertEquals(desk.last.limitPrice > buy.limitPrice, true);
});

Deno.test("whatever fills, nothing is sent while an order works, repairs never exceed what is held, and it ends", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 60, maxLength: 60 }),
    fc.boolean(),
    (hundredths, isTogether) => {
      const desk = new Desk({ mode: isTogether ? "together" : "pilot_first" });
      desk.pair.open();
      let executed = 0;
      for (const share of hundredths) {
        if (desk.pair.phase.kind === "open") desk.pair.close("stopping");
        const order = desk.sent[executed];
        if (order === undefined) break;
        executed += 1;
        const size = Math.min(Number(order.sizeBase), share / 100);
        const heldBefore = desk.pair.heldBase(order.instrument === long.id ? "long" : "short");
        if (order.reduceOnly) assertEquals(size <= heldBefore + 1e-9, true);
        desk.execute(order, size);
        assertEquals(desk.sent.length - executed <= 2, true);
      }
      assertEquals(desk.pair.isOver, true, JSON.stringify(desk.pair.phase));
      const { phase } = desk.pair;
      if (phase.kind === "done") {
        assertEquals([desk.pair.heldBase("long"), desk.pair.heldBase("short")], [0, 0]);
      }
    },
  ));
});
