/**
 * One pair: bought on one venue, sold on the other, held until it converges, closed. A state machine over fills; it
 * knows no socket and no host, so every path is tested with plain calls.
 *
 * Invariants:
 * 1. What a leg holds is the sum of its fills; an order that was sent, acknowledged or "done" holds nothing by itself.
 * 2. Nothing new is sent while an order of the pair is working.
 * 3. Every order that repairs or closes is reduce-only, except the one that completes a lagging leg, which never
 *    exceeds what the other leg holds.
 * 4. Attempts are bounded: what can't be evened out or closed ends as `halted`, in view of the operator.
 */
import {
  formatIncrements,
  incrementsToNumber,
  type Instrument,
  type InstrumentId,
  type Quote,
  roundToIncrements,
  type Side,
} from "@berth/sdk";
import { grossEdgeBps } from "./net_edge.ts";
import type { ArbitrageSettings, LegMode } from "./settings.ts";

/** What the pair needs of the strategy around it. */
export interface PairPort {
  nowMs(): number;
  quote(instrument: InstrumentId): Quote | undefined;
  ageMs(instrument: InstrumentId): number;
  /** Sends an IOC limit order and returns its ref. */
  submit(order: LegOrderRequest): string;
  note(
    level: "info" | "warn" | "error",
    message: string,
    fields: Readonly<Record<string, string | number>>,
  ): void;
}

export interface LegOrderRequest {
  readonly instrument: InstrumentId;
  readonly side: Side;
  /** Exact decimal text in base units. */
  readonly sizeBase: string;
  readonly limitPrice: number;
  readonly reduceOnly: boolean;
}

/** `long` is bought at opening and sold at closing, `short` the other way round. */
export type LegName = "long" | "short";

export interface PairPlan {
  readonly symbol: string;
  readonly long: Instrument;
  readonly short: Instrument;
  readonly mode: LegMode;
  readonly pilot: LegName;
  /** Base units as exact text, a multiple of both lots. */
  readonly sizeBase: string;
}

export type PairSettings = Pick<
  ArbitrageSettings,
  | "priceCapBps"
  | "exitPriceCapBps"
  | "completeMaxLossBps"
  | "maxRepairAttempts"
  | "closeSpreadBps"
  | "takeProfitBps"
  | "maxHoldMs"
  | "maxExitQuoteAgeMs"
>;

export type PairPhase =
  | { readonly kind: "opening"; readonly stage: "pilot" | "hedge" | "both" }
  | { readonly kind: "repairing"; readonly attempts: number }
  | { readonly kind: "open" }
  | { readonly kind: "closing"; readonly attempts: number; readonly why: CloseReason }
  | { readonly kind: "done"; readonly why: CloseReason | "nothing_filled" | "unwound" }
  | { readonly kind: "halted"; readonly why: string };

export type CloseReason = "converged" | "take_profit" | "time" | "stopping";

interface WorkingOrder {
  readonly leg: LegName;
  readonly side: Side;
  filledLots: number;
  /** The host's word on the whole order once it is done; fills may still be on their way. */
  finalLots: number | undefined;
}

interface Leg {
  readonly instrument: Instrument;
  /** Lots that the opening direction holds now; never negative unless a venue over-filled. */
  heldLots: number;
  /** Sum of price × base over opening fills, and base: the average entry. */
  entryValue: number;
  entryBase: number;
  exitValue: number;
  exitBase: number;
  fees: number;
}

const newLeg = (instrument: Instrument): Leg => ({
  instrument,
  heldLots: 0,
  entryValue: 0,
  entryBase: 0,
  exitValue: 0,
  exitBase: 0,
  fees: 0,
});

const otherLeg = (leg: LegName): LegName => (leg === "long" ? "short" : "long");
const openingSide = (leg: LegName): Side => (leg === "long" ? "buy" : "sell");
const closingSide = (leg: LegName): Side => (leg === "long" ? "sell" : "buy");

/** How a pair ended, in numbers; money in the quote currency, estimated from fills as reported. */
export interface PairResult {
  readonly pnlBeforeFees: number;
  readonly fees: number;
  readonly heldMs: number;
}

export class PairTrade {
  readonly plan: PairPlan;
  readonly tsStartedMs: number;
  #phase: PairPhase = { kind: "opening", stage: "both" };
  readonly #settings: PairSettings;
  readonly #port: PairPort;
  readonly #legs: Readonly<Record<LegName, Leg>>;
  readonly #working = new Map<string, WorkingOrder>();

  constructor(plan: PairPlan, settings: PairSettings, port: PairPort) {
    this.plan = plan;
    this.#settings = settings;
    this.#port = port;
    this.tsStartedMs = port.nowMs();
    this.#legs = { long: newLeg(plan.long), short: newLeg(plan.short) };
  }

  get phase(): PairPhase {
    return this.#phase;
  }

  /** True once the pair needs no more events. */
  get isOver(): boolean {
    return this.#phase.kind === "done" || this.#phase.kind === "halted";
  }

  /** Base units held by a leg, from fills. */
  heldBase(leg: LegName): number {
    const { heldLots, instrument } = this.#legs[leg];
    return incrementsToNumber(heldLots, instrument.lot);
  }

  owns(ref: string): boolean {
    return this.#working.has(ref);
  }

  result(): PairResult {
    const { long, short } = this.#legs;
    const pnlBeforeFees = long.exitValue - long.entryValue + (short.entryValue - short.exitValue);
    return { pnlBeforeFees, fees: long.fees + short.fees, heldMs: this.#port.nowMs() - this.tsStartedMs };
  }

  /** Sends the first order or both. */
  open(): void {
    const lots = (leg: LegName): number =>
      roundToIncrements(Number(this.plan.sizeBase), this.#legs[leg].instrument.lot, "nearest");
    if (this.plan.mode === "together") {
      this.#phase = { kind: "opening", stage: "both" };
      this.#send("long", "buy", lots("long"), this.#settings.priceCapBps, false);
      this.#send("short", "sell", lots("short"), this.#settings.priceCapBps, false);
    } else {
      this.#phase = { kind: "opening", stage: "pilot" };
      const { pilot } = this.plan;
      this.#send(pilot, openingSide(pilot), lots(pilot), this.#settings.priceCapBps, false);
    }
    if (this.#working.size === 0) this.#settle();
  }

  /** A fill of one of the pair's orders. */
  onFill(
    ref: string,
    fill: { readonly price: number; readonly sizeBase: number; readonly fee: number },
  ): void {
    const order = this.#working.get(ref);
    if (order === undefined) return;
    const leg = this.#legs[order.leg];
    const lots = roundToIncrements(fill.sizeBase, leg.instrument.lot, "nearest");
    order.filledLots += lots;
    leg.fees += fill.fee;
    if (order.side === openingSide(order.leg)) {
      leg.heldLots += lots;
      leg.entryValue += fill.price * fill.sizeBase;
      leg.entryBase += fill.sizeBase;
    } else {
      leg.heldLots -= lots;
      leg.exitValue += fill.price * fill.sizeBase;
      leg.exitBase += fill.sizeBase;
    }
    this.#finishOrder(ref, order);
  }

  /** The host says that an order is done, with all that it ever filled. Its fills may come before or after. */
  onOrderDone(ref: string, filledBase: number): void {
    const order = this.#working.get(ref);
    if (order === undefined) return;
    order.finalLots = roundToIncrements(filledBase, this.#legs[order.leg].instrument.lot, "nearest");
    this.#finishOrder(ref, order);
  }

  /** New quotes or passing time: decides on closing, and tries again what waits for a quote. */
  review(): void {
    if (this.#working.size > 0) return;
    switch (this.#phase.kind) {
      case "open":
        return this.#reviewOpen();
      case "repairing":
      case "closing":
        return this.#settle();
      case "opening":
      case "done":
      case "halted":
        return;
      default:
        return this.#phase satisfies never;
    }
  }

  /** Closes whatever is held, now; used when the strategy stops. */
  close(why: CloseReason): void {
    if (this.#phase.kind !== "open" || this.#working.size > 0) return;
    this.#phase = { kind: "closing", attempts: 0, why };
    this.#settle();
  }

  #finishOrder(ref: string, order: WorkingOrder): void {
    if (order.finalLots === undefined || order.filledLots < order.finalLots) return;
    this.#working.delete(ref);
    if (this.#working.size === 0) this.#settle();
  }

  /** All orders are done and all their fills are in: what next? */
  #settle(): void {
    switch (this.#phase.kind) {
      case "opening":
        return this.#phase.stage === "pilot" ? this.#hedgePilot() : this.#evenOut(0);
      case "repairing":
        return this.#evenOut(this.#phase.attempts);
      case "closing":
        return this.#closeRest(this.#phase.attempts, this.#phase.why);
      case "open":
      case "done":
      case "halted":
        return;
      default:
        return this.#phase satisfies never;
    }
  }

  /** The second leg, sized by what the pilot really filled. */
  #hedgePilot(): void {
    const { pilot } = this.plan;
    const hedge = otherLeg(pilot);
    if (this.#legs[pilot].heldLots === 0) return this.#finish("nothing_filled");
    this.#phase = { kind: "opening", stage: "hedge" };
    const lots = roundToIncrements(this.heldBase(pilot), this.#legs[hedge].instrument.lot, "down");
    if (lots === 0 || !this.#send(hedge, openingSide(hedge), lots, this.#settings.priceCapBps, false)) {
      this.#evenOut(0);
    }
  }

  /** The leg that holds more, by how many whole lots of each venue. Less than a lot of the lagging venue is even. */
  #imbalance():
    | { readonly excess: LegName; readonly excessLots: number; readonly laggingLots: number }
    | undefined {
    const difference = this.heldBase("long") - this.heldBase("short");
    const excess: LegName = difference > 0 ? "long" : "short";
    const size = Math.abs(difference);
    const laggingLots = roundToIncrements(size, this.#legs[otherLeg(excess)].instrument.lot, "down");
    const excessLots = roundToIncrements(size, this.#legs[excess].instrument.lot, "down");
    return laggingLots === 0 ? undefined : { excess, excessLots, laggingLots };
  }

  #evenOut(attempts: number): void {
    const imbalance = this.#imbalance();
    const { long, short } = this.#legs;
    if (imbalance === undefined) {
      const isFlat = long.heldLots <= 0 && short.heldLots <= 0;
      if (isFlat) return this.#finish(long.entryBase + short.entryBase > 0 ? "unwound" : "nothing_filled");
      const { long: buy, short: sell } = this.#averageEntries();
      this.#phase = { kind: "open" };
      return this.#port.note("info", "pair opened", {
        symbol: this.plan.symbol,
        sizeBase: this.heldBase("long"),
        boughtAt: buy,
        soldAt: sell,
        grossBps: grossEdgeBps(buy, sell),
      });
    }
    if (attempts >= this.#settings.maxRepairAttempts) return this.#halt("legs can't be evened out", attempts);
    const lagging = otherLeg(imbalance.excess);
    const isCompleting = this.#isCompletingBetter(imbalance.excess, attempts);
    this.#port.note("warn", isCompleting ? "broken pair: completing" : "broken pair: unwinding", {
      symbol: this.plan.symbol,
      venue: this.#legs[isCompleting ? lagging : imbalance.excess].instrument.venue,
      lots: isCompleting ? imbalance.laggingLots : imbalance.excessLots,
      attempt: attempts + 1,
    });
    this.#phase = { kind: "repairing", attempts: attempts + 1 };
    const capBps = this.#settings.exitPriceCapBps * 2 ** attempts;
    const isSent = isCompleting
      ? this.#send(lagging, openingSide(lagging), imbalance.laggingLots, this.#settings.priceCapBps, false)
      : this.#send(imbalance.excess, closingSide(imbalance.excess), imbalance.excessLots, capBps, true);
    // Without a quote nothing was tried: the next review tries again, and time, not attempts, runs out.
    if (!isSent) this.#waitForQuote(attempts);
  }

  #waitForQuote(attempts: number): void {
    const waitedMs = this.#port.nowMs() - this.tsStartedMs;
    if (waitedMs > this.#settings.maxHoldMs) return this.#halt("no quote to trade against", attempts);
    this.#phase = { kind: "repairing", attempts };
  }

  /** Compares what is left of the edge when completing at today's price with what reversing the filled leg costs. */
  #isCompletingBetter(excess: LegName, attempts: number): boolean {
    const lagging = otherLeg(excess);
    const excessQuote = this.#port.quote(this.#legs[excess].instrument.id);
    const laggingQuote = this.#port.quote(this.#legs[lagging].instrument.id);
    if (excessQuote === undefined || laggingQuote === undefined) return false;
    const entry = this.#averageEntries()[excess];
    const excessFee = this.#legs[excess].instrument.takerFeeBps;
    const laggingFee = this.#legs[lagging].instrument.takerFeeBps;
    const completed = excess === "long"
      ? grossEdgeBps(entry, laggingQuote.bidPrice)
      : grossEdgeBps(laggingQuote.askPrice, entry);
    const unwound = excess === "long"
      ? grossEdgeBps(entry, excessQuote.bidPrice)
      : grossEdgeBps(excessQuote.askPrice, entry);
    const completedNet = completed - laggingFee - excessFee - laggingFee; // hedge now, both legs back later
    const unwoundNet = unwound - excessFee;
    const isEarly = attempts < Math.ceil(this.#settings.maxRepairAttempts / 2);
    return isEarly && completedNet >= unwoundNet - this.#settings.completeMaxLossBps;
  }

  #averageEntries(): Readonly<Record<LegName, number>> {
    const average = (leg: Leg): number => leg.entryValue / leg.entryBase;
    return { long: average(this.#legs.long), short: average(this.#legs.short) };
  }

  #reviewOpen(): void {
    const long = this.#port.quote(this.#legs.long.instrument.id);
    const short = this.#port.quote(this.#legs.short.instrument.id);
    if (this.#port.nowMs() - this.tsStartedMs >= this.#settings.maxHoldMs) return this.close("time");
    if (long === undefined || short === undefined) return;
    const oldestMs = Math.max(this.#port.ageMs(long.instrument), this.#port.ageMs(short.instrument));
    if (!(oldestMs <= this.#settings.maxExitQuoteAgeMs)) return;
    const exitCostBps = -grossEdgeBps(short.askPrice, long.bidPrice);
    const { long: buy, short: sell } = this.#averageEntries();
    const feesBps = 2 * (this.#legs.long.instrument.takerFeeBps + this.#legs.short.instrument.takerFeeBps);
    const resultBps = grossEdgeBps(buy, sell) - exitCostBps - feesBps;
    if (resultBps >= this.#settings.takeProfitBps) return this.close("take_profit");
    if (exitCostBps <= this.#settings.closeSpreadBps) return this.close("converged");
  }

  #closeRest(attempts: number, why: CloseReason): void {
    const open = (["long", "short"] as const).filter((leg) => this.#legs[leg].heldLots > 0);
    if (open.length === 0) return this.#finish(why);
    if (attempts >= this.#settings.maxRepairAttempts) return this.#halt("pair can't be closed", attempts);
    this.#phase = { kind: "closing", attempts: attempts + 1, why };
    const capBps = this.#settings.exitPriceCapBps * 2 ** attempts;
    const sent = open.filter((leg) =>
      this.#send(leg, closingSide(leg), this.#legs[leg].heldLots, capBps, true)
    );
    if (sent.length === 0) this.#phase = { kind: "closing", attempts, why }; // no quote: the next review tries again
  }

  /** Sends an IOC `capBps` worse than the quote; false when there is no price to bound it by. */
  #send(leg: LegName, side: Side, lots: number, capBps: number, reduceOnly: boolean): boolean {
    const { instrument } = this.#legs[leg];
    const quote = this.#port.quote(instrument.id);
    const price = side === "buy" ? quote?.askPrice : quote?.bidPrice;
    if (price === undefined || !(price > 0) || lots <= 0) return false;
    const cap = Math.min(capBps, 1_000) / 10_000;
    const limitPrice = side === "buy" ? price * (1 + cap) : price * (1 - cap);
    const sizeBase = formatIncrements(lots, instrument.lot);
    const ref = this.#port.submit({ instrument: instrument.id, side, sizeBase, limitPrice, reduceOnly });
    this.#working.set(ref, { leg, side, filledLots: 0, finalLots: undefined });
    return true;
  }

  #finish(why: CloseReason | "nothing_filled" | "unwound"): void {
    this.#phase = { kind: "done", why };
    const { pnlBeforeFees, fees, heldMs } = this.result();
    if (why === "nothing_filled") return;
    this.#port.note("info", "pair closed", {
      symbol: this.plan.symbol,
      why,
      pnl: pnlBeforeFees - fees,
      fees,
      heldMs,
    });
  }

  #halt(why: string, attempts: number): void {
    this.#phase = { kind: "halted", why };
    this.#port.note("error", "pair halted: it needs the operator", {
      symbol: this.plan.symbol,
      why,
      attempts,
      longBase: this.heldBase("long"),
      shortBase: this.heldBase("short"),
    });
  }
}
