/** Market data that comes while a strategy is still starting reaches it all the same, in order. */
import { defineStrategy, increment, instrumentId, pluginId, setting, venueId } from "@berth/sdk";
import { assertEquals } from "@std/assert";
import { decodeJson, encodeMessage } from "../../../core/protocol/codec.ts";
import { protocolVersion } from "../../../core/protocol/messages.ts";
import { recordBytes, recordKinds, writeRecord } from "../../../core/protocol/records.ts";
import { frameKinds, FrameReader, FrameWriter } from "../../../core/protocol/stream.ts";
import { runPlugin } from "../../../core/sdk/runtime.ts";

/** Bytes of frames as the host would write them. */
async function framed(write: (writer: FrameWriter) => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const writer = new FrameWriter({ write: (bytes) => void chunks.push(bytes.slice()) }, {
    maxQueuedBytes: 1 << 20,
    onOverflow: () => {},
    onError: () => {},
  });
  write(writer);
  await writer.flushed();
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

Deno.test("trades that come before onStart is done are told after it, oldest first", async () => {
  const told: number[] = [];
  const isHeard = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const strategy = defineStrategy({
    kind: "strategy",
    id: "slow",
    version: "0.1.0",
    sdkVersion: 1,
    author: "tests",
    description: "Takes its time to start.",
    trading: { venues: ["*"], instruments: ["*"], data: ["trades"], orders: "none" },
    riskBudget: {
      maxOrderNotionalUsd: 0,
      maxPositionNotionalUsd: 0,
      maxOrdersPerSecond: 0,
      maxDailyLossUsd: 0,
    },
    onStop: "keep_positions",
    settings: { unused: setting.boolean({ default: true, description: "Nothing." }) },
  }, () => ({
    onStart: () => gate.promise,
    onTrade(trade) {
      told.push(trade.price);
      if (told.length === 3) isHeard.resolve();
    },
  }));
  const trade = (price: number): Uint8Array => {
    const bytes = new Uint8Array(recordBytes);
    writeRecord(new DataView(bytes.buffer), 0, recordKinds.trade, 0, 0, price, 0, 0, price, 1, 0, 0);
    return bytes;
  };
  const hello = {
    type: "hello" as const,
    role: "strategy" as const,
    protocolVersion,
    pluginId: pluginId("slow"),
    environment: "sim" as const,
    settings: { unused: true },
    secrets: {},
    savedState: null,
    seed: 1,
    heartbeatEveryMs: 1_000,
    timeMode: "real" as const,
    epochUs: 0,
    instruments: [{
      index: 0,
      instrument: {
        id: instrumentId("okx", "BTC-PERP"),
        venue: venueId("okx"),
        symbol: "BTC-PERP",
        venueSymbol: "BTC",
        kind: "perpetual" as const,
        settlement: "linear" as const,
        baseAsset: "BTC",
        quoteAsset: "USD",
        settlementAsset: "USDC",
        tick: increment("0.1"),
        lot: increment("0.001"),
        contractMultiplier: "1",
        minSizeLots: 1,
        maxSizeLots: 1_000,
        minNotional: 0,
        makerFeeBps: 0,
        takerFeeBps: 0,
        maxLeverage: 1,
        status: "trading" as const,
      },
    }],
  };
  const first = await framed((writer) => {
    writer.frame(frameKinds.message, encodeMessage(hello));
    writer.frame(frameKinds.records, trade(1));
  });
  const second = await framed((writer) => writer.frame(frameKinds.records, trade(2)));
  const third = await framed((writer) => writer.frame(frameKinds.records, trade(3)));
  const types: string[] = [];
  const isReady = Promise.withResolvers<void>();
  const reader = new FrameReader();
  async function* input(): AsyncGenerator<Uint8Array> {
    yield first;
    yield second;
    gate.resolve();
    await isReady.promise;
    yield third;
    await isHeard.promise;
  }
  await runPlugin({
    load: () => Promise.resolve({ default: strategy }),
    input: input(),
    output: {
      write: (bytes) =>
        void reader.push(bytes, (_kind, payload) => {
          const message = decodeJson(payload);
          const type = typeof message === "object" && message !== null && "type" in message
            ? message.type
            : "";
          types.push(String(type));
          if (type === "ready") isReady.resolve();
        }),
    },
    platform: {
      epochMs: () => 0,
      epochUs: () => 0,
      monotonicMs: () => 0,
      after: () => () => undefined,
      nextTurn: (task) => void Promise.resolve().then(task),
      heapUsedBytes: () => 0,
      seededRandom: () => () => 0,
    },
    exit: () => undefined,
  });
  assertEquals(told, [1, 2, 3]);
  assertEquals(types.includes("failed"), false);
});
