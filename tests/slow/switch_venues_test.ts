/** Venues are switched while a host runs: one goes, another comes, a strategy on all of them follows. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import * as v from "valibot";
import { berth } from "../support/berth_command.ts";
import { LineReader } from "../support/line_reader.ts";

const entry = new URL("../../core/main.ts", import.meta.url).pathname;

const summarySchema = v.object({
  plugins: v.array(v.object({ id: v.string(), state: v.string(), restarts: v.number() })),
});

/** Logs each venue whose quotes reach it, once, and has an order rest far from the market of OKX. */
const watcher = `
import { defineStrategy, venueOf } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "watcher", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Sees venues.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: { maxOrderNotionalUsd: 2e3, maxPositionNotionalUsd: 2e3, maxOrdersPerSecond: 9, maxDailyLossUsd: 9 },
  onStop: "keep_positions", settings: {},
}, (ctx) => {
  const seen = new Set();
  let isResting = false;
  return { onQuote({ instrument, bidPrice }) {
    const venue = venueOf(instrument);
    if (venue === "okx" && !isResting) {
      isResting = true;
      ctx.orders.submit({ instrument, side: "buy", sizeBase: 0.01, limitPrice: bidPrice * 0.97 });
    }
    if (seen.has(venue)) return;
    seen.add(venue);
    ctx.log.info("sees " + venue);
  }, onOrder({ status }) {
    if (status === "refused") isResting = false; // the account was not compared yet
    if (status === "accepted" || status === "cancelled") ctx.log.info("order " + status);
  } };
});
`;

Deno.test("a venue that is disabled ends, one that is enabled comes, without a restart of anything else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "plugins"));
    await Deno.writeTextFile(join(folder, "plugins", "watcher.ts"), watcher);
    const config = {
      venues: { enabled: ["okx", "hyperliquid"], symbols: ["BTC-PERP"] },
      console: { enabled: false },
    };
    await Deno.writeTextFile(join(folder, "berth.json"), JSON.stringify(config));
    const switched = async (action: string, venue: string): Promise<void> => {
      const { code, errors } = await berth(folder, "plugin", action, venue);
      assertEquals(code, 0, errors);
    };
    await switched("disable", "hyperliquid");
    const host = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", entry, "start", "--seed", "1"],
      cwd: folder,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    try {
      const lines = new LineReader(host.stdout);
      const said = (source: string, message: string): Promise<string> =>
        lines.until((line) =>
          line.includes(`"message":"${message}"`) && line.includes(`"source":"${source}"`)
        );
      await said("watcher", "sees okx");
      await said("watcher", "order accepted");
      await switched("enable", "hyperliquid");
      await said("watcher", "sees hyperliquid");
      await switched("disable", "okx");
      await said("okx", "disabled");
      host.kill("SIGINT");
      await lines.ended;
      // By the venue's word, which nobody would have heard once the adapter was gone.
      assert(lines.lines.some((line) => line.includes('"message":"order cancelled"')));
      const { plugins } = v.parse(v.pipe(v.string(), v.parseJson(), summarySchema), lines.lines.at(-1));
      const states = Object.fromEntries(plugins.map(({ id, state, restarts }) => [id, [state, restarts]]));
      assertEquals(states, { okx: ["disabled", 0], hyperliquid: ["running", 0], watcher: ["stopped", 0] });
      assertEquals((await host.status).code, 0);
    } finally {
      try {
        host.kill("SIGKILL");
      } catch (error) {
        assert(error instanceof TypeError); // it has ended
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
