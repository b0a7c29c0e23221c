/** A snapshot as a busy simulated run has it, and random ones. */
import fc from "fast-check";
import type {
  DisplaySnapshot,
  GroupRow,
  NoticeRow,
  OpportunityRow,
  OrderRow,
  PluginRow,
  PositionRow,
  QuoteRow,
  RiskRow,
  VenueRow,
} from "../../../core/terminal/ports.ts";

const venue = (name: string, changes: Partial<VenueRow> = {}): VenueRow => ({
  venue: name,
  state: "connected",
  trading: "ready",
  heartbeatAgeMs: 120,
  updatesPerSecond: 42.4,
  latencyAverageMs: 1.8,
  latencyP99Ms: 6,
  gaps: 0,
  reconnects: 0,
  realizedUsd: 12.3,
  unrealizedUsd: -1.5,
  feesUsd: 2.25,
  ...changes,
});

const quote = (
  symbol: string,
  name: string,
  bidPrice: number,
  askPrice: number,
  decimals: number,
): QuoteRow => ({
  symbol,
  venue: name,
  bidPrice,
  bidSizeBase: 1.25,
  askPrice,
  askSizeBase: 0.5,
  ageMs: 85,
  priceDecimals: decimals,
  sizeDecimals: 5,
});

const plugin = (id: string, changes: Partial<PluginRow> = {}): PluginRow => ({
  id,
  kind: "strategy",
  state: "running",
  why: "",
  cpuPercent: 3.2,
  rssMb: 48,
  heapMb: 6.5,
  heartbeatAgeMs: 60,
  restarts: 0,
  ...changes,
});

/** A broken one, one leg ahead. */
export const sampleGroup: GroupRow = {
  plugin: "cross_exchange_arbitrage",
  symbol: "BTC-PERP",
  words: "buy okx, sell paradex",
  phase: "repairing",
  isBroken: true,
  sizeBase: 0.01,
  sizeDecimals: 5,
  nakedUsd: 216.3,
  nakedMs: 340,
  ageMs: 900,
  why: "",
};

export const sampleSnapshot: DisplaySnapshot = {
  run: {
    version: "0.1.0",
    environment: "sim",
    seed: 7,
    uptimeMs: 83_000,
    durationMs: 300_000,
    isStopping: false,
    consoleUrl: "http://127.0.0.1:8117",
    hostRssMb: 92,
  },
  totals: {
    realizedUsd: 24.6,
    unrealizedUsd: -3,
    feesUsd: 4.5,
    fundingUsd: 0.1,
    totalUsd: 17,
    orders: 42,
    fills: 31,
    roundTrips: 9,
  },
  venues: [venue("okx"), venue("paradex", { gaps: 2, reconnects: 1, heartbeatAgeMs: 12_000 })],
  quotes: [
    quote("BTC-PERP", "okx", 43250.1, 43250.2, 1),
    quote("BTC-PERP", "paradex", 43255.1, 43256.3, 1),
    quote("ETH-PERP", "okx", 2250.11, 2250.12, 2),
    quote("ETH-PERP", "paradex", NaN, 2250.5, 2),
  ],
  opportunities: {
    seen: 12,
    taken: 3,
    latest: [{
      tsMs: 1_750_000_000_000,
      plugin: "cross_exchange_arbitrage",
      symbol: "BTC-PERP",
      words: "buy okx, sell paradex",
      edgeBps: 1.13,
      isTaken: true,
    }],
  },
  orders: [{
    clientOrderId: "b00010abcdefg000000001",
    plugin: "paradex_scalper",
    venue: "paradex",
    symbol: "BTC-PERP",
    side: "buy",
    price: 43250.1,
    sizeBase: 0.015,
    filledBase: 0.005,
    status: "accepted",
    ageMs: 1200,
    priceDecimals: 1,
    sizeDecimals: 5,
  }],
  positions: [
    {
      plugin: "cross_exchange_arbitrage",
      venue: "okx",
      symbol: "BTC-PERP",
      sizeBase: 0.015,
      entryPrice: 43250.2,
      markPrice: 43252,
      unrealizedUsd: 0.27,
      realizedUsd: 12.3,
      priceDecimals: 1,
      sizeDecimals: 5,
    },
    {
      plugin: "cross_exchange_arbitrage",
      venue: "paradex",
      symbol: "BTC-PERP",
      sizeBase: -0.015,
      entryPrice: 43255.1,
      markPrice: 43254,
      unrealizedUsd: 0.17,
      realizedUsd: 0,
      priceDecimals: 1,
      sizeDecimals: 5,
    },
  ],
  plugins: [
    plugin("okx", { kind: "exchange" }),
    plugin("paradex", { kind: "exchange" }),
    plugin("cross_exchange_arbitrage"),
    plugin("paradex_scalper", { state: "quarantined", why: "three crashes within a minute", restarts: 3 }),
  ],
  groups: [],
  groupCounts: {
    begun: 5,
    opened: 4,
    closed: 3,
    nothingFilled: 0,
    unwound: 1,
    closedElsewhere: 0,
    broken: 2,
    halted: 0,
    maxNakedUsd: 512.4,
    maxNakedMs: 87.4,
    verified: { agreed: 8, differed: 0, pending: 0 },
  },
  risk: [
    { scope: "global", state: "active", reason: "", todayUsd: 17, grossExposureUsd: 1297.6 },
    {
      scope: "plugin/paradex_scalper",
      state: "reducing",
      reason: "daily loss 101.20 over 100",
      todayUsd: -101.2,
      grossExposureUsd: 0,
    },
  ],
  refusals: [{ code: "stale_quote", count: 4 }],
  notices: [
    { tsMs: 1_750_000_000_000, severity: "warning", text: "paradex reconnected after 1.2 s" },
    { tsMs: 1_749_999_990_000, severity: "info", text: "okx is reconciled" },
  ],
};

const number = fc.oneof(
  fc.double(),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1e-12, 1e21, -1e300),
  fc.integer({ min: -100_000, max: 100_000 }),
);
const count = fc.nat({ max: 2 ** 31 - 1 });
const decimals = fc.integer({ min: -2, max: 30 });
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "\x1b[2J\x1b[31m",
    "line\nbreak",
    "汉字漢字",
    "👩‍👩‍👧 family",
    "e\u0301\u0301",
    "\u202eright",
    "",
  ),
);
const time = fc.oneof(fc.integer({ min: 0, max: 4e12 }), number);
const side = fc.constantFrom("buy" as const, "sell" as const);

const venueRow: fc.Arbitrary<VenueRow> = fc.record({
  venue: text,
  state: fc.constantFrom("connecting", "connected", "reconnecting", "stopped", "not_started"),
  trading: fc.constantFrom("ready", "reconciling", "disconnected", "none"),
  heartbeatAgeMs: number,
  updatesPerSecond: number,
  latencyAverageMs: number,
  latencyP99Ms: number,
  gaps: count,
  reconnects: count,
  realizedUsd: number,
  unrealizedUsd: number,
  feesUsd: number,
});
const quoteRow: fc.Arbitrary<QuoteRow> = fc.record({
  symbol: fc.oneof(fc.constantFrom("BTC-PERP", "ETH-PERP"), text),
  venue: fc.oneof(fc.constantFrom("okx", "paradex"), text),
  bidPrice: number,
  bidSizeBase: number,
  askPrice: number,
  askSizeBase: number,
  ageMs: number,
  priceDecimals: decimals,
  sizeDecimals: decimals,
});
const opportunityRow: fc.Arbitrary<OpportunityRow> = fc.record({
  tsMs: time,
  plugin: text,
  symbol: text,
  words: text,
  edgeBps: number,
  isTaken: fc.boolean(),
});
const orderRow: fc.Arbitrary<OrderRow> = fc.record({
  clientOrderId: text,
  plugin: text,
  venue: text,
  symbol: text,
  side,
  price: number,
  sizeBase: number,
  filledBase: number,
  status: text,
  ageMs: number,
  priceDecimals: decimals,
  sizeDecimals: decimals,
});
const positionRow: fc.Arbitrary<PositionRow> = fc.record({
  plugin: text,
  venue: text,
  symbol: text,
  sizeBase: number,
  entryPrice: number,
  markPrice: number,
  unrealizedUsd: number,
  realizedUsd: number,
  priceDecimals: decimals,
  sizeDecimals: decimals,
});
const groupRow: fc.Arbitrary<GroupRow> = fc.record({
  plugin: text,
  symbol: text,
  words: text,
  phase: text,
  isBroken: fc.boolean(),
  sizeBase: number,
  sizeDecimals: decimals,
  nakedUsd: number,
  nakedMs: number,
  ageMs: number,
  why: text,
});
const pluginRow: fc.Arbitrary<PluginRow> = fc.record({
  id: text,
  kind: fc.constantFrom("strategy", "exchange"),
  state: text,
  why: text,
  cpuPercent: number,
  rssMb: number,
  heapMb: number,
  heartbeatAgeMs: number,
  restarts: count,
});
const riskRow: fc.Arbitrary<RiskRow> = fc.record({
  scope: text,
  state: fc.constantFrom("active", "reducing", "halted"),
  reason: text,
  todayUsd: number,
  grossExposureUsd: number,
});
const noticeRow: fc.Arbitrary<NoticeRow> = fc.record({
  tsMs: time,
  severity: fc.constantFrom("info", "warning", "critical"),
  text,
});
const few = <T>(row: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(row, { maxLength: 9 });

export const anySnapshot: fc.Arbitrary<DisplaySnapshot> = fc.record({
  run: fc.record({
    version: text,
    environment: fc.constantFrom("sim", "paper", "testnet", "live"),
    seed: count,
    uptimeMs: number,
    durationMs: fc.option(number, { nil: undefined }),
    isStopping: fc.boolean(),
    consoleUrl: fc.option(text, { nil: undefined }),
    hostRssMb: number,
  }),
  totals: fc.record({
    realizedUsd: number,
    unrealizedUsd: number,
    feesUsd: number,
    fundingUsd: number,
    totalUsd: number,
    orders: count,
    fills: count,
    roundTrips: count,
  }),
  venues: few(venueRow),
  quotes: few(quoteRow),
  opportunities: fc.record({ seen: count, taken: count, latest: few(opportunityRow) }),
  orders: few(orderRow),
  positions: few(positionRow),
  groups: few(groupRow),
  groupCounts: fc.record({
    begun: count,
    opened: count,
    closed: count,
    nothingFilled: count,
    unwound: count,
    closedElsewhere: count,
    broken: count,
    halted: count,
    maxNakedUsd: number,
    maxNakedMs: number,
    verified: fc.record({ agreed: count, differed: count, pending: count }),
  }),
  plugins: few(pluginRow),
  risk: few(riskRow),
  refusals: few(fc.record({ code: text, count })),
  notices: few(noticeRow),
});
