/** Every number of the strategy, with its default, bounds and meaning. */
import { setting, type SettingValues } from "@berth/sdk";

export const settings = {
  symbols: setting.textList({
    default: ["BTC-PERP", "ETH-PERP", "SOL-PERP", "DOGE-PERP"],
    maxItems: 100,
    description: "Symbols to watch on every pair of venues.",
  }),
  minNetEdgeBps: setting.number({
    default: 1,
    min: -100,
    max: 1_000,
    description:
      "Open only if spread minus the fees of both opening legs, as they are executed, is at least this many bps.",
  }),
  minRoundTripBps: setting.number({
    default: 0.5,
    min: -1_000,
    max: 1_000,
    description:
      "Open only if spread minus the fees of all four legs, opening and closing, and funding is at least this many bps.",
  }),
  maxQuoteAgeMs: setting.number({
    default: 500,
    min: 1,
    max: 60_000,
    description: "Both quotes must have been received within this many ms before opening.",
  }),
  maxExitQuoteAgeMs: setting.number({
    default: 2_000,
    min: 1,
    max: 60_000,
    description: "Both quotes must have been received within this many ms for a decision to close.",
  }),
  orderNotionalUsd: setting.number({
    default: 500,
    min: 1,
    max: 1_000_000,
    description: "Largest value of one leg in the quote currency.",
  }),
  depthShare: setting.number({
    default: 0.5,
    min: 0.01,
    max: 1,
    description: "Share of the size at the best price that one leg may take.",
  }),
  legMode: setting.choice({
    default: "pilot_first",
    choices: ["pilot_first", "together", "maker_first"],
    description:
      "pilot_first sends the second leg sized by the first one's fills; together sends both at once: less price risk, more broken legs; maker_first rests one leg post-only and takes the other as it fills.",
  }),
  pairLegModes: setting.textList({
    default: [],
    maxItems: 200,
    description:
      "Leg mode of single pairs, as SYMBOL=mode or SYMBOL/venue+venue=mode, e.g. BTC-PERP/okx+paradex=together.",
  }),
  pilotVenue: setting.text({
    default: "",
    maxLength: 24,
    description:
      "Venue whose leg goes first in pilot_first, or rests in maker_first; empty for the one with less size at its best price, or with the wider quote.",
  }),
  makerRestMs: setting.number({
    default: 5_000,
    min: 200,
    max: 600_000,
    description: "maker_first: a leg that has not filled rests for at most this many ms.",
  }),
  makerTicksInside: setting.number({
    default: 1,
    min: 0,
    max: 1_000,
    integer: true,
    description:
      "maker_first: ticks by which the resting price is better than its side's best one; 0 joins it.",
  }),
  entryMode: setting.choice({
    default: "fixed",
    choices: ["fixed", "percentile", "z_score"],
    description:
      "What a spread must reach besides paying its costs: nothing more, a percentile of the spreads so far, or a number of deviations from their mean.",
  }),
  historyLength: setting.number({
    default: 1_000,
    min: 10,
    max: 100_000,
    integer: true,
    description: "Spreads kept per direction for the percentile and the z-score.",
  }),
  minSamples: setting.number({
    default: 100,
    min: 5,
    max: 100_000,
    integer: true,
    description:
      "Spreads that must be known: before, percentile mode uses its ceiling and z-score mode waits.",
  }),
  sampleEveryMs: setting.number({
    default: 500,
    min: 1,
    max: 3_600_000,
    description: "Time between two spreads that are kept, in ms.",
  }),
  entryPercentile: setting.number({
    default: 75,
    min: 0,
    max: 100,
    description: "Percentile mode: enter at this percentile of the spreads so far.",
  }),
  entryFloorBps: setting.number({
    default: 1,
    min: -1_000,
    max: 1_000,
    description: "Percentile mode: never enter under this spread, in bps.",
  }),
  entryCeilingBps: setting.number({
    default: 20,
    min: -1_000,
    max: 10_000,
    description: "Percentile mode: always enter from this spread on, in bps.",
  }),
  entryZ: setting.number({
    default: 2,
    min: 0,
    max: 20,
    description: "Z-score mode: enter this many deviations above the mean spread.",
  }),
  closeZ: setting.number({
    default: 0.5,
    min: -20,
    max: 20,
    description: "Z-score mode: close when the spread is within this many deviations of the mean at entry.",
  }),
  maxHalfLifeMs: setting.number({
    default: 180_000,
    min: 1,
    max: 30 * 86_400_000,
    description: "Z-score mode: the spread must have half returned to its mean within this time, in ms.",
  }),
  expectedHoldMs: setting.number({
    default: 600_000,
    min: 0,
    max: 30 * 86_400_000,
    description:
      "How long a pair is expected to be open, in ms: funding of this time counts as cost or gain.",
  }),
  fundingBlackoutMs: setting.number({
    default: 600_000,
    min: 0,
    max: 86_400_000,
    description:
      "Do not open within this many ms before a funding payment that would cost the pair; 0 is off.",
  }),
  maxFundingCostBps: setting.number({
    default: 3,
    min: 0,
    max: 1_000,
    description: "Close before a funding payment that would cost the pair at least this many bps.",
  }),
  maxVenueNotionalUsd: setting.number({
    default: 5_000,
    min: 0,
    max: 100_000_000,
    description: "Largest value of all positions on one venue together.",
  }),
  rebalanceBonusBps: setting.number({
    default: 0,
    min: 0,
    max: 100,
    description: "Bps less that a pair must earn when it brings both venues' net positions nearer to flat.",
  }),
  priceCapBps: setting.number({
    default: 3,
    min: 0,
    max: 500,
    description: "How much worse than the quote an opening leg's IOC price may be, in bps.",
  }),
  exitPriceCapBps: setting.number({
    default: 10,
    min: 0,
    max: 1_000,
    description:
      "How much worse than the quote a closing or unwinding leg's IOC price may be, in bps; doubled at each retry.",
  }),
  completeMaxLossBps: setting.number({
    default: 4,
    min: 0,
    max: 500,
    description:
      "A broken pair is completed rather than unwound while that costs at most this many bps more than unwinding.",
  }),
  maxNakedMs: setting.number({
    default: 3_000,
    min: 100,
    max: 60_000,
    description:
      "A leg that has been alone for this many ms is only taken back, at the widest price that the risk gate allows.",
  }),
  closeSpreadBps: setting.number({
    default: 1,
    min: -1_000,
    max: 1_000,
    description:
      "Converged: close when buying back the short leg costs at most this many bps more than selling the long leg brings.",
  }),
  closeRelaxBpsPerHour: setting.number({
    default: 1,
    min: 0,
    max: 1_000,
    description: "Bps by which closeSpreadBps grows with each hour that a pair is open.",
  }),
  maxExitSpreadBps: setting.number({
    default: 30,
    min: 0,
    max: 10_000,
    description:
      "While a venue quotes wider than this many bps, a pair is not closed for profit or convergence; 0 is off.",
  }),
  takeProfitBps: setting.number({
    default: 2,
    min: -1_000,
    max: 10_000,
    description: "Close as soon as the pair's result after all four fees is at least this many bps.",
  }),
  minLiquidationDistanceBps: setting.number({
    default: 300,
    min: 0,
    max: 10_000,
    description:
      "Close the pair, and open none, while a leg is nearer than this many bps to its liquidation; by the venue's liquidation price, else by equity and maintenance margin; 0 is off.",
  }),
  maintenanceMarginPercent: setting.number({
    default: 0,
    min: 0,
    max: 100,
    description:
      "Maintenance margin in percent of a position's value where a venue gives no liquidation price; 0: half of what its largest leverage asks for.",
  }),
  maxHoldMs: setting.number({
    default: 600_000,
    min: 100,
    max: 30 * 86_400_000,
    description: "The host closes the pair when it is this many ms old, whatever the spread.",
  }),
  cooldownMs: setting.number({
    default: 500,
    min: 0,
    max: 3_600_000,
    description: "Wait this many ms after a pair is closed before its symbol is opened again.",
  }),
  failureCooldownMs: setting.number({
    default: 5_000,
    min: 0,
    max: 3_600_000,
    description: "Wait this many ms after an opening that filled nothing or had to be unwound.",
  }),
  maxOpenPairs: setting.number({
    default: 4,
    min: 1,
    max: 100,
    integer: true,
    description: "Pairs that may be open at the same time, over all symbols.",
  }),
} as const;

export type ArbitrageSettings = SettingValues<typeof settings>;
export type LegMode = ArbitrageSettings["legMode"];

/**
 * Leg mode of one pair: the most exact entry of `pairLegModes` wins, else `legMode`. Entries that can't be read are
 * returned, so that the strategy can say so instead of ignoring them.
 */
export function legModeOf(
  values: Pick<ArbitrageSettings, "legMode" | "pairLegModes">,
  symbol: string,
  venues: readonly [string, string],
): LegMode {
  const pair = `${symbol}/${[...venues].sort().join("+")}`;
  let mode: LegMode = values.legMode;
  for (const entry of values.pairLegModes) {
    const parsed = parsePairLegMode(entry);
    if (parsed === undefined) continue;
    if (parsed.pair === pair) return parsed.mode;
    if (parsed.pair === symbol) mode = parsed.mode;
  }
  return mode;
}

const isLegMode = (mode: string | undefined): mode is LegMode =>
  mode === "pilot_first" || mode === "together" || mode === "maker_first";

/** `BTC-PERP/okx+paradex=together`; undefined when it has another form. Venues are sorted. */
export function parsePairLegMode(
  entry: string,
): { readonly pair: string; readonly mode: LegMode } | undefined {
  const match = /^([A-Za-z0-9-]+)(?:\/([a-z0-9_]+)\+([a-z0-9_]+))?=(pilot_first|together|maker_first)$/.exec(
    entry,
  );
  const [, symbol, first, second, mode] = match ?? [];
  if (symbol === undefined || !isLegMode(mode)) return undefined;
  if (first === undefined || second === undefined) return { pair: symbol, mode };
  return { pair: `${symbol}/${[first, second].sort().join("+")}`, mode };
}
