/** Quotes and trades from CSV: in one order of time, with marks and funding, refused with their line. */
import { assertEquals, assertRejects } from "@std/assert";
import { constantFunding } from "../../../core/backtest/funding.ts";
import { readTicks } from "../../../core/backtest/tick_files.ts";
import { bitcoin, withFile } from "./builders.ts";

const settings = {
  instrument: bitcoin,
  funding: constantFunding(1, 1),
  fromMs: undefined,
  toMs: undefined,
};
const quotes = `timestamp,bid_price,bid_size,ask_price,ask_size
2022-01-01T00:00:00.000Z,100,1,102,2
2022-01-01T00:00:00.500Z,,,102,2
2022-01-01T00:00:02.000Z,104,1,106,2
`;
const trades = `ts_recv_us,price,size,taker_side
1640995200250000,101,0.5,sell
1640995201000000,103,0.25,buy
`;

/** Kind, flag, milliseconds after the year began, values. */
async function recordsOf(paths: readonly string[], range = {}): Promise<readonly (readonly number[])[]> {
  const found: number[][] = [];
  for await (const batch of (await readTicks(paths, { ...settings, ...range })).batches()) {
    if (batch.kind !== "records") continue;
    const { buffer, byteOffset, byteLength } = batch.bytes;
    const view = new DataView(buffer, byteOffset, byteLength);
    for (let at = 0; at < byteLength; at += 64) {
      const values = [32, 40, 48, 56].map((offset) => view.getFloat64(at + offset, true));
      const afterMs = view.getFloat64(at + 24, true) / 1000 - 1_640_995_200_000;
      found.push([view.getUint8(at), view.getUint8(at + 1), afterMs, ...values]);
    }
  }
  return found;
}

Deno.test("quotes and trades of two files come in the order of their times, marks from the middle", async () => {
  await withFile(quotes, (first) =>
    withFile(trades, async (second) => {
      const [mark, ...rest] = await recordsOf([first, second]);
      const due = 1_640_995_200_000 + 3_600_000;
      assertEquals(mark, [3, 0, 0, 101, NaN, 0.0001, due]);
      assertEquals(rest, [
        [1, 0, 0, 100, 1, 102, 2],
        [2, 1, 250, 101, 0.5, 0, 0],
        [1, 0, 500, NaN, 0, 102, 2],
        [2, 0, 1_000, 103, 0.25, 0, 0],
        [3, 0, 2_000, 105, NaN, 0.0001, due],
        [1, 0, 2_000, 104, 1, 106, 2],
      ]);
      const later = await recordsOf([first, second], { fromMs: 1_640_995_201_000, toMs: 1_640_995_202_000 });
      assertEquals(later, [[2, 0, 1_000, 103, 0.25, 0, 0]]);
    }));
});

const head = "timestamp,bid_price,bid_size,ask_price,ask_size\n";
const broken = [
  { name: "another header", text: "timestamp,open,close\n1,2,3\n", says: "line 1" },
  { name: "a price of zero", text: `${head}60,0,1,2,1\n`, says: "line 2" },
  { name: "a price without a size", text: `${head}60,1,,2,1\n`, says: "line 2" },
  { name: "words for a size", text: `${head}60,1,much,2,1\n`, says: "line 2" },
  { name: "times that fall", text: `${head}60,1,1,2,1\n59,1,1,2,1\n`, says: "line 3" },
  { name: "a side that is none", text: "timestamp,price,size,side\n60,1,1,long\n", says: "line 2" },
  { name: "nothing at all in the range", text: head, says: "nothing to play" },
];
for (const { name, text, says } of broken) {
  Deno.test(`readTicks() refuses ${name}`, async () => {
    await withFile(text, (path) => assertRejects(() => readTicks([path], settings), Error, says));
  });
}
