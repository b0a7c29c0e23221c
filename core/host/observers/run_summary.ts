/** What a run came to, and in sim whether the simulated venues' own ledgers agree with the portfolio to the last unit. */
import type { EngineSnapshot } from "../../engine/snapshot.ts";
import type { EngineSurface } from "../../engine/surface.ts";
import { type InstrumentId, venueOf } from "../../model/ids.ts";
import {
  addMoney,
  formatMoney,
  type Money,
  money,
  moneyToNumber,
  tickLotMoney,
  zeroMoney,
} from "../../model/money.ts";
import type { DisplaySnapshot } from "../../terminal/ports.ts";
import type { RunSummary, VenueSummary } from "../../terminal/summary.ts";
import type { SimulatedLedger } from "../venues/simulation_process.ts";

export interface SummaryInput {
  readonly runId: string;
  readonly endedBy: string;
  readonly journalFile: string;
  readonly state: EngineSnapshot;
  readonly engine: Pick<EngineSurface, "indexOf" | "instrument">;
  readonly display: DisplaySnapshot;
  readonly ledgers: Readonly<Record<string, SimulatedLedger>> | undefined;
}

/** The summary, and beside its floats the money as exact decimal text. */
export interface ExactSummary {
  readonly summary: RunSummary;
  readonly exact: {
    readonly money: {
      readonly venues: Readonly<Record<string, VenueMoney>>;
      /** Realized − fees − funding. */
      readonly net: string;
    };
  };
}

interface VenueMoney {
  readonly realizedPnl: string;
  readonly fees: string;
  readonly funding: string;
}

interface Books {
  readonly realizedPnl: Money;
  /** Realized − cost of what is held: what went in and out by fills, whatever the order they were told in. */
  readonly cashFlow: Money;
  readonly fees: Money;
  readonly funding: Money;
  /** Lots by symbol. */
  readonly held: ReadonlyMap<string, number>;
}

const sum = (values: readonly Money[]): Money => values.reduce(addMoney, zeroMoney);

function booksOf(state: EngineSnapshot, venue: string, unitOf: (instrument: InstrumentId) => Money): Books {
  const positions = state.positions.filter((position) => venueOf(position.instrument) === venue);
  const held = new Map<string, number>();
  for (const { instrument, positionLots } of positions) {
    const symbol = instrument.slice(venue.length + 1);
    held.set(symbol, (held.get(symbol) ?? 0) + positionLots);
  }
  return {
    realizedPnl: sum(positions.map((position) => position.realizedPnl)),
    cashFlow: sum(
      positions.map(({ instrument, realizedPnl, costTicksLots }) =>
        money(realizedPnl - costTicksLots * unitOf(instrument))
      ),
    ),
    fees: sum(positions.map((position) => position.feesPaid)),
    funding: sum(positions.map((position) => position.fundingPaid)),
    held,
  };
}

/** Nothing is left open, and the simulated venues' own books say the same. */
export const isEven = ({ workingOrders, venues }: RunSummary): boolean =>
  workingOrders.every(({ isStop }) => isStop) && venues.every(({ ledger }) => ledger?.agrees ?? true);

export function summarize(input: SummaryInput): ExactSummary {
  const { state, display, ledgers, engine } = input;
  /** Money of one tick × lot. */
  const unitOf = (id: InstrumentId): Money => {
    const index = engine.indexOf(id);
    const instrument = index === undefined ? undefined : engine.instrument(index);
    return instrument === undefined ? zeroMoney : tickLotMoney(instrument);
  };
  const books = new Map(state.venues.map(({ venue }) => [String(venue), booksOf(state, venue, unitOf)]));
  const venues = display.venues.map((row): VenueSummary => {
    const own = books.get(row.venue);
    const ledger = ledgers?.[row.venue];
    const orders = [...state.recentOrders, ...state.workingOrders].filter((order) =>
      venueOf(order.instrument) === row.venue
    );
    return {
      venue: row.venue,
      quotes: state.quotes.filter((quote) => venueOf(quote.instrument) === row.venue).reduce(
        (total, quote) => total + quote.updates,
        0,
      ),
      orders: orders.length,
      fills: orders.filter((order) => order.filledLots > 0).length,
      realizedUsd: own === undefined ? 0 : moneyToNumber(own.realizedPnl),
      unrealizedUsd: row.unrealizedUsd,
      feesUsd: own === undefined ? 0 : moneyToNumber(own.fees),
      fundingUsd: own === undefined ? 0 : moneyToNumber(own.funding),
      gaps: row.gaps,
      reconnects: row.reconnects,
      ledger: own === undefined || ledger === undefined ? undefined : compareLedger(own, ledger),
    };
  });
  const all = [...books.values()];
  const net = sum(all.map((own) => money(own.realizedPnl - own.fees - own.funding)));
  const { run, totals } = display;
  return {
    summary: {
      runId: input.runId,
      version: run.version,
      environment: run.environment,
      seed: run.seed,
      runTimeMs: Math.round(run.uptimeMs),
      endedBy: input.endedBy,
      venues,
      opportunities: { seen: display.opportunities.seen, taken: display.opportunities.taken },
      roundTrips: totals.roundTrips,
      groups: display.groupCounts,
      nakedUsd: display.groups.reduce((total, group) => total + group.nakedUsd, 0),
      orders: totals.orders,
      fills: totals.fills,
      refusals: display.refusals,
      realizedUsd: moneyToNumber(sum(all.map((own) => own.realizedPnl))),
      unrealizedUsd: totals.unrealizedUsd,
      feesUsd: moneyToNumber(sum(all.map((own) => own.fees))),
      fundingUsd: moneyToNumber(sum(all.map((own) => own.funding))),
      totalUsd: moneyToNumber(net) + totals.unrealizedUsd,
      positions: display.positions.filter((position) => position.sizeBase !== 0),
      workingOrders: display.orders,
      plugins: display.plugins.map(({ id, restarts, state: kind }) => ({ id, restarts, state: kind })),
      journalFile: input.journalFile,
    },
    exact: {
      money: {
        venues: Object.fromEntries(
          [...books].map(([venue, own]) => [venue, {
            realizedPnl: formatMoney(own.realizedPnl),
            fees: formatMoney(own.fees),
            funding: formatMoney(own.funding),
          }]),
        ),
        net: formatMoney(net),
      },
    },
  };
}

/** Every figure that both sides keep, compared as text: equal to the last unit or named as a difference. */
function compareLedger(own: Books, ledger: SimulatedLedger): NonNullable<VenueSummary["ledger"]> {
  const differences: string[] = [];
  const compare = (what: string, ours: string | number, theirs: string | number): void => {
    if (ours !== theirs) differences.push(`${what}: ours ${ours}, theirs ${theirs}`);
  };
  compare("cash flow", formatMoney(own.cashFlow), ledger.cashFlow);
  compare("fees", formatMoney(own.fees), ledger.feesPaid);
  const symbols = new Set([...own.held.keys(), ...ledger.positions.map((position) => position.symbol)]);
  for (const symbol of symbols) {
    const theirs = ledger.positions.find((position) => position.symbol === symbol)?.positionLots ?? 0;
    compare(`position in ${symbol}`, own.held.get(symbol) ?? 0, theirs);
  }
  compare("working orders", 0, ledger.openOrders.length);
  return { agrees: differences.length === 0, differences };
}
