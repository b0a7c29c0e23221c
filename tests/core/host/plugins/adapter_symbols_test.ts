/** A strategy that is dropped in later gets the instruments it wants, though nobody wanted them before. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { MiniHost } from "../../../support/mini_host.ts";

const adapter = `
import { defineExchange } from "@berth/sdk";
export default defineExchange({
  kind: "exchange", id: "lister", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Lists.",
  venue: "lister", tradingSecrets: [], packages: [], settings: {},
  endpoints: { live: { restUrl: { url: "https://example.test", purpose: "trading" } } },
}, (ctx) => ({
  capabilities: {},
  async start() { ctx.log.info("lists", { symbols: ctx.symbols.join(" ") }); },
  async symbolsChanged() { ctx.log.info("lists", { symbols: ctx.symbols.join(" ") }); },
  marketData: { subscribe() {}, unsubscribe() {} },
  async stop() {},
}));
`;
const strategy = (id: string, symbol: string): string => `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "${id}", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Wants ${symbol}.",
  trading: { venues: ["*"], instruments: ["${symbol}"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, () => ({}));
`;

Deno.test("adapters are told when a strategy comes that wants more, and never to list less", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "lister.ts"), adapter);
  await Deno.writeTextFile(join(folder, "first.ts"), strategy("first", "BTC-PERP"));
  try {
    const access = { endpoints: {}, netHosts: [], secrets: {}, isPaper: false };
    await using host = new MiniHost({
      trustedFolders: [folder],
      accessOf: () => ({ kind: "access", access }),
    });
    await host.start(folder);
    host.watch(folder);
    const lists = (symbols: string) =>
      host.until(symbols, () => host.lines.find(({ fields }) => fields["symbols"] === symbols));
    await lists("BTC-PERP");
    await Deno.remove(join(folder, "first.ts"));
    await Deno.writeTextFile(join(folder, "second.ts"), strategy("second", "ETH-PERP"));
    await lists("BTC-PERP ETH-PERP");
    assertEquals(host.view("lister")?.restarts, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
