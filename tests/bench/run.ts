/**
 * `deno task bench`: measures and prints; with `--write` the results page `docs/benchmarks.md` is written anew. Every
 * figure is measured in this run; figures of other machines can't be compared with these, ratios within a run can.
 * With `--only=sandbox` that section alone is measured, and written in its place.
 */
import { fileURLToPath } from "node:url";
import { flooded, median, quietDelay, spinToReaped } from "./delivery.ts";
import { backtestSpeed } from "./backtest_bench.ts";
import { berthFeed, ccxtFeed } from "./feed_bench.ts";
import type { FrameCost } from "./adapter_frames.ts";
import type { SigningCost } from "./signing.ts";
import type { ReadingCost } from "./stream_or_polling.ts";
import { sandboxSection, withSection } from "./sandbox_section.ts";
import { consoleLoad } from "./console_load.ts";
import { wholeRun } from "./whole_run.ts";

const encoder = new TextEncoder();
const print = (line: string): void => void Deno.stdout.writeSync(encoder.encode(`${line}\n`));
const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const section = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [`## ${title}`, "", line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n");
};

async function step<T>(name: string, measure: () => Promise<T>): Promise<T> {
  print(`… ${name}`);
  return await measure();
}

const cpu = /model name\s*:\s*(.+)/.exec(await Deno.readTextFile("/proc/cpuinfo").catch(() => ""))?.[1] ??
  "unknown CPU";
const pageUrl = new URL("../../docs/benchmarks.md", import.meta.url);
const measuredOn = `Measured on ${
  new Date().toISOString().slice(0, 10)
}, ${cpu}, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno} (V8 ${Deno.version.v8}), by \`deno task bench --write`;

if (Deno.args.includes("--only=sandbox")) {
  const load = (): string => (Deno.loadavg()[0] ?? NaN).toFixed(1);
  const before = load();
  const measured = await step("kinds of sandbox", () => sandboxSection("LOADS"));
  const machine = `${measuredOn} --only=sandbox\`; load of the machine ${before} before and ${load()} after.`;
  const sandboxes = measured.replace("LOADS", machine);
  print(sandboxes);
  if (Deno.args.includes("--write")) {
    await Deno.writeTextFile(pageUrl, withSection(await Deno.readTextFile(pageUrl), sandboxes));
  }
  Deno.exit(0);
}

const quiet = await step("delay from host to strategy", quietDelay);
/** Which processor takes what differs from run to run, and with it the speed, by half. */
const floodedThrice = async (count: number): Promise<number> =>
  median([await flooded(count), await flooded(count), await flooded(count)]);
const one = await step("flood through one sandbox", () => floodedThrice(1));
const four = await step("flood through four sandboxes", () => floodedThrice(4));
const kills = await step(
  "endless loops",
  async () => [await spinToReaped(), await spinToReaped(), await spinToReaped()],
);
const feeds: (readonly string[])[] = [];
for (const swaps of [1, 4, 200]) {
  const ours = await step(`OKX tickers of ${swaps} swaps through berth`, () => berthFeed(swaps));
  const theirs = await step(`the same through ccxt pro`, () => ccxtFeed(swaps));
  feeds.push([
    String(swaps),
    whole(ours.read),
    whole(ours.quotes),
    `${whole(ours.p50Us)} / ${whole(ours.p99Us)}`,
    whole(theirs.messagesPerSecond),
    whole(theirs.watchesPerSecond),
    `${(ours.read / theirs.messagesPerSecond).toFixed(1)} × / ${
      (ours.read / theirs.watchesPerSecond).toFixed(1)
    } ×`,
  ]);
}
/** A measurement in a process of its own, which prints one line of JSON. */
async function measured<T>(file: string, ...flags: readonly string[]): Promise<T> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", ...flags, fileURLToPath(new URL(file, import.meta.url))],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
const frames = await step(
  "frames of venues to records",
  () => measured<readonly FrameCost[]>("./adapter_frames.ts", "--v8-flags=--expose-gc"),
);
const signing = await step(
  "signatures of Paradex orders",
  () => measured<readonly SigningCost[]>("./signing.ts"),
);
const sandboxes = await step("kinds of sandbox", () => sandboxSection(""));
const deciding = await step(
  "a backtest of a plugin that only decides",
  () => backtestSpeed({ sizeBase: 0, stopBps: 0 }, 20_000, 1_000),
);
const trading = await step(
  "a backtest of a plugin that trades",
  () => backtestSpeed({ sizeBase: 0.02, stopBps: 0 }, 20_000, 1_000),
);
const guarded = await step(
  "a backtest of a plugin whose exits the host holds",
  () => backtestSpeed({ sizeBase: 0.02, stopBps: 200 }, 20_000, 1_000),
);
const readings = await step(
  "quotes by stream and by polling",
  () => measured<readonly ReadingCost[]>("./stream_or_polling.ts"),
);
const klines = await step(
  "memory of klines",
  () =>
    measured<{ readonly bytesAMarket: number; readonly barsAMarket: number }>(
      "./kline_memory.ts",
      "--v8-flags=--expose-gc",
    ),
);
const crowd = await step("a crowd at the console", () => consoleLoad());
const run = await step("the default run", wholeRun);
const totals = run.processes.reduce(
  (sum, process) => ({ rss: sum.rss + process.rssMb, pss: sum.pss + process.pssMb }),
  { rss: 0, pss: 0 },
);

const page = [
  "# Benchmarks",
  "",
  `${measuredOn}\`. Times differ between machines and runs; compare rows of one run only.`,
  "",
  section("From the host to a strategy's callback", ["what", "result"], [
    [
      "delay of a quote, p50 / p99 / p99.9, about 2,000 a second",
      `${whole(quiet.p50Us)} / ${whole(quiet.p99Us)} / ${whole(quiet.p999Us)} µs`,
    ],
    ["quotes a second, one strategy, 512 instruments, median of 3 runs", whole(one)],
    ["quotes a second, four strategies together, median of 3 runs", whole(four)],
    [
      "start of an endless loop until its process is reaped (heartbeat limit 250 ms), median of 3",
      `${whole(median(kills))} ms`,
    ],
  ]),
  section(
    "An OKX ticker feed, end to end",
    [
      "swaps in the feed",
      "read by berth, a second",
      "reached the strategy, a second",
      "delay p50 / p99, µs",
      "handled by ccxt pro, a second",
      "its watchTicker results, a second",
      "berth read / ccxt handled, / watchTicker results",
    ],
    feeds,
  ),
  "The sender, the adapter, the host and the strategy are a process each; ccxt pro is one process beside the sender. berth hands a strategy the newest quote of each instrument, so with few instruments fewer quotes reach it than were read. The delay is from the adapter's receive stamp to the callback, while everything is flooded.",
  "",
  section(
    "From a venue's frame to the normalized record",
    ["frame", "p50 / p99, µs", "kept on the heap a frame, bytes"],
    frames.map((one) => [
      one.name,
      `${one.p50Us.toFixed(2)} / ${one.p99Us.toFixed(2)}`,
      one.keptBytesAFrame.toFixed(2),
    ]),
  ),
  "Decoding, checks, statistics, conversion to ticks and lots, and encoding into the buffer that leaves for the host; no socket. Means of 100 frames each; p50 and p99 are over 1,800 such means. What is kept is the heap after the collector ran, at the end against the first fifth of the run.",
  "",
  section(
    "The signature of a Paradex order",
    ["by", "hash p50, ms", "sign p50, ms", "both p50 / p99, ms"],
    signing.map((one) => [
      one.name,
      one.hashP50Ms.toFixed(2),
      one.signP50Ms.toFixed(2),
      `${one.bothP50Ms.toFixed(2)} / ${one.bothP99Ms.toFixed(2)}`,
    ]),
  ),
  "Equal to the last bit on 10,000 random orders: tests/slow/paradex_signing_test.ts.",
  "",
  sandboxes,
  section("A backtest through the sandboxed plugin", ["plugin", "records", "fills", "records a second"], [
    [
      "decides on every bar, never trades",
      whole(deciding.records),
      whole(deciding.fills),
      whole(deciding.recordsPerSecond),
    ],
    [
      "nearly always in a position",
      whole(trading.records),
      whole(trading.fills),
      whole(trading.recordsPerSecond),
    ],
    [
      "the same with a stop and a trailing stop held by the host",
      whole(guarded.records),
      whole(guarded.fills),
      whole(guarded.recordsPerSecond),
    ],
  ]),
  "Quotes, trades and marks of made-up minutes, a quote a second, with the start of the plugin's process in the time. With orders out, plugin and host take a turn a record. While exits or waiting orders are held the plugin plays ahead to the first record at which the host may have something to tell it; else to its next order.",
  "",
  section(
    "Quotes by stream and by polling",
    [
      "way",
      "updates a second",
      "age of the newest quote, mean / p99, ms",
      "requests a minute",
      "bytes an update",
      "CPU an update, µs",
      "share of a core",
    ],
    readings.map((one) => [
      one.way,
      one.updatesPerSecond.toFixed(1),
      `${whole(one.ageMeanMs)} / ${whole(one.ageP99Ms)}`,
      whole(one.requestsPerMinute),
      whole(one.bytesPerUpdate),
      whole(one.cpuUsPerUpdate),
      `${(one.cpuShare * 100).toFixed(1)} %`,
    ]),
  ),
  "Four markets of the simulated OKX for ten seconds: through the adapter's WebSocket, and by a ticker request a second for each, as pollers do. The venue is a process of its own on the same machine, so no network is in the ages; CPU is that of the whole reading process.",
  "",
  section("Klines of a market", ["what", "result"], [
    ["bars kept, on eight intervals", whole(klines.barsAMarket)],
    ["heap", `${whole(klines.bytesAMarket / 1_024)} KiB`],
  ]),
  section(
    "A quote's way to a strategy while a crowd asks the console",
    ["", "quotes", "p50, µs", "p95, µs", "p99, µs"],
    [["nobody asks", crowd.alone] as const, ["the crowd asks", crowd.asked] as const].map((
      [name, figures],
    ) => [name, whole(figures.quotes), whole(figures.p50Us), whole(figures.p95Us), whole(figures.p99Us)]),
  ),
  `The default run with ${crowd.clients?.followers} followers of the live events and ${
    whole(crowd.clients?.requestsPerSecond ?? NaN)
  } requests a second on the same machine, by turns with nobody, from the adapter's receive stamp to the callback. The clients are a process of the least priority.`,
  "",
  section("The default run", ["what", "result"], [
    ["command to quotes of all venues", `${whole(run.firstQuotesMs)} ms`],
    ...run.processes.map((
      process,
    ) => [
      `memory of ${process.name}, resident / proportional`,
      `${whole(process.rssMb)} / ${whole(process.pssMb)} MB`,
    ]),
    ["memory in all, resident / proportional", `${whole(totals.rss)} / ${whole(totals.pss)} MB`],
  ]),
  "Resident memory counts the pages of the one Deno binary in each of its processes again; proportional memory divides them.",
  "",
].join("\n");
print(page);
if (Deno.args.includes("--write")) {
  await Deno.writeTextFile(pageUrl, page);
}
Deno.exit(0);
