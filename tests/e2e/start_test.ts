/** The default run as a newcomer starts it: real processes, real sockets on loopback, simulated venues. */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openJournalReader } from "../../core/journal/reader.ts";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function berth(...args: readonly string[]): Promise<Ended> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", join(projectDir, "core/main.ts"), ...args],
    env: { BERTH_CONSOLE_PORT: "0" },
    cwd: projectDir,
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

interface VenueSummary {
  readonly venue: string;
  readonly quotes: number;
  readonly feesUsd: number;
  readonly ledger: { readonly agrees: boolean; readonly differences: readonly string[] };
}
interface Summary {
  readonly venues: readonly VenueSummary[];
  readonly opportunities: { readonly seen: number; readonly taken: number };
  readonly roundTrips: number;
  readonly positions: readonly unknown[];
  readonly workingOrders: readonly unknown[];
  readonly orders: number;
  readonly fills: number;
  readonly groups: { readonly opened: number; readonly closed: number; readonly halted: number };
  readonly nakedUsd: number;
}

/** The summary is the last line; its shape is what the assertions look at. */
function summaryOf(out: string): Summary {
  return JSON.parse(out.trim().split("\n").at(-1) ?? "");
}

Deno.test("the default run trades between both venues, ends flat, and its books agree with the venues' to the last unit", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    const { code, out, err } = await berth(
      "start",
      "--duration",
      "20s",
      "--seed",
      "1",
      "--data-dir",
      dataDir,
    );
    assertEquals([code, err], [0, ""], out.slice(-2_000));
    const summary = summaryOf(out);
    assertEquals(summary.venues.map((venue) => venue.venue).sort(), ["okx", "paradex"]);
    for (const venue of summary.venues) {
      assertGreater(venue.quotes, 100, venue.venue);
      assertGreater(venue.feesUsd, 0, venue.venue);
      assertEquals(venue.ledger, { agrees: true, differences: [] }, venue.venue);
    }
    assertGreater(summary.opportunities.taken, 0);
    assertGreater(summary.roundTrips, 1); // both legs of one pair at least
    assertEquals([summary.positions, summary.workingOrders], [[], []]);
    assertGreater(summary.groups.closed, 0);
    assertEquals([summary.groups.halted, summary.nakedUsd], [0, 0]);

    using journal = openJournalReader(join(dataDir, "sim/journal.db"));
    const kinds = new Map(journal.counts().map(({ kind, count }) => [kind, count]));
    assertEquals(kinds.get("fill"), summary.fills);
    assertGreater(kinds.get("intent") ?? 0, 3);
    assertGreater(kinds.get("leg_group") ?? 0, 3);
    assertEquals(journal.runs().at(-1)?.isCleanStop, true);
    const secrets = /PARADEX_PRIVATE_KEY|OKX_SECRET_KEY|Sim-[0-9a-f]{12}/;
    assertEquals(secrets.test(out), false);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("Ctrl-C stops cleanly: orders confirmed, summary printed, exit code 0", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    // In a group of its own, all of which is signalled, as a terminal does on Ctrl-C: plugins and venues must outlive
    // the host's last requests to them.
    const isGroup = Deno.build.os === "linux";
    const process = new Deno.Command(isGroup ? "setsid" : Deno.execPath(), {
      args: [
        ...(isGroup ? [Deno.execPath()] : []),
        "run",
        "-A",
        "--frozen",
        join(projectDir, "core/main.ts"),
        "start",
        "--seed",
        "2",
        "--data-dir",
        dataDir,
      ],
      env: { BERTH_CONSOLE_PORT: "0" },
      cwd: projectDir,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let out = "";
    let isSent = false;
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      out += text;
      const isReady = (out.match(/orders may be sent/g) ?? []).length >= 2;
      if (isReady && !isSent) Deno.kill(isGroup ? -process.pid : process.pid, "SIGINT");
      isSent ||= isReady;
    }
    const { code } = await process.status;
    await process.stderr.cancel();
    assertEquals(code, 0, out.slice(-2_000));
    const summary = summaryOf(out);
    assertEquals(summary.workingOrders, []);
    assert(summary.venues.every((venue) => venue.ledger.agrees));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("a second host on the same data folder is refused in one sentence, without a stack trace", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    const first = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--frozen", join(projectDir, "core/main.ts"), "start", "--data-dir", dataDir],
      env: { BERTH_CONSOLE_PORT: "0" },
      cwd: projectDir,
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = first.stdout.getReader();
    await reader.read(); // its first line: the lock is held
    const second = await berth("start", "--duration", "1s", "--data-dir", dataDir);
    first.kill("SIGINT");
    reader.releaseLock();
    await first.stdout.cancel();
    await first.status;
    assertEquals(second.code, 3);
    assertMatch(second.err, /Another berth \(process \d+\) uses/);
    assertEquals(/\n\s+at /.test(second.err), false);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
