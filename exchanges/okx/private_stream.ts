/** Rows of the private channels and of the account's REST lists as reports, fills, positions and balances. */
import * as v from "valibot";
import {
  type Balance,
  type ClientOrderId,
  clientOrderId,
  type Fill,
  fillId,
  type Money,
  money,
  moneyDecimals,
  type OrderReport,
  parseMoney,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import { type InstrumentBook, type OkxInstrument, parseContracts, parsePrice } from "./instruments.ts";
import { orderEnd } from "./reject_codes.ts";
import {
  type AccountDetail,
  accountDetailSchema,
  accountRowSchema,
  cutText,
  type FillRow,
  fillRowSchema,
  isRecord,
  optionalNumber,
  type OrderRow,
  orderRowSchema,
  type PositionRow,
  positionRowSchema,
} from "./wire.ts";

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
    clientOrderId: ownId(row.clOrdId),
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
    clientOrderId: ownId(row.clOrdId),
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

function position(row: PositionRow, one: OkxInstrument): VenuePosition {
  return {
    instrument: one.instrument.id,
    // Signed in net mode; in long/short mode, which start() refuses, always positive.
    positionLots: parseContracts(row.posSide === "short" ? `-${row.pos}` : row.pos, one),
    entryPrice: optionalNumber(row.avgPx),
    markPrice: optionalNumber(row.markPx),
    liquidationPrice: optionalNumber(row.liqPx),
    leverage: optionalNumber(row.lever),
    tsVenueMs: Number(row.uTime),
  };
}

const balance = (detail: AccountDetail, tsVenueMs: number): Omit<Balance, "venue"> => ({
  asset: detail.ccy,
  total: cutMoney(detail.cashBal),
  available: cutMoney(detail.availEq !== "" ? detail.availEq : detail.availBal),
  tsVenueMs,
});

const issueText = (issue: v.BaseIssue<unknown>): string =>
  cutText(`${v.getDotPath(issue) ?? "row"}: ${issue.message}`);
const assetOf = (detail: unknown): string =>
  isRecord(detail) ? String(detail["ccy"]).slice(0, 32) : "an asset";

/** What rows of one kind came to; what could not be read is counted, and told. */
export interface Read<T> {
  readonly values: readonly T[];
  readonly misfits: readonly string[];
}

/** Fills that are remembered as told. */
const maxKnownFills = 10_000;

export class AccountReader {
  readonly #instruments: InstrumentBook;
  /** Oldest first. */
  readonly #toldFills = new Set<string>();

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
      if (fill === undefined || this.#toldFills.has(fill.fillId)) return undefined;
      this.#toldFills.add(fill.fillId);
      for (const oldest of this.#toldFills) {
        if (this.#toldFills.size <= maxKnownFills) break;
        this.#toldFills.delete(oldest);
      }
      return fill;
    });
  }

  /** Venue order ids whose acknowledged change was not done after all. */
  failedAmends(rows: readonly unknown[]): readonly string[] {
    return this.#read(rows, orderRowSchema, (row) => row.amendResult === "-1" ? row.ordId : undefined).values;
  }

  fills(rows: readonly unknown[], tsRecvUs: number): Read<Fill> {
    return this.#read(rows, fillRowSchema, (row, one) => listedFill(row, one, tsRecvUs));
  }

  positions(rows: readonly unknown[]): Read<VenuePosition> {
    return this.#read(rows, positionRowSchema, (row, one) => position(row, one));
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
      const one = this.#instruments.byInstId(parsed.output.instId);
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
