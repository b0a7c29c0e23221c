/** A configuration that adds Hyperliquid: the arbitrage trades between three simulated venues, and all books agree. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import { runConfigured } from "../support/configured_run.ts";
import { projectDir } from "../support/mini_host.ts";

Deno.test("with Hyperliquid in the configuration three venues trade, end flat, and agree to the last unit", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    const configFile = join(dataDir, "berth.json");
    const config = {
      venues: { enabled: ["okx", "paradex", "hyperliquid"] },
      pluginFolders: [join(projectDir, "plugins")],
    };
    await Deno.writeTextFile(configFile, JSON.stringify(config));
    const { summary, out } = await runConfigured(configFile, dataDir, 20);
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
