/**
 * Rows of the account's events and lists as reports, fills, positions, balances and funding payments.
 *
 * 1. A row of an order may leave out what did not change: it is read together with what is known of that order.
 * 2. `cumMatch…` counts fills as they happen, `cumFill…` as they settle; the larger one is told.
 * 3. Collateral has the value of open positions taken off: with it put back, what is left is the wallet's balance.
 */
import * as v from "valibot";
import {
  type Balance,
  BerthError,
  type ClientOrderId,
  clientOrderId,
  type Fill,
  fillId,
  type FundingPayment,
  type InstrumentId,
  type Money,
  money,
  type OrderReport,
  parseMoney,
  type PriceTicks,
  priceTicks,
  roundToIncrements,
  sizeLots,
  venueOrderId,
  type VenuePosition,
  zeroMoney,
} from "@berth/sdk";
import { type EdgexInstrument, type InstrumentBook, parsePrice, parseSize } from "./instruments.ts";
import { orderEnd } from "./reject_codes.ts";
import {
  type AccountAsset,
  type CollateralRow,
  collateralRowSchema,
  cutText,
  type FillRow,
  fillRowSchema,
  fundingTransaction,
  isRecord,
  issueText,
  optionalNumber,
  type OrderRow,
  orderRowSchema,
  type PositionRow,
  positionRowSchema,
  type PositionTransaction,
  positionTransactionSchema,
} from "./wire.ts";

/** What rows of one kind came to; what could not be read is counted, and told. */
export interface Read<T> {
  readonly values: readonly T[];
  readonly misfits: readonly string[];
}

/** Orders and fills that are remembered, oldest first. */
const maxKnown = 10_000;

const statuses: Readonly<Record<string, OrderReport["status"]>> = {
  PENDING: "open",
  OPEN: "open",
  UNTRIGGERED: "open",
  CANCELING: "open",
  FILLED: "filled",
  CANCELED: "cancelled",
};

/** Orders placed elsewhere may carry any id; ours are letters and digits. */
const ownId = (text: string | null): ClientOrderId | undefined =>
  text !== null && /^[A-Za-z0-9]{1,32}$/.test(text) ? clientOrderId(text) : undefined;

const isTriggerType = (type: string): boolean => type.startsWith("STOP_") || type.startsWith("TAKE_PROFIT_");
const isMarketType = (type: string): boolean => type === "MARKET" || type.endsWith("_MARKET");

/** @throws on a state that is not known, and on sizes and prices off the instrument's steps */
function orderReport(row: OrderRow, one: EdgexInstrument): OrderReport {
  const status = statuses[row.status];
  if (status === undefined) {
    throw new Error(`order ${row.id} is in a state that is not known: ${row.status.slice(0, 40)}`);
  }
  const size = parseSize(row.size, one);
  const filled = Math.max(parseSize(row.cumMatchSize, one), parseSize(row.cumFillSize, one));
  const end = status === "cancelled"
    ? orderEnd(row.cancelReason ?? "", row.timeInForce ?? "", filled > 0)
    : undefined;
  const isWaiting = row.status === "UNTRIGGERED" && isTriggerType(row.type);
  return {
    instrument: one.instrument.id,
    clientOrderId: ownId(row.clientOrderId),
    venueOrderId: venueOrderId(row.id),
    side: row.side === "BUY" ? "buy" : "sell",
    sizeLots: size,
    filledLots: sizeLots(status === "filled" ? size : filled),
    limitPriceTicks: isMarketType(row.type) || !(Number(row.price) > 0)
      ? undefined
      : parsePrice(row.price, one),
    ...(isWaiting && Number(row.triggerPrice) > 0
      ? { triggerPriceTicks: parsePrice(row.triggerPrice, one) }
      : {}),
    reduceOnly: row.reduceOnly === true,
    status: end?.status ?? status,
    reason: end?.reason,
    venueText: end === undefined ? undefined : cutText(`${row.status} ${row.cancelReason ?? ""}`.trim()),
    tsVenueMs: Number(row.updatedTime),
  };
}

/** A price that is shown rounded is the tick next to it: the fill is a fact, whatever its last digit. */
function fillTicks(text: string, one: EdgexInstrument): PriceTicks {
  try {
    return parsePrice(text, one);
  } catch (error) {
    if (!(error instanceof BerthError && error.code === "INSTRUMENT_OFF_TICK")) throw error;
    return priceTicks(roundToIncrements(Number(text), one.instrument.tick, "nearest"));
  }
}

/** Long positive, whatever the sign of the value. */
function signedValue({ openSize, openValue }: PositionRow): bigint {
  const value = parseMoney(openValue.replace("-", ""));
  return openSize.startsWith("-") ? -value : value;
}

export interface AccountReaderOptions {
  readonly instruments: InstrumentBook;
  /** Name of a coin, from the metadata. */
  readonly coinName: (coinId: string) => string | undefined;
  /** Mark price as last heard; NaN before. */
  readonly markPrice: (contractId: string) => number;
}

/** What a position was opened for, long positive. */
interface OpenValue {
  readonly coinId: string | undefined;
  readonly value: bigint;
}

/** What of a balance orders and positions bind, as the venue last worked it out. */
interface Bound {
  readonly total: bigint;
  readonly available: bigint;
}

export class AccountReader {
  readonly #options: AccountReaderOptions;
  /** Rows of orders as last known, by the venue's id. */
  readonly #orders = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #toldFills = new Set<string>();
  readonly #toldPayments = new Set<string>();
  /** Of positions that are open, all contracts. */
  readonly #openValues = new Map<string, OpenValue>();
  /** By coin. */
  readonly #collateral = new Map<string, CollateralRow>();
  readonly #bound = new Map<string, Bound>();
  /** Told as held: what is in the next whole list no more is flat. */
  readonly #held = new Set<InstrumentId>();
  readonly #leverage = new Map<string, number>();

  constructor(options: AccountReaderOptions) {
    this.#options = options;
  }

  orders(rows: readonly unknown[]): Read<OrderReport> {
    return this.#read(rows.map((row) => this.#whole(row)), orderRowSchema, orderReport);
  }

  fills(rows: readonly unknown[], tsRecvUs: number): Read<Fill> {
    const whole = rows.map((row) => this.#withOrder(row));
    return this.#read(whole, fillRowSchema, (row, one) => this.#fill(row, one, tsRecvUs));
  }

  /** The same, each once: the stream repeats itself. */
  newFills(rows: readonly unknown[], tsRecvUs: number): Read<Fill> {
    const { values, misfits } = this.fills(rows, tsRecvUs);
    const fresh = values.filter((fill) => !this.#toldFills.has(fill.fillId));
    for (const fill of fresh) this.#toldFills.add(fill.fillId);
    forgetOldest(this.#toldFills);
    return { values: fresh, misfits };
  }

  /** Positions that changed. */
  positions(rows: readonly unknown[]): Read<VenuePosition> {
    for (const row of rows) this.#noteValue(row);
    return this.#read(rows, positionRowSchema, (row, one) => this.#position(row, one));
  }

  /** All that there are: what was held and is not among them is flat. */
  allPositions(rows: readonly unknown[], tsVenueMs: number): Read<VenuePosition> {
    this.#openValues.clear();
    const before = [...this.#held];
    this.#held.clear();
    const { values, misfits } = this.positions(rows);
    // With a row that can't be read nobody knows which one is gone.
    const gone = misfits.length > 0 ? [] : before.filter((id) => !this.#held.has(id));
    return {
      values: [...values, ...gone.map((instrument) => ({ ...flat, instrument, tsVenueMs }))],
      misfits,
    };
  }

  /** Balances after a change of collateral or positions; positions are to be read first. */
  balances(rows: readonly unknown[]): Read<Omit<Balance, "venue">> {
    const values: Omit<Balance, "venue">[] = [];
    const misfits: string[] = [];
    for (const row of rows) {
      const parsed = v.safeParse(collateralRowSchema, row);
      if (!parsed.success) {
        misfits.push(issueText(parsed.issues));
        continue;
      }
      this.#collateral.set(parsed.output.coinId, parsed.output);
      const balance = this.#balance(parsed.output);
      if (balance === undefined) misfits.push(`coin ${parsed.output.coinId} is in no metadata`);
      else values.push(balance);
    }
    return { values, misfits };
  }

  /** The account as the venue works it out: what is bound, beside what is there. */
  account(asset: AccountAsset): {
    readonly positions: Read<VenuePosition>;
    readonly balances: Read<Omit<Balance, "venue">>;
  } {
    const positions = this.allPositions(asset.positionList, newestOf(asset.positionList));
    this.#bound.clear();
    for (const { availableAmount, coinId } of asset.collateralAssetModelList ?? []) {
      const row = asset.collateralList.find((one) => isRecord(one) && one["coinId"] === coinId);
      const parsed = v.safeParse(collateralRowSchema, row);
      if (!parsed.success || availableAmount === "") continue;
      this.#bound.set(coinId, { total: this.#total(parsed.output), available: parseMoney(availableAmount) });
    }
    const prices = new Map(
      (asset.positionAssetList ?? []).map(({ contractId, liquidatePrice }) => [contractId, liquidatePrice]),
    );
    const values = positions.values.map((position) => {
      const contractId = this.#options.instruments.byId(position.instrument)?.contractId ?? "";
      const price = optionalNumber(prices.get(contractId) ?? "");
      return price !== undefined && price > 0 ? { ...position, liquidationPrice: price } : position;
    });
    return {
      positions: { values, misfits: positions.misfits },
      balances: this.balances(asset.collateralList),
    };
  }

  /** Leverage as it was set, for positions that are told afterwards. */
  setLeverage(contractId: string, leverage: number): void {
    this.#leverage.set(contractId, leverage);
  }

  fundingPayments(rows: readonly unknown[]): Read<FundingPayment> {
    return this.#read(rows, positionTransactionSchema, (row, one) => this.#payment(row, one));
  }

  /** The same, each once. */
  newFundingPayments(rows: readonly unknown[]): Read<FundingPayment> {
    const { values, misfits } = this.fundingPayments(rows);
    const fresh = values.filter(({ paymentId }) => !this.#toldPayments.has(paymentId));
    for (const { paymentId } of fresh) this.#toldPayments.add(paymentId);
    forgetOldest(this.#toldPayments);
    return { values: fresh, misfits };
  }

  /** An order of our own as it was placed: what the stream says of it may leave all of that out. */
  know(row: Readonly<Record<string, unknown>> & { readonly id: string }): void {
    this.#whole({ ...row, ...this.#orders.get(row.id) });
  }

  /** Ids of orders that these rows tell of, and that can't be read without more. */
  unknownOrders(orders: readonly unknown[], fills: readonly unknown[]): readonly string[] {
    const ofOrders = orders.flatMap((row) => {
      const known = this.#whole(row);
      return isRecord(row) && typeof row["id"] === "string" && !v.is(orderRowSchema, known)
        ? [row["id"]]
        : [];
    });
    return [...new Set([...ofOrders, ...fills.flatMap((row) => this.orderNeededFor(row) ?? [])])];
  }

  /** Id of the order that must be known before this row of a fill can be told as whose it is. */
  orderNeededFor(row: unknown): string | undefined {
    const orderId = isRecord(row) ? row["orderId"] : undefined;
    return typeof orderId === "string" && !this.#orders.has(orderId) ? orderId : undefined;
  }

  /** A row of an order with what it leaves out; what is older than what is known changes nothing. */
  #whole(row: unknown): unknown {
    if (!isRecord(row) || typeof row["id"] !== "string") return row;
    const { id } = row;
    const known = this.#orders.get(id);
    if (known !== undefined && Number(row["updatedTime"]) < Number(known["updatedTime"])) return known;
    const whole = { ...known, ...row };
    this.#orders.delete(id); // again the newest
    this.#orders.set(id, whole);
    forgetOldest(this.#orders);
    return whole;
  }

  /** A row of a fill with side and contract of its order. */
  #withOrder(row: unknown): unknown {
    if (!isRecord(row) || typeof row["orderId"] !== "string") return row;
    const order = this.#orders.get(row["orderId"]);
    return order === undefined ? row : { contractId: order["contractId"], orderSide: order["side"], ...row };
  }

  #fill(row: FillRow, one: EdgexInstrument, tsRecvUs: number): Fill {
    const order = this.#orders.get(row.orderId);
    const clientId = order?.["clientOrderId"];
    return {
      instrument: one.instrument.id,
      fillId: fillId(row.id),
      venueOrderId: venueOrderId(row.orderId),
      clientOrderId: typeof clientId === "string" ? ownId(clientId) : undefined,
      side: row.orderSide === "BUY" ? "buy" : "sell",
      priceTicks: fillTicks(row.fillPrice, one),
      sizeLots: parseSize(row.fillSize, one),
      liquidity: row.direction === "MAKER" ? "maker" : "taker",
      fee: parseMoney(row.fillFee),
      feeAsset: one.instrument.settlementAsset,
      tsVenueMs: Number(row.matchTime),
      tsRecvUs,
    };
  }

  #position(row: PositionRow, one: EdgexInstrument): VenuePosition {
    const positionLots = parseSize(row.openSize, one);
    const size = Math.abs(Number(row.openSize));
    const markPrice = this.#options.markPrice(one.contractId);
    if (positionLots === 0) this.#held.delete(one.instrument.id);
    else this.#held.add(one.instrument.id);
    return {
      instrument: one.instrument.id,
      positionLots,
      entryPrice: size === 0 ? undefined : averagePrice(row, size),
      markPrice: markPrice > 0 ? markPrice : undefined,
      liquidationPrice: undefined,
      leverage: this.#leverage.get(one.contractId),
      tsVenueMs: Number(row.updatedTime),
    };
  }

  /** Positions of every contract count for the balance, wanted here or not. */
  #noteValue(row: unknown): void {
    const parsed = v.safeParse(positionRowSchema, row);
    if (!parsed.success) return; // told where it is read
    const { contractId, openSize } = parsed.output;
    const coinId = parsed.output.coinId ?? this.#openValues.get(contractId)?.coinId;
    if (Number(openSize) === 0) this.#openValues.delete(contractId);
    else this.#openValues.set(contractId, { coinId, value: signedValue(parsed.output) });
  }

  /** Rows of the stream may leave out which coin a position is margined in: V2 has one. */
  #total({ amount, coinId }: CollateralRow): bigint {
    let total: bigint = parseMoney(amount);
    for (const position of this.#openValues.values()) {
      if (position.coinId === undefined || position.coinId === coinId) total += position.value;
    }
    return total;
  }

  #balance(row: CollateralRow): Omit<Balance, "venue"> | undefined {
    const asset = this.#options.coinName(row.coinId);
    if (asset === undefined) return undefined;
    const total = this.#total(row);
    const bound = this.#bound.get(row.coinId);
    // What was bound when the venue last said so is bound still; it is asked again soon after each change.
    const available = bound === undefined ? total : total - (bound.total - bound.available);
    return {
      asset,
      total: money(total),
      available: available > 0n ? money(available) : zeroMoney,
      tsVenueMs: Number(row.updatedTime),
    };
  }

  /** The venue writes what is paid as negative. */
  #payment(row: PositionTransaction, one: EdgexInstrument): FundingPayment | undefined {
    if (row.type !== fundingTransaction || row.deltaFundingFee === "") return undefined;
    const amount: Money = money(-parseMoney(row.deltaFundingFee));
    return {
      instrument: one.instrument.id,
      paymentId: row.id,
      amount,
      asset: one.instrument.settlementAsset,
      tsVenueMs: Number(row.createdTime),
    };
  }

  #read<Row extends { readonly contractId: string }, T>(
    rows: readonly unknown[],
    schema: v.GenericSchema<unknown, Row>,
    make: (row: Row, one: EdgexInstrument) => T | undefined,
  ): Read<T> {
    const values: T[] = [];
    const misfits: string[] = [];
    for (const row of rows) {
      const parsed = v.safeParse(schema, row);
      if (!parsed.success) {
        misfits.push(issueText(parsed.issues));
        continue;
      }
      const one = this.#options.instruments.byName(parsed.output.contractId);
      if (one === undefined) continue; // an instrument that nobody asked for
      try {
        const value = make(parsed.output, one);
        if (value !== undefined) values.push(value);
      } catch (error) {
        misfits.push(cutText(error instanceof Error ? error.message : String(error)));
      }
    }
    return { values, misfits };
  }
}

const flat = {
  positionLots: sizeLots(0),
  entryPrice: undefined,
  markPrice: undefined,
  liquidationPrice: undefined,
  leverage: undefined,
} as const;

/** Of an open position; 15 digits, for the quotient of two decimals is none. */
const averagePrice = ({ openValue }: PositionRow, size: number): number =>
  Number((Math.abs(Number(openValue)) / size).toPrecision(15));

function newestOf(rows: readonly unknown[]): number {
  const times = rows.map((row) => isRecord(row) ? Number(row["updatedTime"]) : NaN).filter((ms) => ms > 0);
  return Math.max(0, ...times);
}

function forgetOldest(known: Map<string, unknown> | Set<string>): void {
  for (const oldest of known.keys()) {
    if (known.size <= maxKnown) break;
    known.delete(oldest);
  }
}
