/** A strategy learns of changed settings while it runs; settings that don't fit change nothing and are told. */
import { assertMatch } from "@std/assert";
import { join } from "node:path";
import { defaultPluginConfig, type PluginConfig } from "../../../../core/host/config/config.ts";
import { MiniHost } from "../../../support/mini_host.ts";

const strategy = `
import { defineStrategy, setting } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "tuned", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Says its setting.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: { edgeBps: setting.number({ default: 2, min: 0, description: "Edge in bps." }) },
}, (ctx) => ({
  onStart() { ctx.log.info("edge", { bps: ctx.settings.edgeBps }); },
  onSettings() { ctx.log.info("edge", { bps: ctx.settings.edgeBps }); },
}));
`;

const withEdge = (edgeBps: unknown) => (): PluginConfig => ({
  ...defaultPluginConfig,
  settings: { edgeBps },
});

Deno.test("changed settings reach a running strategy, faulty ones do not", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "tuned.ts"), strategy);
  try {
    await using host = new MiniHost();
    await host.start(folder);
    const edge = (bps: number) =>
      host.until(
        `an edge of ${bps}`,
        () => host.lines.find((line) => line.message === "edge" && line.fields["bps"] === bps),
      );
    await edge(2);
    host.manager.applySettings(withEdge(-1));
    const told = await host.until(
      "the fault",
      () => host.lines.find((line) => line.message.startsWith("settings not changed")),
    );
    assertMatch(told.message, /edgeBps is -1; expected a number from 0/);
    host.manager.applySettings(withEdge(7));
    await edge(7);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
