/** Instruments and rows for tests of the Aster adapter. */
import { type AsterInstrument, toInstrument } from "../../../exchanges/aster/instruments.ts";

/** A row of `exchangeInfo`. */
export const symbolRow = (change: Readonly<Record<string, unknown>> = {}) => ({
  symbol: "BTCUSDT",
  contractType: "PERPETUAL",
  status: "TRADING",
  baseAsset: "BTC",
  quoteAsset: "USDT",
  marginAsset: "USDT",
  requiredMarginPercent: "5.0000",
  filters: [
    { filterType: "PRICE_FILTER", minPrice: "0.10", maxPrice: "1000000", tickSize: "0.10" },
    { filterType: "LOT_SIZE", minQty: "0.001", maxQty: "1000.0005", stepSize: "0.001" },
    { filterType: "MIN_NOTIONAL", notional: "5" },
  ],
  ...change,
});

export const extras = { fees: { maker: 2, taker: 4 }, maxLeverage: undefined, fundingIntervalHours: 8 };

export const btcInstrument = (): AsterInstrument => toInstrument(symbolRow(), "BTC-PERP", extras);
