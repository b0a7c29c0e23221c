/** Whatever plugins and adapters say, in whatever order: no event throws, and what must hold holds. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { EngineEvent } from "../../../core/engine/events.ts";
import type { AdapterResponse } from "../../../core/model/adapter_request.ts";
import { type ClientOrderId, clientOrderId, fillId, venueOrderId } from "../../../core/model/ids.ts";
import { money } from "../../../core/model/money.ts";
import { isFinalStatus, orderStatuses, rejectCodes } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { tradingStates } from "../../../core/model/risk_limits.ts";
import {
  alpha,
  beta,
  btcAt,
  EngineHarness,
  intentOf,
  looseBudget,
  maker,
  taker,
} from "../../support/engine_builders.ts";

type Untimed = EngineEvent extends infer E ? E extends EngineEvent ? Omit<E, "tsUs"> : never : never;

const anyInteger = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(0, 1, -1, 2 ** 45, 2 ** 45 + 1, 2 ** 53 - 1, -(2 ** 53 - 1)),
);
const anyLots = anyInteger.map(sizeLots);
const anyTicks = fc.oneof(anyInteger, fc.integer({ min: 490_000, max: 510_000 })).map(priceTicks);
const anyVenue = fc.constantFrom(alpha, beta);
const anyInstrument = fc.constantFrom(btcAt(alpha).id, btcAt(beta).id);
const anySide = fc.constantFrom("buy" as const, "sell" as const);
const anyPlugin = fc.constantFrom(maker, taker);
const anyText = fc.string({ maxLength: 20 });
const anyNumber = fc.oneof(fc.double(), fc.nat({ max: 100 }));

/** Orders of the run are met often: ids are drawn from its first counters. */
const anyOrderId: fc.Arbitrary<ClientOrderId> = fc
  .oneof(
    fc.nat({ max: 6 }).map((counter) => `b00t11tqkpuv${String(counter).padStart(9, "0")}`),
    fc.constantFrom("b00t1zzzzzzz00000000z", "somebodyelse"),
  )
  .map(clientOrderId);

const anyReport = fc.record({
  instrument: anyInstrument,
  clientOrderId: fc.option(anyOrderId, { nil: undefined }),
  venueOrderId: fc.nat({ max: 9 }).map((n) => venueOrderId(`v${n}`)),
  side: anySide,
  sizeLots: anyLots,
  filledLots: anyLots,
  limitPriceTicks: fc.option(anyTicks, { nil: undefined }),
  reduceOnly: fc.boolean(),
  status: fc.constantFrom(
    "open" as const,
    "filled" as const,
    "cancelled" as const,
    "rejected" as const,
    "expired" as const,
  ),
  reason: fc.constant(undefined),
  venueText: fc.constant(undefined),
  tsVenueMs: fc.nat(),
});
const anyFill = fc.record({
  instrument: anyInstrument,
  fillId: fc.nat({ max: 30 }).map((n) => fillId(`f${n}`)),
  venueOrderId: fc.nat({ max: 9 }).map((n) => venueOrderId(`v${n}`)),
  clientOrderId: fc.option(anyOrderId, { nil: undefined }),
  side: anySide,
  priceTicks: anyTicks,
  sizeLots: anyLots,
  liquidity: fc.constantFrom("maker" as const, "taker" as const),
  fee: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(money),
  feeAsset: fc.constantFrom("USDC", "BNB"),
  tsVenueMs: fc.nat(),
  tsRecvUs: fc.nat(),
});
const anyPosition = fc.record({
  instrument: anyInstrument,
  positionLots: anyLots,
  entryPrice: fc.constant(undefined),
  markPrice: fc.constant(undefined),
  liquidationPrice: fc.constant(undefined),
  leverage: fc.constant(undefined),
  tsVenueMs: fc.nat(),
});
const anyBalance = fc.record({
  asset: fc.constantFrom("USDC", "BTC"),
  total: fc.bigInt().map(money),
  available: fc.bigInt().map(money),
  tsVenueMs: fc.nat(),
});
const rejected = fc.record({
  kind: fc.constant("rejected" as const),
  code: fc.constantFrom(...rejectCodes),
  venueCode: anyText,
  venueText: anyText,
});
const unknown = fc.record({
  kind: fc.constant("unknown" as const),
  why: fc.constantFrom("timeout" as const, "disconnected" as const, "garbled_reply" as const),
  details: anyText,
});
const cancelOutcome = fc.oneof(
  fc.constant({ kind: "acknowledged" as const }),
  fc.record({ kind: fc.constant("already_done" as const), venueText: anyText }),
  rejected,
  unknown,
);
const anyResponse: fc.Arbitrary<AdapterResponse> = fc.oneof(
  fc.record({
    kind: fc.constant("submit" as const),
    outcome: fc.oneof(
      fc.record({
        kind: fc.constant("acknowledged" as const),
        venueOrderId: fc.nat({ max: 9 }).map((n) => venueOrderId(`v${n}`)),
        tsVenueMs: fc.nat(),
      }),
      rejected,
      unknown,
    ),
  }),
  fc.record({ kind: fc.constantFrom("cancel" as const, "cancel_all" as const), outcome: cancelOutcome }),
  fc.record({
    kind: fc.constant("query_order" as const),
    outcome: fc.oneof(
      fc.record({ kind: fc.constant("found" as const), report: anyReport }),
      fc.constant({ kind: "not_found" as const }),
      fc.record({ kind: fc.constant("failed" as const), details: anyText }),
    ),
  }),
  fc.record({ kind: fc.constant("open_orders" as const), orders: fc.array(anyReport, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("fills" as const), fills: fc.array(anyFill, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("positions" as const), positions: fc.array(anyPosition, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant("balances" as const), balances: fc.array(anyBalance, { maxLength: 2 }) }),
  fc.record({
    kind: fc.constant("failed" as const),
    code: fc.constantFrom("other" as const, "rate_limited" as const, "unreachable" as const),
    venueCode: anyText,
    details: anyText,
  }),
  fc.record({
    kind: fc.constant("cancel_batch" as const),
    outcomes: fc.array(cancelOutcome, { maxLength: 3 }),
  }),
);
const anyPricing = fc.oneof(
  fc.record({
    kind: fc.constant("limit" as const),
    limitPriceTicks: anyTicks,
    timeInForce: fc.constantFrom("GTC" as const, "IOC" as const, "FOK" as const),
    postOnly: fc.boolean(),
  }),
  fc.constant({ kind: "market" as const, worstPriceTicks: undefined }),
);
const anyScope = fc.constantFrom(
  { kind: "global" as const },
  { kind: "account" as const, venue: beta },
  { kind: "plugin" as const, plugin: maker },
);
const anyCommand = fc.oneof(
  fc.record({ kind: fc.constant("kill" as const), flatten: fc.boolean() }),
  fc.record({
    kind: fc.constant("set_state" as const),
    scope: anyScope,
    state: fc.constantFrom(...tradingStates),
    reason: anyText,
  }),
  fc.record({
    kind: fc.constant("set_limits" as const),
    reason: fc.string(),
    scope: anyScope,
    limits: fc.record({ maxOpenOrders: anyNumber }),
  }),
  fc.record({ kind: fc.constantFrom("cancel_orders" as const, "flatten" as const), scope: anyScope }),
  fc.record({ kind: fc.constant("cancel_order" as const), clientOrderId: anyOrderId }),
);

const anyEvent: fc.Arbitrary<Untimed> = fc.oneof(
  fc.record({
    kind: fc.constant("intent" as const),
    intent: fc.record({
      plugin: anyPlugin,
      ref: fc.oneof(fc.nat({ max: 5 }).map(String), anyText),
      side: anySide,
      instrument: anyInstrument,
      sizeLots: anyLots,
      reduceOnly: fc.boolean(),
      pricing: anyPricing,
    }).map(intentOf),
  }),
  fc.record({
    kind: fc.constant("cancel_intent" as const),
    plugin: anyPlugin,
    ref: fc.nat({ max: 5 }).map(String),
  }),
  fc.record({
    kind: fc.constant("cancel_all_intent" as const),
    plugin: anyPlugin,
    instrument: fc.option(anyInstrument, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant("adapter_response" as const),
    venue: anyVenue,
    requestId: fc.nat({ max: 40 }),
    response: anyResponse,
  }),
  fc.record({ kind: fc.constant("order_report" as const), venue: anyVenue, report: anyReport }),
  fc.record({ kind: fc.constant("fill_report" as const), venue: anyVenue, fill: anyFill }),
  fc.record({ kind: fc.constant("position_report" as const), venue: anyVenue, position: anyPosition }),
  fc.record({ kind: fc.constant("balance_report" as const), venue: anyVenue, balance: anyBalance }),
  fc.record({
    kind: fc.constant("funding_report" as const),
    venue: anyVenue,
    payment: fc.record({
      instrument: anyInstrument,
      paymentId: anyText,
      amount: fc.bigInt().map(money),
      asset: fc.constant("USDC"),
      tsVenueMs: fc.nat(),
    }),
  }),
  fc.record({ kind: fc.constant("private_stream_restored" as const), venue: anyVenue }),
  fc.record({
    kind: fc.constant("adapter_started" as const),
    venue: anyVenue,
    hasTrading: fc.boolean(),
    capabilities: fc.constant({ cancelAll: true }),
  }),
  fc.record({ kind: fc.constant("adapter_lost" as const), venue: anyVenue, reason: anyText }),
  fc.record({
    kind: fc.constant("plugin_stopped" as const),
    plugin: anyPlugin,
    reason: anyText,
    isFinal: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("plugin_started" as const),
    plugin: anyPlugin,
    subscriber: fc.nat({ max: 2 }),
    grant: fc.constant({ venues: ["*"], instruments: ["*"], data: [], orders: "trade" as const }),
    budget: fc.constant(looseBudget),
    onStop: fc.constantFrom("keep_positions" as const, "flatten" as const),
  }),
  fc.record({ kind: fc.constant("operator" as const), by: anyText, command: anyCommand }),
  fc.constant({ kind: "tick" as const }),
  fc.constant({ kind: "tick" as const }),
);

/** What sound parties do now and then, so that there is something for the hostile to break. */
const soundSteps = {
  intend: (harness: EngineHarness, at: number) => {
    const pricing = at % 2 === 0 ? { kind: "market" as const, worstPriceTicks: undefined } : undefined;
    harness.intend({
      plugin: at % 3 === 0 ? taker : maker,
      side: at % 5 < 3 ? "buy" : "sell",
      reduceOnly: at % 4 === 0,
      ...(pricing === undefined ? {} : { pricing }),
    });
  },
  answer: (harness: EngineHarness, at: number) => {
    const waiting = harness.unanswered();
    const sent = waiting[at % Math.max(1, waiting.length)];
    if (sent?.request.kind === "submit") harness.acknowledge(sent.request.order.clientOrderId);
    else if (sent?.request.kind === "cancel") {
      harness.answer(sent.requestId, { kind: "cancel", outcome: { kind: "acknowledged" } });
    } else if (sent?.request.kind === "query_order") {
      harness.answer(sent.requestId, { kind: "query_order", outcome: { kind: "not_found" } });
    } else harness.reconcile();
  },
  fill: (harness: EngineHarness, at: number) => {
    const { workingOrders } = harness.engine.snapshot(harness.nowUs);
    const order = workingOrders[at % Math.max(1, workingOrders.length)];
    if (order !== undefined) harness.fill(order, 1 + at % 10);
  },
  report: (harness: EngineHarness, at: number) => {
    const { workingOrders } = harness.engine.snapshot(harness.nowUs);
    const order = workingOrders[at % Math.max(1, workingOrders.length)];
    if (order !== undefined) harness.report(order, at % 2 === 0 ? "cancelled" : "open");
  },
  recover: (harness: EngineHarness) => {
    harness.connect();
    for (const plugin of [maker, taker]) harness.startPlugin(plugin);
    harness.reconcile();
    const scopes = [{ kind: "global" as const }, { kind: "plugin" as const, plugin: maker }];
    for (const scope of scopes) {
      const command = { kind: "set_state" as const, scope, state: "active" as const, reason: "" };
      harness.handle({ kind: "operator", by: "test", command });
    }
  },
} as const;
const anySoundStep = fc.record({
  sound: fc.constantFrom("intend", "intend", "intend", "answer", "answer", "fill", "report", "recover"),
  at: fc.nat({ max: 1_000 }),
});
const anyStep = fc.oneof(
  { weight: 3, arbitrary: anySoundStep },
  { weight: 1, arbitrary: anyEvent.map((event) => ({ event })) },
);

Deno.test("no event throws; requests, orders and positions stay what they must be", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyStep, fc.constantFrom(0, 1, 100, 3_000)), { maxLength: 150, size: "max" }),
      fc.array(fc.tuple(anyNumber, anyNumber), { minLength: 1, maxLength: 10 }),
      (steps, prices) => {
        const harness = EngineHarness.ready();
        harness.listInstrument(btcAt(beta));
        steps.forEach(([step, pauseMs], at) => {
          harness.nowUs += pauseMs * 1000;
          const [bid, ask] = prices[at % prices.length] ?? [1, 2];
          harness.price(alpha, 50_000);
          if (at % 7 === 0) harness.engine.onQuote(0, bid, 1, ask, 1, at, 0, harness.nowUs, "stream");
          if ("event" in step) harness.handle(step.event);
          else soundSteps[step.sound](harness, step.at);
        });
        const submitted = new Set<string>();
        for (const output of harness.outputs) {
          if (output.kind !== "adapter_request" || output.request.kind !== "submit") continue;
          const { order } = output.request;
          assert(!submitted.has(order.clientOrderId), "sent twice");
          assert(output.afterJournal);
          submitted.add(order.clientOrderId);
          const { pricing } = order;
          const ticks = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;
          assert(ticks !== undefined && ticks > 0 && order.sizeLots > 0);
        }
        const snapshot = harness.engine.snapshot(harness.nowUs);
        for (const order of snapshot.workingOrders) assert(!isFinalStatus(order.status));
        for (const order of snapshot.recentOrders) assert(orderStatuses.includes(order.status));
        const booked = new Map<string, number>();
        const book = (plugin: string, instrument: string, lots: number): void => {
          const key = `${plugin}/${instrument}`;
          booked.set(key, (booked.get(key) ?? 0) + lots);
        };
        for (const { plugin, fill } of harness.journal("fill")) {
          book(plugin, fill.instrument, fill.side === "buy" ? fill.sizeLots : -fill.sizeLots);
        }
        for (const { instrument, long, short, sizeLots: lots } of harness.journal("offset")) {
          book(long, instrument, -lots);
          book(short, instrument, lots);
        }
        for (const { repair } of harness.journal("repair")) {
          if (repair.kind === "position_offset") book(repair.plugin, repair.instrument, -repair.lots);
        }
        for (const { plugin, instrument, positionLots } of snapshot.positions) {
          assertEquals(Number(positionLots), booked.get(`${plugin}/${instrument}`) ?? 0);
        }
      },
    ),
    { numRuns: 150 },
  );
});
