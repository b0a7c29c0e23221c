import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { AdapterEvent } from "../../../../core/model/adapter_event.ts";
import { PaperExchange } from "../../../../core/execution/paper/paper_exchange.ts";
import type { AdapterRequest } from "../../../../core/model/adapter_request.ts";
import { clientOrderId, instrumentId } from "../../../../core/model/ids.ts";
import type { Instrument } from "../../../../core/model/instrument.ts";
import { formatMoney, parseMoney } from "../../../../core/model/money.ts";
import type { OrderRequest, Side } from "../../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../../core/model/ticks.ts";
import { applyFill, flatPosition } from "../../../../core/portfolio/position_book.ts";
import { alpha, btcAt } from "../../../support/engine_builders.ts";

const ms = 1_000;

/** One market: bid 49,999.5 × 1 BTC, ask 50,000.5 × 1 BTC; 50 ms each way. */
class Paper {
  readonly exchange: PaperExchange;
  nowUs = 1_700_000_000_000_000;
  readonly events: AdapterEvent[] = [];
  #serial = 0;

  constructor(changes: Partial<Instrument> = {}, startingBalance = "100000") {
    this.exchange = new PaperExchange({
      venue: alpha,
      asset: "USDC",
      startingBalance: parseMoney(startingBalance),
      latencyMs: 50,
      runTag: "t",
    });
    this.exchange.registerInstrument(0, btcAt(alpha, changes));
    this.quote(49_999.5, 50_000.5);
  }

  quote(bid: number, ask: number, bidSize = 1, askSize = 1): void {
    this.exchange.onQuote(0, bid, bidSize, ask, askSize, this.nowUs);
  }

  pass(milliseconds: number): readonly AdapterEvent[] {
    this.nowUs += milliseconds * ms;
    const events = this.exchange.advance(this.nowUs);
    this.events.push(...events);
    return events;
  }

  send(request: AdapterRequest): number {
    this.#serial += 1;
    this.exchange.request(this.#serial, request, this.nowUs);
    return this.#serial;
  }

  order(side: Side, lots: number, changes: Partial<OrderRequest> = {}): OrderRequest {
    this.#serial += 1;
    return {
      clientOrderId: clientOrderId(`o${this.#serial}`),
      instrument: btcAt(alpha).id,
      side,
      sizeLots: sizeLots(lots),
      reduceOnly: false,
      pricing: { kind: "market", worstPriceTicks: priceTicks(side === "buy" ? 510_000 : 490_000) },
      ...changes,
    };
  }

  submit(order: OrderRequest): readonly AdapterEvent[] {
    this.send({ kind: "submit", order });
    return this.pass(100);
  }

  /** Kinds, outcomes and sizes, in the order in which the host hears them. */
  static words(events: readonly AdapterEvent[]): readonly string[] {
    return events.flatMap((event) => {
      switch (event.kind) {
        case "adapter_response": {
          const { response } = event;
          if (response.kind !== "submit" && response.kind !== "cancel") return [response.kind];
          const { outcome } = response;
          return [outcome.kind === "rejected" ? outcome.code : outcome.kind];
        }
        case "fill_report":
          return [`${event.fill.liquidity} ${event.fill.sizeLots} at ${event.fill.priceTicks}`];
        case "order_report":
          return [`${event.report.status} ${event.report.filledLots}`];
        default:
          return [];
      }
    });
  }
}
const limit = (
  ticks: number,
  timeInForce: "GTC" | "IOC" | "FOK" = "GTC",
  postOnly = false,
): OrderRequest["pricing"] => ({
  kind: "limit",
  limitPriceTicks: priceTicks(ticks),
  timeInForce,
  postOnly,
});

Deno.test("a taker gets the shown size at the best price, the rest of an IOC is cancelled", () => {
  const paper = new Paper();
  const events = paper.submit(paper.order("buy", 1_500));
  assertEquals(Paper.words(events), ["acknowledged", "taker 1000 at 500005", "open 1000", "cancelled 1000"]);
});

Deno.test("what was taken is gone until the quote changes", () => {
  const paper = new Paper();
  paper.submit(paper.order("buy", 700));
  assertEquals(Paper.words(paper.submit(paper.order("buy", 700))).slice(1), [
    "taker 300 at 500005",
    "open 300",
    "cancelled 300",
  ]);
  paper.quote(49_999.5, 50_000.5);
  assertEquals(Paper.words(paper.submit(paper.order("buy", 1))), ["acknowledged", "cancelled 0"]);
  paper.quote(49_999.5, 50_000.5, 1, 2);
  assertEquals(Paper.words(paper.submit(paper.order("buy", 1))), [
    "acknowledged",
    "taker 1 at 500005",
    "filled 1",
  ]);
});

Deno.test("an order meets the quote of its arrival, not that of its sending", () => {
  const paper = new Paper();
  paper.send({ kind: "submit", order: paper.order("buy", 1) });
  paper.nowUs += 49 * ms;
  paper.quote(50_099.5, 50_100.5);
  paper.nowUs += 2 * ms; // it has arrived by now, but the host asks later
  paper.quote(50_199.5, 50_200.5);
  assertEquals(Paper.words(paper.pass(60)), ["acknowledged", "taker 1 at 501005", "filled 1"]);
});

Deno.test("an answer takes the way there and the way back", () => {
  const paper = new Paper();
  paper.send({ kind: "balances" });
  assertEquals(paper.pass(99), []);
  assertEquals(paper.pass(1).length, 1);
});

const resting: readonly {
  readonly name: string;
  readonly happens: (paper: Paper) => void;
  readonly isFilled: boolean;
}[] = [
  { name: "the ask comes down to it", happens: (paper) => paper.quote(49_800, 49_900), isFilled: false },
  { name: "the ask goes through it", happens: (paper) => paper.quote(49_800, 49_899.9), isFilled: true },
  {
    name: "a trade at its price that is deeper than what is shown",
    happens: (paper) => paper.exchange.onTrade(0, "sell", 49_900, 1, paper.nowUs),
    isFilled: false,
  },
  {
    name: "a trade a tick below",
    happens: (paper) => paper.exchange.onTrade(0, "sell", 49_899.9, 1, paper.nowUs),
    isFilled: true,
  },
  { name: "a side that disappears", happens: (paper) => paper.quote(NaN, NaN, 0, 0), isFilled: false },
];
for (const { name, happens, isFilled } of resting) {
  Deno.test(`a resting buy at 49,900 is ${isFilled ? "filled" : "not filled"} by ${name}`, () => {
    const paper = new Paper();
    assertEquals(Paper.words(paper.submit(paper.order("buy", 5, { pricing: limit(499_000) }))), [
      "acknowledged",
      "open 0",
    ]);
    happens(paper);
    assertEquals(Paper.words(paper.pass(100)), isFilled ? ["maker 5 at 499000", "filled 5"] : []);
  });
}

const refused: readonly {
  readonly name: string;
  readonly order: (paper: Paper) => OrderRequest;
  readonly code: string;
  readonly instrument?: Partial<Instrument>;
  readonly balance?: string;
}[] = [
  {
    name: "post-only that would cross",
    order: (p) => p.order("buy", 1, { pricing: limit(500_005, "GTC", true) }),
    code: "post_only_would_cross",
  },
  {
    name: "fill-or-kill beyond the shown size",
    order: (p) => p.order("buy", 1_001, { pricing: limit(500_005, "FOK") }),
    code: "fok_not_filled",
  },
  {
    name: "reduce-only when flat",
    order: (p) => p.order("sell", 1, { reduceOnly: true }),
    code: "reduce_only_would_increase",
  },
  {
    name: "a halted market",
    order: (p) => p.order("buy", 1),
    code: "instrument_not_trading",
    instrument: { status: "halted" },
  },
  {
    name: "more than the largest order",
    order: (p) => p.order("buy", 11),
    code: "invalid_size",
    instrument: { maxSizeLots: 10 },
  },
  {
    name: "more than the margin",
    order: (p) => p.order("buy", 1_000),
    code: "insufficient_margin",
    balance: "1000",
  },
  {
    name: "a market order without a bound",
    order: (p) => p.order("buy", 1, { pricing: { kind: "market", worstPriceTicks: undefined } }),
    code: "invalid_price",
  },
  {
    name: "an unknown instrument",
    order: (p) => p.order("buy", 1, { instrument: instrumentId("alpha", "ETH-PERP") }),
    code: "instrument_unknown",
  },
];
for (const { name, order, code, instrument, balance } of refused) {
  Deno.test(`paper refuses ${name}`, () => {
    const paper = new Paper(instrument, balance);
    assertEquals(Paper.words(paper.submit(order(paper))), [code]);
  });
}

Deno.test("the same client order id is refused the second time", () => {
  const paper = new Paper();
  const order = paper.order("buy", 1, { pricing: limit(400_000) });
  paper.submit(order);
  assertEquals(Paper.words(paper.submit(order)), ["duplicate_client_order_id"]);
});

Deno.test("a reduce-only order fills what is held and no more", () => {
  const paper = new Paper();
  paper.submit(paper.order("buy", 10));
  const words = Paper.words(paper.submit(paper.order("sell", 25, { reduceOnly: true })));
  assertEquals(words, ["acknowledged", "taker 10 at 499995", "open 10", "cancelled 10"]);
});

Deno.test("cancel, query, open orders and fills tell the truth", () => {
  const paper = new Paper();
  const order = paper.order("buy", 5, { pricing: limit(499_000) });
  paper.submit(order);
  const { clientOrderId: id, instrument } = order;
  const ask = (request: AdapterRequest) => {
    paper.send(request);
    return paper.pass(100).find((event) => event.kind === "adapter_response");
  };
  const open = ask({ kind: "open_orders" });
  assert(open?.kind === "adapter_response" && open.response.kind === "open_orders");
  assertEquals(open.response.orders.map((report) => report.clientOrderId), [id]);
  paper.send({ kind: "cancel", instrument, clientOrderId: id, venueOrderId: undefined });
  assertEquals(Paper.words(paper.pass(100)), ["cancelled 0", "acknowledged"]);
  paper.send({ kind: "cancel", instrument, clientOrderId: id, venueOrderId: undefined });
  assertEquals(Paper.words(paper.pass(100)), ["already_done"]);
  const query = ask({ kind: "query_order", instrument, clientOrderId: id, venueOrderId: undefined });
  assert(query?.kind === "adapter_response" && query.response.kind === "query_order");
  assertEquals(query.response.outcome.kind === "found" && query.response.outcome.report.status, "cancelled");
  const sinceMs = paper.nowUs / 1000;
  paper.submit(paper.order("buy", 2));
  const fills = ask({ kind: "fills", sinceMs });
  assert(fills?.kind === "adapter_response" && fills.response.kind === "fills");
  assertEquals(fills.response.fills.map((fill) => fill.sizeLots as number), [2]);
});

Deno.test("funding is paid when its time has come, once: a long pays a positive rate", () => {
  const paper = new Paper();
  paper.submit(paper.order("buy", 1_000)); // 1 BTC
  const dueMs = paper.nowUs / 1000 + 1_000;
  paper.exchange.onMark(0, 50_000, 0.0001, dueMs, paper.nowUs);
  assertEquals(paper.pass(500).filter(({ kind }) => kind === "funding_report"), []);
  paper.pass(600);
  paper.exchange.onMark(0, 50_000, 0.0001, dueMs + 28_800_000, paper.nowUs);
  paper.exchange.onMark(0, 50_000, 0.0001, dueMs + 28_800_000, paper.nowUs);
  const paid = paper.pass(100).flatMap((event) => event.kind === "funding_report" ? [event.payment] : []);
  assertEquals(paid.map(({ amount }) => formatMoney(amount)), ["5"]);
});

Deno.test("the account's total is what it began with, plus what was made, less fees", () => {
  const anyTrade = fc.record({
    side: fc.constantFrom("buy" as const, "sell" as const),
    lots: fc.integer({ min: 1, max: 50 }),
    price: fc.integer({ min: 49_000, max: 51_000 }),
  });
  fc.assert(
    fc.property(fc.array(anyTrade, { maxLength: 20 }), (trades) => {
      const paper = new Paper();
      for (const { side, lots, price } of trades) {
        paper.quote(price - 0.5, price + 0.5);
        const worstPriceTicks = priceTicks(side === "buy" ? 520_000 : 480_000);
        paper.submit(paper.order(side, lots, { pricing: { kind: "market", worstPriceTicks } }));
      }
      let [position, fees] = [flatPosition, 0n];
      for (const event of paper.events) {
        if (event.kind !== "fill_report") continue;
        position = applyFill(position, event.fill.side, event.fill.priceTicks, event.fill.sizeLots);
        fees += event.fill.fee;
      }
      paper.send({ kind: "balances" });
      paper.send({ kind: "positions" });
      const answers = paper.pass(100).flatMap((event) =>
        event.kind === "adapter_response" ? [event.response] : []
      );
      const [balances, positions] = answers;
      assert(balances?.kind === "balances" && positions?.kind === "positions");
      const tickLot = 100_000_000_000_000n; // 0.0001 USD
      assertEquals<bigint | undefined>(
        balances.balances[0]?.total,
        parseMoney("100000") + position.realizedTicksLots * tickLot - fees,
      );
      assertEquals(positions.positions[0]?.positionLots ?? 0, Number(position.positionLots));
    }),
    { numRuns: 50 },
  );
});

Deno.test("events reach the host in the order of their times, whatever comes between", () => {
  const anyStep = fc.oneof(
    fc.record({ kind: fc.constant("submit" as const), value: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("quote" as const), value: fc.integer({ min: 49_000, max: 51_000 }) }),
    fc.record({ kind: fc.constant("pass" as const), value: fc.nat({ max: 120 }) }),
    fc.record({ kind: fc.constant("later" as const), value: fc.nat({ max: 80 }) }),
  );
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const paper = new Paper();
      for (const { kind, value } of steps) {
        if (kind === "submit") {
          paper.send({ kind: "submit", order: paper.order("buy", value, { pricing: limit(500_000) }) });
        } else if (kind === "quote") paper.quote(value - 0.5, value + 0.5);
        else if (kind === "pass") paper.pass(value);
        else paper.nowUs += value * ms;
      }
      paper.pass(1_000);
      const times = paper.events.map(({ tsUs }) => tsUs);
      assertEquals(times, times.toSorted((a, b) => a - b));
      assertEquals(paper.exchange.nextDueUs(), Infinity);
    }),
  );
});

Deno.test("a feed of nonsense fills nothing and throws nothing", () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), fc.double(), fc.double(), (bid, bidSize, ask, askSize) => {
      const paper = new Paper();
      paper.quote(bid, ask, bidSize, askSize);
      paper.submit(paper.order("buy", 1));
      paper.submit(paper.order("sell", 1));
      paper.exchange.onMark(0, ask, bid, askSize, paper.nowUs);
      paper.exchange.onTrade(0, "sell", ask, bidSize, paper.nowUs);
      paper.pass(1_000);
    }),
  );
});
