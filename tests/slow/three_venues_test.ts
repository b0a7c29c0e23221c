/** A configuration that adds Hyperliquid: the arbitrage trades between three simulated venues, and all books agree. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import { projectDir } from "../support/mini_host.ts";

interface Summary {
  readonly venues: readonly {
    readonly venue: string;
    readonly quotes: number;
    readonly fills: number;
    readonly ledger: { readonly agrees: boolean; readonly differences: readonly string[] };
  }[];
  readonly fills: number;
  readonly positions: readonly unknown[];
  readonly workingOrders: readonly unknown[];
}

Deno.test("with Hyperliquid in the configuration three venues trade, end flat, and agree to the last unit", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    const configFile = join(dataDir, "berth.json");
    const config = {
      venues: { enabled: ["okx", "paradex", "hyperliquid"] },
      pluginFolders: [join(projectDir, "plugins")],
    };
    await Deno.writeTextFile(configFile, JSON.stringify(config));
    const main = join(projectDir, "core/main.ts");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--frozen", main, "start", "--duration", "20s", "--seed", "1"]
        .concat("--config", configFile, "--data-dir", dataDir),
      cwd: projectDir,
    }).output();
    const out = new TextDecoder().decode(stdout);
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""], out.slice(-3_000));
    const summary: Summary = JSON.parse(out.trim().split("\n").at(-1) ?? "");
    assertEquals(summary.venues.map(({ venue }) => venue).sort(), ["hyperliquid", "okx", "paradex"]);
    for (const { venue, quotes, ledger } of summary.venues) {
      assertGreater(quotes, 100, venue);
      assertEquals(ledger, { agrees: true, differences: [] }, venue);
    }
    assertGreater(summary.venues.find(({ venue }) => venue === "hyperliquid")?.fills ?? 0, 0);
    assertEquals([summary.positions, summary.workingOrders], [[], []]);
    assert(!/HYPERLIQUID_[A-Z_]+KEY/.test(out), "a secret's name is in the output");
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
