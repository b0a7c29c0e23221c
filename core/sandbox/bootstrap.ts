/**
 * The entry of every plugin's process. A plugin is never the entry itself: static imports of an entry are not checked
 * against permissions. This module takes what the runtime needs, locks everything else away, and loads the plugin by a
 * dynamic import when the host says hello.
 *
 * Arguments: role, entry URL, allowed URL prefixes (JSON), allowed packages (JSON). Nothing secret among them.
 */
import { encodeMessage } from "../protocol/codec.ts";
import { setImmediate as startImmediate } from "node:timers";
import type { Platform } from "../sdk/plugin_time.ts";
import { runPlugin } from "../sdk/runtime.ts";
// Loaded here so that a plugin's own import of the SDK finds it in memory.
import "../sdk/mod.ts";
import { frameKinds, FrameWriter } from "../protocol/stream.ts";
import { lockDown } from "./lockdown.ts";

const [role = "probe", entryUrl = "", allowedUrlsJson = "[]", allowedPackagesJson = "[]"] = Deno.args;

const { stdin, stdout } = Deno;
const exitProcess = Deno.exit.bind(Deno);
const readInput = stdin.read.bind(stdin);
const writeOutput = stdout.writeSync.bind(stdout);
const { memoryUsage } = Deno;
const { performance, setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;
const now = performance.now.bind(performance);
const wallMs = Date.now.bind(Date);
const { timeOrigin } = performance;

async function* input(): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(1 << 16);
  for (;;) {
    const count = await readInput(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

// Written at once: an asynchronous write would come back only when a flooded event loop gets to it.
const output = {
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += writeOutput(bytes.subarray(at));
  },
};

/** mulberry32, as in the host: equal seeds give equal runs. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

// Ctrl-C and service managers signal the whole group. The host alone decides when a plugin ends: an adapter that died
// first could not take orders back. Without the host the input ends, and with it this process.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  if (Deno.build.os !== "windows" || signal === "SIGINT") Deno.addSignalListener(signal, () => {});
}

let originMs = timeOrigin;
const platform: Platform = {
  epochMs: wallMs,
  epochUs() {
    const wall = wallMs();
    const elapsed = now();
    if (Math.abs(originMs + elapsed - wall) > 5) originMs = wall - elapsed;
    return Math.round((originMs + elapsed) * 1000);
  },
  monotonicMs: now,
  after(delayMs, task) {
    const timer = startTimer(task, delayMs);
    return () => stopTimer(timer);
  },
  nextTurn: (task) => void startImmediate(task),
  heapUsedBytes: () => memoryUsage().heapUsed,
  seededRandom,
};

const lines = new FrameWriter(output, {
  maxQueuedBytes: 1 << 20,
  onOverflow: () => exitProcess(1),
  onError: () => exitProcess(1),
});
lockDown({
  role: role === "strategy" || role === "exchange" ? role : "probe",
  allowedUrls: JSON.parse(allowedUrlsJson),
  allowedPackages: JSON.parse(allowedPackagesJson),
  log: (level, message) =>
    lines.frame(
      frameKinds.message,
      encodeMessage({ type: "log", level, message, fields: { from: "console" } }),
    ),
});

await runPlugin({
  load: () => import(entryUrl),
  input: input(),
  output,
  platform,
  exit: (code) => exitProcess(code),
});
