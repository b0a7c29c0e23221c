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
import { cancelReasonOf, refusalOf } from "./reject_codes.ts";
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
  const isCancelled = status === "cancelled";
  const refusal = isCancelled ? refusalOf(row.cancelSource) : undefined;
  return {
    instrument: one.instrument.id,
    clientOrderId: ownId(row.clOrdId),
    venueOrderId: venueOrderId(row.ordId),
    side: row.side,
    sizeLots: parseContracts(row.sz, one),
    filledLots: parseContracts(row.accFillSz, one),
    limitPriceTicks: row.px === "" ? undefined : parsePrice(row.px, one),
    reduceOnly: row.reduceOnly === "true",
    status: refusal === undefined ? status : "rejected",
    reason: refusal ?? (isCancelled ? cancelReasonOf(row.cancelSource) : undefined),
    venueText: isCancelled ? `cancelSource ${row.cancelSource}` : undefined,
    tsVenueMs: Number(row.uTime),
  };
}

/** The execution that an orders push carries, if it carries one. */
function pushedFill(row: OrderRow, one: OkxInstrument, tsRecvUs: number): Fill | undefined {
  if (row.tradeId === "" || row.fillPx === "" || !(Number(row.fillSz) > 0)) return undefined;
  return {
    instrument: one.instrument.id,
    fillId: fillIdOf(row.instId, row.tradeId),
    venueOrderId: venueOrderId(row.ordId),
    clientOrderId: ownId(row.clOrdId),
    side: row.side,
    priceTicks: parsePrice(row.fillPx, one),
    sizeLots: parseContracts(row.fillSz, one),
    liquidity: row.execType === "M" ? "maker" : "taker",
    fee: chargedFee(row.fillFee),
    feeAsset: row.fillFeeCcy,
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
  const sign = row.posSide === "short" ? -1 : 1;
  const lots = parseContracts(row.pos, one);
  return {
    instrument: one.instrument.id,
    positionLots: sign === 1 ? lots : parseContracts(`-${row.pos}`, one),
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

export class AccountReader {
  readonly #instruments: InstrumentBook;

  constructor(instruments: InstrumentBook) {
    this.#instruments = instruments;
  }

  orders(rows: readonly unknown[]): Read<OrderReport> {
    return this.#read(rows, orderRowSchema, (row, one) => orderReport(row, one));
  }

  pushedFills(rows: readonly unknown[], tsRecvUs: number): Read<Fill> {
    return this.#read(rows, orderRowSchema, (row, one) => pushedFill(row, one, tsRecvUs));
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
