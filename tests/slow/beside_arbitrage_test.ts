/** Three misbehaving strategies beside the arbitrage in the default run: it trades on, they end, and the log says why. */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "node:path";
import { projectDir } from "../support/mini_host.ts";

const offender = (id: string, body: string): string => `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "${id}", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Misbehaves.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, () => { let count = 0; const hoard: unknown[] = []; return { onQuote() { count += 1; ${body} } }; });
`;

const offenders: Readonly<Record<string, { readonly body: string; readonly why: RegExp }>> = {
  spinner: { body: "if (count > 20) while (true) {}", why: /PLUGIN_HEARTBEAT_LATE/ },
  thrower: { body: 'throw new Error("on purpose");', why: /10 errors in a row/ },
  hoarder: {
    body: "for (let i = 0; i < 100_000; i++) hoard.push({ i });",
    why: /PLUGIN_CRASHED|PLUGIN_LIMIT_EXCEEDED|PLUGIN_HEARTBEAT_LATE/,
  },
};

interface Line {
  readonly event?: string;
  readonly source?: string;
  readonly message?: string;
  readonly fills?: number;
  readonly workingOrders?: readonly unknown[];
  readonly positions?: readonly unknown[];
  readonly plugins?: readonly { readonly id: string; readonly restarts: number }[];
  readonly venues?: readonly { readonly ledger: { readonly agrees: boolean } }[];
}

Deno.test("the arbitrage trades on beside a strategy that spins, one that throws and one that hoards", async () => {
  const folder = await Deno.makeTempDir();
  const dataDir = await Deno.makeTempDir();
  try {
    for (const [id, { body }] of Object.entries(offenders)) {
      await Deno.writeTextFile(join(folder, `${id}.ts`), offender(id, body));
    }
    const arbitrage = join(folder, "cross_exchange_arbitrage");
    await Deno.mkdir(arbitrage);
    for await (const file of Deno.readDir(join(projectDir, "plugins/cross_exchange_arbitrage"))) {
      await Deno.copyFile(
        join(projectDir, "plugins/cross_exchange_arbitrage", file.name),
        join(arbitrage, file.name),
      );
    }
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--frozen",
        join(projectDir, "core/main.ts"),
        "start",
        "--duration",
        "20s",
        "--seed",
        "1",
        "--plugins",
        folder,
        "--data-dir",
        dataDir,
      ],
      env: { BERTH_CONSOLE_PORT: "0" },
      cwd: projectDir,
      stdout: "piped",
      stderr: "null",
    }).output();
    const lines: readonly Line[] = new TextDecoder().decode(stdout).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals(code, 0);
    for (const [id, { why }] of Object.entries(offenders)) {
      const told = lines.find((line) =>
        line.source === id && /^(backing_off|quarantined)/.test(line.message ?? "")
      );
      assertMatch(told?.message ?? `${id} was never stopped`, why);
    }
    const summary = lines.at(-1);
    assertGreater(summary?.fills ?? 0, 3);
    assertEquals(summary?.plugins?.find(({ id }) => id === "cross_exchange_arbitrage")?.restarts, 0);
    assertEquals([summary?.workingOrders, summary?.positions], [[], []]);
    assert(summary?.venues?.every(({ ledger }) => ledger.agrees));
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(dataDir, { recursive: true });
  }
});
