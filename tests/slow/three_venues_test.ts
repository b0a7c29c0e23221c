/** A configuration that adds a venue: the arbitrage trades between three simulated venues, and all books agree. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import { runConfigured } from "../support/configured_run.ts";
import { projectDir } from "../support/mini_host.ts";

async function tradesBeside(added: string): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    const configFile = join(dataDir, "berth.json");
    const config = {
      venues: { enabled: ["okx", "paradex", added] },
      pluginFolders: [join(projectDir, "plugins")],
    };
    await Deno.writeTextFile(configFile, JSON.stringify(config));
    const { summary, out } = await runConfigured(configFile, dataDir, 20);
    assertEquals(summary.venues.map(({ venue }) => venue).sort(), [added, "okx", "paradex"].sort());
    for (const { venue, quotes, ledger } of summary.venues) {
      assertGreater(quotes, 100, venue);
      assertEquals(ledger, { agrees: true, differences: [] }, venue);
    }
    assertGreater(summary.venues.find(({ venue }) => venue === added)?.fills ?? 0, 0);
    assertEquals([summary.positions, summary.workingOrders], [[], []]);
    assert(!/(HYPERLIQUID|ASTER)_[A-Z_]+KEY/.test(out), "a secret's name is in the output");
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

for (const [id, name] of [["hyperliquid", "Hyperliquid"], ["aster", "Aster"]] as const) {
  Deno.test(
    `with ${name} in the configuration three venues trade, end flat, and agree to the last unit`,
    () => tradesBeside(id),
  );
}
