/** `berth replay`: a whole host over a recording, its strategy in its sandbox, the same fills at any speed's end. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recordBytes, recordKinds, writeRecord } from "../../core/protocol/records.ts";
import { RecordingWriter } from "../../core/recording/writer.ts";
import { bitcoin } from "../core/backtest/builders.ts";
import { priceTicks, sizeLots } from "@berth/sdk";

const root = fileURLToPath(new URL("../../", import.meta.url));
const startUs = 1_760_000_000_000_000;
const seconds = 20;

/** Twenty seconds: a quote every 100 ms that climbs a dollar a second, a mark a second, a book every second. */
async function record(folder: string): Promise<void> {
  const writer = await RecordingWriter.open({ folder, version: "0.0.0", instrument: () => bitcoin });
  const view = new DataView(new ArrayBuffer(recordBytes));
  for (let step = 0; step <= seconds * 10; step++) {
    const tsUs = startUs + step * 100_000;
    const price = 40_000 + step / 10;
    const stamp = [0, step, tsUs / 1000 - 5, tsUs] as const;
    if (step % 10 === 0) {
      writeRecord(view, 0, recordKinds.mark, 0, ...stamp, price, price, NaN, NaN);
      writer.onRecord(0, view, 0);
      const level = (ticks: number) => ({ priceTicks: priceTicks(ticks), sizeLots: sizeLots(1_000_000) });
      const ticks = Math.round(price * 10);
      writer.onBook(0, {
        instrument: bitcoin.id,
        kind: "snapshot",
        bids: [level(ticks - 5)],
        asks: [level(ticks + 5)],
        sequence: step,
        tsVenueMs: tsUs / 1000,
        tsRecvUs: tsUs,
      });
    }
    writeRecord(view, 0, recordKinds.quote, 0, ...stamp, price - 0.5, 10, price + 0.5, 10);
    writer.onRecord(0, view, 0);
  }
  await writer.flush();
}

/** Buys three seconds in, sells by a timer ten seconds later, and says what time it thinks it is. */
const strategy = `import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "once", version: "0.1.0", sdkVersion: 1, author: "t", description: "Trades once.",
  trading: { venues: ["*"], instruments: ["*"], data: ["quotes", "books"], orders: "trade" },
  riskBudget: { maxOrderNotionalUsd: 5000, maxPositionNotionalUsd: 5000, maxOrdersPerSecond: 5, maxDailyLossUsd: 1000 },
  onStop: "keep_positions", settings: {},
}, (ctx) => {
  let isDone = false;
  return { onQuote({ instrument }) {
    if (isDone || ctx.time.epochUs() < ${startUs + 3_000_000}) return;
    isDone = true;
    ctx.log.info("buys", { tsMs: ctx.time.epochMs(), price: ctx.books.executable(instrument, "buy", 0.01, 2000)?.averagePrice ?? -1 });
    ctx.orders.submit({ instrument, side: "buy", sizeBase: 0.01 });
    ctx.time.after(10_000, () => ctx.orders.submit({ instrument, side: "sell", sizeBase: 0.01 }));
  } };
});`;

type Line = Readonly<Record<string, unknown>>;

async function replay(folder: string, speed: string): Promise<{ code: number; lines: readonly Line[] }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--frozen", "--config", join(root, "deno.json"), join(root, "core/main.ts")],
      ...["replay", "--data", join(folder, "recording"), "--plugins", join(folder, "plugins")],
      ...["--speed", speed, "--no-console", "--json"],
    ],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(stderr.length === 0, new TextDecoder().decode(stderr));
  return { code, lines: text.trim().split("\n").map((line): Line => JSON.parse(line)) };
}

const fillsOf = (lines: readonly Line[]) =>
  lines.filter(({ message }) => message === "filled")
    .map(({ ts, side, size, price, fee }) => [ts, side, size, price, fee]);

Deno.test("a replay trades through the whole host, ends with the recording, and twice alike", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await record(join(folder, "recording"));
    await Deno.mkdir(join(folder, "plugins"));
    await Deno.writeTextFile(join(folder, "plugins/once.ts"), strategy);
    const { code, lines } = await replay(folder, "max");
    const said = lines.find(({ message }) => message === "buys");
    assertEquals(
      [said?.["tsMs"], said?.["price"]],
      [startUs / 1000 + 3_000, 40_002.5],
      "by the book of a second before",
    );
    const fills = fillsOf(lines);
    assertEquals(fills.map(([, side, size]) => [side, size]), [["buy", "0.01"], ["sell", "0.01"]]);
    assertMatch(String(fills[0]?.[0]), /^2025-10-09T08:53:23\./, "three seconds into the recording");
    assertEquals(fills.map(([, , , price]) => price), ["40003.5", "40012.5"]);
    const summary = lines.find(({ event }) => event === "summary");
    assertEquals([summary?.["environment"], summary?.["endedBy"], code], [
      "replay",
      "the recording is over",
      0,
    ]);
    assertEquals(fillsOf((await replay(folder, "max")).lines), fills);
    const slower = await replay(folder, "20");
    assertEquals(fillsOf(slower.lines).map(([, ...rest]) => rest), fills.map(([, ...rest]) => rest));
    assert(await Deno.stat(join(folder, "var/replay/paper/journal.db")).then(({ isFile }) => isFile));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
