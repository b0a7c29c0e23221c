/** The kill switch through each of its doors, on a real host with simulated venues; and the console's own start. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LineReader } from "../support/line_reader.ts";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));
const decoder = new TextDecoder();

const commandOf = (args: readonly string[]): Deno.Command =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", "--no-check", join(projectDir, "core/main.ts"), ...args],
    env: { BERTH_CONSOLE_PORT: "0", NO_COLOR: "1" },
    cwd: projectDir,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });

async function berth(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> {
  const { code, stdout, stderr } = await commandOf(args).output();
  return { code, out: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

/** Rests bids below the market and keeps a position. */
const resting = `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "resting", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Rests and holds.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: { maxOrderNotionalUsd: 5000, maxPositionNotionalUsd: 9000, maxOrdersPerSecond: 10, maxDailyLossUsd: 500 },
  onStop: "keep_positions", settings: {},
}, (ctx) => { const bought = new Set(); const rested = new Set(); return {
  onQuote(quote) {
    const { instrument, bidPrice, askPrice } = quote;
    if (!bought.has(instrument)) {
      bought.add(instrument);
      ctx.orders.submit({ instrument, side: "buy", sizeBase: "0.002", limitPrice: askPrice * 1.002, timeInForce: "IOC" });
    } else if (!rested.has(instrument)) {
      rested.add(instrument);
      ctx.orders.submit({ instrument, side: "buy", sizeBase: "0.002", limitPrice: bidPrice * 0.98, postOnly: true });
    }
  },
  onOrder(order) {
    if (order.status === "accepted" && rested.has(order.instrument)) ctx.log.info("resting", { instrument: order.instrument });
    if (order.status === "refused") (rested.has(order.instrument) ? rested : bought).delete(order.instrument);
  },
  onFill(fill) { ctx.log.info("bought", { instrument: fill.instrument }); },
}; });
`;

interface Host extends AsyncDisposable {
  readonly dataDir: string;
  readonly process: Deno.ChildProcess;
  readonly lines: LineReader;
}

/** A host on which both venues have a resting order and a position of ours. */
async function startHost(dataDir: string): Promise<Host> {
  const folder = join(dataDir, "strategies");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "resting.ts"), resting);
  const process = commandOf(["start", "--data-dir", dataDir, "--plugins", folder, "--seed", "1"]).spawn();
  const lines = new LineReader(process.stdout);
  const errors = new LineReader(process.stderr);
  for (const venue of ["okx", "paradex"]) {
    for (const what of ["bought", "resting"]) {
      await lines.until((line) => line.includes(`"${what}"`) && line.includes(`${venue}:BTC-PERP`));
    }
  }
  await lines.until((line) => line.includes("console at http://127.0.0.1:"));
  return {
    dataDir,
    process,
    lines,
    async [Symbol.asyncDispose]() {
      try {
        process.kill("SIGKILL");
      } catch {
        // it has ended
      }
      await Promise.all([process.status, lines.ended, errors.ended]);
    },
  };
}

interface Report {
  readonly isClean: boolean;
  readonly by: string;
  readonly isFlattening: boolean;
  readonly venues: readonly {
    readonly venue: string;
    readonly isVerified: boolean;
    readonly openOrders: readonly unknown[];
    readonly positions: readonly unknown[];
  }[];
}

const remaining = (report: Report): unknown =>
  report.venues.map(({ venue, isVerified, openOrders, positions }) => [
    venue,
    isVerified,
    openOrders.length,
    positions.length,
  ]).toSorted();

async function reportFile(dataDir: string): Promise<Report> {
  const path = join(dataDir, "sim/KILL.report.json");
  for (;;) {
    const text = await Deno.readTextFile(path).catch(() => undefined);
    if (text?.endsWith("}\n") === true) return JSON.parse(text);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function inFolder(run: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    await run(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("berth kill cancels and verifies, with --flatten closes; the halt survives a restart until it is lifted", async () => {
  await inFolder(async (dataDir) => {
    {
      await using host = await startHost(dataDir);
      const place = ["--data-dir", host.dataDir];
      const first = await berth("kill", "--json", ...place);
      assertEquals([first.code, first.errors], [0, ""]);
      const killed: Report = JSON.parse(first.out);
      assertEquals([killed.by, killed.isClean], ["cli", true]);
      assertEquals(remaining(killed), [["okx", true, 0, 1], ["paradex", true, 0, 1]]);
      const second = await berth("kill", "--flatten", ...place);
      assertEquals(second.code, 0, second.out);
      assertMatch(second.out, /okx: verified, 0 open orders, 0 positions/);
      assertMatch(second.out, /Everything is cancelled and the venues confirm it/);
      const shown = await berth("status", ...place);
      assertMatch(shown.out, /trading is halted \(kill switch\)/);
      host.process.kill("SIGTERM");
      await host.process.status;
    }
    const again = commandOf(["start", "--data-dir", dataDir, "--seed", "1"]).spawn();
    const lines = new LineReader(again.stdout);
    const errors = new LineReader(again.stderr);
    try {
      await lines.until((line) => line.includes("global is halted since an earlier run: kill switch"));
      await lines.until((line) => line.includes("console at"));
      const resumed = await berth("risk", "resume", "--reason", "understood", "--data-dir", dataDir);
      assertEquals(resumed.code, 0, resumed.errors);
      assertMatch(resumed.out, /^global: active/);
      const tightened = await berth("risk", "tighten", "global", "maxOpenOrders=7", "--data-dir", dataDir);
      assertMatch(tightened.out, /maxOpenOrders +7/);
      const loosened = await berth("risk", "tighten", "global", "maxOpenOrders=8", "--data-dir", dataDir);
      assertEquals(loosened.code, 1);
      assertMatch(loosened.errors, /maxOpenOrders would be looser/);
      const market = await berth("risk", "tighten", "market", "maxQuoteAgeMs=1500", "--data-dir", dataDir);
      assertMatch(market.out, /^market:\n[^]*maxQuoteAgeMs +1500/);
    } finally {
      again.kill("SIGKILL");
      await Promise.all([again.status, lines.ended, errors.ended]);
    }
    const journalled = await berth("journal", "--kind", "operator", "--data-dir", dataDir);
    for (const word of ['"command":"kill"', '"command":"set_state"', '"command":"tighten_limits"']) {
      assert(journalled.out.includes(word), word);
    }
  });
});

Deno.test("the file KILL and the signals do the same, and the file holds the halt", async () => {
  await inFolder(async (dataDir) => {
    await using host = await startHost(dataDir);
    if (Deno.build.os !== "windows") {
      host.process.kill("SIGUSR1");
      const bySignal = await reportFile(dataDir);
      assertEquals([bySignal.by, bySignal.isClean, bySignal.isFlattening], ["signal", true, false]);
      await Deno.remove(join(dataDir, "sim/KILL.report.json"));
    }
    await Deno.writeTextFile(join(dataDir, "sim/KILL"), "flatten\n");
    const byFile = await reportFile(dataDir);
    assertEquals([byFile.by, byFile.isClean, byFile.isFlattening], ["file", true, true]);
    assertEquals(remaining(byFile), [["okx", true, 0, 0], ["paradex", true, 0, 0]]);
    const held = await berth("risk", "resume", "--reason", "no", "--data-dir", dataDir);
    assertEquals(held.code, 1);
    assertMatch(held.errors, /Held by the file KILL/);
  });
});

Deno.test("berth kill without a running host starts the adapters, asks the venues and keeps the halt", async () => {
  await inFolder(async (dataDir) => {
    const { code, out, errors } = await berth("kill", "--json", "--data-dir", dataDir);
    assertEquals(code, 0, errors);
    assertMatch(errors, /no host runs in sim; its adapters are started/);
    const report: Report = JSON.parse(out);
    assertEquals(remaining(report), [["okx", true, 0, 0], ["paradex", true, 0, 0]]);
    const journalled = await berth("journal", "--kind", "trading_state", "--data-dir", dataDir);
    assertMatch(journalled.out, /"after":"halted"/);
  });
});

Deno.test("a busy console port ends the start in one sentence, with its own exit code", async () => {
  await inFolder(async (dataDir) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const { code, out, errors } = await berth("start", "--console-port", String(port), "--data-dir", dataDir);
    assertEquals([code, out], [3, ""]);
    assertMatch(
      errors,
      new RegExp(`^berth: Port ${port} \\(console\\) is already in use\\..*--console-port`),
    );
    assertEquals(errors.trim().split("\n").length, 1);
  });
});
