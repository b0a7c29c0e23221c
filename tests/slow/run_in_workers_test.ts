/** The default run in the sandbox of a compiled berth: real adapters with their packages, strategies, orders, ledgers. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

interface Summary {
  readonly venues: readonly {
    readonly venue: string;
    readonly quotes: number;
    readonly ledger: { readonly agrees: boolean };
  }[];
  readonly plugins: readonly { readonly id: string; readonly restarts: number }[];
}

Deno.test("a run from start to stop in threads: quotes of every venue, no restarts, ledgers that agree", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--frozen",
        fileURLToPath(new URL("../../core/main.ts", import.meta.url)),
        "start",
        "--sandbox=worker-in-process",
        "--duration=12s",
        "--seed=7",
        "--no-console",
        "--log-format=json",
        `--data-dir=${dataDir}`,
      ],
      env: { NO_COLOR: "1" },
      stderr: "null",
    }).output();
    assertEquals(code, 0);
    const line = new TextDecoder().decode(stdout).split("\n").find((one) =>
      one.startsWith('{"event":"summary"')
    );
    assert(line !== undefined, "there was no summary");
    const summary: Summary = JSON.parse(line);
    assert(summary.venues.length >= 2);
    assertEquals(summary.venues.filter((one) => one.quotes === 0 || !one.ledger.agrees), []);
    assertEquals(summary.plugins.filter((one) => one.restarts > 0), []);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
