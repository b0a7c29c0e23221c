/** Rows of the private channels and of the account's REST lists as reports, fills, positions and balances. */
import * as v from "valibot";
import {
  type Balance,
  type ClientOrderId,
  clientOrderId,
  type Fill,
  fillId,
  money,
  type OrderReport,
  parseMoney,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import { type InstrumentBook, type OkxInstrument, parseContracts, parsePrice } from "./instruments.ts";
import { orderEnd } from "./reject_codes.ts";
import {
  type AccountRow,
  accountRowSchema,
  type FillRow,
  fillRowSchema,
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

/** OKX writes charged fees as negative numbers. */
const chargedFee = (fee: string) => money(-parseMoney(fee === "" ? "0" : fee));

function orderReport(row: OrderRow, one: OkxInstrument): OrderReport | undefined {
  const status = statuses[row.state];
  if (status === undefined) return undefined;
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
    venueText: end === undefined ? undefined : `cancelSource ${row.cancelSource}`,
    tsVenueMs: Number(row.uTime),
  };
}

/** The execution that an orders push carries, if it carries one. @throws when its own fee can't be told */
function pushedFill(row: OrderRow, one: OkxInstrument, tsRecvUs: number): Fill | undefined {
  if (row.tradeId === "" || row.fillPx === "" || !(Number(row.fillSz) > 0)) return undefined;
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
    feeAsset: row.fillFeeCcy === "" ? row.feeCcy : row.fillFeeCcy,
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

function balances(row: AccountRow): readonly Omit<Balance, "venue">[] {
  return row.details.map((detail) => ({
    asset: detail.ccy,
    total: parseMoney(detail.cashBal === "" ? "0" : detail.cashBal),
    available: parseMoney(
      detail.availEq !== "" ? detail.availEq : detail.availBal === "" ? "0" : detail.availBal,
    ),
    tsVenueMs: Number(row.uTime),
  }));
}

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
      if (parsed.success) values.push(...balances(parsed.output));
      else misfits.push(parsed.issues[0].message);
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
        misfits.push(`${v.getDotPath(parsed.issues[0]) ?? "row"}: ${parsed.issues[0].message}`);
        continue;
      }
      const one = this.#instruments.byInstId(parsed.output.instId);
      if (one === undefined) continue; // an instrument that nobody asked for
      try {
        const value = make(parsed.output, one);
        if (value !== undefined) values.push(value);
      } catch (error) {
        misfits.push(error instanceof Error ? error.message : String(error));
      }
    }
    return { values, misfits };
  }
}
