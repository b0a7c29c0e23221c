/** Rows of the account's channels and lists as reports, fills, positions, balances and funding payments. */
import * as v from "valibot";
import {
  type Balance,
  type Fill,
  fillId,
  type FundingPayment,
  money,
  type OrderReport,
  parseMoney,
  sizeLots,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import { ToldOnce } from "@berth/sdk/venue/told_once.ts";
import { clientIdOf } from "./client_ids.ts";
import { type HyperliquidInstrument, type InstrumentBook, parsePrice, parseSize } from "./instruments.ts";
import type { OrderChains } from "./order_chains.ts";
import { orderEnd } from "./reject_codes.ts";
import {
  type AccountState,
  type FillRow,
  fillSchema,
  type FundingRow,
  fundingSchema,
  issueText,
  optionalNumber,
  type OrderRow,
  orderSchema,
  type OrderUpdate,
  orderUpdateSchema,
} from "./wire.ts";

/** What rows of one kind came to; what could not be read is counted, and told. */
export interface Read<T> {
  readonly values: readonly T[];
  readonly misfits: readonly string[];
}

/** Fills that are remembered as told. */
const maxKnownFills = 10_000;

const sideOf = (side: "A" | "B") => side === "B" ? "buy" as const : "sell" as const;
const clientOf = (cloid: string | null | undefined) =>
  cloid === null || cloid === undefined ? undefined : clientIdOf(cloid);

/** @throws {BerthError} for numbers off the tick or the lot, Error for a status that nobody knows */
function orderReport(
  row: OrderRow,
  status: string,
  tsVenueMs: number,
  one: HyperliquidInstrument,
): OrderReport {
  const end = orderEnd(status);
  if (end === undefined) throw new Error(`no such status: ${status.slice(0, 40)}`);
  const size = parseSize(row.origSz ?? row.sz, one);
  const left = parseSize(row.sz, one);
  const isWaiting = end.status === "open" && status !== "triggered" && row.isTrigger === true;
  return {
    instrument: one.instrument.id,
    clientOrderId: clientOf(row.cloid),
    venueOrderId: venueOrderId(String(row.oid)),
    side: sideOf(row.side),
    sizeLots: size,
    // A rejected order has nothing filled, whatever is left of it.
    filledLots: end.status === "filled"
      ? size
      : sizeLots(end.status === "rejected" ? 0 : Math.max(0, size - left)),
    limitPriceTicks: parsePrice(row.limitPx, one),
    ...(isWaiting && typeof row.triggerPx === "string"
      ? { triggerPriceTicks: parsePrice(row.triggerPx, one) }
      : {}),
    reduceOnly: row.reduceOnly === true,
    status: end.status,
    reason: end.reason,
    venueText: end.reason === undefined ? undefined : status,
    tsVenueMs,
  };
}

function fillOf(row: FillRow, one: HyperliquidInstrument, tsRecvUs: number): Fill {
  const { coin, time, tid, oid, hash } = row;
  return {
    instrument: one.instrument.id,
    // A tid is unique with time and coin; rows of old have none.
    fillId: fillId(`${coin}-${time}-${tid ?? `${oid}-${hash ?? ""}-${row.px}-${row.sz}`}`.slice(0, 128)),
    venueOrderId: venueOrderId(String(oid)),
    clientOrderId: clientOf(row.cloid),
    side: sideOf(row.side),
    priceTicks: parsePrice(row.px, one),
    sizeLots: parseSize(row.sz, one),
    liquidity: row.crossed ? "taker" : "maker",
    fee: parseMoney(row.fee),
    feeAsset: row.feeToken,
    tsVenueMs: time,
    tsRecvUs,
  };
}

/** The venue states what is received as positive. */
function payment(row: FundingRow, one: HyperliquidInstrument): FundingPayment {
  return {
    instrument: one.instrument.id,
    paymentId: `${row.coin}-${row.time}`,
    amount: money(-parseMoney(row.usdc)),
    asset: "USDC",
    tsVenueMs: row.time,
  };
}

export class AccountReader {
  readonly #instruments: InstrumentBook;
  readonly #chains: OrderChains;
  readonly #toldFills = new ToldOnce(maxKnownFills);
  /** Coins with a position when last told: what is not in the next state is flat. */
  #held: ReadonlySet<string> = new Set();

  constructor(instruments: InstrumentBook, chains: OrderChains) {
    this.#instruments = instruments;
    this.#chains = chains;
  }

  /** Rows of `orderUpdates` and of `orderStatus`. */
  orderUpdates(rows: readonly unknown[]): Read<OrderReport> {
    return this.#read<OrderUpdate, OrderReport>(
      rows,
      orderUpdateSchema,
      ({ order }) => order.coin,
      ({ order, status, statusTimestamp }, one) =>
        this.#chains.take(orderReport(order, status, statusTimestamp, one)),
    );
  }

  /** Rows of `frontendOpenOrders`. */
  openOrders(rows: readonly unknown[]): Read<OrderReport> {
    return this.#read<OrderRow, OrderReport>(
      rows,
      orderSchema,
      ({ coin }) => coin,
      (row, one) => this.#chains.take(orderReport(row, "open", row.timestamp, one)),
    );
  }

  fills(rows: readonly unknown[], tsRecvUs: number): Read<Fill> {
    return this.#read<FillRow, Fill>(
      rows,
      fillSchema,
      ({ coin }) => coin,
      (row, one) => fillOf(row, one, tsRecvUs),
    );
  }

  /** The same, each once: the stream repeats itself. */
  newFills(rows: readonly unknown[], tsRecvUs: number): Read<Fill> {
    const { values, misfits } = this.fills(rows, tsRecvUs);
    const fresh = values.filter((fill) => this.#toldFills.isNew(fill.fillId));
    return { values: fresh, misfits };
  }

  fundings(
    rows: readonly unknown[],
    schema: v.GenericSchema<unknown, FundingRow> = fundingSchema,
  ): Read<FundingPayment> {
    return this.#read<FundingRow, FundingPayment>(rows, schema, ({ coin }) => coin, payment);
  }

  /** All positions, and those that are gone since the last state that was `told` on the stream. */
  positions(state: AccountState, tsVenueMs: number, isTold: boolean): Read<VenuePosition> {
    const values: VenuePosition[] = [];
    const misfits: string[] = [];
    const held = new Set<string>();
    for (const { position: row } of state.assetPositions) {
      held.add(row.coin);
      const one = this.#instruments.byName(row.coin);
      if (one === undefined) continue; // an instrument that nobody asked for
      try {
        const positionLots = parseSize(row.szi, one);
        const sizeBase = Math.abs(Number(row.szi));
        const value = optionalNumber(row.positionValue);
        values.push({
          instrument: one.instrument.id,
          positionLots,
          entryPrice: optionalNumber(row.entryPx),
          markPrice: value === undefined || sizeBase === 0 ? undefined : value / sizeBase,
          liquidationPrice: optionalNumber(row.liquidationPx),
          leverage: row.leverage?.value,
          tsVenueMs,
        });
      } catch (error) {
        misfits.push(error instanceof Error ? error.message : String(error));
      }
    }
    if (!isTold) return { values, misfits };
    for (const coin of this.#held) {
      const one = held.has(coin) ? undefined : this.#instruments.byName(coin);
      if (one !== undefined) values.push({ ...flat, instrument: one.instrument.id, tsVenueMs });
    }
    this.#held = held;
    return { values, misfits };
  }

  #read<Row, T>(
    rows: readonly unknown[],
    schema: v.GenericSchema<unknown, Row>,
    coinOf: (row: Row) => string,
    make: (row: Row, one: HyperliquidInstrument) => T | undefined,
  ): Read<T> {
    const values: T[] = [];
    const misfits: string[] = [];
    for (const row of rows) {
      const parsed = v.safeParse(schema, row);
      if (!parsed.success) {
        misfits.push(issueText(parsed.issues));
        continue;
      }
      const one = this.#instruments.byName(coinOf(parsed.output));
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

const flat = {
  positionLots: sizeLots(0),
  entryPrice: undefined,
  markPrice: undefined,
  liquidationPrice: undefined,
  leverage: undefined,
};

/**
 * Collateral of the perpetuals' account: what is realized is its value without the open positions' profit.
 * @throws {BerthError} MODEL_INVALID_DECIMAL
 */
export function balanceOf(state: AccountState, tsVenueMs: number): Omit<Balance, "venue"> {
  const open = state.assetPositions.reduce(
    (sum, { position }) => sum + parseMoney(position.unrealizedPnl ?? "0"),
    0n,
  );
  return {
    asset: "USDC",
    total: money(parseMoney(state.marginSummary.accountValue) - open),
    available: parseMoney(state.withdrawable),
    tsVenueMs,
  };
}
