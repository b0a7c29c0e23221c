/** Rows of the account in the forms in which a venue may send them, sound and broken. */
import { assert, assertEquals } from "@std/assert";
import { parseMoney } from "@berth/sdk";
import { AccountReader } from "../../../exchanges/okx/private_stream.ts";
import { bookOf, okxInstrument } from "./builders.ts";

type Row = Readonly<Record<string, unknown>>;

const reader = () => new AccountReader(bookOf(okxInstrument()));

const orderRow = (change: Row = {}): Row => ({
  instType: "SWAP",
  instId: "BTC-USDT-SWAP",
  ordId: "2497956918703120384",
  clOrdId: "desk1a000001",
  px: "64990.1",
  sz: "0.03",
  side: "buy",
  accFillSz: "0.01",
  fillPx: "64990.1",
  fillSz: "0.01",
  tradeId: "1518905529",
  fillTime: "1746947317402",
  execType: "M",
  fillFee: "-0.0013",
  fillFeeCcy: "USDT",
  fee: "-0.0013",
  feeCcy: "USDT",
  state: "partially_filled",
  reduceOnly: "false",
  cancelSource: "",
  amendResult: "",
  uTime: "1746947317402",
  ...change,
});

const fillRow = (change: Row = {}): Row => ({
  instId: "BTC-USDT-SWAP",
  tradeId: "1518905529",
  ordId: "2497956918703120384",
  clOrdId: "desk1a000001",
  billId: "1",
  side: "buy",
  fillPx: "64990.1",
  fillSz: "0.01",
  execType: "M",
  fee: "-0.0013",
  feeCcy: "USDT",
  ts: "1746947317402",
  ...change,
});

const positionRow = (change: Row = {}): Row => ({
  instId: "BTC-USDT-SWAP",
  posSide: "net",
  pos: "-1.5",
  avgPx: "64990.1",
  markPx: "64991",
  liqPx: "",
  lever: "3",
  uTime: "1746947317402",
  ...change,
});

Deno.test("orders(): a sound row is a report, sizes in lots", () => {
  const { values: [report], misfits } = reader().orders([orderRow()]);
  assertEquals(misfits, []);
  assertEquals<unknown>([report?.sizeLots, report?.filledLots, report?.limitPriceTicks, report?.status], [
    3,
    1,
    649_901,
    "open",
  ]);
});

const brokenOrders: readonly (readonly [string, Row])[] = [
  ["a time that is no number", { uTime: "soon" }],
  ["a time beyond every clock", { uTime: "99999999999999999999" }],
  ["a negative size", { sz: "-1" }],
  ["a negative filled size", { accFillSz: "-0.01" }],
  ["a state that nobody knows", { state: "hibernating" }],
  ["a price of zero", { px: "0" }],
  ["an id that is empty", { ordId: "" }],
  ["an id with a blank", { ordId: "12 34" }],
  ["a size off the lot", { sz: "0.015" }],
  ["a size as number", { sz: 1 }],
];
for (const [name, change] of brokenOrders) {
  Deno.test(`orders(): ${name} is a misfit, not a report`, () => {
    const { values, misfits } = reader().orders([orderRow(change), orderRow()]);
    assertEquals([values.length, misfits.length], [1, 1]);
  });
}

const brokenPushes: readonly (readonly [string, Row])[] = [
  ["a fill price of zero", { fillPx: "0" }],
  ["a negative fill price", { fillPx: "-1" }],
  ["a negative fill size", { fillSz: "-0.01" }],
  ["a fill time that is no number", { fillTime: "x" }],
  ["a fee that is no number", { fillFee: "much" }],
];
for (const [name, change] of brokenPushes) {
  Deno.test(`pushedFills(): ${name} is a misfit, not a fill`, () => {
    const { values, misfits } = reader().pushedFills([orderRow(change), orderRow({ tradeId: "2" })], 1);
    assertEquals([values.length, misfits.length], [1, 1]);
  });
}

const brokenFills: readonly (readonly [string, Row])[] = [
  ["a price of zero", { fillPx: "0" }],
  ["a size of zero", { fillSz: "0" }],
  ["a negative size", { fillSz: "-1" }],
  ["a time that is no number", { ts: "" }],
  ["a fee of another kind", { fee: "1e3" }],
  ["an asset's name without end", { feeCcy: "X".repeat(33) }],
];
for (const [name, change] of brokenFills) {
  Deno.test(`fills(): ${name} is a misfit, not a fill`, () => {
    const { values, misfits } = reader().fills([fillRow(change), fillRow()], 1);
    assertEquals([values.length, misfits.length], [1, 1]);
  });
}

const brokenPositions: readonly (readonly [string, Row])[] = [
  ["a time that is no number", { uTime: "NaN" }],
  ["a size that is none", { pos: "many" }],
  ["a short one with a sign of its own", { posSide: "short", pos: "-1" }],
];
for (const [name, change] of brokenPositions) {
  Deno.test(`positions(): ${name} is a misfit, not a position`, () => {
    const { values, misfits } = reader().positions([positionRow(change), positionRow()]);
    assertEquals([values.length, misfits.length], [1, 1]);
  });
}

const account = (...details: readonly Row[]): Row => ({ uTime: "1746947317402", details });

Deno.test("balances(): dust beyond the 18th decimal is cut towards zero", () => {
  const [usdt, dust] = reader().balances([account(
    { ccy: "USDT", cashBal: "100.5", availEq: "90" },
    { ccy: "DUST", cashBal: "0.0000000000000000019", availBal: "-1.0000000000000000019" },
  )]).values;
  assertEquals([usdt?.total, usdt?.available], [parseMoney("100.5"), parseMoney("90")]);
  assertEquals([dust?.total, dust?.available], [
    parseMoney("0.000000000000000001"),
    parseMoney("-1.000000000000000001"),
  ]);
});

for (
  const [name, row] of [
    ["an amount that is none", account({ ccy: "USDT", cashBal: "lots" })],
    ["an asset's name without end", account({ ccy: "X".repeat(33), cashBal: "1" })],
    ["a time that is no number", { ...account({ ccy: "USDT", cashBal: "1" }), uTime: "late" }],
  ] as const
) {
  Deno.test(`balances(): ${name} is a misfit, and nothing is thrown`, () => {
    const read = reader().balances([row]);
    assertEquals([read.values.length, read.misfits.length], [0, 1]);
  });
}

Deno.test("balances(): one asset that can't be read does not hide the others", () => {
  const read = reader().balances([account({ ccy: "ODD", cashBal: "?" }, { ccy: "USDT", cashBal: "1" })]);
  assertEquals(read.values.map(({ asset }) => asset), ["USDT"]);
  assert(read.misfits[0]?.includes("ODD"), String(read.misfits));
});
