/** Files of bars: what is read, and what is refused with its line. */
import { assertEquals, assertRejects } from "@std/assert";
import { barLengthMs, readBars } from "../../../core/backtest/bars_file.ts";
import { withFile } from "./builders.ts";

const header = "timestamp,open,high,low,close,volume\n";
const base = { volumeUnit: "base" } as const;

const times = [
  { name: "ISO text", text: "2022-01-01T00:01:00Z" },
  { name: "text without a zone", text: "2022-01-01 00:01:00.000000" },
  { name: "seconds", text: "1640995260" },
  { name: "milliseconds", text: "1640995260000" },
  { name: "microseconds", text: "1640995260000000" },
];
for (const { name, text } of times) {
  Deno.test(`readBars() reads times as ${name}`, async () => {
    const bars = await withFile(`${header}${text},1,2,0.5,1.5,7\n`, (path) => readBars(path, base));
    assertEquals(bars, [{
      openTimeMs: 1_640_995_260_000,
      open: 1,
      high: 2,
      low: 0.5,
      close: 1.5,
      volumeBase: 7,
    }]);
  });
}

Deno.test("readBars() turns a volume in the quote asset into base units, and keeps to the time range", async () => {
  const text = `${header}60,100,100,100,100,500\n120,100,100,100,100,500\n180,100,100,100,100,500\n`;
  const bars = await withFile(
    text,
    (path) => readBars(path, { volumeUnit: "quote", fromMs: 120_000, toMs: 180_000 }),
  );
  assertEquals(bars.map(({ openTimeMs, volumeBase }) => [openTimeMs, volumeBase]), [[120_000, 5]]);
});

Deno.test("barLengthMs() is the shortest distance, gaps or not", async () => {
  const text = `${header}0,1,1,1,1,0\n300,1,1,1,1,0\n1200,1,1,1,1,0\n`;
  assertEquals(barLengthMs(await withFile(text, (path) => readBars(path, base))), 300_000);
});

const broken = [
  { name: "no header", text: "60,1,2,0.5,1.5,7\n", says: "line 1" },
  { name: "a high below the close", text: `${header}60,1,1.2,0.5,1.5,7\n`, says: "line 2" },
  { name: "a price of zero", text: `${header}60,1,2,0,1.5,7\n`, says: "line 2" },
  { name: "words for a price", text: `${header}60,1,2,low,1.5,7\n`, says: "line 2" },
  { name: "a time twice", text: `${header}60,1,2,0.5,1,7\n60,1,2,0.5,1,7\n`, says: "line 3" },
  { name: "a time that is none", text: `${header}noon,1,2,0.5,1,7\n`, says: "line 2" },
  { name: "a volume below zero", text: `${header}60,1,2,0.5,1,-7\n`, says: "line 2" },
];
for (const { name, text, says } of broken) {
  Deno.test(`readBars() refuses ${name}`, async () => {
    await withFile(text, (path) => assertRejects(() => readBars(path, base), Error, says));
  });
}
