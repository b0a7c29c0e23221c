/**
 * Frames recorded from the real OKX, served byte for byte to the real adapter in its sandbox: what the strategy side
 * receives is compared with an independent fold of the same file.
 */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { defaultPluginConfig } from "../../core/host/config/config.ts";
import { MiniHost, projectDir } from "../support/mini_host.ts";

const sharedDir = Deno.env.get("BERTH_SHARED") ?? join(projectDir, "../shared");
const recording = join(sharedDir, "recordings/okx-ws-public-2022-05-13.jsonl");
const metadata = join(sharedDir, "recordings/okx-instruments-2022-05-13.json");
const isMissing = await Deno.stat(recording).then(() => false, () => true);

interface Frame {
  readonly arg: { readonly channel: string; readonly instId: string };
  readonly action?: string;
  readonly data: readonly Record<string, unknown>[];
}

/** Frames as they came, in order. */
async function recordedFrames(): Promise<readonly string[]> {
  const lines = (await Deno.readTextFile(recording)).trim().split("\n");
  return lines.flatMap((line) => {
    const entry: { readonly dir: string; readonly frame?: string } = JSON.parse(line);
    return entry.dir === "recv" && entry.frame !== undefined ? [entry.frame] : [];
  });
}

/** What a strategy should have seen in the end, per instrument: one text each. */
function fold(frames: readonly string[]): ReadonlyMap<string, string> {
  const quotes = new Map<string, string>();
  const trades = new Map<string, number>();
  const books = new Map<string, { bids: Map<number, number>; asks: Map<number, number> }>();
  for (const text of frames) {
    const frame: Partial<Frame> = JSON.parse(text);
    const { arg, data } = frame;
    if (arg === undefined || data === undefined) continue;
    for (const row of data) {
      if (arg.channel === "tickers") {
        quotes.set(arg.instId, `${Number(row["bidPx"])}/${Number(row["askPx"])}/${Number(row["ts"])}`);
      }
      if (arg.channel === "trades") trades.set(arg.instId, (trades.get(arg.instId) ?? 0) + 1);
      if (arg.channel !== "books") continue;
      const book = frame.action === "snapshot" ? { bids: new Map(), asks: new Map() } : books.get(arg.instId);
      if (book === undefined) continue;
      books.set(arg.instId, book);
      for (const side of ["bids", "asks"] as const) {
        const levels: unknown = row[side];
        for (const level of Array.isArray(levels) ? levels : []) {
          const [price, size] = [Number(level[0]), Number(level[1])];
          if (size === 0) book[side].delete(price);
          else book[side].set(price, size);
        }
      }
    }
  }
  const seen = new Map<string, string>();
  for (const [instId, book] of books) {
    const best = `${Math.max(...book.bids.keys())}/${Math.min(...book.asks.keys())}`;
    seen.set(
      instId,
      `quote ${quotes.get(instId)} trades ${
        trades.get(instId) ?? 0
      } levels ${book.bids.size}+${book.asks.size} best ${best}`,
    );
  }
  return seen;
}

const witness = `
import { defineStrategy, incrementsToNumber } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "witness", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Says what it saw.",
  trading: { venues: ["okx"], instruments: ["*"], data: ["quotes", "trades", "books"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, (ctx) => {
  const trades = new Map(); const books = new Map();
  return {
    onStart() {
      ctx.time.every(100, () => {
        for (const one of ctx.instruments.all()) {
          const quote = ctx.quotes.get(one.id); const book = books.get(one.id);
          if (book === undefined) continue;
          const best = Math.max(...book.bids.keys()) + "/" + Math.min(...book.asks.keys());
          const seen = "quote " + (quote?.bidPrice + "/" + quote?.askPrice + "/" + quote?.tsVenueMs) + " trades " + (trades.get(one.id) ?? 0) +
            " levels " + book.bids.size + "+" + book.asks.size + " best " + best;
          ctx.log.info("seen", { instrument: one.venueSymbol, seen });
        }
      });
    },
    onTrade(trade) { trades.set(trade.instrument, (trades.get(trade.instrument) ?? 0) + 1); },
    onBook(update) {
      const one = ctx.instruments.get(update.instrument);
      const book = update.kind === "snapshot" ? { bids: new Map(), asks: new Map() } : books.get(update.instrument);
      if (one === undefined || book === undefined) return;
      books.set(update.instrument, book);
      for (const side of ["bids", "asks"]) for (const level of update[side]) {
        const price = incrementsToNumber(level.priceTicks, one.tick);
        if (level.sizeLots === 0) book[side].delete(price); else book[side].set(price, level.sizeLots);
      }
    },
  };
});
`;

Deno.test({
  name: isMissing
    ? "the recorded OKX session (skipped: the recordings are not beside this checkout)"
    : "what was recorded at OKX reaches a strategy as it was",
  ignore: isMissing,
  async fn() {
    const frames = await recordedFrames();
    const instruments = await Deno.readTextFile(metadata);
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(join(folder, "witness.ts"), witness);
    const asked = new Set<string>();
    let isServed = false;
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      if (request.headers.get("upgrade") !== "websocket") {
        return new Response(instruments, { headers: { "content-type": "application/json" } });
      }
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => {
        for (const channel of ["tickers", "trades", "books"]) {
          for (const instId of ["BTC-USDT", "BTC-USD-220527", "UNI-USD-SWAP"]) {
            if (String(data).includes(`{"channel":"${channel}","instId":"${instId}"}`)) {
              asked.add(`${channel}/${instId}`);
            }
          }
        }
        if (asked.size < 9 || isServed) return;
        isServed = true;
        for (const frame of frames) socket.send(frame);
      };
      return response;
    });
    const base = `127.0.0.1:${server.addr.port}`;
    const endpoints = {
      restUrl: `http://${base}`,
      wsPublicUrl: `ws://${base}/ws`,
      wsPrivateUrl: `ws://${base}/ws`,
      wsBusinessUrl: `ws://${base}/ws`,
    };
    try {
      await using host = new MiniHost({
        venues: [],
        configOf: (
          id,
        ) => (id === "okx"
          ? { ...defaultPluginConfig, settings: { quoteChannel: "tickers" } }
          : defaultPluginConfig),
        accessOf: () => ({
          kind: "access",
          access: { endpoints, netHosts: [base], secrets: {}, isPaper: false },
        }),
      });
      const okx = {
        name: "okx",
        entryPath: join(projectDir, "exchanges/okx/mod.ts"),
        rootPath: join(projectDir, "exchanges/okx"),
      };
      await host.start(folder, 60_000, [okx]);
      const expected = fold(frames);
      assertEquals(expected.size, 3);
      for (const [instId, seen] of expected) {
        await host.until(
          `${instId}: ${seen}`,
          () =>
            host.lines.find((line) => line.fields["instrument"] === instId && line.fields["seen"] === seen),
        );
      }
    } finally {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
