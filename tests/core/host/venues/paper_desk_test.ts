/** Paper accounts over restarts: of an adapter, and of the host by what the journal kept. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PaperExchange } from "../../../../core/execution/paper/paper_exchange.ts";
import type { PaperLedgerState } from "../../../../core/execution/paper/paper_ledger.ts";
import { paperScope, readPaperStates } from "../../../../core/host/venues/paper_states.ts";
import { bodyText } from "../../../../core/journal/schema.ts";
import type { AccountQuestion, AdapterResponse } from "../../../../core/model/adapter_request.ts";
import { clientOrderId } from "../../../../core/model/ids.ts";
import { parseMoney } from "../../../../core/model/money.ts";
import { priceTicks, sizeLots } from "../../../../core/model/ticks.ts";
import { alpha, btcAt } from "../../../support/engine_builders.ts";

const startUs = 1_700_000_000_000_000;
const noLog = { write: (_level: string, _source: string, message: string) => lines.push(message) };
const lines: string[] = [];

class Venue {
  readonly exchange: PaperExchange;
  #nowUs: number;
  #requests = 0;

  constructor(runTag: string, state: PaperLedgerState | undefined, nowUs = startUs) {
    this.#nowUs = nowUs;
    this.exchange = new PaperExchange({
      venue: alpha,
      asset: "USD",
      startingBalance: parseMoney("100000"),
      latencyMs: 1,
      runTag,
    });
    if (state !== undefined) this.exchange.restore(state);
    this.exchange.registerInstrument(0, btcAt(alpha));
  }

  quote(bidTicks: number, askTicks: number): void {
    this.exchange.onQuote(0, bidTicks / 10, 1, askTicks / 10, 1, this.#nowUs);
    this.pass();
  }

  submit(side: "buy" | "sell", ticks: number, lots: number): void {
    this.exchange.request(++this.#requests, {
      kind: "submit",
      order: {
        clientOrderId: clientOrderId(`c${this.#nowUs}`),
        instrument: btcAt(alpha).id,
        side,
        sizeLots: sizeLots(lots),
        reduceOnly: false,
        pricing: { kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce: "GTC", postOnly: false },
      },
    }, this.#nowUs);
    this.pass();
  }

  pass(): void {
    this.#nowUs += 10_000;
    this.exchange.advance(this.#nowUs);
  }

  ask(question: AccountQuestion): AdapterResponse | undefined {
    this.exchange.request(++this.#requests, question, this.#nowUs);
    const events = this.exchange.advance(this.#nowUs + 2_000);
    return events.flatMap((event) => event.kind === "adapter_response" ? [event.response] : [])[0];
  }

  /** What a host asks after a restart. */
  answers(): readonly unknown[] {
    return [
      this.ask({ kind: "positions" }),
      this.ask({ kind: "balances" }),
      this.ask({ kind: "open_orders" }),
      this.ask({ kind: "fills", sinceMs: 0 }),
    ];
  }

  get nowUs(): number {
    return this.#nowUs;
  }
}

/** Through the journal's text and back. */
function kept(state: PaperLedgerState): PaperLedgerState | undefined {
  const body: unknown = JSON.parse(bodyText(state));
  return readPaperStates([{ scope: paperScope, key: alpha, body }], noLog).get(alpha);
}

const anyStep = fc.oneof(
  fc.record({
    side: fc.constantFrom("buy" as const, "sell" as const),
    offset: fc.integer({ min: -20, max: 20 }),
    lots: fc.integer({ min: 1, max: 1_500 }),
  }),
  fc.record({ middle: fc.integer({ min: 499_980, max: 500_020 }) }),
);

Deno.test("after a restart a paper account answers as before, and goes on alike", () => {
  fc.assert(
    fc.property(
      fc.array(anyStep, { maxLength: 12 }),
      fc.array(anyStep, { maxLength: 6 }),
      (before, after) => {
        const venue = new Venue("a", undefined);
        const play = (on: Venue, steps: typeof before): void => {
          for (const step of steps) {
            if ("middle" in step) on.quote(step.middle - 5, step.middle + 5);
            else on.submit(step.side, 500_000 + step.offset, step.lots);
          }
        };
        play(venue, before);
        const state = venue.exchange.takeChangedState();
        if (state === undefined) return;
        assertEquals(venue.exchange.takeChangedState(), undefined, "told once");
        const read = kept(state);
        assert(read !== undefined, lines.join());
        // The one that lives on has lost its market data, as an adapter's restart does.
        venue.exchange.forgetMarkets();
        const again = new Venue("a", read, venue.nowUs);
        assertEquals(again.answers().slice(0, 3), venue.answers().slice(0, 3));
        const isQuote = (step: typeof before[number]): boolean => "middle" in step;
        for (const one of [venue, again]) play(one, after.filter(isQuote));
        const [positions, balances] = venue.answers();
        assertEquals(again.answers().slice(0, 2), [positions, balances]);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("while the feed is away nothing is filled", () => {
  const venue = new Venue("a", undefined);
  venue.quote(499_995, 500_005);
  venue.exchange.forgetMarkets();
  venue.submit("buy", 500_100, 5);
  const open = venue.ask({ kind: "open_orders" });
  assert(open?.kind === "open_orders");
  assertEquals(open.orders.map(({ filledLots }) => filledLots as number), [0]);
});

Deno.test("a kept account that can't be read is told by its venue, and begins anew", () => {
  lines.length = 0;
  const states = readPaperStates([
    { scope: paperScope, key: "alpha", body: { total: "many" } },
    { scope: "order", key: "x", body: {} },
  ], noLog);
  assertEquals(states.size, 0);
  assertEquals(lines.length, 1);
  assert(lines[0]?.startsWith("the account on alpha begins anew: "), lines[0]);
});
