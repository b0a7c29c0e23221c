/** Paper trading: real adapters and real market data of a venue, fills made by the host, and not one order at the venue. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { startSimulation } from "../../core/host/venues/simulation_process.ts";
import { hostAndPort } from "../../core/host/venues/modes.ts";
import { MiniHost, projectDir } from "../support/mini_host.ts";

const buyer = `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "buyer", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Buys once on each venue.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: { maxOrderNotionalUsd: 5000, maxPositionNotionalUsd: 5000, maxOrdersPerSecond: 10, maxDailyLossUsd: 100 },
  onStop: "keep_positions", settings: {},
}, (ctx) => { const done = new Set(); return {
  onQuote(quote) {
    if (done.has(quote.instrument) || ctx.orders.working().length > 0) return;
    ctx.orders.submit({ instrument: quote.instrument, side: "buy", sizeBase: "0.001", limitPrice: quote.askPrice * 1.0005, timeInForce: "IOC" });
  },
  onOrder(order) { if (order.status === "refused") ctx.log.info("refused", { code: order.reason }); },
  onFill(fill) { done.add(fill.instrument); ctx.log.info("filled", { instrument: fill.instrument, sizeBase: fill.sizeBase }); },
}; });
`;

Deno.test("in paper trading orders fill in the host and none reaches the venue", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "buyer.ts"), buyer);
  const simulation = await startSimulation({
    venues: ["paradex", "okx"],
    seed: 3,
    depositUsd: "100000",
    faults: {},
    onLog: () => undefined,
    onLost: () => undefined,
  });
  try {
    await using host = new MiniHost({
      venues: [],
      accessOf: ({ venue }) => {
        const endpoints = simulation.venues[venue]?.endpoints ?? {};
        const netHosts = [...new Set(Object.values(endpoints).map(hostAndPort))];
        return { kind: "access", access: { endpoints, netHosts, secrets: {}, isPaper: true } };
      },
    });
    const adapters = ["paradex", "okx"].map((name) => ({
      name,
      entryPath: join(projectDir, "exchanges", name, "mod.ts"),
      rootPath: join(projectDir, "exchanges", name),
    }));
    await host.start(folder, 60_000, adapters);
    for (const venue of ["paradex", "okx"]) {
      await host.until(
        `a paper fill on ${venue}`,
        () =>
          host.lines.find((line) =>
            line.message === "filled" && line.fields["instrument"] === `${venue}:BTC-PERP`
          ),
      );
    }
    const ledgers = await simulation.ledgers();
    for (const venue of ["paradex", "okx"]) {
      assertEquals([ledgers[venue]?.openOrders, ledgers[venue]?.positions, ledgers[venue]?.feesPaid], [
        [],
        [],
        "0",
      ], venue);
    }
  } finally {
    await simulation.stop();
    await Deno.remove(folder, { recursive: true });
  }
});
