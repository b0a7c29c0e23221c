/** Plugins that spin, throw and hoard, each beside a healthy one: the offender ends under its code, the other loses nothing. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { MiniHost } from "../../../support/mini_host.ts";

const healthySource = await Deno.readTextFile(
  new URL("../../../support/plugins/healthy/mod.ts", import.meta.url),
);

const offender = (body: string): string => `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "offender", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Misbehaves.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, (ctx) => { let count = 0; const hoard: unknown[] = []; return { onQuote() { count += 1; ${body} } }; });
`;

async function besideHealthy(body: string, check: (host: MiniHost) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "healthy.ts"), healthySource);
  await Deno.writeTextFile(join(folder, "offender.ts"), offender(body));
  try {
    await using host = new MiniHost();
    await host.start(folder);
    const quotesAt = (from: number): number | undefined => {
      const line = host.lines.findLast((one, index) =>
        index >= from && one.source === "healthy" && one.message === "alive"
      );
      return line === undefined ? undefined : Number(line.fields["quotes"]);
    };
    await host.until("the healthy strategy", () => quotesAt(0));
    await check(host);
    const seen = host.lines.length;
    const before = quotesAt(0) ?? 0;
    await host.until(
      "the healthy strategy to go on",
      () => ((quotesAt(seen) ?? 0) > before + 10 ? true : undefined),
    );
    assertEquals(host.view("healthy")?.restarts, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const fallen = (host: MiniHost) =>
  host.states.find(({ id, state }) =>
    id === "offender" && (state.kind === "backing_off" || state.kind === "quarantined")
  );
const whyOf = (
  found: ReturnType<typeof fallen>,
): string => (found !== undefined && "why" in found.state ? found.state.why : "");

Deno.test("a strategy that never gives its event loop back is killed for its heartbeat, and says so", async () => {
  // Late enough for its first answer to have left.
  const spin = "if (count === 1) ctx.time.after(500, () => { while (true) {} });";
  await besideHealthy(spin, async (host) => {
    const found = await host.until("the kill", () => fallen(host));
    assertMatch(whyOf(found), /PLUGIN_HEARTBEAT_LATE/);
  });
});

Deno.test("a strategy that throws on each quote gives up after ten in a row, each reported", async () => {
  await besideHealthy('throw new Error("on purpose");', async (host) => {
    const found = await host.until("the end", () => fallen(host));
    assertMatch(whyOf(found), /10 errors in a row/);
    assert(
      host.lines.filter((line) => line.source === "offender" && line.message.includes("on purpose")).length >=
        9,
    );
  });
});

Deno.test("a strategy that fills its heap ends alone", async () => {
  await besideHealthy("for (let i = 0; i < 200_000; i++) hoard.push({ i });", async (host) => {
    const found = await host.until("the end", () => fallen(host), 40_000);
    assertMatch(whyOf(found), /PLUGIN_CRASHED|PLUGIN_LIMIT_EXCEEDED|PLUGIN_HEARTBEAT_LATE/);
  });
});

Deno.test("a strategy that hoards memory outside its heap is killed for its resident memory", async () => {
  await besideHealthy("if (count % 20 === 0) hoard.push(new Uint8Array(12 << 20).fill(1));", async (host) => {
    const found = await host.until("the kill", () => fallen(host), 40_000);
    assertMatch(whyOf(found), /PLUGIN_LIMIT_EXCEEDED/);
  });
});

Deno.test("three crashes within a minute quarantine a plugin", async () => {
  await besideHealthy('throw new Error("on purpose");', async (host) => {
    await host.until(
      "the quarantine",
      () => host.states.find(({ id, state }) => id === "offender" && state.kind === "quarantined"),
    );
    assertEquals(host.view("offender")?.restarts, 2);
  });
});
