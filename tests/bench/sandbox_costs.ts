/** What a sandbox of each kind costs: start, memory, and how fast it is gone. One plugin at a time, nothing in between. */
import { join } from "node:path";
import { BerthError } from "../../core/errors.ts";
import { systemClock } from "../../core/host/system_clock.ts";
import { pluginId } from "../../core/model/ids.ts";
import { protocolVersion } from "../../core/protocol/messages.ts";
import { createSandbox } from "../../core/sandbox/kinds.ts";
import { defaultLimits, type SandboxProcess } from "../../core/sandbox/sandbox.ts";
import { projectDir, type SandboxKind } from "../support/mini_host.ts";
import { flooded, median, quietDelay, spinToReaped } from "./delivery.ts";

const strategy = (body: string): string => `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "idle", version: "1.0.0", sdkVersion: 1, author: "benchmarks", description: "Does little.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, (ctx) => (${body}));
`;
const idle = strategy("{}");
const spinning = strategy("{ onStart() { ctx.time.after(100, () => { for (;;); }); } }");

export interface SandboxCost {
  readonly kind: SandboxKind;
  /** From the call that starts it to its plugin's being ready. */
  readonly startMs: number;
  readonly rssMb: number;
  /** Pages that it shares with other processes are divided among them. */
  readonly pssMb: number;
  /** From the kill to the process's being reaped. */
  readonly idleKilledMs: number;
  readonly spinningKilledMs: number;
  /** From the start of an endless loop to its process's being reaped, the heartbeat's limit included. */
  readonly spinToReapedMs: number;
  readonly delayP50Us: number;
  readonly delayP99Us: number;
  readonly quotesPerSecond: number;
}

interface Started {
  readonly process: SandboxProcess;
  readonly startMs: number;
}

async function start(kind: SandboxKind, entryPath: string): Promise<Started> {
  const clock = systemClock();
  const fromMs = performance.now();
  const ready = Promise.withResolvers<number>();
  const process = createSandbox(kind, { clock, projectDir }).start({
    pluginId: pluginId("idle"),
    role: "strategy",
    entryPath,
    rootPath: entryPath,
    permissions: { net: [], read: [], write: [] },
    packages: [],
    // Only what is killed here is to end.
    limits: { ...defaultLimits, heartbeatMs: 60_000 },
    hello: {
      type: "hello",
      role: "strategy",
      protocolVersion,
      pluginId: pluginId("idle"),
      environment: "sim",
      settings: {},
      secrets: {},
      savedState: undefined,
      seed: 1,
      heartbeatEveryMs: 50,
      timeMode: "real",
      epochUs: clock.epochUs(),
      instruments: [],
    },
  }, {
    onRecords: () => undefined,
    onBook: () => undefined,
    onErrorLine: () => undefined,
    onExit: ({ reason }) => ready.reject(reason ?? new Error("it ended")),
    onMessage: ({ type }) => type === "ready" ? ready.resolve(performance.now() - fromMs) : undefined,
  });
  const startMs = await ready.promise;
  return { process, startMs };
}

async function killed({ process }: Started): Promise<number> {
  const fromMs = performance.now();
  await process.kill(new BerthError("PLUGIN_STOP_LATE", { pluginId: "idle", deadlineMs: 0 }));
  return performance.now() - fromMs;
}

function memoryMb(pid: number): { readonly rssMb: number; readonly pssMb: number } {
  const roll = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(roll)?.[1]) / 1024;
  return { rssMb: of("Rss"), pssMb: of("Pss") };
}

const wait = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));
const rounds = 9;

/** Starts and kills some of a kind, one after the other, and then runs the measurements of a host with it. */
export async function sandboxCost(kind: SandboxKind): Promise<SandboxCost> {
  const folder = await Deno.makeTempDir();
  const paths = { idle: join(folder, "idle.ts"), spinning: join(folder, "spinning.ts") };
  await Deno.writeTextFile(paths.idle, idle);
  await Deno.writeTextFile(paths.spinning, spinning);
  const startMs: number[] = [];
  const rssMb: number[] = [];
  const pssMb: number[] = [];
  const idleKilledMs: number[] = [];
  const spinningKilledMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = await start(kind, paths.idle);
    startMs.push(started.startMs);
    await wait(500);
    const memory = memoryMb(started.process.pid);
    rssMb.push(memory.rssMb);
    pssMb.push(memory.pssMb);
    idleKilledMs.push(await killed(started));
    const spinner = await start(kind, paths.spinning);
    await wait(300);
    spinningKilledMs.push(await killed(spinner));
  }
  await Deno.remove(folder, { recursive: true });
  const spins = [await spinToReaped(kind), await spinToReaped(kind), await spinToReaped(kind)];
  const delay = await quietDelay(kind);
  return {
    kind,
    startMs: median(startMs),
    rssMb: median(rssMb),
    pssMb: median(pssMb),
    idleKilledMs: median(idleKilledMs),
    spinningKilledMs: median(spinningKilledMs),
    spinToReapedMs: median(spins),
    delayP50Us: delay.p50Us,
    delayP99Us: delay.p99Us,
    quotesPerSecond: await flooded(1, kind),
  };
}
