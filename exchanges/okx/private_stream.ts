/** Rows of the private channels and of the account's REST lists as reports, fills, positions and balances. */
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
import { type InstrumentBook, type OkxInstrument, parseContracts, parsePrice } from "./instruments.ts";
import { PositionLegs } from "./position_legs.ts";
import { orderEnd, rejectCodeOf } from "./reject_codes.ts";
import {
  type AccountDetail,
  accountDetailSchema,
  accountRowSchema,
  type AlgoRow,
  algoRowSchema,
  type BillRow,
  billRowSchema,
  cutText,
  type FillRow,
  fillRowSchema,
  isRecord,
  type OrderRow,
  orderRowSchema,
  positionRowSchema,
} from "./wire.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";

const statuses: Readonly<Record<string, OrderReport["status"]>> = {
  live: "open",
  partially_filled: "open",
  filled: "filled",
  canceled: "cancelled",
  mmp_canceled: "cancelled",
};

/** Orders placed elsewhere may carry any id; ours are letters and digits. */
const ownId = (
  text: string,
): ClientOrderId | undefined => (/^[A-Za-z0-9]{1,32}$/.test(text) ? clientOrderId(text) : undefined);

/** The same id from stream and REST, so that a fill told twice is one fill. */
const fillIdOf = (instId: string, tradeId: string) => fillId(`${instId}-${tradeId}`);

/** Money knows 18 decimals; what OKX states beyond them (dust of some assets) is cut towards zero. */
function cutMoney(text: string): Money {
  const [whole = "0", fraction = ""] = (text === "" ? "0" : text).split(".");
  return parseMoney(fraction === "" ? whole : `${whole}.${fraction.slice(0, moneyDecimals)}`);
}

/** OKX writes charged fees as negative numbers. */
const chargedFee = (fee: string) => money(-cutMoney(fee));

/** @throws on a state that is not known, and on sizes and prices off the instrument's steps */
function orderReport(row: OrderRow, one: OkxInstrument): OrderReport {
  const status = statuses[row.state];
  if (status === undefined) {
    throw new Error(`order ${row.ordId} is in a state that is not known: ${row.state}`);
  }
  const filledLots = parseContracts(row.accFillSz, one);
  const end = status === "cancelled" ? orderEnd(row.cancelSource, filledLots > 0) : undefined;
  return {
    instrument: one.instrument.id,
    // What a trigger order became has no id of its own: it goes on under that of the trigger order.
    clientOrderId: ownId(row.clOrdId) ?? ownId(row.algoClOrdId),
    venueOrderId: venueOrderId(row.ordId),
    side: row.side,
    sizeLots: parseContracts(row.sz, one),
    filledLots,
    limitPriceTicks: row.px === "" ? undefined : parsePrice(row.px, one),
    reduceOnly: row.reduceOnly === "true",
    status: end?.status ?? status,
    reason: end?.reason,
    venueText: end === undefined ? undefined : cutText(`cancelSource ${row.cancelSource}`),
    tsVenueMs: Number(row.uTime),
  };
}

/** The execution that an orders push carries, if it carries one. @throws when its own fee can't be told */
function pushedFill(row: OrderRow, one: OkxInstrument, tsRecvUs: number): Fill | undefined {
  if (row.tradeId === "" || row.fillPx === "" || !(Number(row.fillSz) > 0)) return undefined;
  if (!(Number(row.fillPx) > 0)) throw new Error(`fill ${row.tradeId} has no price`);
  const feeAsset = row.fillFeeCcy === "" ? row.feeCcy : row.fillFeeCcy;
  const sizeLots = parseContracts(row.fillSz, one);
  // Older deployments state the order's cumulative fee alone, which is the fill's as long as it is the only one.
  const isOnlyFill = sizeLots === parseContracts(row.accFillSz, one);
  if (row.fillFee === "" && !isOnlyFill) throw new Error(`fill ${row.tradeId} has no fee of its own`);
  return {
    instrument: one.instrument.id,
    fillId: fillIdOf(row.instId, row.tradeId),
    venueOrderId: venueOrderId(row.ordId),
    clientOrderId: ownId(row.clOrdId) ?? ownId(row.algoClOrdId),
    side: row.side,
    priceTicks: parsePrice(row.fillPx, one),
    sizeLots,
    liquidity: row.execType === "M" ? "maker" : "taker",
    fee: chargedFee(row.fillFee === "" ? row.fee : row.fillFee),
    feeAsset,
    tsVenueMs: Number(row.fillTime === "" ? row.uTime : row.fillTime),
    tsRecvUs,
  };
}

function listedFill(row: FillRow, one: OkxInstrument, tsRecvUs: number): Fill {
  return {
    instrument: one.instrument.id,
    fillId: fillIdOf(row.instId, row.tradeId),
    venueOrderId: venueOrderId(row.ordId),
    clientOrderId: ownId(row.clOrdId),
    side: row.side,
    priceTicks: parsePrice(row.fillPx, one),
    sizeLots: parseContracts(row.fillSz, one),
    liquidity: row.execType === "M" ? "maker" : "taker",
    fee: chargedFee(row.fee),
    feeAsset: row.feeCcy,
    tsVenueMs: Number(row.ts),
    tsRecvUs,
  };
}

/** Waiting, or ended without having been triggered; what it becomes when it is triggered is an order of its own. */
const algoStatuses: Readonly<Record<string, "open" | "cancelled" | "rejected" | "triggered">> = {
  live: "open",
  pause: "open",
  partially_effective: "triggered",
  effective: "triggered",
  canceled: "cancelled",
  order_failed: "rejected",
  partially_failed: "rejected",
};

/** @throws on a state that is not known, and on sizes and prices off the instrument's steps */
function algoReport(row: AlgoRow, one: OkxInstrument): OrderReport | undefined {
  const status = algoStatuses[row.state];
  if (status === undefined) {
    throw new Error(`trigger order ${row.algoId} is in a state that is not known: ${row.state}`);
  }
  if (status === "triggered") return undefined;
  const [triggerPx, ordPx] = row.slTriggerPx !== ""
    ? [row.slTriggerPx, row.slOrdPx]
    : row.tpTriggerPx !== ""
    ? [row.tpTriggerPx, row.tpOrdPx]
    : [row.triggerPx, row.ordPx];
  return {
    instrument: one.instrument.id,
    clientOrderId: ownId(row.algoClOrdId),
    venueOrderId: venueOrderId(row.algoId),
    side: row.side,
    sizeLots: parseContracts(row.sz, one),
    filledLots: parseContracts("0", one),
    // -1 stands for a market order.
    limitPriceTicks: Number(ordPx) > 0 ? parsePrice(ordPx, one) : undefined,
    reduceOnly: row.reduceOnly === "true",
    status,
    reason: status === "cancelled"
      ? "requested"
      : status === "rejected"
      ? rejectCodeOf(row.failCode)
      : undefined,
    venueText: status === "rejected" ? cutText(`failCode ${row.failCode}`) : undefined,
    triggerPriceTicks: status === "open" && Number(triggerPx) > 0 ? parsePrice(triggerPx, one) : undefined,
    tsVenueMs: Number(row.uTime !== "" ? row.uTime : row.cTime),
  };
}

/** OKX writes what we pay as a loss. */
function fundingPayment(row: BillRow, one: OkxInstrument): FundingPayment | undefined {
  if (row.type !== fundingBill) return undefined;
  return {
    instrument: one.instrument.id,
    paymentId: row.billId,
    // With isolated margin the account's own balance does not change.
    amount: chargedFee(row.pnl !== "" ? row.pnl : row.balChg),
    asset: row.ccy,
    tsVenueMs: Number(row.ts),
  };
}

/** Bill type of funding payments. */
export const fundingBill = "8";

const balance = (detail: AccountDetail, tsVenueMs: number): Omit<Balance, "venue"> => ({
  asset: detail.ccy,
  total: cutMoney(detail.cashBal),
  available: cutMoney(detail.availEq !== "" ? detail.availEq : detail.availBal),
  tsVenueMs,
});

const issueText = (issue: v.BaseIssue<unknown>): string =>
  cutText(`${v.getDotPath(issue) ?? "row"}: ${issue.message}`);
const assetOf = (detail: unknown): string => isRecord(detail) ? shownText(detail["ccy"], 32) : "an asset";

/** What rows of one kind came to; what could not be read is counted, and told. */
export interface Read<T> {
  readonly values: readonly T[];
  readonly misfits: readonly string[];
}

/** Fills that are remembered as told. */
const maxKnownFills = 10_000;

export class AccountReader {
  /** As last heard, by stream or list. */
  readonly legs = new PositionLegs();
  readonly #instruments: InstrumentBook;
  readonly #toldFills = new ToldOnce(maxKnownFills);

  constructor(instruments: InstrumentBook) {
    this.#instruments = instruments;
  }

  orders(rows: readonly unknown[]): Read<OrderReport> {
    return this.#read(rows, orderRowSchema, (row, one) => orderReport(row, one));
  }

  /** The new fills among pushed orders: each push repeats the order's last one. */
  pushedFills(rows: readonly unknown[], tsRecvUs: number): Read<Fill> {
    return this.#read(rows, orderRowSchema, (row, one) => {
      const fill = pushedFill(row, one, tsRecvUs);
      return fill !== undefined && this.#toldFills.isNew(fill.fillId) ? fill : undefined;
    });
  }

  /** Venue order ids whose acknowledged change was not done after all. */
  failedAmends(rows: readonly unknown[]): readonly string[] {
    return this.#read(rows, orderRowSchema, (row) => row.amendResult === "-1" ? row.ordId : undefined).values;
  }

  fills(rows: readonly unknown[], tsRecvUs: number): Read<Fill> {
    return this.#read(rows, fillRowSchema, (row, one) => listedFill(row, one, tsRecvUs));
  }

  /** Positions that changed. */
  positions(rows: readonly unknown[]): Read<VenuePosition> {
    return this.#read(rows, positionRowSchema, (row, one) => this.legs.take(row, one));
  }

  /** All that there are, one an instrument: what is not listed is not held. */
  allPositions(rows: readonly unknown[]): Read<VenuePosition> {
    this.legs.clear();
    const { values, misfits } = this.positions(rows);
    return { values: [...new Map(values.map((one) => [one.instrument, one])).values()], misfits };
  }

  /** Orders that wait for a price. */
  algos(rows: readonly unknown[]): Read<OrderReport> {
    return this.#read(rows, algoRowSchema, (row, one) => algoReport(row, one));
  }

  fundingPayments(rows: readonly unknown[]): Read<FundingPayment> {
    return this.#read(rows, billRowSchema, (row, one) => fundingPayment(row, one));
  }

  balances(rows: readonly unknown[]): Read<Omit<Balance, "venue">> {
    const values: Omit<Balance, "venue">[] = [];
    const misfits: string[] = [];
    for (const row of rows) {
      const parsed = v.safeParse(accountRowSchema, row);
      if (!parsed.success) misfits.push(issueText(parsed.issues[0]));
      else {
        const tsVenueMs = Number(parsed.output.uTime);
        for (const found of parsed.output.details) {
          const detail = v.safeParse(accountDetailSchema, found);
          if (detail.success) values.push(balance(detail.output, tsVenueMs));
          else misfits.push(`${assetOf(found)} ${issueText(detail.issues[0])}`);
        }
      }
    }
    return { values, misfits };
  }

  #read<Row extends { readonly instId: string }, T>(
    rows: readonly unknown[],
    schema: v.GenericSchema<unknown, Row>,
    make: (row: Row, one: OkxInstrument) => T | undefined,
  ): Read<T> {
    const values: T[] = [];
    const misfits: string[] = [];
    for (const row of rows) {
      const parsed = v.safeParse(schema, row);
      if (!parsed.success) {
        misfits.push(issueText(parsed.issues[0]));
        continue;
      }
      const one = this.#instruments.byName(parsed.output.instId);
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
