/**
 * Accounts of one simulated venue: cash, positions at average cost, fees, funding, margin. Money is exact.
 *
 * Invariants:
 * 1. A flat position has a cost of exactly 0, whatever its history: closing k of n lots takes cost × k / n, truncated,
 *    and the remainder stays with what is left.
 * 2. cash = deposit + realized PnL − fees − funding, to the last unit.
 */
import { increment, parseMoney, tickLotMoney } from "@berth/sdk";
import type { Side, SimulatedAccount, SimulatedInstrument, SimulatedPosition } from "./ports.ts";

interface PositionState {
  positionLots: number;
  costTicksLots: bigint;
  realizedPnl: bigint;
  feesPaid: bigint;
  fundingPaid: bigint;
  leverage: number;
  tsUpdatedMs: number;
}

interface AccountState {
  deposit: bigint;
  readonly positions: Map<string, PositionState>;
}

export interface Booked {
  readonly fee: bigint;
  readonly realizedPnl: bigint;
  readonly positionLotsAfter: number;
}

/** Lots that open buy and sell orders could still add, per instrument. */
export interface OpenLots {
  readonly buyLots: number;
  readonly sellLots: number;
}

/** Decimal text fraction as units and scale: `-0.0002` is −2 at 4 decimals. */
function fraction(text: string): { readonly units: bigint; readonly scale: bigint } {
  const [whole = "0", decimals = ""] = text.replace("-", "").split(".");
  const units = BigInt(whole + decimals);
  return { units: text.startsWith("-") ? -units : units, scale: 10n ** BigInt(decimals.length) };
}

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

export class Ledger {
  readonly #instruments: ReadonlyMap<string, SimulatedInstrument>;
  readonly #tickLot = new Map<string, bigint>();
  readonly #accounts = new Map<string, AccountState>();
  readonly #markTicks: (symbol: string) => number;
  readonly #settlementAsset: string;

  /** @param markTicks mark price of an instrument in ticks, for unrealized PnL and margin */
  constructor(instruments: readonly SimulatedInstrument[], markTicks: (symbol: string) => number) {
    this.#instruments = new Map(instruments.map((one) => [one.symbol, one]));
    this.#markTicks = markTicks;
    this.#settlementAsset = instruments[0]?.settlementAsset ?? "USDC";
    for (const one of instruments) {
      this.#tickLot.set(
        one.symbol,
        tickLotMoney({ tick: increment(one.tickSize), lot: increment(one.lotSize) }),
      );
    }
  }

  /** @param amount decimal text in the settlement asset */
  deposit(accountId: string, amount: string): void {
    this.#account(accountId).deposit += parseMoney(amount);
  }

  hasAccount(accountId: string): boolean {
    return this.#accounts.has(accountId);
  }

  position(accountId: string, symbol: string): SimulatedPosition {
    return { accountId, symbol, ...this.#position(accountId, symbol) };
  }

  positions(accountId: string): readonly SimulatedPosition[] {
    return [...this.#account(accountId).positions.keys()].map((symbol) => this.position(accountId, symbol));
  }

  setLeverage(accountId: string, symbol: string, leverage: number): void {
    this.#position(accountId, symbol).leverage = leverage;
  }

  /** Books one fill of an account. */
  bookFill(
    accountId: string,
    symbol: string,
    fill: {
      readonly side: Side;
      readonly priceTicks: number;
      readonly sizeLots: number;
      readonly isMaker: boolean;
      readonly tsMs: number;
    },
  ): Booked {
    const state = this.#position(accountId, symbol);
    const sign = fill.side === "buy" ? 1 : -1;
    const before = state.positionLots;
    const closingLots = before * sign < 0 ? Math.min(Math.abs(before), fill.sizeLots) : 0;
    const openingLots = fill.sizeLots - closingLots;
    let realizedTicksLots = 0n;
    if (closingLots > 0) {
      const costOut = (state.costTicksLots * BigInt(closingLots)) / BigInt(Math.abs(before));
      const proceeds = BigInt(fill.priceTicks) * BigInt(closingLots) * BigInt(-sign);
      realizedTicksLots = proceeds - costOut;
      state.costTicksLots -= costOut;
    }
    state.costTicksLots += BigInt(fill.priceTicks) * BigInt(openingLots) * BigInt(sign);
    state.positionLots = before + sign * fill.sizeLots;
    const realizedPnl = realizedTicksLots * this.#money(symbol);
    const fee = this.#fee(symbol, fill.priceTicks, fill.sizeLots, fill.isMaker);
    state.realizedPnl += realizedPnl;
    state.feesPaid += fee;
    state.tsUpdatedMs = fill.tsMs;
    return { fee, realizedPnl, positionLotsAfter: state.positionLots };
  }

  /** Books a funding payment on every position of an instrument; positive rates are paid by longs. Returns who paid what. */
  bookFunding(
    symbol: string,
    rate: number,
    tsMs: number,
  ): readonly { readonly accountId: string; readonly amount: bigint }[] {
    const rateE12 = BigInt(Math.round(rate * 1e12));
    const payments: { readonly accountId: string; readonly amount: bigint }[] = [];
    for (const [accountId, account] of this.#accounts) {
      const state = account.positions.get(symbol);
      if (state === undefined || state.positionLots === 0) continue;
      const value = BigInt(this.#markTicks(symbol)) * BigInt(state.positionLots) * this.#money(symbol);
      const amount = (value * rateE12) / 1_000_000_000_000n;
      state.fundingPaid += amount;
      state.tsUpdatedMs = tsMs;
      payments.push({ accountId, amount });
    }
    return payments;
  }

  unrealized(accountId: string, symbol: string): bigint {
    const state = this.#position(accountId, symbol);
    return (BigInt(this.#markTicks(symbol)) * BigInt(state.positionLots) - state.costTicksLots) *
      this.#money(symbol);
  }

  /** Cash, equity and margin; `openLots` gives the worst case of the open orders. */
  account(accountId: string, openLots: (symbol: string) => OpenLots): SimulatedAccount {
    const { deposit, positions } = this.#account(accountId);
    let cash = deposit;
    let unrealizedPnl = 0n;
    let initialMargin = 0n;
    let maintenanceMargin = 0n;
    const symbols = new Set([...positions.keys(), ...this.#instruments.keys()]);
    for (const symbol of symbols) {
      const state = positions.get(symbol);
      const open = openLots(symbol);
      if (state === undefined && open.buyLots === 0 && open.sellLots === 0) continue;
      const lots = state?.positionLots ?? 0;
      cash += (state?.realizedPnl ?? 0n) - (state?.feesPaid ?? 0n) - (state?.fundingPaid ?? 0n);
      if (state !== undefined) unrealizedPnl += this.unrealized(accountId, symbol);
      const worstLots = Math.max(Math.abs(lots + open.buyLots), Math.abs(lots - open.sellLots));
      const leverage = BigInt(Math.max(1, Math.floor(this.#position(accountId, symbol).leverage)));
      const lotValue = BigInt(this.#markTicks(symbol)) * this.#money(symbol);
      initialMargin += (BigInt(worstLots) * lotValue) / leverage;
      maintenanceMargin += (BigInt(Math.abs(lots)) * lotValue) / (2n * leverage);
    }
    const equity = cash + unrealizedPnl;
    return {
      accountId,
      settlementAsset: this.#settlementAsset,
      cash,
      unrealizedPnl,
      equity,
      initialMargin,
      maintenanceMargin,
      freeCollateral: equity - initialMargin,
    };
  }

  #money(symbol: string): bigint {
    return this.#tickLot.get(symbol) ?? 0n;
  }

  #fee(symbol: string, priceTicks: number, sizeLots: number, isMaker: boolean): bigint {
    const instrument = this.#instruments.get(symbol);
    const { units, scale } = fraction((isMaker ? instrument?.makerFee : instrument?.takerFee) ?? "0");
    const value = absolute(BigInt(priceTicks) * BigInt(sizeLots)) * this.#money(symbol);
    return (value * units) / scale;
  }

  #account(accountId: string): AccountState {
    const found = this.#accounts.get(accountId);
    if (found !== undefined) return found;
    const created: AccountState = { deposit: 0n, positions: new Map() };
    this.#accounts.set(accountId, created);
    return created;
  }

  #position(accountId: string, symbol: string): PositionState {
    const { positions } = this.#account(accountId);
    const found = positions.get(symbol);
    if (found !== undefined) return found;
    const created: PositionState = {
      positionLots: 0,
      costTicksLots: 0n,
      realizedPnl: 0n,
      feesPaid: 0n,
      fundingPaid: 0n,
      leverage: this.#instruments.get(symbol)?.maxLeverage ?? 1,
      tsUpdatedMs: 0,
    };
    positions.set(symbol, created);
    return created;
  }
}
