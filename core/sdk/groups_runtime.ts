/** The strategy's side of leg groups: options into exact terms, the host's records into views. */
import type { InstrumentId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import {
  heldLots,
  isGroupEnded,
  type LegGroup,
  type LegGroupTerms,
  type LegIndex,
  type LegTerms,
} from "../model/leg_group.ts";
import { money, moneyToNumber } from "../model/money.ts";
import {
  fitPriceFigures,
  type Increment,
  incrementsToNumber,
  incrementValue,
  parseIncrements,
  priceTicks,
  roundToIncrements,
  sizeLots,
} from "../model/ticks.ts";
import type { PluginMessage } from "../protocol/messages.ts";
import { causesOf } from "./orders_runtime.ts";
import type { GroupLegView, GroupOptions, Groups, GroupView, LegOptions } from "./groups.ts";

/** How many ended groups `ctx.groups.get` still knows. */
const maxEnded = 200;
const defaultRestMs = 5_000;
const unknownStep: Increment = { text: "0.00000001", units: 1, decimals: 8 };

export interface GroupsPort {
  readonly instrument: (id: InstrumentId) => Instrument | undefined;
  readonly nextRef: () => string;
  readonly send: (message: PluginMessage) => void;
  readonly epochMs: () => number;
  /** Calls the strategy. */
  readonly onGroup: (view: GroupView) => void;
}

const greatestCommonDivisor = (
  a: bigint,
  b: bigint,
): bigint => (b === 0n ? a : greatestCommonDivisor(b, a % b));

/** The smallest size that is whole lots of both. Lots 0.001 and 0.0004 give 0.002. */
function commonStep(a: Increment, b: Increment): Increment {
  const decimals = Math.max(a.decimals, b.decimals);
  const ofA = BigInt(a.units) * 10n ** BigInt(decimals - a.decimals);
  const ofB = BigInt(b.units) * 10n ** BigInt(decimals - b.decimals);
  const units = Number((ofA * ofB) / greatestCommonDivisor(ofA, ofB));
  return { text: String(units / 10 ** decimals), units, decimals };
}

/** Lots of one leg for a size that both share. */
function lotsOf(sizeBase: number | string, own: Increment, other: Increment): number {
  if (typeof sizeBase === "string") return parseIncrements(sizeBase, own);
  const step = commonStep(own, other);
  const steps = roundToIncrements(sizeBase, step, "down");
  const units = BigInt(steps) * BigInt(step.units) * 10n ** BigInt(own.decimals);
  return Number(units / (BigInt(own.units) * 10n ** BigInt(step.decimals)));
}

export class GroupsRuntime implements Groups {
  readonly #port: GroupsPort;
  readonly #views = new Map<string, GroupView>();
  readonly #ended: string[] = [];

  constructor(port: GroupsPort) {
    this.#port = port;
  }

  open(options: GroupOptions): string {
    const ref = this.#port.nextRef();
    const terms = this.#terms(options);
    this.#views.set(ref, this.#pending(ref, terms));
    this.#port.send({ type: "submit_group", ref, terms, causes: causesOf(options.because) });
    return ref;
  }

  close(ref: string, reason = "asked by the strategy"): void {
    this.#port.send({ type: "close_group", ref, reason: reason.slice(0, 80) });
  }

  get(ref: string): GroupView | undefined {
    return this.#views.get(ref);
  }

  live(): readonly GroupView[] {
    return [...this.#views.values()].filter((view) => !view.isDone);
  }

  /** Whether a name is that of a group. */
  owns(ref: string): boolean {
    return this.#views.has(ref);
  }

  onMessage(ref: string, group: LegGroup): void {
    const leg = (at: LegIndex): GroupLegView =>
      legView(group, at, this.#port.instrument(group.terms.legs[at].instrument));
    const { phase, closeReason, wasBroken, tsCreatedUs } = group;
    this.#keep({
      ref,
      phase: phase.kind,
      legs: [leg(0), leg(1)],
      isBroken: wasBroken,
      outcome: phase.kind === "ended" ? phase.outcome : undefined,
      closeReason,
      reason: phase.kind === "halted" ? phase.why : undefined,
      text: undefined,
      isDone: isGroupEnded(group),
      tsCreatedMs: tsCreatedUs / 1000,
    });
  }

  onRefused(ref: string, code: string, text: string): void {
    const view = this.#views.get(ref);
    if (view !== undefined) this.#keep({ ...view, phase: "refused", reason: code, text, isDone: true });
  }

  #keep(view: GroupView): void {
    const wasDone = this.#views.get(view.ref)?.isDone === true;
    this.#views.set(view.ref, view);
    if (view.isDone && !wasDone) {
      this.#ended.push(view.ref);
      const oldest = this.#ended.length > maxEnded ? this.#ended.shift() : undefined;
      if (oldest !== undefined && this.#views.get(oldest)?.isDone === true) this.#views.delete(oldest);
    }
    this.#port.onGroup(view);
  }

  /** The host refuses what it does not know; without an instrument there is nothing to round against. */
  #terms(options: GroupOptions): LegGroupTerms {
    const [first, second] = options.legs;
    const lots = [first, second].map(({ instrument }) =>
      this.#port.instrument(instrument)?.lot ?? unknownStep
    );
    const [firstLot = unknownStep, secondLot = unknownStep] = lots;
    const leg = (
      { instrument, side, limitPrice }: LegOptions,
      own: Increment,
      other: Increment,
    ): LegTerms => {
      const { tick, maxPriceFigures } = this.#port.instrument(instrument) ?? { tick: unknownStep };
      const direction = side === "buy" ? "down" : "up";
      const ticks = typeof limitPrice === "string" ? parseIncrements(limitPrice, tick) : fitPriceFigures(
        roundToIncrements(limitPrice, tick, direction),
        tick,
        maxPriceFigures,
        direction,
      );
      return {
        instrument,
        side,
        sizeLots: sizeLots(lotsOf(options.sizeBase, own, other)),
        limitPriceTicks: priceTicks(ticks),
      };
    };
    const { maxNakedNotionalUsd, maxNakedMs, completeWithinBps, exitCapBps } = options;
    return {
      legs: [leg(first, firstLot, secondLot), leg(second, secondLot, firstLot)],
      mode: options.mode ?? "sequential",
      maxNakedNotionalUsd,
      maxNakedMs,
      completeWithinBps,
      exitCapBps,
      maxHoldMs: options.maxHoldMs,
      maxRestMs: options.mode === "maker_first" ? options.maxRestMs ?? defaultRestMs : undefined,
    };
  }

  #pending(ref: string, terms: LegGroupTerms): GroupView {
    const leg = ({ instrument, side }: LegTerms): GroupLegView => ({
      instrument,
      side,
      openedBase: 0,
      closedBase: 0,
      heldBase: 0,
      averageOpenPrice: undefined,
      averageClosePrice: undefined,
      fees: 0,
    });
    return {
      ref,
      phase: "pending",
      legs: [leg(terms.legs[0]), leg(terms.legs[1])],
      isBroken: false,
      outcome: undefined,
      closeReason: undefined,
      reason: undefined,
      text: undefined,
      isDone: false,
      tsCreatedMs: this.#port.epochMs(),
    };
  }
}

function legView(group: LegGroup, at: LegIndex, known: Instrument | undefined): GroupLegView {
  const { lot, tick } = known ?? { lot: unknownStep, tick: unknownStep };
  const totals = group.totals[at];
  const { openedLots, openedTicksLots, closedLots, closedTicksLots, feesPaid } = totals;
  const average = (ticksLots: bigint, lots: number): number | undefined =>
    lots === 0 ? undefined : (Number(ticksLots) / lots) * incrementValue(tick);
  return {
    instrument: group.terms.legs[at].instrument,
    side: group.terms.legs[at].side,
    openedBase: incrementsToNumber(openedLots, lot),
    closedBase: incrementsToNumber(closedLots, lot),
    heldBase: incrementsToNumber(heldLots(totals), lot),
    averageOpenPrice: average(openedTicksLots, openedLots),
    averageClosePrice: average(closedTicksLots, closedLots),
    fees: moneyToNumber(money(feesPaid)),
  };
}
