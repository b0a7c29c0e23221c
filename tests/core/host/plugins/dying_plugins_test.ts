/** What a strategy leaves behind when it dies: no working order, and the position that its policy says. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { MiniHost } from "../../../support/mini_host.ts";

/** Buys one, rests a bid for another, and throws from then on; in its second life it keeps still. */
const mortal = (id: string, onStop: string): string => `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "${id}", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Dies young.",
  trading: { venues: ["alpha"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: { maxOrderNotionalUsd: 1000, maxPositionNotionalUsd: 1000, maxOrdersPerSecond: 20, maxDailyLossUsd: 100 },
  onStop: "${onStop}", settings: {},
}, (ctx) => {
  const instrument = "alpha:BTC-PERP"; let nextMs = 0; let isDone = ctx.state.saved() === "died"; let isDying = false;
  return {
    onQuote() {
      if (isDying) throw new Error("as planned");
      if (isDone || ctx.time.epochMs() < nextMs) return;
      nextMs = ctx.time.epochMs() + 200;
      if (ctx.positions.get(instrument).sizeBase === 0) ctx.orders.submit({ instrument, side: "buy", sizeBase: 1 });
      else { ctx.orders.submit({ instrument, side: "buy", sizeBase: 1, limitPrice: 99 }); isDone = true; }
    },
    onOrder(order) {
      if (order.limitPrice !== 99 || order.status !== "accepted") return;
      ctx.state.save("died"); ctx.log.info("dying"); isDying = true;
    },
  };
});
`;

Deno.test("a strategy that dies leaves no order, and keeps or closes its position as it declared", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "keeper.ts"), mortal("keeper", "keep_positions"));
  await Deno.writeTextFile(join(folder, "closer.ts"), mortal("closer", "flatten"));
  try {
    await using host = new MiniHost({ hasAccounts: true });
    await host.start(folder);
    const fell = (id: string) =>
      host.until(
        `the fall of ${id}`,
        () => host.states.find((one) => one.id === id && one.state.kind === "backing_off"),
      );
    await Promise.all([fell("keeper"), fell("closer")]);
    for (const id of ["keeper", "closer"]) {
      await host.until(
        `the end of ${id}'s orders`,
        () =>
          host.lines.find(({ message, fields }) =>
            fields["code"] === "PLUGIN_ORDERS_CANCELLED" && message.includes(id)
          ),
      );
    }
    await host.until(
      "the closed position",
      () => host.lines.find(({ fields }) => fields["code"] === "FLATTEN_DONE"),
    );
    const { workingOrders, positions } = host.snapshot();
    assertEquals(workingOrders, []);
    const held = positions.map(({ plugin, sizeBase }) => [String(plugin), sizeBase]).sort();
    assertEquals(held, [["closer", 0], ["keeper", 1]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
