/** Settings and instruments for tests of the OKX adapter. */
import type { SettingValues } from "@berth/sdk";
import {
  type InstrumentBook,
  instrumentBook,
  type OkxInstrument,
  preferredSwaps,
  toInstrument,
} from "../../../exchanges/okx/instruments.ts";
import type { settings } from "../../../exchanges/okx/settings.ts";
import type { InstrumentRow } from "../../../exchanges/okx/wire.ts";

export const defaultSettings: SettingValues<typeof settings> = {
  quoteChannel: "bbo-tbt",
  preferredQuoteAssets: ["USDT", "USDC", "USD"],
  defaultMakerFeeBps: 2,
  defaultTakerFeeBps: 5,
  tradeMode: "cross",
  triggerPriceType: "mark",
  addresses: "main",
  rateLimitShare: 0.9,
  deadMansSwitchSeconds: 30,
};

/** A row of `public/instruments`: BTC-USDT-SWAP, 0.01 BTC a contract, unless changed. */
export function instrumentRow(change: Partial<InstrumentRow> = {}): InstrumentRow {
  return {
    instType: "SWAP",
    instId: "BTC-USDT-SWAP",
    instIdCode: 10_459,
    uly: "BTC-USDT",
    instFamily: "BTC-USDT",
    baseCcy: "",
    quoteCcy: "",
    settleCcy: "USDT",
    ctType: "linear",
    ctVal: "0.01",
    ctMult: "1",
    ctValCcy: "BTC",
    tickSz: "0.1",
    lotSz: "0.01",
    minSz: "0.01",
    lever: "100",
    maxLmtSz: "100000000",
    groupId: "",
    state: "live",
    ...change,
  };
}

export function okxInstrument(change: Partial<InstrumentRow> = {}): OkxInstrument {
  const row = instrumentRow(change);
  return toInstrument(row, preferredSwaps([row], defaultSettings.preferredQuoteAssets, new Map()), {
    maker: 2,
    taker: 5,
  });
}

export function bookOf(...instruments: readonly OkxInstrument[]): InstrumentBook {
  const book = instrumentBook();
  for (const one of instruments) book.add(one);
  return book;
}
