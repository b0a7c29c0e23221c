/** The venue's metadata as instruments: what can't be true is refused, what is stated is exact. */
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "@berth/sdk";
import { feesOf, preferredSwaps, toInstrument } from "../../../exchanges/okx/instruments.ts";
import type { InstrumentRow } from "../../../exchanges/okx/wire.ts";
import { instrumentRow } from "./builders.ts";

const none: ReadonlyMap<string, string> = new Map();
const read = (change: Partial<InstrumentRow>) =>
  toInstrument(
    instrumentRow(change),
    preferredSwaps([instrumentRow(change)], ["USDT", "USDC", "USD"], none),
    {
      maker: 2,
      taker: 5,
    },
  ).instrument;

for (
  const [name, change] of [
    ["a largest size that is no number", { maxLmtSz: "huge" }],
    ["a negative largest size", { maxLmtSz: "-1" }],
    ["a leverage that is no number", { lever: "ten" }],
    ["a negative leverage", { lever: "-3" }],
    ["a negative smallest size", { minSz: "-0.01" }],
    ["a smallest size of text", { minSz: "" }],
    ["a contract value of zero", { ctVal: "0" }],
    ["a contract value of text", { ctVal: "x" }],
    ["a tick of zero", { tickSz: "0" }],
  ] as const
) {
  Deno.test(`toInstrument() refuses ${name}`, () => {
    assertThrows(() => read(change), BerthError);
  });
}

Deno.test("the largest size in lots is exact", () => {
  // 0.3 / 0.1 is 2.9999999999999996 in floats.
  assertEquals(read({ maxLmtSz: "0.3", lotSz: "0.1", minSz: "0.1" }).maxSizeLots, 3);
  assertEquals(read({ maxLmtSz: "0.35", lotSz: "0.1", minSz: "0.1" }).maxSizeLots, 3);
  assertEquals(read({ maxLmtSz: "100000000000000000000" }).maxSizeLots, Number.MAX_SAFE_INTEGER);
  assertEquals(read({ maxLmtSz: "" }).maxSizeLots, Number.MAX_SAFE_INTEGER);
});

Deno.test("fees beyond ±1,000 bps are no fees: the settings' are used", () => {
  const fees = (maker: string, taker: string) =>
    feesOf(instrumentRow(), {
      maker,
      taker,
      makerU: "",
      takerU: "",
      makerUSDC: "",
      takerUSDC: "",
      feeGroup: [],
    }, {
      maker: 2,
      taker: 5,
    });
  assertEquals(fees("-0.0001", "-0.0004"), { maker: 1, taker: 4 });
  assertEquals(fees("-2", "7"), { maker: 2, taker: 5 });
  assertEquals(fees("-0.1", "0.1"), { maker: 1_000, taker: -1_000 });
});

Deno.test("BTC-PERP stays the swap that it was when a better one is listed later", () => {
  const usdc = instrumentRow({ instId: "BTC-USDC-SWAP", settleCcy: "USDC" });
  const usdt = instrumentRow();
  const quotes = ["USDT", "USDC"];
  const first = preferredSwaps([usdc], quotes, none);
  assertEquals(first.get("BTC"), "BTC-USDC-SWAP");
  assertEquals(preferredSwaps([usdt, usdc], quotes, first).get("BTC"), "BTC-USDC-SWAP");
  // Gone for a while, or for ever: the name is not handed on within a run.
  assertEquals(preferredSwaps([usdt], quotes, first).get("BTC"), "BTC-USDC-SWAP");
  assertEquals(preferredSwaps([usdt, usdc], quotes, none).get("BTC"), "BTC-USDT-SWAP");
});

Deno.test("a swap quoted in USD_UM counts as quoted in USD", () => {
  const um = instrumentRow({ instId: "XAU-USD_UM-SWAP", settleCcy: "USD" });
  assertEquals(preferredSwaps([um], ["USDT", "USD"], none).get("XAU"), "XAU-USD_UM-SWAP");
  assertEquals(read({ instId: "XAU-USD_UM-SWAP", settleCcy: "USD" }).symbol, "XAU-PERP");
});
