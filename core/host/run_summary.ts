/** What a run came to, and in sim whether the simulated venues' own ledgers agree with the portfolio to the last unit. */
import type { EngineSnapshot } from "../engine/snapshot.ts";
import { symbolOf, venueOf } from "../model/ids.ts";
import { addMoney, formatMoney, type Money, parseMoney, zeroMoney } from "../model/money.ts";
import type { PluginView } from "./plugin_manager.ts";
import type { SimulatedLedger } from "./simulation_process.ts";

export interface VenueSummary {
  readonly venue: string;
  readonly quotes: number;
  /** Exact decimal text in the settlement asset. */
  readonly realizedPnl: string;
  readonly fees: string;
  readonly positions: readonly { readonly symbol: string; readonly positionLots: number }[];
  /** Sim only: the simulator's own books, and whether they are equal to ours. */
  readonly ledger: LedgerComparison | undefined;
}

export interface LedgerComparison {
  readonly agrees: boolean;
  readonly realizedPnl: string;
  readonly fees: string;
  readonly openOrders: number;
  readonly differences: readonly string[];
}

export interface RunSummary {
  readonly environment: string;
  readonly seed: number;
  readonly runMs: number;
  readonly opportunitiesSeen: number;
  readonly opportunitiesTaken: number;
  readonly roundTrips: number;
  readonly orders: number;
  readonly fills: number;
  readonly ordersLeftWorking: number;
  readonly venues: readonly VenueSummary[];
  readonly totalPnl: string;
  readonly totalFees: string;
  readonly plugins: readonly { readonly id: string; readonly state: string; readonly restarts: number }[];
}

export interface SummaryInput {
  readonly environment: string;
  readonly seed: number;
  readonly runMs: number;
  readonly counts: {
    readonly seen: number;
    readonly taken: number;
    readonly roundTrips: number;
    readonly orders: number;
    readonly fills: number;
  };
  readonly state: EngineSnapshot;
  readonly plugins: readonly PluginView[];
  readonly ledgers: Readonly<Record<string, SimulatedLedger>> | undefined;
}

const sum = (values: readonly Money[]): Money => values.reduce(addMoney, zeroMoney);

export function summarize(input: SummaryInput): RunSummary {
  const { state } = input;
  const venues = state.venues.map(({ venue }): VenueSummary => {
    const positions = state.positions.filter((position) => venueOf(position.instrument) === venue);
    const realizedPnl = sum(positions.map((position) => position.realizedPnl));
    const fees = sum(positions.map((position) => position.feesPaid));
    const quotes = state.quotes.filter((quote) => venueOf(quote.instrument) === venue).reduce(
      (total, quote) => total + quote.updates,
      0,
    );
    const held = new Map<string, number>();
    for (const position of positions) {
      const symbol = symbolOf(position.instrument);
      held.set(symbol, (held.get(symbol) ?? 0) + position.positionLots);
    }
    const own = { realizedPnl, fees, held };
    const ledger = input.ledgers?.[venue];
    return {
      venue,
      quotes,
      realizedPnl: formatMoney(realizedPnl),
      fees: formatMoney(fees),
      positions: [...held].map(([symbol, positionLots]) => ({ symbol, positionLots })),
      ledger: ledger === undefined ? undefined : compareLedger(own, ledger),
    };
  });
  const total = sum(venues.map((venue) => parseMoney(venue.realizedPnl)));
  const totalFees = sum(venues.map((venue) => parseMoney(venue.fees)));
  return {
    environment: input.environment,
    seed: input.seed,
    runMs: Math.round(input.runMs),
    opportunitiesSeen: input.counts.seen,
    opportunitiesTaken: input.counts.taken,
    roundTrips: input.counts.roundTrips,
    orders: input.counts.orders,
    fills: input.counts.fills,
    ordersLeftWorking: state.workingOrders.length,
    venues,
    totalPnl: formatMoney(addMoney(total, parseMoney(negated(formatMoney(totalFees))))),
    totalFees: formatMoney(totalFees),
    plugins: input.plugins.map(({ id, state: { kind }, restarts }) => ({ id, state: kind, restarts })),
  };
}

const negated = (
  text: string,
): string => (text.startsWith("-") ? text.slice(1) : text === "0" ? text : `-${text}`);

function compareLedger(
  own: { readonly realizedPnl: Money; readonly fees: Money; readonly held: ReadonlyMap<string, number> },
  ledger: SimulatedLedger,
): LedgerComparison {
  const differences: string[] = [];
  const compare = (what: string, ours: string | number, theirs: string | number): void => {
    if (ours !== theirs) differences.push(`${what}: ours ${ours}, theirs ${theirs}`);
  };
  compare("realized PnL", formatMoney(own.realizedPnl), ledger.realizedPnl);
  compare("fees", formatMoney(own.fees), ledger.feesPaid);
  const symbols = new Set([...own.held.keys(), ...ledger.positions.map((position) => position.symbol)]);
  for (const symbol of symbols) {
    const theirs = ledger.positions.find((position) => position.symbol === symbol)?.positionLots ?? 0;
    compare(`position in ${symbol}`, own.held.get(symbol) ?? 0, theirs);
  }
  compare("working orders", 0, ledger.openOrders.length);
  return {
    agrees: differences.length === 0,
    realizedPnl: ledger.realizedPnl,
    fees: ledger.feesPaid,
    openOrders: ledger.openOrders.length,
    differences,
  };
}
