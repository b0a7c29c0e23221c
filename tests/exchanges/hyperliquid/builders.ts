/** Instruments and rows for tests of the Hyperliquid adapter. */
import {
  type HyperliquidInstrument,
  type InstrumentBook,
  instrumentBook,
  toInstrument,
} from "../../../exchanges/hyperliquid/instruments.ts";

export function btcInstrument(): HyperliquidInstrument {
  const row = { name: "BTC", szDecimals: 5, maxLeverage: 40 };
  return toInstrument(row, 0, { maker: 1.5, taker: 4.5 });
}

export function bookOf(...instruments: readonly HyperliquidInstrument[]): InstrumentBook {
  const book = instrumentBook();
  for (const one of instruments) book.add(one);
  return book;
}

export const orderRow = (change: Readonly<Record<string, unknown>> = {}) => ({
  coin: "BTC",
  side: "B",
  limitPx: "59900.0",
  sz: "0.1",
  oid: 91_490_942,
  timestamp: 1_790_000_000_000,
  origSz: "0.1",
  cloid: "0xb1000000000000000000000000000025",
  ...change,
});
export const updateRow = (status: string, change: Readonly<Record<string, unknown>> = {}) => ({
  order: orderRow(change),
  status,
  statusTimestamp: 1_790_000_000_001,
});
export const fillRow = (change: Readonly<Record<string, unknown>> = {}) => ({
  coin: "BTC",
  px: "60001.0",
  sz: "0.04",
  side: "B",
  time: 1_790_000_000_002,
  startPosition: "0.0",
  dir: "Open Long",
  closedPnl: "0.0",
  hash: "0x0",
  oid: 91_490_942,
  crossed: true,
  fee: "1.080018",
  tid: 1_045_359_869_404_765,
  feeToken: "USDC",
  twapId: null,
  ...change,
});
