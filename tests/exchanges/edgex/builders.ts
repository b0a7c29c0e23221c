/** Rows and instruments of EdgeX for tests. */
import {
  type EdgexInstrument,
  type InstrumentBook,
  instrumentBook,
  toInstrument,
} from "../../../exchanges/edgex/instruments.ts";

const coin = (coinId: string, coinName: string, resolution: string) => ({
  coinId,
  coinName,
  resolution,
  starkExResolution: "",
});
export const contractRow = {
  contractId: "30000001",
  contractName: "BTCUSD",
  baseCoinId: "1001",
  quoteCoinId: "1000",
  tickSize: "0.1",
  stepSize: "0.001",
  minOrderSize: "0.001",
  maxOrderSize: "200",
  defaultTakerFeeRate: "0.00045",
  defaultMakerFeeRate: "0.00018",
  enableTrade: true,
  enableOpenPosition: true,
  riskTierList: [{ maxLeverage: "100" }],
  fundingRateIntervalMin: "240",
  resolution: "0x2540be400",
  starkExResolution: "",
};

export const btcInstrument = (change: Partial<typeof contractRow> = {}): EdgexInstrument =>
  toInstrument({ ...contractRow, ...change }, {
    base: coin("1001", "BTC", "0x2540be400"),
    quote: coin("1000", "USDC", "1000000"),
    symbol: "BTC-PERP",
    setting: undefined,
  });

export function bookOf(...all: readonly EdgexInstrument[]): InstrumentBook {
  const book = instrumentBook();
  for (const one of all) book.add(one);
  return book;
}
