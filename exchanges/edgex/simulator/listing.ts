/** What the simulated EdgeX lists: contracts of V2 with their ids, steps and settlement resolutions. */
import { formatIncrements, type Increment, increment, parseIncrements } from "@berth/sdk";
import type { SimulatedInstrument, SimulatedVenue } from "../../simulation/ports.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface EdgexListing {
  readonly contractId: string;
  readonly contractName: string;
  readonly baseCoinId: string;
  readonly tick: Increment;
  readonly lot: Increment;
  /** Units of settlement in one base unit. */
  readonly resolution: bigint;
  readonly maxOrderSize: string;
  readonly simulated: SimulatedInstrument;
}

export const collateral = { coinId: "1000", coinName: "USDC", resolution: 1_000_000n } as const;
export const chain = {
  id: 3_343n,
  contract: "0xeeb3fb05cca17745cbdf193a9b16537efb68fac8",
} as const;
const fees = { maker: "0.00018", taker: "0.00045" } as const;
const fundingHours = 4;
/** Of an order, against the oracle price: what lies beyond is refused. */
export const priceBand = { maxBuyRatio: "0.05", minSellRatio: "0.05" } as const;
export const ordersPerMinute = 600;

function listing(
  base: string,
  number: number,
  terms: {
    readonly tick: string;
    readonly step: string;
    readonly resolution: bigint;
    readonly maxLeverage: number;
    readonly maxOrderSize: string;
  },
): EdgexListing {
  const contractName = `${base}USD`;
  const lot = increment(terms.step);
  return {
    contractId: String(30_000_000 + number),
    contractName,
    baseCoinId: String(1_000 + number),
    tick: increment(terms.tick),
    lot,
    resolution: terms.resolution,
    maxOrderSize: terms.maxOrderSize,
    simulated: {
      symbol: `${base}-PERP`,
      venueSymbol: contractName,
      baseAsset: base,
      quoteAsset: collateral.coinName,
      settlementAsset: collateral.coinName,
      tickSize: terms.tick,
      lotSize: terms.step,
      contractMultiplier: "1",
      minNotional: "0",
      minSizeLots: 1,
      maxSizeLots: parseIncrements(terms.maxOrderSize, lot),
      makerFee: fees.maker,
      takerFee: fees.taker,
      maxLeverage: terms.maxLeverage,
      fundingIntervalHours: fundingHours,
    },
  };
}

export const listings: readonly EdgexListing[] = [
  listing("BTC", 1, {
    tick: "0.1",
    step: "0.001",
    resolution: 10_000_000_000n,
    maxLeverage: 100,
    maxOrderSize: "200",
  }),
  listing("ETH", 2, {
    tick: "0.01",
    step: "0.01",
    resolution: 1_000_000_000n,
    maxLeverage: 100,
    maxOrderSize: "4000",
  }),
  listing("SOL", 3, {
    tick: "0.01",
    step: "0.1",
    resolution: 10_000_000n,
    maxLeverage: 50,
    maxOrderSize: "60000",
  }),
  listing("DOGE", 4, {
    tick: "0.00001",
    step: "10",
    resolution: 100_000n,
    maxLeverage: 50,
    maxOrderSize: "30000000",
  }),
];

const byContractId = new Map(listings.map((one) => [one.contractId, one]));
const bySymbol = new Map(listings.map((one) => [one.simulated.symbol, one]));

/** Undefined for what the venue of this simulation does not list. */
export function listingOf(contractId: string, venue: SimulatedVenue): EdgexListing | undefined {
  const one = byContractId.get(contractId);
  return one !== undefined && venue.instrument(one.simulated.symbol) !== undefined ? one : undefined;
}

/** The listing of a symbol that the shared simulation names. */
export function listingOfSymbol(symbol: string): EdgexListing {
  const found = bySymbol.get(symbol);
  if (found === undefined) throw new RangeError(`the simulated EdgeX lists no ${symbol}`);
  return found;
}

export const listedIn = (venue: SimulatedVenue): readonly EdgexListing[] =>
  listings.filter(({ simulated }) => venue.instrument(simulated.symbol) !== undefined);

export const sizeText = (lots: number, one: EdgexListing): string => formatIncrements(lots, one.lot);
export const priceText = (ticks: number, one: EdgexListing): string => formatIncrements(ticks, one.tick);
/** A time as EdgeX writes it: whole milliseconds. A simulation's clock may stand between two. */
export const timeText = (tsMs: number): string => String(Math.floor(tsMs));

/** `getMetaData`. */
export function metadata(venue: SimulatedVenue): Row {
  const coin = (coinId: string, coinName: string, resolution: bigint): Row => ({
    coinId,
    coinName,
    stepSize: "0.000001",
    showStepSize: "0.0001",
    iconUrl: "",
    resolution: `0x${resolution.toString(16)}`,
  });
  const listed = listedIn(venue);
  return {
    global: {
      appName: "edgeX",
      appEnv: "simulation",
      appOnlySignOn: "https://simulated.invalid",
      nativeChainId: String(chain.id),
      contractAddress: chain.contract,
    },
    coinList: [
      coin(collateral.coinId, collateral.coinName, collateral.resolution),
      ...listed.map((one) => coin(one.baseCoinId, one.simulated.baseAsset, one.resolution)),
    ],
    contractList: listed.map((one) => contractRow(one, venue.isMaintenance)),
    multiChain: { coinId: collateral.coinId, maxWithdraw: "100000", minWithdraw: "0", chainList: [] },
  };
}

function contractRow(one: EdgexListing, isMaintenance: boolean): Row {
  const { simulated } = one;
  return {
    contractId: one.contractId,
    contractName: one.contractName,
    baseCoinId: one.baseCoinId,
    quoteCoinId: collateral.coinId,
    tickSize: one.tick.text,
    stepSize: one.lot.text,
    minOrderSize: sizeText(simulated.minSizeLots, one),
    maxOrderSize: one.maxOrderSize,
    maxOrderBuyPriceRatio: priceBand.maxBuyRatio,
    minOrderSellPriceRatio: priceBand.minSellRatio,
    maxPositionSize: one.maxOrderSize,
    riskTierList: [{
      tier: 1,
      positionValueUpperBound: "50000000",
      maxLeverage: String(simulated.maxLeverage),
      maintenanceMarginRate: "0.005",
      starkExRisk: "21474837",
      starkExUpperBound: "214748364800000000000",
    }],
    defaultTakerFeeRate: simulated.takerFee,
    defaultMakerFeeRate: simulated.makerFee,
    defaultLeverage: "10",
    liquidateFeeRate: "0.01",
    enableTrade: !isMaintenance,
    enableDisplay: true,
    enableOpenPosition: !isMaintenance,
    fundingInterestRate: "0.0003",
    fundingImpactMarginNotional: "10",
    fundingMaxRate: "0.000234",
    fundingMinRate: "-0.000234",
    fundingRateIntervalMin: String(simulated.fundingIntervalHours * 60),
    displayDigitMerge: one.tick.text,
    displayMaxLeverage: String(simulated.maxLeverage),
    resolution: `0x${one.resolution.toString(16)}`,
    isStock: false,
  };
}
