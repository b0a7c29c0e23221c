/** The account of a paper venue: what it holds, what it made, what is free. Average cost, exact. */
import type { Balance, VenuePosition } from "../../model/account.ts";
import type { Instrument } from "../../model/instrument.ts";
import { type Money, money, tickLotMoney, zeroMoney } from "../../model/money.ts";
import { type Side, sideSign } from "../../model/order.ts";
import { incrementValue, sizeLots } from "../../model/ticks.ts";

interface Holding {
  readonly instrument: Instrument;
  lots: number;
  /** Sum of ticks × lots at entry, signed. */
  cost: bigint;
  /** NaN before the first. */
  markPrice: number;
}

/** A position as it is kept: without the mark, which the next one brings. */
export type PaperHolding = Readonly<Omit<Holding, "markPrice">>;

export class PaperAccount {
  readonly #asset: string;
  readonly #holdings = new Map<string, Holding>();
  #total: Money;

  constructor(asset: string, startingBalance: Money) {
    this.#asset = asset;
    this.#total = startingBalance;
  }

  get total(): Money {
    return this.#total;
  }

  /** What is held. */
  holdings(): readonly PaperHolding[] {
    return [...this.#holdings.values()].filter(({ lots }) => lots !== 0)
      .map(({ instrument, lots, cost }) => ({ instrument, lots, cost }));
  }

  /** Goes on from another account's end. */
  restore(total: Money, holdings: readonly PaperHolding[]): void {
    this.#total = total;
    for (const holding of holdings) {
      this.#holdings.set(holding.instrument.id, { ...holding, markPrice: NaN });
    }
  }

  #holding(instrument: Instrument): Holding {
    const known = this.#holdings.get(instrument.id);
    if (known !== undefined) return known;
    const holding = { instrument, lots: 0, cost: 0n, markPrice: NaN };
    this.#holdings.set(instrument.id, holding);
    return holding;
  }

  positionLots(instrument: Instrument): number {
    return this.#holdings.get(instrument.id)?.lots ?? 0;
  }

  setMark(instrument: Instrument, markPrice: number): void {
    const holding = this.#holdings.get(instrument.id);
    if (holding !== undefined && markPrice > 0 && markPrice < 1e15) holding.markPrice = markPrice;
  }

  fill(instrument: Instrument, side: Side, priceTicks: number, lots: number, fee: Money): void {
    const holding = this.#holding(instrument);
    const signed = sideSign(side) * lots;
    const isClosing = holding.lots !== 0 && holding.lots > 0 !== signed > 0;
    const closed = isClosing ? Math.min(Math.abs(holding.lots), lots) : 0;
    const released = closed === 0 ? 0n : (holding.cost * BigInt(closed)) / BigInt(Math.abs(holding.lots));
    const received = -BigInt(sideSign(side) * closed) * BigInt(priceTicks);
    const opened = sideSign(side) * (lots - closed);
    holding.cost += BigInt(opened) * BigInt(priceTicks) - released;
    holding.lots += signed;
    this.#total = money(this.#total + (received - released) * tickLotMoney(instrument) - fee);
  }

  /** Funding that is due on a position: positive is paid. Rounded to 1e-9 of the rate. */
  payFunding(instrument: Instrument, rate: number): Money {
    const holding = this.#holdings.get(instrument.id);
    if (holding === undefined || holding.lots === 0 || !(Math.abs(rate) < 1)) return zeroMoney;
    const valueUsd = BigInt(holding.lots) * BigInt(this.#markTicks(holding)) * tickLotMoney(instrument);
    const amount = money((valueUsd * BigInt(Math.round(rate * 1e9))) / 1_000_000_000n);
    this.#total = money(this.#total - amount);
    return amount;
  }

  #markTicks(holding: Holding): number {
    const entry = holding.lots === 0 ? 0 : Number(holding.cost) / holding.lots;
    const mark = holding.markPrice / incrementValue(holding.instrument.tick);
    return Math.round(Number.isNaN(mark) ? entry : mark);
  }

  /** Total plus unrealized profit, less the initial margin of what is held. */
  get available(): Money {
    let available: bigint = this.#total;
    for (const holding of this.#holdings.values()) {
      const tickLot = tickLotMoney(holding.instrument);
      const value = BigInt(holding.lots) * BigInt(this.#markTicks(holding));
      available += (value - holding.cost) * tickLot;
      available -= margin(holding.instrument, money((value < 0n ? -value : value) * tickLot));
    }
    return money(available);
  }

  balance(tsVenueMs: number): Omit<Balance, "venue"> {
    return { asset: this.#asset, total: this.#total, available: this.available, tsVenueMs };
  }

  positions(tsVenueMs: number): readonly VenuePosition[] {
    return [...this.#holdings.values()].filter(({ lots }) => lots !== 0).map((holding) => {
      const { instrument, lots, cost, markPrice } = holding;
      return {
        instrument: instrument.id,
        positionLots: sizeLots(lots),
        entryPrice: (Number(cost) / lots) * incrementValue(instrument.tick),
        markPrice: Number.isNaN(markPrice) ? undefined : markPrice,
        liquidationPrice: undefined,
        leverage: undefined,
        tsVenueMs,
      };
    });
  }
}

/** Initial margin of a value at the instrument's highest leverage, rounded down. */
export const margin = (instrument: Instrument, value: Money): Money =>
  money((value * 100n) / BigInt(Math.max(100, Math.round(instrument.maxLeverage * 100))));
