/**
 * What a stream is worth beside polling: the same simulated OKX, four markets, read for ten seconds by the adapter's
 * WebSocket and, in another process, by a ticker request a second for each market, as pollers do. The venue is a process
 * of its own on this machine: no network is in the times.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { networkTransport } from "@berth/sdk/venue/transport.ts";
import { systemClock, systemScheduler } from "../../core/host/system_clock.ts";
import { OkxAdapter } from "../../exchanges/okx/adapter.ts";
import { defaultSettings } from "../exchanges/okx/builders.ts";
import { Published } from "../support/published.ts";
import { constantRandom, recordingLog, usualNames } from "../support/venue_fakes.ts";

const symbols = ["BTC-PERP", "DOGE-PERP", "ETH-PERP", "SOL-PERP"];
const readMs = 10_000;
const sampleEveryMs = 5;

export interface ReadingCost {
  readonly way: "stream" | "polling";
  readonly updatesPerSecond: number;
  /** Of the newest quote that is known, looked at every 5 ms. */
  readonly ageMeanMs: number;
  readonly ageP99Ms: number;
  readonly requestsPerMinute: number;
  readonly bytesPerUpdate: number;
  readonly cpuUsPerUpdate: number;
  readonly cpuShare: number;
}

const endpointsSchema = v.record(v.string(), v.string());
const venuesSchema = v.object({ venues: v.object({ okx: v.object({ endpoints: endpointsSchema }) }) });

/** When the newest quote of each market was made, and how old they were when somebody looked. */
class Ages {
  readonly #madeMs = new Map<string, number>();
  readonly #agesMs: number[] = [];

  know(market: string, tsVenueMs: number): void {
    this.#madeMs.set(market, tsVenueMs);
  }

  look(): void {
    const nowMs = Date.now();
    for (const madeMs of this.#madeMs.values()) this.#agesMs.push(nowMs - madeMs);
  }

  result(): { readonly ageMeanMs: number; readonly ageP99Ms: number } {
    const sorted = this.#agesMs.toSorted((a, b) => a - b);
    const sum = sorted.reduce((total, one) => total + one, 0);
    return { ageMeanMs: sum / sorted.length, ageP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? NaN };
  }
}

interface Reading {
  updates: number;
  bytes: number;
  requests: number;
  readonly ages: Ages;
}

/** Runs `read` for the time, and says what it cost this process. */
async function costOf(way: ReadingCost["way"], reading: Reading): Promise<ReadingCost> {
  Object.assign(reading, { updates: 0, bytes: 0, requests: 0 });
  const before = process.cpuUsage();
  const fromMs = performance.now();
  const sampler = setInterval(() => reading.ages.look(), sampleEveryMs);
  await new Promise((resolve) => setTimeout(resolve, readMs));
  clearInterval(sampler);
  const tookMs = performance.now() - fromMs;
  const { system, user } = process.cpuUsage(before);
  const { bytes, requests, updates } = reading;
  return {
    way,
    updatesPerSecond: updates / (tookMs / 1_000),
    ...reading.ages.result(),
    requestsPerMinute: requests / (tookMs / 60_000),
    bytesPerUpdate: bytes / updates,
    cpuUsPerUpdate: (user + system) / updates,
    cpuShare: (user + system) / 1_000 / tookMs,
  };
}

async function byStream(endpoints: Readonly<Record<string, string>>): Promise<ReadingCost> {
  const reading: Reading = { updates: 0, bytes: 0, requests: 0, ages: new Ages() };
  const published = new Published();
  const adapter = new OkxAdapter({
    venue: "okx",
    environment: "sim",
    endpoints,
    symbols,
    symbolFor: usualNames,
    secret: () => undefined,
    settings: defaultSettings,
    publish: {
      ...published.port,
      quote(index, _bid, _bidSize, _ask, _askSize, tsVenueMs) {
        reading.updates += 1;
        reading.ages.know(String(index), tsVenueMs);
      },
      health: () => {},
      statistics: () => {},
    },
    clock: systemClock(),
    scheduler: systemScheduler,
    random: constantRandom,
    log: recordingLog(),
    gauge: () => {},
  }, {
    fetch: (url, init) => {
      reading.requests += 1;
      return networkTransport.fetch(url, init);
    },
    openSocket: (url, handlers) =>
      networkTransport.openSocket(url, {
        ...handlers,
        onText(text) {
          reading.bytes += text.length;
          handlers.onText(text);
        },
      }),
  });
  await adapter.start(new AbortController().signal);
  const instruments = published.of("instrument").map(({ value }) => value.id);
  adapter.marketData.subscribe(instruments.map((instrument) => ({ instrument, kinds: ["quotes"] })));
  return await costOf("stream", reading);
}

const tickerSchema = v.object({
  data: v.tuple([v.object({ bidPx: v.string(), askPx: v.string(), ts: v.string() })]),
});

async function byPolling(endpoints: Readonly<Record<string, string>>): Promise<ReadingCost> {
  const reading: Reading = { updates: 0, bytes: 0, requests: 0, ages: new Ages() };
  for (const symbol of symbols) {
    const url = `${endpoints["restUrl"]}/api/v5/market/ticker?instId=${
      symbol.replace("-PERP", "-USDT-SWAP")
    }`;
    setInterval(async () => {
      reading.requests += 1;
      const text = await (await fetch(url)).text();
      const { data: [ticker] } = v.parse(tickerSchema, JSON.parse(text));
      reading.updates += 1;
      reading.bytes += text.length;
      reading.ages.know(symbol, Number(ticker.ts));
    }, 1_000);
  }
  return await costOf("polling", reading);
}

interface Okx {
  readonly endpoints: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The simulated venue in a process of its own. */
async function startOkx(file: string): Promise<Okx> {
  const standalone = fileURLToPath(new URL("../../exchanges/simulation/standalone.ts", import.meta.url));
  const running = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", standalone, "--venues", "okx", "--file", file],
  }).spawn();
  for (;;) {
    const text = await Deno.readTextFile(file).catch(() => undefined);
    if (text === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    return {
      endpoints: v.parse(venuesSchema, JSON.parse(text)).venues.okx.endpoints,
      async stop() {
        running.kill("SIGTERM");
        await running.status;
      },
    };
  }
}

const [way, endpointsText] = Deno.args;
if (way === "stream" || way === "polling") {
  const endpoints = v.parse(endpointsSchema, JSON.parse(endpointsText ?? ""));
  const cost = await (way === "stream" ? byStream : byPolling)(endpoints);
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(cost)));
  Deno.exit(0);
}

const folder = await Deno.makeTempDir();
const okx = await startOkx(`${folder}/venues.json`);
const costs: unknown[] = [];
for (const one of ["stream", "polling"]) {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", fileURLToPath(import.meta.url), one, JSON.stringify(okx.endpoints)],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`${one} ended with ${code}`);
  costs.push(JSON.parse(new TextDecoder().decode(stdout)));
}
await okx.stop();
await Deno.remove(folder, { recursive: true });
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(costs)));
