/**
 * From a venue's frame to the normalized record in the buffer that leaves for the host: decoding, checks, statistics and
 * encoding, as in the adapter's process. And whether that leaves anything behind: the heap after the collector ran, early
 * and late in a long run. Needs `--v8-flags=--expose-gc`; prints one JSON line.
 */
import { setImmediate } from "node:timers";
import { instrumentId } from "@berth/sdk";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { Misfits, type TextFrameMisfit } from "@berth/sdk/venue/misfits.ts";
import { pluginId } from "../../core/model/ids.ts";
import { FrameWriter } from "../../core/protocol/stream.ts";
import type { ExchangeHello } from "../../core/protocol/messages.ts";
import type { ExchangeContext, Publish } from "../../core/sdk/exchange.ts";
import { ExchangeRuntime } from "../../core/sdk/exchange_context.ts";
import { MarketDataReader as AsterReader } from "../../exchanges/aster/market_data.ts";
import { MarketDataReader as EdgexReader } from "../../exchanges/edgex/market_data.ts";
import { depthChannels } from "../../exchanges/edgex/subscriptions.ts";
import { MarketDataReader as HyperliquidReader } from "../../exchanges/hyperliquid/market_data.ts";
import { MarketDataReader } from "../../exchanges/okx/market_data.ts";
import { instrumentList } from "../../exchanges/paradex/instruments.ts";
import { channelNames, MarketDataFeed } from "../../exchanges/paradex/market_data.ts";
import type { MisfitCode } from "../../exchanges/paradex/misfits.ts";
import { sbeMessages } from "../../exchanges/paradex/wire/sbe_schema.ts";
import { btcInstrument as asterInstrument } from "../exchanges/aster/builders.ts";
import { btcInstrument as edgexInstrument } from "../exchanges/edgex/builders.ts";
import { btcInstrument as hyperliquidInstrument } from "../exchanges/hyperliquid/builders.ts";
import { okxInstrument } from "../exchanges/okx/builders.ts";
import { btcInstrument } from "../exchanges/paradex/fakes.ts";
import { encodeFrame, viewOf } from "../exchanges/paradex/wire/sbe_encoder.ts";

export interface FrameCost {
  readonly name: string;
  readonly p50Us: number;
  readonly p99Us: number;
  /** What the heap holds more at the end than after the first fifth, bytes a frame of those in between. */
  readonly keptBytesAFrame: number;
}

const clock = {
  epochMs: () => Date.now(),
  epochUs: () => Date.now() * 1_000,
  monotonicMs: () => performance.now(),
};
const log = { debug() {}, info() {}, warn() {}, error() {} };

/** The publisher of an adapter's process, with a host that takes everything. */
async function realPublish(venue: string): Promise<Publish> {
  const hello: ExchangeHello = {
    type: "hello",
    role: "exchange",
    protocolVersion: 1,
    pluginId: pluginId(venue),
    environment: "sim",
    settings: {},
    secrets: {},
    savedState: undefined,
    seed: 1,
    heartbeatEveryMs: 100,
    timeMode: "real",
    epochUs: 0,
    venue,
    endpoints: {},
    symbols: [],
    instrumentNames: {},
  };
  const made = Promise.withResolvers<ExchangeContext>();
  const runtime = new ExchangeRuntime({
    hello,
    module: {
      manifest: {
        kind: "exchange",
        id: venue,
        version: "1.0.0",
        sdkVersion: 1,
        description: "bench",
        author: "bench",
        settings: {},
        venue,
        endpoints: { live: {} },
        tradingSecrets: [],
        packages: [],
      },
      create: (ctx) => {
        made.resolve(ctx);
        const none = false as const;
        return {
          capabilities: {
            amend: none,
            postOnly: none,
            reduceOnly: none,
            fillOrKill: none,
            cancelAll: none,
            deadMansSwitch: none,
            batchOrders: none,
            stopOrders: none,
            takeProfitOrders: none,
            leverage: none,
            isolatedMargin: none,
          },
          marketData: { subscribe() {}, unsubscribe() {} },
          start: () => Promise.resolve(),
          stop: () => Promise.resolve(),
        };
      },
    },
    writer: new FrameWriter({ write: () => Promise.resolve() }, {
      maxQueuedBytes: 1 << 30,
      onOverflow: (bytes) => {
        throw new Error(`${bytes} bytes wait`);
      },
      onError: (error) => {
        throw error;
      },
    }),
    send: () => {},
    onHostSilent: () => {},
    platform: {
      ...clock,
      after: () => () => {},
      nextTurn: (task) => void setImmediate(task),
      heapUsedBytes: () => 0,
      seededRandom: () => () => 0.5,
    },
  });
  await runtime.start();
  return (await made.promise).publish;
}

const batchSize = 100;
const batches = 1_500;

function heapBytes(): number {
  const collect: unknown = Reflect.get(globalThis, "gc");
  if (typeof collect === "function") collect();
  return Deno.memoryUsage().heapUsed;
}

/** `prepare` makes ready what `run` then handles; only `run` is timed. */
async function measure(
  name: string,
  prepare: (at: number) => void,
  run: (at: number) => void,
): Promise<FrameCost> {
  const round = async (timesUs: number[]): Promise<void> => {
    for (let at = 0; at < batchSize; at++) prepare(at);
    const startMs = performance.now();
    for (let at = 0; at < batchSize; at++) run(at);
    timesUs.push(((performance.now() - startMs) * 1_000) / batchSize);
    await new Promise<void>((resolve) => void setImmediate(resolve)); // the writer writes
  };
  const warmUp: number[] = [];
  for (let i = 0; i < batches / 4; i++) await round(warmUp);
  const timesUs: number[] = [];
  for (let i = 0; i < batches / 5; i++) await round(timesUs);
  const early = heapBytes();
  for (let i = 0; i < batches; i++) await round(timesUs);
  const kept = heapBytes() - early - 8 * batches; // the times themselves
  timesUs.sort((a, b) => a - b);
  return {
    name,
    p50Us: timesUs[Math.floor(timesUs.length * 0.5)] ?? NaN,
    p99Us: timesUs[Math.floor(timesUs.length * 0.99)] ?? NaN,
    keptBytesAFrame: Math.max(0, kept) / (batches * batchSize),
  };
}

const specOf = (name: string) => {
  const spec = sbeMessages.find((one) => one.name === name);
  if (spec === undefined) throw new Error(name);
  return spec;
};

async function paradexCosts(): Promise<readonly FrameCost[]> {
  const publish = await realPublish("paradex");
  const instruments = instrumentList();
  const index = publish.instrument(btcInstrument);
  instruments.add({ instrument: btcInstrument, index });
  const feed = new MarketDataFeed({
    names: channelNames({ quoteChannel: "api", bookChannel: "deltas", fundingChannel: false }),
    clock,
    scheduler: { after: () => () => {} },
    random: { next: () => 0.5 },
    channels: { state: "connected", subscribe() {}, unsubscribe() {}, resubscribe() {} },
    publish,
    instruments,
    statistics: new FeedStatistics(clock),
    misfits: new Misfits<MisfitCode>(clock, log),
    log,
  });
  const instrument = instrumentId("paradex", "BTC-PERP");
  feed.subscribe([{ instrument, kinds: ["quotes", "books"] }]);
  const bbo = viewOf(encodeFrame(specOf("Bbo"), {
    version: 1,
    fields: {
      ts: BigInt(Date.now()) * 1_000n,
      seq: 7_687_292_570n,
      bidPrice: "83422.7",
      bidSize: "0.00015",
      askPrice: "83452.9",
      askSize: "0.00031",
      market: "BTC-USD-PERP",
    },
  }));
  const fields = Object.fromEntries(specOf("Book").fields.map((field) => [field.name, null]));
  const levels = (first: number) =>
    Array.from({ length: 20 }, (_, i) => ({ price: String(first + i), size: "0.5" }));
  const book = (pkgType: string) =>
    viewOf(encodeFrame(specOf("Book"), {
      version: 1,
      fields: { ...fields, ts: BigInt(Date.now()) * 1_000n, seq: 0n, pkgType, market: "BTC-USD-PERP" },
      groups: { bids: levels(65_000), asks: levels(66_000) },
    }));
  feed.onBinary(book("SNAPSHOT"), clock.epochUs());
  const deltas = Array.from({ length: batchSize }, () => book("DELTA"));
  const emptyView = new DataView(new ArrayBuffer(0));
  let sequence = 0n;
  const stampUs = clock.epochUs();
  return [
    await measure("Paradex: best bid and offer, binary", () => {}, () => feed.onBinary(bbo, stampUs)),
    await measure(
      "Paradex: order-book delta of 2 × 20 levels, binary",
      (at) => (deltas[at] ?? emptyView).setBigInt64(16, ++sequence, true),
      (at) => feed.onBinary(deltas[at] ?? emptyView, stampUs),
    ),
  ];
}

async function okxCosts(): Promise<readonly FrameCost[]> {
  const publish = await realPublish("okx");
  const misfits = new Misfits<TextFrameMisfit>(clock, log);
  const reader = new MarketDataReader({
    publish,
    statistics: new FeedStatistics(clock),
    misfits,
    onBookGap: () => {
      throw new Error("a gap");
    },
    onFundingInterval: () => {},
  });
  const one = okxInstrument();
  const stampUs = clock.epochUs();
  reader.set(one, publish.instrument(one.instrument), stampUs);
  const ts = String(Date.now());
  const top =
    `{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"},"data":[{"asks":[["67500.2","1.25","0","3"]],"bids":[["67500.1","0.95","0","4"]],"ts":"${ts}","seqId":363996337}]}`;
  const rows = (first: number) =>
    Array.from({ length: 20 }, (_, i) => `["${(first + i / 10).toFixed(1)}","${(i + 1) / 100}","0","2"]`)
      .join(",");
  const book = (action: string, before: number, now: number) =>
    `{"arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"action":"${action}","data":[{"asks":[${
      rows(67_500.2)
    }],"bids":[${rows(67_400.1)}],"ts":"${ts}","checksum":0,"prevSeqId":${before},"seqId":${now}}]}`;
  // As public_socket.ts does it.
  const onText = (text: string): void => {
    if (!reader.onHotText(text, stampUs)) reader.onFrame(JSON.parse(text), stampUs);
  };
  let sequence = 1;
  onText(book("snapshot", -1, sequence));
  const deltas: string[] = [];
  const costs = [
    await measure("OKX: best bid and offer, text", () => {}, () => onText(top)),
    await measure(
      "OKX: order-book delta of 2 × 20 levels, text",
      (at) => void (deltas[at] = book("update", sequence, ++sequence)),
      (at) => onText(deltas[at] ?? ""),
    ),
  ];
  if (misfits.count() > 0) throw new Error(`${misfits.count()} frames could not be read`);
  return costs;
}

async function hyperliquidCosts(): Promise<readonly FrameCost[]> {
  const publish = await realPublish("hyperliquid");
  const misfits = new Misfits<TextFrameMisfit>(clock, log);
  const reader = new HyperliquidReader({ publish, statistics: new FeedStatistics(clock), misfits });
  const one = hyperliquidInstrument();
  reader.set(one, publish.instrument(one.instrument));
  const stampUs = clock.epochUs();
  const top = `{"channel":"bbo","data":{"coin":"BTC","time":${Date.now()},"bbo":[` +
    `{"px":"84143.0","sz":"10.25923","n":36},{"px":"84144.0","sz":"50.66422","n":18}]}}`;
  const levels = (first: number, step: number) =>
    Array.from({ length: 20 }, (_, i) => `{"px":"${first + i * step}.0","sz":"${i + 1}.25923","n":${i + 1}}`)
      .join(",");
  const book = `{"channel":"l2Book","data":{"coin":"BTC","time":${Date.now()},"levels":[[${
    levels(84_143, -1)
  }],[${levels(84_144, 1)}]]}}`;
  // As public_socket.ts does it.
  const onText = (text: string): void => {
    if (reader.onHotText(text, stampUs)) return;
    const frame = JSON.parse(text);
    reader.onFrame(frame.channel, frame.data, stampUs);
  };
  const costs = [
    await measure("Hyperliquid: best bid and offer, text", () => {}, () => onText(top)),
    await measure("Hyperliquid: book of 2 × 20 levels, text", () => {}, () => onText(book)),
  ];
  if (misfits.count() > 0) throw new Error(`${misfits.count()} frames could not be read`);
  return costs;
}

async function asterCosts(): Promise<readonly FrameCost[]> {
  const publish = await realPublish("aster");
  const misfits = new Misfits<TextFrameMisfit>(clock, log);
  const statistics = new FeedStatistics(clock);
  const reader = new AsterReader({ publish, statistics, misfits, onBookGap: () => {} });
  const one = asterInstrument();
  const stampUs = clock.epochUs();
  reader.set(one, publish.instrument(one.instrument), stampUs);
  const nowMs = Date.now();
  const top =
    `{"e":"bookTicker","u":400900217,"E":${nowMs},"T":${nowMs},"s":"BTCUSDT","b":"67500.1","B":"2.56","a":"67500.2","A":"3.1"}`;
  const side = (first: number) =>
    JSON.stringify(Array.from({ length: 20 }, (_, i) => [(first + i / 10).toFixed(1), "1.25"]));
  const start = `{"e":"depthUpdate","E":${nowMs},"T":${nowMs},"s":"BTCUSDT","U":`;
  const end = `,"b":${side(67_400)},"a":${side(67_600)}}`;
  let id = 1;
  reader.awaitBook("BTCUSDT");
  reader.onRestDepth("BTCUSDT", { lastUpdateId: id, E: nowMs, T: nowMs, bids: [], asks: [] }, stampUs);
  const onDepth = (): void => {
    const before = id++;
    const text = `${start}${id},"u":${id},"pu":${before}${end}`;
    if (!reader.onHotText(text, stampUs)) reader.onFrame(JSON.parse(text), stampUs);
  };
  const costs = [
    await measure("Aster: best bid and offer, text", () => {}, () => void reader.onHotText(top, stampUs)),
    await measure("Aster: 2 × 20 changes of a book, text", () => {}, onDepth),
  ];
  if (misfits.count() > 0) throw new Error(`${misfits.count()} frames could not be read`);
  return costs;
}

async function edgexCosts(): Promise<readonly FrameCost[]> {
  const publish = await realPublish("edgex");
  const misfits = new Misfits<TextFrameMisfit>(clock, log);
  const reader = new EdgexReader({
    publish,
    statistics: new FeedStatistics(clock),
    misfits,
    onGap: () => {
      throw new Error("a gap");
    },
    channels: depthChannels("200"),
  });
  const one = edgexInstrument();
  const stampUs = clock.epochUs();
  reader.set(one, publish.instrument(one.instrument), stampUs);
  const rows = (first: number, step: number, count: number) =>
    Array.from({ length: count }, (_, i) => `["${(first + i * step).toFixed(1)}","${i + 1}.259"]`).join(",");
  const frame = (levels: number, changed: number, type: "SNAPSHOT" | "CHANGED", version: number) =>
    `{"type":"payload","channel":"depth.30000001.${levels}","content":{"dataType":"Changed","channel":` +
    `"depth.30000001.${levels}","data":[{"startVersion":"${version}","endVersion":"${version}","level":${levels},` +
    `"contractId":"30000001","contractName":"BTCUSD","asks":[${rows(84_144, 0.1, changed)}],"bids":[${
      rows(84_143, -0.1, changed)
    }],"depthType":"${type}"}]}}`;
  // As public_socket.ts does it.
  const onText = (text: string): void => reader.onFrame(JSON.parse(text), stampUs);
  let version = 0;
  const frames: string[] = [];
  const costs: FrameCost[] = [];
  for (
    const [name, levels, changed] of [
      ["EdgeX: depth of 15 levels, 2 × 2 changed, as a quote", 15, 2],
      ["EdgeX: order-book delta of 2 × 20 levels, text", 200, 20],
    ] as const
  ) {
    onText(frame(levels, 15, "SNAPSHOT", ++version));
    costs.push(
      await measure(
        name,
        (at) => void (frames[at] = frame(levels, changed, "CHANGED", ++version)),
        (at) => onText(frames[at] ?? ""),
      ),
    );
  }
  if (misfits.count() > 0) throw new Error(`${misfits.count()} frames could not be read`);
  return costs;
}

if (import.meta.main) {
  const costs = [
    ...await paradexCosts(),
    ...await okxCosts(),
    ...await hyperliquidCosts(),
    ...await asterCosts(),
    ...await edgexCosts(),
  ];
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(costs)}\n`));
  Deno.exit(0);
}
