/**
 * What every plugin and every account holds, owes in open orders, has made and paid. Plugins' positions are virtual:
 * several may hold one instrument on one account, even against each other; the account's is their sum plus what is
 * foreign to us.
 *
 * Invariants:
 * 1. A plugin's position changes by its fills alone, and by offsets, which change two by the same and the account by nothing.
 * 2. An account's position is the sum of the plugins' plus `foreignLots`.
 * 3. Open lots are the sums of `remainingLots` over the orders that were reported by `orderChanged`. A reduce-only order
 *    that waits at the venue for a price is not among them: it takes no risk, and must not stand in the way of what else
 *    closes the position.
 */
import type { Fill } from "../model/account.ts";
import type { PluginId, VenueId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { PluginPosition } from "../model/journal_entry.ts";
import { type Money, money, moneyToNumber, tickLotMoney, zeroMoney } from "../model/money.ts";
import { isBackstop, isFinalStatus, isPluginReducing, type Order, type Side } from "../model/order.ts";
import { remainingLots } from "../model/order_transitions.ts";
import { type RiskScope, scopeName } from "../model/risk_limits.ts";
import { type PriceTicks, type SizeLots, sizeLots } from "../model/ticks.ts";
import type { ExposureCell } from "./exposure.ts";
import { splitFunding } from "./funding_payments.ts";
import {
  applyFill,
  averageEntryTicks,
  flatPosition,
  type Position,
  unrealizedTicksLots,
} from "./position_book.ts";

interface OpenLots {
  openBuyLots: number;
  openSellLots: number;
  /** Of working reduce-only orders. */
  reducingBuyLots: number;
  reducingSellLots: number;
}

interface PluginCell extends OpenLots {
  readonly plugin: PluginId;
  readonly index: number;
  readonly instrument: Instrument;
  position: Position;
  positionLots: number;
  feesPaid: Money;
  fundingPaid: Money;
  /** realized − fees − funding, and the fees alone, when the position was last flat. */
  flatNet: Money;
  flatFees: Money;
  /** When the position was opened that is held now; NaN while flat, and of one that was restored. */
  openedUs: number;
  /** The exact figures as floats, made when they change; 0 where the settlement asset does not count as USD. */
  realizedUsd: number;
  feesUsd: number;
  fundingUsd: number;
}

interface AccountCell extends OpenLots {
  readonly index: number;
  readonly venue: VenueId;
  /** Plugins' and foreign. */
  positionLots: number;
  foreignLots: number;
}

interface InstrumentCell {
  readonly instrument: Instrument;
  readonly tickLot: Money;
  /** USD of one tick × lot, float. */
  readonly tickLotUsd: number;
}

/** What of a fill is booked. */
export type BookedFill = Pick<Fill, "side" | "priceTicks" | "sizeLots" | "fee" | "feeAsset" | "tsRecvUs">;

export interface RoundTrip {
  /** Realized − fees − funding from flat to flat. */
  readonly net: Money;
  readonly fees: Money;
  /** How the position was opened. */
  readonly side: Side;
  /** NaN of a position that an earlier run opened. */
  readonly openedUs: number;
  /** Whether `net` and `fees` are USD. */
  readonly isUsd: boolean;
}

/** What the position that is held now has cost and made besides its price, since it was last flat. */
export interface OpenTrade {
  /** NaN of a position that an earlier run opened. */
  readonly openedUs: number;
  /** Fees since then; NaN where the settlement asset does not count as USD. */
  readonly feesUsd: number;
  /** Realized by closing parts of it − fees − funding. */
  readonly netUsd: number;
}

export interface Booked {
  readonly position: PluginPosition;
  /** Present when the fill made the position flat, or took it through zero. */
  readonly roundTrip: RoundTrip | undefined;
}

/** Profit and loss in USD; unrealized is NaN when a position has no price. */
export interface PnlFigures {
  readonly realizedUsd: number;
  readonly unrealizedUsd: number;
  readonly feesUsd: number;
  readonly fundingUsd: number;
  readonly totalUsd: number;
}

const noOpenLots = (): OpenLots => ({
  openBuyLots: 0,
  openSellLots: 0,
  reducingBuyLots: 0,
  reducingSellLots: 0,
});

function addOpenLots(cell: OpenLots, order: Order, isReducing: boolean, lots: number): void {
  const isBuy = order.side === "buy";
  if (isReducing) {
    if (isBuy) cell.reducingBuyLots += lots;
    else cell.reducingSellLots += lots;
  } else if (isBuy) cell.openBuyLots += lots;
  else cell.openSellLots += lots;
}

export class Portfolio {
  readonly #instruments: InstrumentCell[] = [];
  readonly #plugins = new Map<PluginId, Map<number, PluginCell>>();
  readonly #accounts: AccountCell[] = [];
  /** Orders not done, by scope name. */
  readonly #openOrders = new Map<string, number>();
  readonly #otherFees = new Map<string, Money>();
  readonly #isUsd: (asset: string) => boolean;
  #unassignedFunding: Money = zeroMoney;

  constructor(usdAssets: readonly string[]) {
    this.#isUsd = (asset) => usdAssets.includes(asset);
  }

  registerInstrument(index: number, instrument: Instrument): void {
    const tickLot = tickLotMoney(instrument);
    this.#instruments[index] = { instrument, tickLot, tickLotUsd: moneyToNumber(tickLot) };
    this.#accounts[index] ??= {
      index,
      venue: instrument.venue,
      positionLots: 0,
      foreignLots: 0,
      ...noOpenLots(),
    };
  }

  /** USD of one tick × lot; NaN for what is not registered. */
  tickLotUsd(index: number): number {
    return this.#instruments[index]?.tickLotUsd ?? NaN;
  }

  #cell(plugin: PluginId, index: number): PluginCell | undefined {
    const instrument = this.#instruments[index]?.instrument;
    if (instrument === undefined) return undefined;
    let cells = this.#plugins.get(plugin);
    if (cells === undefined) this.#plugins.set(plugin, cells = new Map());
    let cell = cells.get(index);
    if (cell === undefined) {
      cell = {
        plugin,
        index,
        instrument,
        position: flatPosition,
        positionLots: 0,
        feesPaid: zeroMoney,
        fundingPaid: zeroMoney,
        flatNet: zeroMoney,
        flatFees: zeroMoney,
        openedUs: NaN,
        realizedUsd: 0,
        feesUsd: 0,
        fundingUsd: 0,
        ...noOpenLots(),
      };
      cells.set(index, cell);
    }
    return cell;
  }

  /** A position read from the journal, before any fill of this run. */
  restorePosition(index: number, restored: PluginPosition): void {
    const cell = this.#cell(restored.plugin, index);
    const account = this.#accounts[index];
    const tickLot = this.#instruments[index]?.tickLot;
    if (cell === undefined || account === undefined || tickLot === undefined) return;
    account.positionLots += restored.positionLots - cell.positionLots;
    cell.position = {
      positionLots: restored.positionLots,
      costTicksLots: restored.costTicksLots,
      realizedTicksLots: restored.realizedPnl / tickLot, // it is a multiple
    };
    cell.positionLots = restored.positionLots;
    cell.feesPaid = restored.feesPaid;
    cell.fundingPaid = restored.fundingPaid;
    cell.flatNet = this.#net(cell);
    cell.flatFees = cell.feesPaid;
    this.#refreshFigures(cell);
  }

  #refreshFigures(cell: PluginCell): void {
    if (!this.#isUsd(cell.instrument.settlementAsset)) return;
    cell.realizedUsd = moneyToNumber(this.#realized(cell));
    cell.feesUsd = moneyToNumber(cell.feesPaid);
    cell.fundingUsd = moneyToNumber(cell.fundingPaid);
  }

  #realized(cell: PluginCell): Money {
    const tickLot = this.#instruments[cell.index]?.tickLot ?? zeroMoney;
    return money(cell.position.realizedTicksLots * tickLot);
  }

  #net(cell: PluginCell): Money {
    return money(this.#realized(cell) - cell.feesPaid - cell.fundingPaid);
  }

  /** Books a fill of a plugin's order, now. Undefined when the instrument is not registered. */
  applyFill(
    plugin: PluginId,
    index: number,
    fill: BookedFill,
    nowUs: number = fill.tsRecvUs,
  ): Booked | undefined {
    const cell = this.#cell(plugin, index);
    const account = this.#accounts[index];
    if (cell === undefined || account === undefined) return undefined;
    const before = cell.positionLots;
    cell.position = applyFill(cell.position, fill.side, fill.priceTicks, fill.sizeLots);
    cell.positionLots = cell.position.positionLots;
    account.positionLots += cell.positionLots - before;
    this.#bookFee(cell, fill);
    this.#refreshFigures(cell);
    const isTripOver = before !== 0 && (cell.positionLots === 0 || before > 0 !== cell.positionLots > 0);
    const roundTrip = isTripOver ? this.#closeTrip(cell, before > 0 ? "buy" : "sell") : undefined;
    const isOpened = cell.positionLots !== 0 && (before === 0 || isTripOver);
    if (isOpened) cell.openedUs = nowUs;
    return { position: this.#record(cell), roundTrip };
  }

  #closeTrip(cell: PluginCell, side: Side): RoundTrip {
    const net = this.#net(cell);
    const trip: RoundTrip = {
      net: money(net - cell.flatNet),
      fees: money(cell.feesPaid - cell.flatFees),
      side,
      openedUs: cell.openedUs,
      isUsd: this.#isUsd(cell.instrument.settlementAsset),
    };
    cell.flatNet = net;
    cell.flatFees = cell.feesPaid;
    cell.openedUs = NaN;
    return trip;
  }

  /** Undefined while a plugin holds nothing of an instrument. */
  openTrade(plugin: PluginId, index: number): OpenTrade | undefined {
    const cell = this.#plugins.get(plugin)?.get(index);
    if (cell === undefined || cell.positionLots === 0) return undefined;
    const isUsd = this.#isUsd(cell.instrument.settlementAsset);
    return {
      openedUs: cell.openedUs,
      feesUsd: isUsd ? moneyToNumber(money(cell.feesPaid - cell.flatFees)) : NaN,
      netUsd: isUsd ? moneyToNumber(money(this.#net(cell) - cell.flatNet)) : NaN,
    };
  }

  /** Closes lots of a long and a short book against each other: what the account holds stays. */
  offset(
    index: number,
    long: PluginId,
    short: PluginId,
    lots: SizeLots,
    priceTicks: PriceTicks,
    nowUs: number,
  ): readonly Booked[] {
    const feeAsset = this.#instruments[index]?.instrument.settlementAsset ?? "";
    const fill = { priceTicks, sizeLots: lots, fee: zeroMoney, feeAsset, tsRecvUs: nowUs };
    const booked = [
      this.applyFill(long, index, { ...fill, side: "sell" }),
      this.applyFill(short, index, { ...fill, side: "buy" }),
    ];
    return booked.filter((one) => one !== undefined);
  }

  /** Closes signed lots of a plugin's book against what is foreign on the account, which is so much less then. */
  offsetForeign(
    index: number,
    plugin: PluginId,
    lots: number,
    priceTicks: PriceTicks,
    nowUs: number,
  ): Booked | undefined {
    this.setForeignLots(index, this.foreignLots(index) + lots);
    return this.applyFill(plugin, index, {
      side: lots > 0 ? "sell" : "buy",
      priceTicks,
      sizeLots: sizeLots(Math.abs(lots)),
      fee: zeroMoney,
      feeAsset: this.#instruments[index]?.instrument.settlementAsset ?? "",
      tsRecvUs: nowUs,
    });
  }

  #bookFee(cell: PluginCell, fill: BookedFill): void {
    if (this.#isUsd(fill.feeAsset) || fill.feeAsset === cell.instrument.settlementAsset) {
      cell.feesPaid = money(cell.feesPaid + fill.fee);
    } else {
      const before = this.#otherFees.get(fill.feeAsset) ?? zeroMoney;
      this.#otherFees.set(fill.feeAsset, money(before + fill.fee));
    }
  }

  /** Shares out funding; what no plugin can be charged with is kept apart. Returns the positions it changed. */
  applyFunding(index: number, amount: Money): readonly PluginPosition[] {
    const holders = this.#holders(index).map((cell) => ({ owner: cell, positionLots: cell.positionLots }));
    const { shares, unassigned } = splitFunding(amount, this.accountPositionLots(index), holders);
    this.#unassignedFunding = money(this.#unassignedFunding + unassigned);
    return shares.map(({ owner, amount: share }) => {
      owner.fundingPaid = money(owner.fundingPaid + share);
      this.#refreshFigures(owner);
      return this.#record(owner);
    });
  }

  /** The change of an order's open lots; `before` is undefined for a new one. @see isBackstop */
  orderChanged(index: number, before: Order | undefined, after: Order): void {
    const cell = this.#cell(after.plugin, index);
    const account = this.#accounts[index];
    if (cell === undefined || account === undefined || isBackstop(after)) return;
    const isOpenNow = isFinalStatus(after.status) ? 0 : 1;
    const wasOpen = before === undefined || isFinalStatus(before.status) ? 0 : 1;
    if (isOpenNow !== wasOpen) this.#countOpen(after.plugin, account.venue, isOpenNow - wasOpen);
    const change = remainingLots(after) - (before === undefined ? 0 : remainingLots(before));
    if (change === 0) return;
    addOpenLots(cell, after, isPluginReducing(after), change);
    addOpenLots(account, after, after.reduceOnly, change);
  }

  #countOpen(plugin: PluginId, venue: VenueId, change: number): void {
    for (const key of [`plugin/${plugin}`, `account/${venue}`, "global"]) {
      this.#openOrders.set(key, (this.#openOrders.get(key) ?? 0) + change);
    }
  }

  /** Orders of a scope that are not done. */
  openOrders(scope: RiskScope): number {
    return this.#openOrders.get(scopeName(scope)) ?? 0;
  }

  foreignLots(index: number): number {
    return this.#accounts[index]?.foreignLots ?? 0;
  }

  setForeignLots(index: number, lots: number): void {
    const account = this.#accounts[index];
    if (account === undefined) return;
    account.positionLots += lots - account.foreignLots;
    account.foreignLots = lots;
  }

  accountPositionLots(index: number): number {
    return this.#accounts[index]?.positionLots ?? 0;
  }

  positionLots(plugin: PluginId, index: number): number {
    return this.#plugins.get(plugin)?.get(index)?.positionLots ?? 0;
  }

  /** Average entry in ticks, NaN when flat. */
  entryTicks(plugin: PluginId, index: number): number {
    const cell = this.#plugins.get(plugin)?.get(index);
    return (cell === undefined ? undefined : averageEntryTicks(cell.position)) ?? NaN;
  }

  /**
   * Lots of one side's working orders that the venue may fill before a reduce-only order of a plugin and that are none of its
   * entries: other plugins' orders, and whatever closes a plugin's position without the venue's flag.
   */
  contendingLots(plugin: PluginId, index: number, side: Order["side"]): number {
    const account = this.#accounts[index];
    if (account === undefined) return 0;
    const own = this.#plugins.get(plugin)?.get(index);
    return side === "buy"
      ? account.openBuyLots - (own?.openBuyLots ?? 0)
      : account.openSellLots - (own?.openSellLots ?? 0);
  }

  /** Lots of working reduce-only orders of one side. */
  reducingLots(plugin: PluginId | undefined, index: number, side: Order["side"]): number {
    const cell: OpenLots | undefined = plugin === undefined
      ? this.#accounts[index]
      : this.#plugins.get(plugin)?.get(index);
    return (side === "buy" ? cell?.reducingBuyLots : cell?.reducingSellLots) ?? 0;
  }

  #holders(index: number): PluginCell[] {
    return [...this.#plugins.values()].flatMap((cells) => cells.get(index) ?? []);
  }

  #record(cell: PluginCell): PluginPosition {
    return {
      plugin: cell.plugin,
      instrument: cell.instrument.id,
      positionLots: cell.position.positionLots,
      costTicksLots: cell.position.costTicksLots,
      realizedPnl: this.#realized(cell),
      feesPaid: cell.feesPaid,
      fundingPaid: cell.fundingPaid,
    };
  }

  #cellsOf(scope: RiskScope): PluginCell[] {
    const all = scope.kind === "plugin"
      ? [...(this.#plugins.get(scope.plugin)?.values() ?? [])]
      : [...this.#plugins.values()].flatMap((cells) => [...cells.values()]);
    return scope.kind === "account" ? all.filter((cell) => cell.instrument.venue === scope.venue) : all;
  }

  /** Positions that were ever touched, flat ones included. */
  positions(scope: RiskScope = { kind: "global" }): readonly PluginPosition[] {
    return this.#cellsOf(scope).map((cell) => this.#record(cell));
  }

  position(plugin: PluginId, index: number): PluginPosition | undefined {
    const cell = this.#plugins.get(plugin)?.get(index);
    return cell === undefined ? undefined : this.#record(cell);
  }

  /** What exposures are reckoned from: a plugin's own cells, or those of the accounts. */
  exposureCells(scope: RiskScope): Iterable<ExposureCell> {
    switch (scope.kind) {
      case "plugin":
        return this.#plugins.get(scope.plugin)?.values() ?? [];
      case "account":
        return this.#accounts.filter((cell) => cell.venue === scope.venue);
      case "global":
        return this.#accounts;
      default:
        return scope satisfies never;
    }
  }

  #unrealizedUsd(cell: PluginCell, markTicks: (index: number) => number): number {
    if (cell.positionLots === 0 || !this.#isUsd(cell.instrument.settlementAsset)) return 0;
    return unrealizedTicksLots(cell.position, markTicks(cell.index)) * this.tickLotUsd(cell.index);
  }

  /** Of our plugins' positions, one plugin's left out where it is named; NaN when one has no price. */
  unrealizedUsd(scope: RiskScope, markTicks: (index: number) => number, except?: PluginId): number {
    const cells = this.#cellsOf(scope).filter(({ plugin }) => plugin !== except);
    return cells.reduce((sum, cell) => sum + this.#unrealizedUsd(cell, markTicks), 0);
  }

  /** Of our plugins; foreign holdings make no profit of ours. */
  pnl(scope: RiskScope, markTicks: (index: number) => number): PnlFigures {
    let [realizedUsd, unrealizedUsd, feesUsd, fundingUsd] = [0, 0, 0, 0];
    for (const cell of this.#cellsOf(scope)) {
      realizedUsd += cell.realizedUsd;
      feesUsd += cell.feesUsd;
      fundingUsd += cell.fundingUsd;
      unrealizedUsd += this.#unrealizedUsd(cell, markTicks);
    }
    const totalUsd = realizedUsd + unrealizedUsd - feesUsd - fundingUsd;
    return { realizedUsd, unrealizedUsd, feesUsd, fundingUsd, totalUsd };
  }

  /** Fees that were charged in assets that don't count as USD, by asset; in no other figure. */
  otherFees(): ReadonlyMap<string, Money> {
    return this.#otherFees;
  }

  get unassignedFunding(): Money {
    return this.#unassignedFunding;
  }
}
