/** Several plugins' books over one account: reduce-only is the plugin's own, the venue's flag follows the net. */
import { assert, assertEquals, assertLessOrEqual, fail } from "@std/assert";
import fc from "fast-check";
import type { OperatorCommand } from "../../../core/engine/events.ts";
import { parseMoney } from "../../../core/model/money.ts";
import type { RiskScope } from "../../../core/model/risk_limits.ts";
import { isPluginReducing, type Order, type OrderIntent } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import {
  alpha,
  beta,
  btcAt,
  EngineHarness,
  intentOf,
  looseBudget,
  looseRisk,
  maker,
  taker,
} from "../../support/engine_builders.ts";
import { TwoPaperVenues } from "../../support/two_paper_venues.ts";

function ready(changes: ConstructorParameters<typeof EngineHarness>[0] = {}): EngineHarness {
  const harness = EngineHarness.ready(changes);
  harness.startPlugin(taker);
  return harness;
}

const sell = (lots: number, plugin = maker): Partial<OrderIntent> => ({
  plugin,
  side: "sell",
  sizeLots: sizeLots(lots),
  reduceOnly: true,
  pricing: { kind: "market", worstPriceTicks: undefined },
});

const sent = (harness: EngineHarness, order: Order | undefined): readonly unknown[] => {
  assert(order !== undefined, harness.refusals().at(-1));
  const { reduceOnly, sizeLots: lots } = harness.pending("submit").request.order;
  return [reduceOnly, lots];
};

Deno.test("what another plugin's opposite position offsets is closed without the venue's flag, and only once", () => {
  const harness = ready();
  harness.trade("buy", 10);
  harness.trade("sell", 10, { plugin: taker });
  assertEquals(sent(harness, harness.intend(sell(10))), [false, 10]);
  assertEquals(harness.intend(sell(1)), undefined, "it is being closed already");
  assertEquals(harness.refusals().at(-1), "REDUCE_ONLY_WOULD_INCREASE");
});

Deno.test("what another plugin's working order may offset before it arrives is sent without the flag, too", () => {
  const harness = ready();
  harness.trade("buy", 10);
  const limit = {
    kind: "limit" as const,
    limitPriceTicks: priceTicks(500_010),
    timeInForce: "GTC" as const,
    postOnly: false,
  };
  harness.place({ plugin: taker, side: "sell", sizeLots: sizeLots(4), pricing: limit });
  assertEquals(sent(harness, harness.intend(sell(6))), [true, 6]);
  assertEquals(sent(harness, harness.intend(sell(4))), [false, 4]);
});

Deno.test("where nothing new may pass, a contested one is sent with the flag", () => {
  const risk = { ...looseRisk, plugin: { ...looseRisk.plugin, maxOrderNotionalUsd: 400 } };
  const harness = ready({ risk });
  harness.startPlugin(maker, { budget: { ...looseBudget, maxOrderNotionalUsd: 1e8 } });
  harness.trade("buy", 7);
  harness.trade("buy", 3, { plugin: taker });
  harness.place({ plugin: taker, side: "sell", sizeLots: sizeLots(5) });
  harness.trade("buy", 3);
  assertEquals(sent(harness, harness.intend(sell(10))), [true, 10]); // 500 USD, above what a new order may be
});

Deno.test("under a halt the host closes with the flag what the account holds, and comes again for the rest", () => {
  const harness = ready();
  harness.trade("buy", 10);
  harness.trade("sell", 6, { plugin: taker });
  halt(harness, { kind: "account", venue: alpha });
  setStop(harness);
  const { order } = harness.pending("submit").request;
  assertEquals([order.reduceOnly, order.sizeLots], [true, 4]);
});

Deno.test("a plugin's own halt does not keep the host from closing what another plugin offsets", () => {
  const harness = ready();
  harness.trade("buy", 10);
  harness.trade("sell", 10, { plugin: taker });
  halt(harness, { kind: "plugin", plugin: maker });
  setStop(harness);
  const { order } = harness.pending("submit").request;
  assertEquals([order.reduceOnly, order.sizeLots], [false, 10]);
});

function halt(harness: EngineHarness, scope: RiskScope): void {
  harness.handle({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope, state: "halted", reason: "r" },
  });
}

/** An exit of the maker's that fires at once. */
function setStop(harness: EngineHarness): void {
  const exits = {
    stopLossBps: undefined,
    stopPrice: 60_000,
    takeProfitBps: undefined,
    takeProfitPrice: undefined,
    trailing: undefined,
    breakEven: undefined,
    maxHoldMs: undefined,
    wideSpread: undefined,
    exitCapBps: 20,
  };
  const intent = { plugin: maker, instrument: intentOf().instrument, terms: exits, entryRef: undefined };
  harness.handle({ kind: "set_exit_intent", intent });
}

/** The maker is long on one venue and short on the other, 500 USD each; each scope may stand open by so much. */
function hedged(maxNetExposureUsd: number): EngineHarness {
  const harness = EngineHarness.ready();
  harness.listInstrument(btcAt(beta));
  harness.connect(beta);
  harness.reconcile(beta);
  harness.price(beta, 50_000);
  harness.trade("buy", 10);
  const short = intentOf({ ref: "short", instrument: btcAt(beta).id, side: "sell" });
  harness.handle({ kind: "intent", intent: short });
  const { clientOrderId } = harness.engine.snapshot(harness.nowUs).workingOrders[0] ?? fail("no order");
  harness.acknowledge(clientOrderId, beta);
  harness.fill(harness.order(clientOrderId), 10);
  const scope = { kind: "plugin" as const, plugin: maker };
  const limits = { maxNetExposureUsd };
  harness.handle({ kind: "operator", by: "cli", command: { kind: "tighten_limits", scope, limits } });
  return harness;
}

for (
  const { limitUsd, lots, expected } of [
    { limitUsd: 501, lots: 10, expected: [] },
    { limitUsd: 499, lots: 10, expected: ["HEDGE_REMOVED", "TRADING_STATE_CHANGED"] },
    { limitUsd: 250, lots: 4, expected: [] },
    { limitUsd: 200, lots: 5, expected: ["HEDGE_REMOVED", "TRADING_STATE_CHANGED"] },
  ]
) {
  Deno.test(`a closing order of ${lots} of 10 lots passes and leaves its hedge open: ${limitUsd} USD may be open`, () => {
    const harness = hedged(limitUsd);
    const told = harness.notices().length;
    const closing = harness.place(sell(lots));
    assertEquals(closing.reduceOnly, true);
    harness.fill(closing, lots);
    assertEquals(harness.notices().slice(told), expected);
    const moved = harness.journal("trading_state").map(({ scope, after, reason, facts }) =>
      [scope.kind, after, reason, facts] as const
    );
    const facts = { value: lots * 50, limit: limitUsd };
    assertEquals<unknown>(
      moved,
      expected.length === 0 ? [] : [["plugin", "reducing", "net_exposure", facts]],
    );
  });
}

Deno.test("a closing order that brings a net beyond its limit nearer to it moves nothing", () => {
  const harness = hedged(1_000);
  harness.trade("buy", 19);
  // 29 lots long and 10 short: from 1,083 USD, within what prices may do, to 1,026.
  harness.price(alpha, 57_000);
  harness.price(beta, 57_000);
  harness.fill(harness.place(sell(1)), 1);
  assertEquals([harness.notices().includes("HEDGE_REMOVED"), harness.journal("trading_state")], [false, []]);
});

const flatten = (harness: EngineHarness, command: OperatorCommand): void => {
  harness.handle({ kind: "operator", by: "cli", command });
  harness.pass(100);
};
const cashOf = (harness: EngineHarness): bigint =>
  harness.engine.snapshot(harness.nowUs).positions.reduce(
    (sum, one) => sum + one.realizedPnl - one.feesPaid,
    0n,
  );

Deno.test("opposite books that are both to be flat are closed against each other at the mark, without an order", () => {
  const harness = ready();
  harness.trade("buy", 10);
  harness.trade("sell", 10, { plugin: taker });
  harness.price(alpha, 50_100);
  const [submits, cash] = [harness.sent("submit"), cashOf(harness)];
  flatten(harness, { kind: "kill", flatten: true });
  assertEquals([harness.positionLots(maker), harness.positionLots(taker)], [0, 0]);
  assertEquals(harness.sent("submit"), submits);
  const { long, short, sizeLots: lots, priceTicks: price } = harness.journal("offset")[0] ?? {};
  assertEquals<unknown>([long, short, lots, price], [maker, taker, 10, 501_000]);
  // What one makes the other loses: the account has traded nothing.
  assertEquals(cashOf(harness), cash);
  const made = harness.engine.snapshot(harness.nowUs).positions.map((one) => [one.plugin, one.realizedPnl]);
  assertEquals<unknown>(made, [[maker, parseMoney("1")], [taker, parseMoney("-1")]]);
  assertEquals(harness.notices().filter((code) => code.startsWith("FLATTEN_DONE")).length, 2);
  assertEquals(harness.notices().includes("FLATTEN_FAILED"), false);
});

Deno.test("the larger of two opposite books closes at the venue what the other one leaves of it", () => {
  const harness = ready();
  harness.trade("buy", 10);
  harness.trade("sell", 4, { plugin: taker });
  flatten(harness, { kind: "kill", flatten: true });
  assertEquals([harness.positionLots(maker), harness.positionLots(taker)], [6, 0]);
  const { order } = harness.pending("submit").request;
  assertEquals([order.reduceOnly, order.side, order.sizeLots], [true, "sell", 6]);
});

Deno.test("books are not offset while an order of one may still fill", () => {
  const harness = ready();
  harness.trade("buy", 10);
  harness.trade("sell", 10, { plugin: taker });
  const resting = harness.place({ sizeLots: sizeLots(3) });
  flatten(harness, { kind: "kill", flatten: true });
  assertEquals(harness.journal("offset"), []);
  harness.report(resting, "cancelled", { reason: "requested" });
  harness.pass(100);
  assertEquals(harness.journal("offset").length, 1);
});

Deno.test("a book is not offset with that of a plugin that goes on: an order leaves the account with what that one holds", () => {
  const harness = ready();
  harness.trade("buy", 10);
  harness.trade("sell", 10, { plugin: taker });
  flatten(harness, { kind: "flatten", scope: { kind: "plugin", plugin: maker } });
  const { order } = harness.pending("submit").request;
  assertEquals([order.reduceOnly, order.sizeLots], [false, 10]);
  assertEquals([harness.positionLots(taker), harness.journal("offset")], [-10, []]);
});

const anyStep = fc.oneof(
  fc.record({
    kind: fc.constant("entry" as const),
    plugin: fc.constantFrom(maker, taker),
    side: fc.constantFrom("buy" as const, "sell" as const),
    lots: fc.integer({ min: 1, max: 30 }),
    isResting: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("reduce" as const),
    plugin: fc.constantFrom(maker, taker),
    lots: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(10, 50, 200) }),
  fc.record({ kind: fc.constant("price" as const), price: fc.integer({ min: 49_990, max: 50_010 }) }),
);

Deno.test("whatever two plugins do on one account, no reduction is refused by the venue and none turns a position round", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40, size: "max" }), (steps) => {
      const run = new TwoPaperVenues();
      const grant = { venues: ["*"], instruments: ["*"], data: [], orders: "trade" as const };
      run.handle({
        kind: "plugin_started",
        plugin: taker,
        subscriber: 2,
        grant,
        budget: looseBudget,
        onStop: "keep_positions",
      });
      run.pass(500);
      steps.forEach((step, at) => {
        if (step.kind === "pass") return run.pass(step.ms);
        if (step.kind === "price") return run.price(alpha, step.price);
        const market = { kind: "market" as const, worstPriceTicks: undefined };
        if (step.kind === "entry") {
          const limitPriceTicks = priceTicks(step.side === "buy" ? 499_950 : 500_050);
          const resting = {
            kind: "limit" as const,
            limitPriceTicks,
            timeInForce: "GTC" as const,
            postOnly: false,
          };
          const { plugin, side, lots, isResting } = step;
          const pricing = isResting ? resting : market;
          return run.handle({
            kind: "intent",
            intent: intentOf({ plugin, ref: `s${at}`, side, sizeLots: sizeLots(lots), pricing }),
          });
        }
        const held = run.engine.snapshot(run.nowUs).positions.find(({ plugin, instrument }) =>
          plugin === step.plugin && instrument.startsWith("alpha")
        )?.positionLots ?? 0;
        if (held === 0) {
          return;
        }
        const side = held > 0 ? "sell" as const : "buy" as const;
        // Its own entry of that side may close the position first: then the venue is right to refuse.
        const isOwn = (order: Order): boolean =>
          order.plugin === step.plugin && order.side === side && !isPluginReducing(order);
        if (run.engine.snapshot(run.nowUs).workingOrders.some(isOwn)) {
          return;
        }
        const intent = intentOf({
          plugin: step.plugin,
          ref: `s${at}`,
          side,
          sizeLots: sizeLots(step.lots),
          reduceOnly: true,
          pricing: market,
        });
        run.handle({ kind: "intent", intent });
      });
      run.pass(1_000);
      const orders = run.journal("order").map(({ order }) => order);
      for (const { reason, status, reduceOnly } of orders) {
        if (status === "rejected") {
          assert(reason !== "reduce_only_would_increase", "the venue refused a reduction");
        }
        if (status === "cancelled" && reduceOnly) {
          assert(reason !== "reduce_only", "the venue trimmed a reduction");
        }
      }
      // A reduction and its plugin's position: never more closed than was held when it was sent, less what was being closed.
      for (const plugin of [maker, taker]) checkNeverTurned(run, plugin);
    }),
    { numRuns: 60 },
  );
});

/** Fills of a plugin's reductions alone never move its position away from zero. */
function checkNeverTurned(run: TwoPaperVenues, plugin: typeof maker): void {
  const reducing = new Set(
    run.journal("order").filter(({ order }) =>
      order.plugin === plugin && (order.reduceOnly || order.reducesPlugin === true)
    )
      .map(({ order }) => order.clientOrderId),
  );
  let held = 0;
  for (const { plugin: owner, fill } of run.journal("fill")) {
    if (owner !== plugin || !fill.instrument.startsWith("alpha")) continue;
    const after = held + (fill.side === "buy" ? fill.sizeLots : -fill.sizeLots);
    const isReduction = fill.clientOrderId !== undefined && reducing.has(fill.clientOrderId);
    if (isReduction) assertLessOrEqual(Math.abs(after), Math.abs(held));
    held = after;
  }
}
