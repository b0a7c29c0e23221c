/** Events of the user data stream and rows of the account's REST lists as reports, fills, positions and balances. */
import * as v from "valibot";
import {
  type Balance,
  type ClientOrderId,
  clientOrderId,
  type Fill,
  fillId,
  type FundingPayment,
  type Money,
  money,
  moneyDecimals,
  type OrderReport,
  parseMoney,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import { ToldOnce } from "@berth/sdk/venue/told_once.ts";
import { type AsterInstrument, type InstrumentBook, parsePrice, parseSize } from "./instruments.ts";
import { orderEnd } from "./reject_codes.ts";
import {
  type BalanceRow,
  balanceSchema,
  type IncomeRow,
  incomeSchema,
  issueText,
  optionalPrice,
  type OrderEvent,
  orderEventSchema,
  type OrderRow,
  orderSchema,
  type PositionRow,
  positionSchema,
  pushedPositionSchema,
  type TradeRow,
  tradeSchema,
} from "./wire.ts";

/** Orders that wait for a price. Once it is reached their type is `MARKET` or `LIMIT`, under the same ids. */
const triggerTypes: ReadonlySet<string> = new Set([
  "STOP",
  "STOP_MARKET",
  "TAKE_PROFIT",
  "TAKE_PROFIT_MARKET",
  "TRAILING_STOP_MARKET",
]);

/** Orders placed elsewhere may carry any id; ours are letters and digits. */
const ownId = (text: string): ClientOrderId | undefined =>
  /^[A-Za-z0-9]{1,32}$/.test(text) ? clientOrderId(text) : undefined;

/** The same id from stream and REST, so that a fill told twice is one fill. */
const fillIdOf = (symbol: string, tradeId: number) => fillId(`${symbol}-${tradeId}`);

/** Money knows 18 decimals; what is stated beyond them is cut towards zero. */
function cutMoney(text: string): Money {
  const [whole = "0", fraction = ""] = text.split(".");
  return parseMoney(fraction === "" ? whole : `${whole}.${fraction.slice(0, moneyDecimals)}`);
}

/**
 * The stream states a commission that is charged as positive; the documentation's rows of trades show it as negative.
 * The amount is theirs, its sign that of the account's rate: a rate below zero is a rebate.
 */
function feeOf(commission: string, isMaker: boolean, { instrument }: AsterInstrument): Money {
  const amount = cutMoney(commission.replace(/^-/, ""));
  const rate = isMaker ? instrument.makerFeeBps : instrument.takerFeeBps;
  return rate < 0 ? money(-amount) : amount;
}

/** What stream and REST say of an order, under one set of names. */
interface OrderTerms {
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly side: "BUY" | "SELL";
  readonly status: OrderRow["status"];
  readonly type: string;
  readonly timeInForce: string;
  readonly origQty: string;
  readonly executedQty: string;
  readonly price: string;
  readonly stopPrice: string;
  readonly reduceOnly: boolean;
  readonly updateTime: number;
}

const termsOfEvent = ({ o }: OrderEvent): OrderTerms => ({
  orderId: o.i,
  clientOrderId: o.c,
  side: o.S,
  status: o.X,
  type: o.o,
  timeInForce: o.f,
  origQty: o.q,
  executedQty: o.z,
  price: o.p,
  stopPrice: o.sp,
  reduceOnly: o.R,
  updateTime: o.T,
});

function endOf(
  terms: OrderTerms,
  isPartlyFilled: boolean,
): Pick<OrderReport, "reason" | "status"> {
  const { status, timeInForce, type } = terms;
  switch (status) {
    case "NEW":
    case "PARTIALLY_FILLED":
      return { status: "open", reason: undefined };
    case "FILLED":
      return { status: "filled", reason: undefined };
    case "REJECTED":
      return { status: "rejected", reason: "other" };
    case "NEW_INSURANCE":
    case "NEW_ADL":
      return { status: "cancelled", reason: "liquidation" };
    case "CANCELED":
    case "EXPIRED":
      return orderEnd({ status, type, timeInForce, isPartlyFilled });
    default:
      return status satisfies never;
  }
}

/** @throws on sizes and prices off the instrument's steps */
function orderReport(terms: OrderTerms, one: AsterInstrument): OrderReport {
  const filledLots = parseSize(terms.executedQty, one);
  const end = endOf(terms, filledLots > 0);
  const isWaiting = end.status === "open" && triggerTypes.has(terms.type);
  return {
    instrument: one.instrument.id,
    clientOrderId: ownId(terms.clientOrderId),
    venueOrderId: venueOrderId(String(terms.orderId)),
    side: terms.side === "BUY" ? "buy" : "sell",
    sizeLots: parseSize(terms.origQty, one),
    filledLots,
    // Market orders have a price of zero.
    limitPriceTicks: Number(terms.price) > 0 ? parsePrice(terms.price, one) : undefined,
    ...(isWaiting && Number(terms.stopPrice) > 0
      ? { triggerPriceTicks: parsePrice(terms.stopPrice, one) }
      : {}),
    reduceOnly: terms.reduceOnly,
    ...end,
    venueText: end.status === "open" || end.status === "filled" ? undefined : terms.status,
    tsVenueMs: terms.updateTime,
  };
}

/** The execution that an event carries, if it carries one. */
function pushedFill({ o }: OrderEvent, one: AsterInstrument, tsRecvUs: number): Fill | undefined {
  if (!(Number(o.l) > 0) || !(Number(o.L) > 0) || o.t === 0) return undefined;
  return {
    instrument: one.instrument.id,
    fillId: fillIdOf(o.s, o.t),
    venueOrderId: venueOrderId(String(o.i)),
    clientOrderId: ownId(o.c),
    side: o.S === "BUY" ? "buy" : "sell",
    priceTicks: parsePrice(o.L, one),
    sizeLots: parseSize(o.l, one),
    liquidity: o.m ? "maker" : "taker",
    fee: feeOf(o.n ?? "0", o.m, one),
    feeAsset: o.N ?? one.instrument.settlementAsset,
    tsVenueMs: o.T,
    tsRecvUs,
  };
}

/** Without our id: the list names the venue's alone. */
const listedFill = (row: TradeRow, one: AsterInstrument, tsRecvUs: number): Fill => ({
  instrument: one.instrument.id,
  fillId: fillIdOf(row.symbol, row.id),
  venueOrderId: venueOrderId(String(row.orderId)),
  clientOrderId: undefined,
  side: row.side === "BUY" ? "buy" : "sell",
  priceTicks: parsePrice(row.price, one),
  sizeLots: parseSize(row.qty, one),
  liquidity: row.maker ? "maker" : "taker",
  fee: feeOf(row.commission, row.maker, one),
  feeAsset: row.commissionAsset,
  tsVenueMs: row.time,
  tsRecvUs,
});

/** The account trades in one-way mode, which is checked at the start. */
function checkSide(positionSide: string): void {
  if (positionSide !== "BOTH") throw new Error(`a position of one side (${positionSide}): set one-way mode`);
}

/** Income that is negative was paid by us. */
const fundingPayment = (row: IncomeRow, one: AsterInstrument): FundingPayment => ({
  instrument: one.instrument.id,
  // The venue's number may have more digits than JSON keeps.
  paymentId: `${row.symbol}-${row.tranId}-${row.time}`,
  amount: money(-cutMoney(row.income)),
  asset: row.asset,
  tsVenueMs: row.time,
});

const balanceOf = (row: BalanceRow, nowMs: number): Omit<Balance, "venue"> => ({
  asset: row.asset,
  total: cutMoney(row.balance),
  available: cutMoney(row.availableBalance),
  tsVenueMs: row.updateTime > 0 ? row.updateTime : nowMs,
});

/** What rows of one kind came to; what could not be read is counted, and told. */
export interface Read<T> {
  readonly values: readonly T[];
  readonly misfits: readonly string[];
}

/** An order's event as far as it is for us. */
export interface ReadOrderEvent {
  readonly report: OrderReport;
  /** Absent for events without an execution, and for one that was told before. */
  readonly fill: Fill | undefined;
  /** It waited for a price, and does so no longer: it ended, or it begins as an order. */
  readonly isTriggerEnd: boolean;
}

/** Fills that are remembered as told. */
const maxKnownFills = 10_000;

export class AccountReader {
  readonly #instruments: InstrumentBook;
  readonly #toldFills = new ToldOnce(maxKnownFills);
  /** By symbol, as last heard. */
  readonly #leverages = new Map<string, number>();
  /** By symbol, venue time of the newest event: the stream may tell them out of order. */
  readonly #positionTimes = new Map<string, number>();

  constructor(instruments: InstrumentBook) {
    this.#instruments = instruments;
  }

  noteLeverage(symbol: string, leverage: number): void {
    this.#leverages.set(symbol, leverage);
  }

  orderEvent(frame: unknown, tsRecvUs: number): Read<ReadOrderEvent> {
    return this.#read([frame], orderEventSchema, ({ o }) => o.s, (event, one) => {
      checkSide(event.o.ps);
      const report = orderReport(termsOfEvent(event), one);
      const fill = pushedFill(event, one, tsRecvUs);
      const isTriggerEnd = event.o.X === "EXPIRED" && triggerTypes.has(event.o.o);
      return {
        report,
        fill: fill !== undefined && this.#toldFills.isNew(fill.fillId) ? fill : undefined,
        isTriggerEnd,
      };
    });
  }

  orders(rows: readonly unknown[]): Read<OrderReport> {
    return this.#read(rows, orderSchema, ({ symbol }) => symbol, (row, one) => orderReport(row, one));
  }

  fills(rows: readonly unknown[], tsRecvUs: number): Read<Fill> {
    return this.#read(
      rows,
      tradeSchema,
      ({ symbol }) => symbol,
      (row, one) => listedFill(row, one, tsRecvUs),
    );
  }

  /** All that is held; the list names what is flat, too. */
  positions(rows: readonly unknown[], nowMs: number): Read<VenuePosition> {
    return this.#read(rows, positionSchema, ({ symbol }) => symbol, (row, one) => {
      if (row.leverage !== undefined) this.noteLeverage(row.symbol, row.leverage);
      return this.#position(row, one, nowMs);
    });
  }

  /** Positions that changed; older news than what was told says nothing. */
  pushedPositions(rows: readonly unknown[], tsEventMs: number): Read<VenuePosition> {
    return this.#read(rows, pushedPositionSchema, ({ s }) => s, ({ ep, pa, ps, s }, one) => {
      checkSide(ps);
      if (tsEventMs < (this.#positionTimes.get(s) ?? -Infinity)) return undefined;
      this.#positionTimes.set(s, tsEventMs);
      return {
        instrument: one.instrument.id,
        positionLots: parseSize(pa, one),
        entryPrice: optionalPrice(ep),
        markPrice: undefined,
        liquidationPrice: undefined,
        leverage: this.#leverages.get(s),
        tsVenueMs: tsEventMs,
      };
    });
  }

  fundingPayments(rows: readonly unknown[]): Read<FundingPayment> {
    return this.#read(
      rows,
      incomeSchema,
      ({ symbol }) => symbol,
      (row, one) => row.incomeType === "FUNDING_FEE" ? fundingPayment(row, one) : undefined,
    );
  }

  /** Assets that there are, and those that instruments settle in. */
  balances(rows: readonly unknown[], nowMs: number): Read<Omit<Balance, "venue">> {
    const settling = new Set(this.#instruments.all().map(({ instrument }) => instrument.settlementAsset));
    const values: Omit<Balance, "venue">[] = [];
    const misfits: string[] = [];
    for (const row of rows) {
      const parsed = v.safeParse(balanceSchema, row);
      if (!parsed.success) misfits.push(issueText(parsed.issues));
      else if (Number(parsed.output.balance) !== 0 || settling.has(parsed.output.asset)) {
        values.push(balanceOf(parsed.output, nowMs));
      }
    }
    return { values, misfits };
  }

  #position(row: PositionRow, one: AsterInstrument, nowMs: number): VenuePosition | undefined {
    const positionLots = parseSize(row.positionAmt, one);
    if (positionLots === 0) return undefined;
    checkSide(row.positionSide);
    return {
      instrument: one.instrument.id,
      positionLots,
      entryPrice: optionalPrice(row.entryPrice),
      markPrice: optionalPrice(row.markPrice),
      liquidationPrice: optionalPrice(row.liquidationPrice),
      leverage: row.leverage ?? this.#leverages.get(row.symbol),
      tsVenueMs: row.updateTime > 0 ? row.updateTime : nowMs,
    };
  }

  #read<Row, T>(
    rows: readonly unknown[],
    schema: v.GenericSchema<unknown, Row>,
    symbolOf: (row: Row) => string,
    make: (row: Row, one: AsterInstrument) => T | undefined,
  ): Read<T> {
    const values: T[] = [];
    const misfits: string[] = [];
    for (const row of rows) {
      const parsed = v.safeParse(schema, row);
      if (!parsed.success) {
        misfits.push(issueText(parsed.issues));
        continue;
      }
      const one = this.#instruments.byName(symbolOf(parsed.output));
      if (one === undefined) continue; // an instrument that nobody asked for
      try {
        const value = make(parsed.output, one);
        if (value !== undefined) values.push(value);
      } catch (error) {
        misfits.push((error instanceof Error ? error.message : String(error)).slice(0, 300));
      }
    }
    return { values, misfits };
  }
}
