/** What a backtest keeps: fills, round trips, the equity curve, and counts of all else. */
import type { NoticeCode } from "../engine/events.ts";
import type { EngineSnapshot } from "../engine/snapshot.ts";
import type { Fill } from "../model/account.ts";
import type { ClientOrderId, InstrumentId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { JournalEntry } from "../model/journal_entry.ts";
import { moneyToNumber } from "../model/money.ts";
import { isFinalStatus } from "../model/order.ts";
import { incrementsToNumber } from "../model/ticks.ts";
import { isGroupSettled } from "../model/leg_group.ts";
import { isTriggerEnded } from "../model/trigger_order.ts";
import type { OpportunityMessage } from "../protocol/messages.ts";

export interface FillRow {
  readonly tsMs: number;
  readonly instrument: string;
  readonly side: "buy" | "sell";
  readonly price: number;
  readonly sizeBase: number;
  readonly liquidity: "maker" | "taker";
  readonly feeUsd: number;
}

/** From flat to flat on one instrument; a fill through zero ends one trip and begins the next. */
export interface RoundTrip {
  readonly instrument: string;
  readonly side: "buy" | "sell";
  readonly openedMs: number;
  readonly closedMs: number;
  /** Largest size held. */
  readonly sizeBase: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly feesUsd: number;
  /** After fees. */
  readonly netPnlUsd: number;
}

export interface FundingRow {
  readonly tsMs: number;
  readonly instrument: string;
  /** Positive is paid. */
  readonly amountUsd: number;
}

export interface EquityPoint {
  readonly tsMs: number;
  readonly equityUsd: number;
}

export interface Recording {
  readonly depositUsd: number;
  readonly equity: readonly EquityPoint[];
  readonly fills: readonly FillRow[];
  readonly trips: readonly RoundTrip[];
  readonly fundingPayments: readonly FundingRow[];
  readonly orders: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly notices: Readonly<Record<string, number>>;
  readonly opportunities: { readonly seen: number; readonly taken: number };
  readonly gauges: Readonly<Record<string, number>>;
  readonly openPositions: readonly { readonly instrument: string; readonly sizeBase: number }[];
  readonly feesUsd: number;
  readonly fundingUsd: number;
  readonly realizedUsd: number;
  readonly unrealizedUsd: number;
  readonly records: number;
}

interface OpenTrip {
  side: "buy" | "sell";
  openedMs: number;
  sizeBase: number;
  largestBase: number;
  entryValue: number;
  entryBase: number;
  exitValue: number;
  exitBase: number;
  feesUsd: number;
}

export class Recorder {
  readonly #instruments: ReadonlyMap<InstrumentId, Instrument>;
  readonly #depositUsd: number;
  readonly #working = new Set<ClientOrderId>();
  /** Exit plans that watch a position, and orders that wait for a price. */
  readonly #guards = new Set<string>();
  readonly #unsettledGroups = new Set<string>();
  readonly #held = new Map<InstrumentId, number>();
  readonly #fills: FillRow[] = [];
  readonly #trips: RoundTrip[] = [];
  readonly #funding: FundingRow[] = [];
  readonly #open = new Map<InstrumentId, OpenTrip>();
  readonly #equity: EquityPoint[] = [];
  readonly #refusals = new Map<string, number>();
  readonly #notices = new Map<string, number>();
  readonly #gauges = new Map<string, number>();
  #orders = 0;
  #seen = 0;
  #taken = 0;

  constructor(instruments: readonly Instrument[], depositUsd: number) {
    this.#instruments = new Map(instruments.map((instrument) => [instrument.id, instrument]));
    this.#depositUsd = depositUsd;
  }

  get workingOrders(): number {
    return this.#working.size;
  }

  /** Exit plans that watch a position, and orders that wait in the host for a price. */
  get guards(): number {
    return this.#guards.size;
  }

  /** Leg groups that are being made whole or closed. */
  get unsettledGroups(): number {
    return this.#unsettledGroups.size;
  }

  /** Instruments on which the plugin is not flat. */
  get openPositions(): number {
    return this.#held.size;
  }

  entry({ body }: JournalEntry): void {
    switch (body.kind) {
      case "order": {
        const { clientOrderId, status } = body.order;
        if (body.event === "created") this.#orders++;
        return keepWhile(this.#working, clientOrderId, !isFinalStatus(status));
      }
      case "position": {
        const { instrument, positionLots } = body.position;
        if (positionLots === 0) this.#held.delete(instrument);
        else this.#held.set(instrument, positionLots);
        return;
      }
      case "exit_plan": {
        const { id, phase } = body.plan;
        return keepWhile(this.#guards, `exit/${id}`, phase.kind === "armed" || phase.kind === "exiting");
      }
      case "trigger_order":
        return keepWhile(this.#guards, `trigger/${body.order.id}`, !isTriggerEnded(body.order));
      case "leg_group":
        return keepWhile(this.#unsettledGroups, body.group.id, !isGroupSettled(body.group));
      case "refusal":
        return count(this.#refusals, body.code);
      case "fill":
        return this.#fill(body.fill);
      case "funding": {
        const { instrument, amount, tsVenueMs } = body.payment;
        this.#funding.push({ tsMs: tsVenueMs, instrument, amountUsd: moneyToNumber(amount) });
        return;
      }
    }
  }

  notice(code: NoticeCode): void {
    count(this.#notices, code);
  }

  opportunity(message: OpportunityMessage): void {
    this.#seen++;
    if (message.isTaken) this.#taken++;
  }

  gauge(name: string, value: number): void {
    this.#gauges.set(name, value);
  }

  sample(tsUs: number, state: EngineSnapshot): void {
    this.#equity.push({ tsMs: tsUs / 1000, equityUsd: this.#depositUsd + totalOf(state) });
  }

  finish(state: EngineSnapshot, records: number): Recording {
    const pnl = state.scopes.find(({ scope }) => scope.kind === "global")?.pnl;
    return {
      depositUsd: this.#depositUsd,
      equity: this.#equity,
      fills: this.#fills,
      trips: this.#trips,
      fundingPayments: this.#funding,
      orders: this.#orders,
      refusals: Object.fromEntries(this.#refusals),
      notices: Object.fromEntries(this.#notices),
      opportunities: { seen: this.#seen, taken: this.#taken },
      gauges: Object.fromEntries(this.#gauges),
      openPositions: state.positions.filter(({ positionLots }) => positionLots !== 0).map((position) => ({
        instrument: position.instrument,
        sizeBase: position.sizeBase,
      })),
      feesUsd: pnl?.feesUsd ?? 0,
      fundingUsd: pnl?.fundingUsd ?? 0,
      realizedUsd: pnl?.realizedUsd ?? 0,
      unrealizedUsd: pnl?.unrealizedUsd ?? 0,
      records,
    };
  }

  #fill(fill: Fill): void {
    const instrument = this.#instruments.get(fill.instrument);
    if (instrument === undefined) return;
    const row: FillRow = {
      tsMs: fill.tsVenueMs,
      instrument: fill.instrument,
      side: fill.side,
      price: incrementsToNumber(fill.priceTicks, instrument.tick),
      sizeBase: incrementsToNumber(fill.sizeLots, instrument.lot),
      liquidity: fill.liquidity,
      feeUsd: moneyToNumber(fill.fee),
    };
    this.#fills.push(row);
    const lot = incrementsToNumber(1, instrument.lot);
    const open = this.#open.get(fill.instrument);
    if (open === undefined) return this.#begin(fill.instrument, row, row.sizeBase, row.feeUsd);
    if (open.side === row.side) return grow(open, row, row.sizeBase, row.feeUsd);
    const closing = Math.min(open.sizeBase, row.sizeBase);
    const feeOfClosing = (row.feeUsd * closing) / row.sizeBase;
    open.sizeBase -= closing;
    open.exitValue += closing * row.price;
    open.exitBase += closing;
    open.feesUsd += feeOfClosing;
    if (open.sizeBase > lot / 2) return;
    this.#open.delete(fill.instrument);
    this.#trips.push(tripOf(fill.instrument, open, row.tsMs));
    const rest = row.sizeBase - closing;
    if (rest > lot / 2) this.#begin(fill.instrument, row, rest, row.feeUsd - feeOfClosing);
  }

  #begin(instrument: InstrumentId, row: FillRow, sizeBase: number, feeUsd: number): void {
    const open: OpenTrip = {
      side: row.side,
      openedMs: row.tsMs,
      sizeBase: 0,
      largestBase: 0,
      entryValue: 0,
      entryBase: 0,
      exitValue: 0,
      exitBase: 0,
      feesUsd: 0,
    };
    grow(open, row, sizeBase, feeUsd);
    this.#open.set(instrument, open);
  }
}

function grow(open: OpenTrip, row: FillRow, sizeBase: number, feeUsd: number): void {
  open.sizeBase += sizeBase;
  open.largestBase = Math.max(open.largestBase, open.sizeBase);
  open.entryValue += sizeBase * row.price;
  open.entryBase += sizeBase;
  open.feesUsd += feeUsd;
}

function tripOf(instrument: string, open: OpenTrip, closedMs: number): RoundTrip {
  const gross = open.side === "buy" ? open.exitValue - open.entryValue : open.entryValue - open.exitValue;
  return {
    instrument,
    side: open.side,
    openedMs: open.openedMs,
    closedMs,
    sizeBase: open.largestBase,
    entryPrice: open.entryValue / open.entryBase,
    exitPrice: open.exitValue / open.exitBase,
    feesUsd: open.feesUsd,
    netPnlUsd: gross - open.feesUsd,
  };
}

const totalOf = (state: EngineSnapshot): number =>
  state.scopes.find(({ scope }) => scope.kind === "global")?.pnl.totalUsd ?? 0;

function keepWhile<T>(set: Set<T>, item: T, isMember: boolean): void {
  if (isMember) set.add(item);
  else set.delete(item);
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
