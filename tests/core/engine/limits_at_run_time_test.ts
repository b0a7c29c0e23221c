/** Limits while the host runs: tightened by anybody, loosened by an operator, breached by what stands. */
import { assert, assertEquals } from "@std/assert";
import { instrumentId } from "../../../core/model/ids.ts";
import { parseMoney } from "../../../core/model/money.ts";
import type { RiskScope, ScopeLimits, TradingState } from "../../../core/model/risk_limits.ts";
import type { OperatorCommand } from "../../../core/engine/events.ts";
import { loosenedMarket } from "../../../core/risk/market_limit_changes.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { isAtMost, loosened, tightest } from "../../../core/risk/limit_changes.ts";
import { defaultRiskSettings } from "../../../core/risk/settings.ts";
import { alpha, btcAt, EngineHarness, looseRisk, maker, noLimits } from "../../support/engine_builders.ts";

const scopes: readonly RiskScope[] = [
  { kind: "plugin", plugin: maker },
  { kind: "account", venue: alpha },
  { kind: "global" },
];

const limitsOf = (harness: EngineHarness, scope: RiskScope): ScopeLimits | undefined =>
  harness.engine.snapshot(harness.nowUs).scopes.find((one) => one.scope.kind === scope.kind)?.limits;
const stateOf = (harness: EngineHarness, scope: RiskScope): TradingState | undefined =>
  harness.engine.snapshot(harness.nowUs).scopes.find((one) => one.scope.kind === scope.kind)?.state;

for (const scope of scopes) {
  Deno.test(`limits of ${scope.kind} are tightened at once, and not loosened by the same command`, () => {
    const harness = EngineHarness.ready();
    const tighten = (limits: Partial<ScopeLimits>) =>
      harness.handle({ kind: "operator", by: "http", command: { kind: "tighten_limits", scope, limits } });
    tighten({ maxOrderNotionalUsd: 400 });
    assertEquals(limitsOf(harness, scope)?.maxOrderNotionalUsd, 400);
    assertEquals(harness.intend(), undefined); // 500 USD
    assertEquals(harness.refusals(), ["ORDER_NOTIONAL"]);
    tighten({ maxOpenOrders: 5, maxOrderNotionalUsd: 600 });
    const { maxOpenOrders, maxOrderNotionalUsd } = limitsOf(harness, scope) ?? noLimits;
    assertEquals([maxOpenOrders, maxOrderNotionalUsd], [
      scope.kind === "plugin" ? looseRisk.plugin.maxOpenOrders : null,
      400,
    ]);
    assertEquals(harness.notices().slice(-2), ["LIMITS_CHANGED", "LIMITS_NOT_TIGHTER"]);
    harness.handle({
      kind: "operator",
      by: "cli",
      command: { kind: "set_limits", scope, limits: { maxOrderNotionalUsd: 600 }, reason: "seen" },
    });
    assert(harness.intend() !== undefined);
    const journalled = harness.journal("limits").at(-1);
    assertEquals([journalled?.by, journalled?.reason, journalled?.limits], ["cli", "seen", {
      maxOrderNotionalUsd: 600,
    }]);
  });
}

Deno.test("a tightened limit survives a restart, a loosened one does not", () => {
  const before = EngineHarness.ready({ risk: { ...looseRisk, global: { ...noLimits, maxOpenOrders: 10 } } });
  const scope = { kind: "global" as const };
  before.handle({
    kind: "operator",
    by: "cli",
    command: {
      kind: "set_limits",
      scope,
      limits: { maxOpenOrders: 20, maxOrderNotionalUsd: 400 },
      reason: "",
    },
  });
  assertEquals(limitsOf(before, scope)?.maxOpenOrders, 20);
  const after = EngineHarness.ready({ risk: { ...looseRisk, global: { ...noLimits, maxOpenOrders: 10 } } });
  after.handle({ kind: "restore", restore: before.engine.checkpoint() });
  assertEquals(limitsOf(after, scope)?.maxOpenOrders, 10);
  assertEquals(limitsOf(after, scope)?.maxOrderNotionalUsd, 400);
});

const marketOf = (harness: EngineHarness) => harness.engine.snapshot(harness.nowUs).market;
const operate = (harness: EngineHarness, command: OperatorCommand): void => {
  harness.handle({ kind: "operator", by: "http", command });
};

Deno.test("market limits are tightened at once, and not loosened by the same command", () => {
  const harness = EngineHarness.ready();
  const collar = { kind: "tighten_market", limits: { collarQuoteBps: 10, maxQuoteAgeMs: 500 } } as const;
  const limitPriceTicks = priceTicks(501_000);
  const pricing = { kind: "limit", limitPriceTicks, timeInForce: "GTC", postOnly: false } as const;
  assert(harness.intend({ pricing }) !== undefined);
  operate(harness, collar);
  assertEquals([marketOf(harness).collarQuoteBps, marketOf(harness).maxQuoteAgeMs], [10, 500]);
  assertEquals(harness.intend({ pricing }), undefined);
  harness.pass(600, true);
  assertEquals(harness.intend(), undefined);
  assertEquals(harness.refusals(), ["PRICE_COLLAR_QUOTE", "QUOTE_STALE"]);
  operate(harness, { kind: "tighten_market", limits: { maxMarkAgeMs: 1_000, maxQuoteAgeMs: 501 } });
  assertEquals([marketOf(harness).maxMarkAgeMs, marketOf(harness).maxQuoteAgeMs], [15_000, 500]);
  assertEquals(harness.notices().slice(-2), ["LIMITS_CHANGED", "LIMITS_NOT_TIGHTER"]);
  operate(harness, { kind: "set_market", limits: { maxQuoteAgeMs: 700 }, reason: "slow line" });
  assert(harness.intend() !== undefined);
  assertEquals(harness.journal("market_limits").at(-1), {
    kind: "market_limits",
    limits: { collarQuoteBps: 10, maxQuoteAgeMs: 700 },
    by: "http",
    reason: "slow line",
  });
});

Deno.test("positions are valued by the age that holds now", () => {
  const harness = EngineHarness.ready();
  harness.trade("buy", 10);
  harness.pass(5_000, true);
  const unpriced = () => Number.isNaN(harness.engine.snapshot(harness.nowUs).scopes[0]?.grossExposureUsd);
  assertEquals(unpriced(), false);
  operate(harness, { kind: "tighten_market", limits: { maxValuationAgeMs: 4_000 } });
  assertEquals(unpriced(), true);
});

Deno.test("a tightened market limit survives a restart, a loosened one does not", () => {
  const before = EngineHarness.ready();
  const limits = { maxClockSkewMs: 3_000, minMarginBuffer: 0.2, reduceOnlyCollarBps: 200 };
  operate(before, { kind: "set_market", limits, reason: "" });
  const after = EngineHarness.ready();
  after.handle({ kind: "restore", restore: before.engine.checkpoint() });
  const { maxClockSkewMs, minMarginBuffer, reduceOnlyCollarBps } = marketOf(after);
  assertEquals([maxClockSkewMs, minMarginBuffer, reduceOnlyCollarBps], [2_000, 0.2, 300]);
  // Both are kept for the run after the next, whose configuration may be another.
  assertEquals(after.engine.checkpoint().marketLimits, limits);
});

for (
  const { name, change, expected } of [
    { name: "smaller ages and collars", change: { maxMarkAgeMs: 1, collarMarkBps: 1 }, expected: [] },
    { name: "a larger buffer", change: { minMarginBuffer: 0.5 }, expected: [] },
    { name: "a smaller buffer", change: { minMarginBuffer: 0.05 }, expected: ["minMarginBuffer"] },
    { name: "a larger age", change: { maxQuoteAgeMs: 2_001 }, expected: ["maxQuoteAgeMs"] },
    {
      name: "a closer bound of closing orders",
      change: { reduceOnlyCollarBps: 1 },
      expected: ["reduceOnlyCollarBps"],
    },
    { name: "the same again", change: { reduceOnlyCollarBps: 300, marginLeverage: 5 }, expected: [] },
    { name: "no number", change: { maxQuoteAgeMs: NaN }, expected: ["maxQuoteAgeMs"] },
  ] as const
) {
  Deno.test(`which way market limits go: ${name}`, () => {
    assertEquals(loosenedMarket(defaultRiskSettings.market, change), expected);
  });
}

Deno.test("tighter, looser and unknown limits are told apart", () => {
  assertEquals([isAtMost(1, 2), isAtMost(2, 2), isAtMost(3, 2)], [true, true, false]);
  assertEquals([isAtMost(1, null), isAtMost(null, 1), isAtMost(null, null)], [true, false, true]);
  assertEquals([isAtMost(NaN, 1), isAtMost(1, NaN), isAtMost(NaN, NaN)], [true, false, true]);
  const limits = { ...noLimits, maxOpenOrders: 10, maxLeverage: 5 };
  assertEquals(loosened(limits, { maxOpenOrders: 9, maxLeverage: null }), ["maxLeverage"]);
  assertEquals(tightest(limits, { maxOpenOrders: 9, maxLeverage: null }), { ...limits, maxOpenOrders: 9 });
});

interface Standing {
  readonly name: string;
  readonly account?: Partial<ScopeLimits>;
  readonly plugin?: Partial<ScopeLimits>;
  /** Mark price to which it moves; 100 lots are 0.1 BTC. */
  readonly priceUsd: number;
  readonly availableUsd?: string;
  readonly expected: Partial<Record<RiskScope["kind"], string>>;
}

const standing: readonly Standing[] = [
  {
    name: "a position a tenth beyond its limit stays",
    plugin: { maxPositionNotionalUsd: 5_100 },
    priceUsd: 56_100,
    expected: {},
  },
  {
    name: "a position further beyond",
    plugin: { maxPositionNotionalUsd: 5_100 },
    priceUsd: 56_120,
    expected: { plugin: "position" },
  },
  {
    name: "net exposure",
    account: { maxNetExposureUsd: 5_100 },
    priceUsd: 57_000,
    expected: { account: "net_exposure" },
  },
  {
    name: "gross exposure",
    account: { maxGrossExposureUsd: 5_100 },
    priceUsd: 57_000,
    expected: { account: "gross_exposure" },
  },
  { name: "leverage", account: { maxLeverage: 0.052 }, priceUsd: 58_000, expected: { account: "leverage" } },
  { name: "free margin", priceUsd: 50_000, availableUsd: "9000", expected: { account: "margin_buffer" } },
  { name: "free margin at the buffer", priceUsd: 50_000, availableUsd: "10000", expected: {} },
];

for (const { name, account = {}, plugin = {}, priceUsd, availableUsd, expected } of standing) {
  Deno.test(`a standing breach moves the state by itself: ${name}`, () => {
    const harness = EngineHarness.ready({
      risk: {
        ...looseRisk,
        account: { ...noLimits, ...account },
        plugin: { ...noLimits, ...plugin },
      },
    });
    harness.trade("buy", 100);
    for (const scope of scopes) assertEquals(stateOf(harness, scope), "active");
    if (availableUsd !== undefined) {
      const balance = { asset: "USDC", total: parseMoney("100000"), tsVenueMs: 0 };
      harness.handle({
        kind: "balance_report",
        venue: alpha,
        balance: { ...balance, available: parseMoney(availableUsd) },
      });
    }
    harness.price(alpha, priceUsd);
    harness.pass(100);
    const moved = harness.journal("trading_state").map(({ scope, reason }) => [scope.kind, reason]);
    assertEquals(Object.fromEntries(moved), expected);
  });
}

Deno.test("an unknown price moves no state, and nothing new is let through", () => {
  const harness = EngineHarness.ready({
    risk: {
      ...looseRisk,
      plugin: { ...noLimits, maxPositionNotionalUsd: 6_000, maxGrossExposureUsd: 6_000 },
    },
  });
  harness.trade("buy", 100);
  harness.pass(120_000, true);
  assertEquals(harness.journal("trading_state"), []);
  assertEquals(harness.intend(), undefined);
});

Deno.test("with the request budget used up cancels and reduce-only orders still leave, new orders do not", () => {
  const harness = EngineHarness.ready({
    risk: { ...looseRisk, plugin: noLimits },
    defaultRateBudget: { requestsPerSecond: 0.001, burst: 40, reservedShare: 0.5 },
  });
  harness.trade("buy", 10);
  const orders = [];
  for (let count = 0; count < 60; count++) {
    const order = harness.intend();
    if (order !== undefined) orders.push(order);
  }
  assertEquals(harness.refusals().at(-1), "RATE_BUDGET");
  assert(orders.length > 5 && orders.length < 40, String(orders.length));
  for (const { clientOrderId } of orders) harness.acknowledge(clientOrderId);
  const submits = harness.sent("submit");
  const closing = harness.intend({ side: "sell", sizeLots: sizeLots(10), reduceOnly: true });
  assertEquals(closing?.reduceOnly, true);
  assertEquals(harness.sent("submit"), submits + 1);
  harness.handle({ kind: "cancel_all_intent", plugin: maker, instrument: undefined });
  assertEquals(harness.sent("cancel"), orders.length); // the closing order's waits for its acknowledgement
});

const blocked: readonly { readonly name: string; readonly block: (harness: EngineHarness) => void }[] = [
  {
    name: "everything is halted",
    block: (harness) =>
      harness.handle({ kind: "operator", by: "t", command: { kind: "kill", flatten: false } }),
  },
  {
    name: "the plugin is dead",
    block: (harness) =>
      harness.handle({ kind: "plugin_stopped", plugin: maker, reason: "crash", isFinal: false }),
  },
  { name: "no price is known", block: (harness) => harness.pass(120_000, true) },
  { name: "the private stream is down", block: (harness) => harness.health(alpha, "reconnecting") },
];
for (const { name, block } of blocked) {
  Deno.test(`a cancel leaves though ${name}`, () => {
    const harness = EngineHarness.ready({ risk: { ...defaultRiskSettings } });
    const order = harness.place();
    block(harness);
    const scope = { kind: "global" as const };
    harness.handle({ kind: "operator", by: "t", command: { kind: "cancel_orders", scope } });
    assert(harness.sent("cancel") > 0);
    assert(["pending_cancel", "accepted", "unknown"].includes(harness.order(order.clientOrderId).status));
  });
}

Deno.test("a dead man's switch that stays unarmed on a live connection is told once, and its end too", () => {
  const harness = EngineHarness.ready();
  const health = harness.engine.snapshot(harness.nowUs).venues[0]?.health;
  if (health === undefined) throw new Error("no health");
  const tell = (deadMansSwitch: "armed" | "not_armed") =>
    harness.handle({ kind: "venue_health", health: { ...health, deadMansSwitch } });
  const told = () => harness.notices().filter((code) => code.startsWith("DEAD_MANS"));
  tell("armed");
  tell("not_armed");
  harness.pass(9_900);
  tell("not_armed");
  assertEquals(told(), []);
  harness.pass(100);
  tell("not_armed");
  harness.pass(1_000);
  tell("not_armed");
  assertEquals(told(), ["DEAD_MANS_SWITCH_NOT_ARMED"]);
  tell("armed");
  assertEquals(told(), ["DEAD_MANS_SWITCH_NOT_ARMED", "DEAD_MANS_SWITCH_ARMED"]);
});

Deno.test("positions are counted with what is on its way: a second instrument is one too many, more of the first is not", () => {
  const harness = EngineHarness.ready({
    risk: { ...looseRisk, plugin: { ...noLimits, maxOpenPositions: 1 } },
  });
  const eth = btcAt(alpha, { id: instrumentId("alpha", "ETH-PERP"), symbol: "ETH-PERP", baseAsset: "ETH" });
  harness.listInstrument(eth);
  const index = harness.engine.indexOf(eth.id) ?? -1;
  harness.engine.onQuote(
    index,
    49_999.5,
    1,
    50_000.5,
    1,
    1,
    harness.nowUs / 1000 - 20,
    harness.nowUs,
    "stream",
  );
  harness.engine.onMark(index, 50_000, 50_000, 0, 0, 1, harness.nowUs / 1000 - 20, harness.nowUs);
  assert(harness.intend() !== undefined);
  assertEquals(harness.intend({ instrument: eth.id }), undefined);
  assertEquals(harness.refusals(), ["OPEN_POSITIONS"]);
  assert(harness.intend() !== undefined);
});

Deno.test("cancels and fills are counted in every scope, and a plugin that only cancels is held back", () => {
  const harness = EngineHarness.ready({
    risk: {
      ...looseRisk,
      plugin: { ...noLimits, maxCancelToFillRatio: 2 },
      market: { ...looseRisk.market, minCancelsForRatio: 3 },
    },
  });
  const cancelled = () => {
    const order = harness.place();
    harness.handle({ kind: "cancel_intent", plugin: maker, ref: order.ref });
    harness.report(order, "cancelled", { reason: "requested" });
  };
  for (let count = 0; count < 3; count++) cancelled();
  assertEquals(harness.intend(), undefined);
  assertEquals(harness.refusals(), ["CANCEL_TO_FILL"]);
  const counted = harness.engine.snapshot(harness.nowUs).scopes.map(({ cancels, fills }) => [cancels, fills]);
  assertEquals(counted, [[3, 0], [3, 0], [3, 0]]);
});
