/** The example that trades between EdgeX and Paradex: the shipped arbitrage opens and closes, and all books agree. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import { runConfigured } from "../support/configured_run.ts";
import { projectDir } from "../support/mini_host.ts";

Deno.test("the arbitrage trades between simulated EdgeX and Paradex, ends flat, and agrees to the last unit", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    const configFile = join(projectDir, "docs/examples/edgex_paradex.json");
    const { summary, out } = await runConfigured(configFile, dataDir, 20);
    assertEquals(summary.venues.map(({ venue }) => venue).sort(), ["edgex", "paradex"]);
    for (const { fills, ledger, quotes, venue } of summary.venues) {
      assertGreater(quotes, 100, venue);
      assertGreater(fills, 0, venue);
      assertEquals(ledger, { agrees: true, differences: [] }, venue);
    }
    assertGreater(summary.groups.opened, 0);
    assertEquals([summary.groups.closed, summary.groups.broken], [summary.groups.opened, 0]);
    assertEquals([summary.positions, summary.workingOrders], [[], []]);
    assert(!/EDGEX_[A-Z_]+(KEY|SECRET|PASSPHRASE)/.test(out), "a secret's name is in the output");
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
