/** Waiting in the queue: who is before us, what a trade leaves for us, and that nobody is ever filled out of turn. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  placeBehind,
  printLagUs,
  type QueuePlace,
  seeSize,
  seeTrade,
} from "../../../../core/execution/paper/queue_position.ts";
import { PaperExchange } from "../../../../core/execution/paper/paper_exchange.ts";
import type { AdapterEvent } from "../../../../core/model/adapter_event.ts";
import { clientOrderId } from "../../../../core/model/ids.ts";
import { parseMoney } from "../../../../core/model/money.ts";
import { priceTicks, sizeLots } from "../../../../core/model/ticks.ts";
import { alpha, btcAt } from "../../../support/engine_builders.ts";

type Step =
  | { readonly see: number; readonly atUs?: number }
  | { readonly trade: number; readonly atUs?: number; readonly reaches: number };

const cases: readonly {
  readonly name: string;
  readonly ahead: number;
  readonly steps: readonly Step[];
  readonly left: number;
}[] = [
  {
    name: "trades eat the queue, then reach the order",
    ahead: 10,
    steps: [{ trade: 4, reaches: 0 }, { trade: 9, reaches: 3 }, { trade: 2, reaches: 2 }],
    left: 0,
  },
  {
    name: "a size that shrinks above what is ahead was cancelled behind it",
    ahead: 10,
    steps: [{ trade: 4, reaches: 0 }, { see: 50 }, { see: 8 }],
    left: 6,
  },
  { name: "no more can be ahead than is shown", ahead: 10, steps: [{ see: 3 }], left: 3 },
  {
    name: "a queue that grows again grows behind the order",
    ahead: 10,
    steps: [{ see: 3 }, { see: 20 }],
    left: 3,
  },
  {
    name: "a trade that is printed after the quote it changed counts once",
    ahead: 10,
    steps: [{ see: 4 }, { trade: 6, reaches: 0 }, { trade: 5, reaches: 1 }],
    left: 0,
  },
  {
    name: "a trade long after the quote is another one",
    ahead: 10,
    steps: [{ see: 4 }, { trade: 6, atUs: printLagUs + 1, reaches: 2 }],
    left: 0,
  },
  {
    name: "nobody trades past a queue that can't be seen",
    ahead: Infinity,
    steps: [{ trade: 1_000, reaches: 0 }, { see: 7 }, { trade: 8, reaches: 1 }],
    left: 0,
  },
];
for (const { name, ahead, steps, left } of cases) {
  Deno.test(`in the queue ${name}`, () => {
    const place = placeBehind(ahead);
    for (const step of steps) {
      if ("see" in step) seeSize(place, step.see, step.atUs ?? 0);
      else assertEquals(seeTrade(place, step.trade, step.atUs ?? 0), step.reaches);
    }
    assertEquals(place.aheadLots, left);
  });
}

/**
 * A real queue, order by order, with ours in it: the truth that the estimate must never be ahead of. Cancels may come
 * from anywhere, trades are printed before or after the size that they leave.
 */
const anyTurn = fc.record({
  kind: fc.constantFrom("trade" as const, "cancel" as const, "join" as const),
  lots: fc.integer({ min: 1, max: 12 }),
  at: fc.nat({ max: 30 }),
  isPrintedLate: fc.boolean(),
});

Deno.test("the estimate never reaches the order before the real queue does", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
      fc.array(anyTurn, { maxLength: 40 }),
      (before, turns) => {
        const ahead = [...before];
        const behind: number[] = [];
        const sum = (lots: readonly number[]): number => lots.reduce((total, one) => total + one, 0);
        const place: QueuePlace = placeBehind(sum(ahead));
        let [reachedReally, reached, traded] = [0, 0, 0];
        const seeAll = (): void => seeSize(place, sum(ahead) + sum(behind), 0);
        for (const { kind, lots, at, isPrintedLate } of turns) {
          if (kind === "join") behind.push(lots);
          if (kind === "cancel") {
            const list = at % 2 === 0 ? ahead : behind;
            if (list.length > 0) list.splice(at % list.length, 1);
          }
          if (kind !== "trade") {
            seeAll();
            continue;
          }
          let left = lots;
          for (const list of [ahead, behind]) {
            while (left > 0 && list.length > 0) {
              const taken = Math.min(left, list[0] ?? 0);
              left -= taken;
              if (taken === list[0]) list.shift();
              else list[0] = (list[0] ?? 0) - taken;
            }
            if (list === ahead) {
              reachedReally += left; // ours is so large that it takes whatever comes to it
              left = 0;
            }
          }
          if (isPrintedLate) seeAll();
          reached += seeTrade(place, lots, 0);
          traded += lots;
          if (!isPrintedLate) seeAll();
          assert(reached <= reachedReally, `${reached} reached, really ${reachedReally}`);
          assert(reached <= traded);
          assert(place.aheadLots >= sum(ahead), `${place.aheadLots} thought ahead, really ${sum(ahead)}`);
        }
      },
    ),
    { numRuns: 300 },
  );
});

const ms = 1_000;
const level = (ticks: number, lots: number) => ({ priceTicks: priceTicks(ticks), sizeLots: sizeLots(lots) });

/** Bid 49,999.5, ask 50,000.5, lots of 0.001; orders of ours with the price and size that a test names. */
class Market {
  readonly exchange = new PaperExchange({
    venue: alpha,
    asset: "USDC",
    startingBalance: parseMoney("100000000"),
    latencyMs: 0,
    runTag: "q",
  });
  nowUs = 1_700_000_000_000_000;
  readonly #filled = new Map<string, number>();
  #serial = 0;

  constructor(bidLots = 1_000, askLots = 1_000) {
    this.exchange.registerInstrument(0, btcAt(alpha));
    this.quote(499_995, bidLots, 500_005, askLots);
  }

  quote(bid: number, bidLots: number, ask: number, askLots: number): void {
    this.exchange.onQuote(0, bid / 10, bidLots / 1_000, ask / 10, askLots / 1_000, this.nowUs);
    this.#listen();
  }

  book(kind: "snapshot" | "delta", bids: readonly number[][], asks: readonly number[][]): void {
    const levels = (side: readonly number[][]) => side.map(([ticks = 0, lots = 0]) => level(ticks, lots));
    this.nowUs += ms;
    this.exchange.onBook(0, { kind, bids: levels(bids), asks: levels(asks) }, this.nowUs);
    this.#listen();
  }

  trade(takerSide: "buy" | "sell", ticks: number, lots: number): void {
    this.exchange.onTrade(0, takerSide, ticks / 10, lots / 1_000, this.nowUs);
    this.#listen();
  }

  order(side: "buy" | "sell", ticks: number, lots: number, timeInForce: "GTC" | "IOC" = "GTC"): string {
    const id = `q${++this.#serial}`;
    this.exchange.request(this.#serial, {
      kind: "submit",
      order: {
        clientOrderId: clientOrderId(id),
        instrument: btcAt(alpha).id,
        side,
        sizeLots: sizeLots(lots),
        reduceOnly: false,
        pricing: { kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce, postOnly: false },
      },
    }, this.nowUs);
    this.#listen();
    return id;
  }

  filled(id: string): number {
    return this.#filled.get(id) ?? 0;
  }

  get allFilled(): number {
    return [...this.#filled.values()].reduce((sum, lots) => sum + lots, 0);
  }

  readonly prices: string[] = [];

  #listen(): void {
    for (const event of this.exchange.advance(this.nowUs) satisfies readonly AdapterEvent[]) {
      if (event.kind !== "fill_report") continue;
      const { clientOrderId: id = "", sizeLots: lots, priceTicks: ticks } = event.fill;
      this.#filled.set(id, this.filled(id) + lots);
      this.prices.push(`${lots} at ${ticks}`);
    }
  }
}

Deno.test("an order at the best bid waits for what stood there, shares a trade with nobody, and is filled in part", () => {
  const market = new Market(100);
  const first = market.order("buy", 499_995, 30);
  const second = market.order("buy", 499_995, 30);
  market.trade("sell", 499_995, 90);
  market.trade("buy", 499_995, 90); // a buyer at our price takes nothing from buyers
  assertEquals([market.filled(first), market.filled(second)], [0, 0]);
  market.trade("sell", 499_995, 25); // ten before us, fifteen for us
  assertEquals([market.filled(first), market.filled(second)], [15, 0]);
  market.trade("sell", 499_995, 20);
  assertEquals([market.filled(first), market.filled(second)], [30, 5]);
});

Deno.test("an order inside the spread has nobody before it", () => {
  const market = new Market();
  const order = market.order("buy", 500_000, 10);
  market.trade("sell", 500_000, 4);
  assertEquals(market.filled(order), 4);
});

Deno.test("a trade that goes through fills up to its size, the better price first", () => {
  const market = new Market();
  const deep = market.order("sell", 500_010, 50);
  const near = market.order("sell", 500_006, 50);
  market.trade("buy", 500_020, 70);
  assertEquals([market.filled(near), market.filled(deep)], [50, 20]);
});

Deno.test("a quote beyond the price fills what it shows, once", () => {
  const market = new Market();
  const order = market.order("buy", 499_990, 500);
  market.quote(499_980, 10, 499_985, 200);
  market.quote(499_980, 10, 499_985, 200);
  assertEquals(market.filled(order), 200);
  market.quote(499_980, 10, 499_985, 201);
  assertEquals(market.filled(order), 401);
});

Deno.test("a taker walks the book behind the best price, up to its limit", () => {
  const market = new Market();
  market.book("snapshot", [[499_995, 10]], [[500_005, 10], [500_007, 20], [500_020, 30]]);
  market.order("buy", 500_010, 100, "IOC");
  assertEquals(market.prices, ["10 at 500005", "20 at 500007"]);
  market.order("buy", 500_010, 100, "IOC");
  assertEquals(market.prices.length, 2, "what was taken is gone");
  market.book("delta", [], [[500_007, 25]]);
  market.order("buy", 500_010, 100, "IOC");
  assertEquals(market.prices.at(-1), "25 at 500007");
});

Deno.test("a newer quote is the best price, the book what lies behind it", () => {
  const market = new Market();
  market.book("snapshot", [[499_995, 10]], [[500_005, 10], [500_007, 20]]);
  market.nowUs += ms;
  market.quote(499_995, 10, 500_006, 5);
  market.order("buy", 500_010, 100, "IOC");
  assertEquals(market.prices, ["5 at 500006", "20 at 500007"]);
});

Deno.test("the place of an order deep in the book is behind its level there", () => {
  const market = new Market();
  market.book("snapshot", [[499_995, 10], [499_990, 40], [499_980, 9]], [[500_005, 10]]);
  const order = market.order("buy", 499_990, 5);
  market.book("delta", [[499_995, 0], [499_990, 12]], []);
  market.nowUs += 2 * printLagUs; // who left has left: no trade of it will be printed any more
  market.trade("sell", 499_990, 12);
  assertEquals(market.filled(order), 0);
  market.trade("sell", 499_990, 3);
  assertEquals(market.filled(order), 3);
});

const anyEvent = fc.oneof(
  fc.record({
    kind: fc.constant("order" as const),
    side: fc.constantFrom("buy" as const, "sell" as const),
    offset: fc.integer({ min: -2, max: 2 }),
    lots: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({
    kind: fc.constant("trade" as const),
    side: fc.constantFrom("buy" as const, "sell" as const),
    offset: fc.integer({ min: -3, max: 3 }),
    lots: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({
    kind: fc.constant("sizes" as const),
    bid: fc.integer({ min: 1, max: 50 }),
    ask: fc.integer({ min: 1, max: 50 }),
  }),
);

Deno.test("resting orders together never get more than was traded, while the quotes stay apart", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      const run = (): Market => {
        const market = new Market(20, 20);
        let traded = 0;
        for (const event of events) {
          market.nowUs += ms;
          if (event.kind === "order") {
            // Never marketable: bids up to 499,997, offers down to 500,003.
            const ticks = event.side === "buy" ? 499_995 + event.offset : 500_005 + event.offset;
            market.order(event.side, ticks, event.lots);
          } else if (event.kind === "trade") {
            const ticks = event.side === "sell" ? 499_995 + event.offset : 500_005 + event.offset;
            const before = market.allFilled;
            market.trade(event.side, ticks, event.lots);
            traded += event.lots;
            assert(market.allFilled - before <= event.lots, "one trade");
          } else market.quote(499_995, event.bid, 500_005, event.ask);
          assert(market.allFilled <= traded, "all trades");
        }
        return market;
      };
      assertEquals(run().prices, run().prices);
    }),
    { numRuns: 200 },
  );
});
