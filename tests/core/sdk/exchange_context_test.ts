import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../core/errors.ts";
import type { AdapterRequest, AdapterResponse } from "../../../core/model/adapter_request.ts";
import { clientOrderId, instrumentId, pluginId, venueId } from "../../../core/model/ids.ts";
import { intervalMs, type Kline, klineIntervals, maxHistoryRows } from "../../../core/model/market.ts";
import type { OrderRequest } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { decodeJson, encodeMessage } from "../../../core/protocol/codec.ts";
import type { ExchangeHello, PluginMessage } from "../../../core/protocol/messages.ts";
import { parsePluginMessage } from "../../../core/protocol/schemas.ts";
import { FrameWriter } from "../../../core/protocol/stream.ts";
import type { ExchangeAdapter, ExchangeContext, MarketQueries, Trading } from "../../../core/sdk/exchange.ts";
import type { ExchangeManifest } from "../../../core/sdk/manifest.ts";
import { ExchangeRuntime } from "../../../core/sdk/exchange_context.ts";
import type { Platform } from "../../../core/sdk/plugin_time.ts";
import { btcAt } from "../../support/engine_builders.ts";

const btc = instrumentId("paradex", "BTC-PERP");
const order: OrderRequest = {
  instrument: btc,
  clientOrderId: clientOrderId("a1"),
  side: "buy",
  sizeLots: sizeLots(5),
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: priceTicks(100), timeInForce: "GTC", postOnly: true },
};
const kline: Kline = {
  tsOpenMs: 1_000,
  openPrice: 1,
  highPrice: 3,
  lowPrice: 0.5,
  closePrice: 2,
  volumeBase: NaN,
};
const refusal = new BerthError("VENUE_REFUSED", {
  venue: "paradex",
  request: "GET /x",
  venueCode: "TOO_POOR",
  venueText: "no money",
  code: "insufficient_margin",
});

function unused(): never {
  throw new Error("not asked for in this test");
}

const noTrading: Trading = {
  submit: unused,
  cancel: unused,
  cancelAll: unused,
  queryOrder: unused,
  openOrders: unused,
  fills: unused,
  positions: unused,
  balances: unused,
};

const noQueries: MarketQueries = {
  klineIntervals: ["1m", "1h"],
  klines: unused,
  fundingRates: unused,
  serverTimeMs: unused,
  venueStatus: unused,
};

const noCapabilities = {
  amend: false,
  postOnly: false,
  reduceOnly: false,
  fillOrKill: false,
  cancelAll: false,
  deadMansSwitch: false,
  batchOrders: false,
  stopOrders: false,
  takeProfitOrders: false,
  leverage: false,
  isolatedMargin: false,
} as const;

const hello: ExchangeHello = {
  type: "hello",
  role: "exchange",
  protocolVersion: 1,
  pluginId: pluginId("paradex"),
  environment: "sim",
  settings: {},
  secrets: {},
  savedState: undefined,
  seed: 1,
  heartbeatEveryMs: 100,
  timeMode: "real",
  epochUs: 0,
  venue: "paradex",
  endpoints: {},
  symbols: [],
  instrumentNames: {},
};

const platform: Platform = {
  epochMs: () => 0,
  epochUs: () => 0,
  monotonicMs: () => 0,
  after: () => () => {},
  nextTurn: unused,
  heapUsedBytes: unused,
  seededRandom: () => () => 0.5,
};

const manifest: ExchangeManifest = {
  kind: "exchange",
  id: "paradex",
  version: "1.0.0",
  sdkVersion: 1,
  description: "made up",
  author: "tests",
  settings: {},
  venue: "paradex",
  endpoints: { live: {} },
  tradingSecrets: [],
  packages: [],
};

/** The answer to one request as the host's schema reads it after its way over the wire. */
async function ask(
  request: AdapterRequest,
  parts: { readonly trading?: Partial<Trading>; readonly queries?: Partial<MarketQueries> },
): Promise<AdapterResponse> {
  const answered = Promise.withResolvers<PluginMessage>();
  const adapter: ExchangeAdapter = {
    capabilities: {
      amend: true,
      postOnly: true,
      reduceOnly: true,
      fillOrKill: true,
      cancelAll: true,
      deadMansSwitch: false,
      batchOrders: true,
      stopOrders: true,
      takeProfitOrders: true,
      leverage: true,
      isolatedMargin: false,
    },
    marketData: { subscribe: unused, unsubscribe: unused },
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    ...(parts.trading === undefined ? {} : { trading: { ...noTrading, ...parts.trading } }),
    ...(parts.queries === undefined ? {} : { queries: { ...noQueries, ...parts.queries } }),
  };
  const runtime = new ExchangeRuntime({
    hello,
    module: { manifest, create: () => adapter },
    writer: new FrameWriter({ write: () => Promise.resolve() }, {
      maxQueuedBytes: 1 << 20,
      onOverflow: unused,
      onError: unused,
    }),
    send: (message) => message.type === "response" ? answered.resolve(message) : undefined,
    platform,
    onHostSilent: unused,
  });
  await runtime.start();
  runtime.onMessage({ type: "request", requestId: 7, timeoutMs: 5_000, ...request });
  const parsed = parsePluginMessage(decodeJson(encodeMessage(await answered.promise)), "exchange");
  await runtime.stop();
  if (parsed.kind === "fault") throw new Error(parsed.reason);
  return parsed.message.type === "response" ? parsed.message.response : unused();
}

const acknowledged = { kind: "acknowledged" } as const;
const key = { instrument: btc, clientOrderId: clientOrderId("a1"), venueOrderId: undefined };

Deno.test("questions about markets need no account, and come back as they were answered", async () => {
  const asked: unknown[] = [];
  const queries: Partial<MarketQueries> = {
    klines: (instrument, interval, { fromMs, toMs }) => {
      asked.push([instrument, interval, fromMs, toMs]);
      return Promise.resolve([kline]);
    },
    fundingRates: () => Promise.resolve([{ fundingRate: -1e-5, intervalHours: undefined, tsVenueMs: 9 }]),
    serverTimeMs: () => Promise.resolve(1_700_000_000_123),
    venueStatus: () => Promise.resolve("post_only"),
  };
  assertEquals(
    await ask({ kind: "klines", instrument: btc, interval: "1m", fromMs: 0, toMs: 60_000 }, { queries }),
    { kind: "klines", klines: [kline] },
  );
  assertEquals(asked, [[btc, "1m", 0, 60_000]]);
  assertEquals(await ask({ kind: "funding_rates", instrument: btc, fromMs: 0, toMs: 10 }, { queries }), {
    kind: "funding_rates",
    rates: [{ fundingRate: -1e-5, intervalHours: undefined, tsVenueMs: 9 }],
  });
  assertEquals(await ask({ kind: "server_time" }, { queries }), {
    kind: "server_time",
    tsVenueMs: 1_700_000_000_123,
  });
  assertEquals(await ask({ kind: "venue_status" }, { queries }), {
    kind: "venue_status",
    status: "post_only",
  });
});

Deno.test("a batch has one outcome an order, a cancel batch one a key", async () => {
  const outcomes = [
    { kind: "rejected", code: "insufficient_margin", venueCode: "X", venueText: "y" },
    { kind: "unknown", why: "timeout", details: "" },
  ] as const;
  const trading: Partial<Trading> = {
    submitBatch: (orders) => Promise.resolve(outcomes.slice(0, orders.length)),
    cancelBatch: (orders) => Promise.resolve(orders.map(() => acknowledged)),
    setLeverage: (_instrument, leverage, marginMode) =>
      Promise.resolve({ kind: "rejected", code: "other", venueCode: marginMode, venueText: `${leverage}` }),
    fundingPayments: () => Promise.resolve([]),
  };
  assertEquals(await ask({ kind: "submit_batch", orders: [order, order] }, { trading }), {
    kind: "submit_batch",
    outcomes: [...outcomes],
  });
  assertEquals(await ask({ kind: "cancel_batch", orders: [key] }, { trading }), {
    kind: "cancel_batch",
    outcomes: [acknowledged],
  });
  assertEquals(
    await ask({ kind: "set_leverage", instrument: btc, leverage: 3, marginMode: "isolated" }, { trading }),
    {
      kind: "set_leverage",
      outcome: { kind: "rejected", code: "other", venueCode: "isolated", venueText: "3" },
    },
  );
  assertEquals(await ask({ kind: "funding_payments", sinceMs: 0 }, { trading }), {
    kind: "funding_payments",
    payments: [],
  });
});

const ended = (response: AdapterResponse): unknown => {
  if (response.kind === "failed") return response.code;
  if ("outcomes" in response) return response.outcomes.map((one) => "code" in one ? one.code : one.kind);
  return "outcome" in response && "code" in response.outcome ? response.outcome.code : response.kind;
};

Deno.test("what an adapter does not have is unsupported, in the words of each request", async () => {
  const trading = {};
  const queries = {};
  const rows: readonly (readonly [AdapterRequest, Parameters<typeof ask>[1], unknown])[] = [
    [{ kind: "server_time" }, { trading }, "unsupported"],
    [{ kind: "balances" }, { queries }, "not_sent"],
    [{ kind: "submit", order }, { queries }, "not_sent"],
    [{ kind: "submit_batch", orders: [order] }, { trading }, ["unsupported"]],
    [{ kind: "cancel_batch", orders: [key, key] }, { trading }, ["unsupported", "unsupported"]],
    [{ kind: "set_leverage", instrument: btc, leverage: 2, marginMode: "cross" }, { trading }, "unsupported"],
    [{ kind: "funding_payments", sinceMs: 0 }, { trading }, "unsupported"],
    [
      { kind: "klines", instrument: btc, interval: "3d", fromMs: 0, toMs: 1 },
      { queries },
      "unsupported",
    ],
    [
      { kind: "klines", instrument: btc, interval: "1m", fromMs: 0, toMs: maxHistoryRows * 60_000 + 1 },
      { queries },
      "range_too_long",
    ],
    [{ kind: "klines", instrument: btc, interval: "1m", fromMs: 5, toMs: 5 }, { queries }, "range_too_long"],
    [{ kind: "funding_rates", instrument: btc, fromMs: NaN, toMs: 5 }, { queries }, "range_too_long"],
  ];
  for (const [request, parts, expected] of rows) {
    assertEquals(ended(await ask(request, parts)), expected, JSON.stringify(request));
  }
});

Deno.test("a thrown error is a typed failure for a question, and unknown for what may have left", async () => {
  const throwing = (error: unknown) => () => Promise.reject(error);
  const unreachable = (code?: string) =>
    new BerthError("VENUE_UNREACHABLE", {
      venue: "paradex",
      request: "GET /x",
      reason: "silence",
      ...(code === undefined ? {} : { code }),
    });
  const garbled = new BerthError("VENUE_ANSWER_INVALID", { venue: "paradex", request: "x", reason: "y" });
  for (
    const [error, code] of [
      [refusal, "insufficient_margin"],
      [unreachable(), "unreachable"],
      [unreachable("rate_limited"), "rate_limited"],
      [garbled, "garbled_reply"],
      [new TypeError("a mistake"), "other"],
    ] as const
  ) {
    assertEquals(
      ended(await ask({ kind: "balances" }, { trading: { balances: throwing(error) } })),
      code,
    );
  }
  const refused = await ask({ kind: "server_time" }, { queries: { serverTimeMs: throwing(refusal) } });
  assertEquals(refused.kind === "failed" ? refused.venueCode : refused.kind, "TOO_POOR");
  const trading = { submitBatch: throwing(refusal), setLeverage: throwing(refusal) };
  assertEquals(ended(await ask({ kind: "submit_batch", orders: [order, order] }, { trading })), [
    "unknown",
    "unknown",
  ]);
  const leverage = await ask(
    { kind: "set_leverage", instrument: btc, leverage: 2, marginMode: "cross" },
    { trading },
  );
  assertEquals(leverage.kind === "set_leverage" ? leverage.outcome.kind : leverage.kind, "unknown");
});

Deno.test("each interval is as long as its name says", () => {
  assertEquals(klineIntervals.map((interval) => intervalMs(interval) / 60_000), [
    1,
    3,
    5,
    15,
    30,
    60,
    120,
    240,
    360,
    480,
    720,
    1_440,
    4_320,
    10_080,
    40_320,
  ]);
});

Deno.test("an adapter that trades ends when its host has asked nothing for half a minute, and not for a machine that slept", async () => {
  let nowMs = 0;
  let ended = 0;
  const planned: (() => void)[] = [];
  const adapter: ExchangeAdapter = {
    capabilities: noCapabilities,
    marketData: { subscribe: () => undefined, unsubscribe: unused },
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    trading: noTrading,
  };
  const runtime = new ExchangeRuntime({
    hello,
    module: { manifest, create: () => adapter },
    writer: new FrameWriter({ write: () => Promise.resolve() }, {
      maxQueuedBytes: 1 << 20,
      onOverflow: unused,
      onError: unused,
    }),
    send: () => undefined,
    platform: {
      ...platform,
      monotonicMs: () => nowMs,
      after: (_delayMs, task) => {
        planned.push(task);
        return () => undefined;
      },
    },
    onHostSilent: () => (ended += 1),
  });
  await runtime.start();
  const second = (byMs = 1_000): void => {
    nowMs += byMs;
    for (const task of planned.splice(0)) task();
  };
  const heard = (): void => runtime.onMessage({ type: "subscribe", instrument: btc, kinds: ["quotes"] });
  for (let count = 0; count < 40; count++) {
    second();
    if (count % 5 === 0) heard();
  }
  second(3_600_000); // both slept an hour; the host's first message comes right after
  heard();
  for (let count = 0; count < 30; count++) second();
  assertEquals(ended, 0);
  second();
  second();
  assertEquals(ended, 1);
  assertEquals(planned.length, 0);
});

Deno.test("an adapter that does not ask for the operator's names does not start; a name of nothing is warned of", async () => {
  const sent: PluginMessage[] = [];
  const started = (symbolOf: (ctx: ExchangeContext) => string): Promise<unknown> =>
    new ExchangeRuntime({
      hello: {
        ...hello,
        symbols: ["*-PERP"],
        instrumentNames: { "BTC-USD-PERP": "XBT-PERP", NOPE: "NOPE-PERP" },
      },
      module: {
        manifest,
        create: (ctx) => ({
          capabilities: noCapabilities,
          marketData: { subscribe: unused, unsubscribe: unused },
          start() {
            const symbol = symbolOf(ctx);
            const id = instrumentId(ctx.venue, symbol);
            ctx.publish.instrument(btcAt(venueId(ctx.venue), { symbol, id }));
            return Promise.resolve();
          },
          stop: () => Promise.resolve(),
        }),
      },
      writer: new FrameWriter({ write: () => Promise.resolve() }, {
        maxQueuedBytes: 1 << 20,
        onOverflow: unused,
        onError: unused,
      }),
      send: (message) => sent.push(message),
      platform,
      onHostSilent: unused,
    }).start();
  await assertRejects(
    async () => await started(() => "BTC-PERP"),
    BerthError,
    "its adapter calls it BTC-PERP all the same",
  );
  assertEquals(sent, []);
  await started((ctx) => ctx.symbolFor("BTC-USD-PERP", "BTC-PERP"));
  assertEquals(sent.map((one) => one.type === "instrument" ? one.instrument.id : one), [
    instrumentId("paradex", "XBT-PERP"),
    {
      type: "log",
      level: "warn",
      message: "venues.instruments names what the venue does not list",
      fields: { venueSymbols: "NOPE" },
    },
  ]);
});
