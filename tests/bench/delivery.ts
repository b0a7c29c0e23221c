/** From the host to a strategy's callback, through its sandbox: delay when quiet, throughput when flooded, kill time. */
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { fileURLToPath } from "node:url";
import type { LogLine } from "../support/mini_host.ts";
import { MiniHost, type SandboxKind } from "../support/mini_host.ts";

const meterSource = fileURLToPath(new URL("./plugins/meter.ts", import.meta.url));

export interface Metered {
  readonly quotes: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
}

export const meteredOf = (line: LogLine): Metered => ({
  quotes: Number(line.fields["quotes"]),
  p50Us: Number(line.fields["p50Us"]),
  p99Us: Number(line.fields["p99Us"]),
  p999Us: Number(line.fields["p999Us"]),
});

/** Folder with `count` copies of the meter, each with an id of its own. */
export async function meterFolder(count: number): Promise<string> {
  const folder = await Deno.makeTempDir();
  const source = await Deno.readTextFile(meterSource);
  for (let index = 0; index < count; index++) {
    await Deno.writeTextFile(
      join(folder, `meter_${index}.ts`),
      source.replace('id: "meter"', `id: "meter_${index}"`),
    );
  }
  return folder;
}

const wait = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

/** Seconds of metering, the first of them left out. */
export async function meterFor(host: MiniHost, seconds: number, count: number): Promise<readonly Metered[]> {
  await host.until(
    "the meters",
    () => (host.lines.filter((line) => line.message === "meter").length >= count ? true : undefined),
  );
  const from = host.lines.length;
  await wait(seconds * 1_000);
  return host.lines.slice(from).filter((line) => line.message === "meter").map(meteredOf);
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** A quote on each of four instruments every millisecond or so: the delay of a host that is not flooded. */
export async function quietDelay(sandboxKind: SandboxKind = "process"): Promise<Metered> {
  const folder = await meterFolder(1);
  await using host = new MiniHost({ sandboxKind });
  await host.start(folder, 1);
  const seconds = await meterFor(host, 5, 1);
  await Deno.remove(folder, { recursive: true });
  return {
    quotes: median(seconds.map((one) => one.quotes)),
    p50Us: median(seconds.map((one) => one.p50Us)),
    p99Us: median(seconds.map((one) => one.p99Us)),
    p999Us: median(seconds.map((one) => one.p999Us)),
  };
}

/** Quotes a second that reach the callbacks of `count` strategies together while the host sends all it can. */
export async function flooded(count: number, sandboxKind: SandboxKind = "process"): Promise<number> {
  const folder = await meterFolder(count);
  await using host = new MiniHost({ symbolsPerVenue: 256, sandboxKind });
  await host.start(folder, 1_000);
  let isOver = false;
  const flood = (async () => {
    while (!isOver) {
      host.quote();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  })();
  const seconds = await meterFor(host, 5, count);
  isOver = true;
  await flood;
  await Deno.remove(folder, { recursive: true });
  return seconds.reduce((sum, one) => sum + one.quotes, 0) / 5;
}

const spinner = `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "spinner", version: "1.0.0", sdkVersion: 1, author: "benchmarks", description: "Spins.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, (ctx) => ({ onStart() { ctx.time.after(300, () => { ctx.log.info("spinning"); ctx.time.after(0, () => { for (;;); }); }); } }));
`;

/** Milliseconds from the start of an endless loop until its process is reaped. */
export async function spinToReaped(sandboxKind: SandboxKind = "process"): Promise<number> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "spinner.ts"), spinner);
  await using host = new MiniHost({ sandboxKind });
  await host.start(folder);
  await host.until("the spin", () => host.lines.find((line) => line.message === "spinning"));
  const fromMs = performance.now();
  const fallen = await host.until(
    "the kill",
    () => host.states.find(({ state }) => state.kind === "backing_off"),
  );
  await Deno.remove(folder, { recursive: true });
  return fallen.atMs - fromMs;
}
