/**
 * Private pushes, JSON or binary alike → our orders, fills, positions and balances. The venue repeats itself and may
 * send an older update after a newer one; what brings nothing new stops here.
 */
import {
  type Balance,
  BerthError,
  type ClientOrderId,
  clientOrderId,
  type ConnectionState,
  type Fill,
  fillId,
  type FundingPayment,
  type Instrument,
  type Log,
  money,
  type OrderReport,
  parseIncrements,
  parseMoney,
  type PriceTicks,
  priceTicks,
  type Publish,
  roundToIncrements,
  type Side,
  sizeLots,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import type * as v from "valibot";
import type { InstrumentList } from "./instruments.ts";
import { orderEnd } from "./reject_codes.ts";
import type { ParadexMisfits } from "./misfits.ts";
import type { ChannelMeter, FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { type AccountEvent, type AccountEventMisfit, accountEventOf } from "./wire/account_events.ts";
import { fundingPaymentSchema } from "./wire/json.ts";
import {
  type AccountRecord,
  type FillRecord,
  type OrderRecord,
  type PositionRecord,
  type PrivateRecord,
  privateRecordOfJson,
  privateRecordOfSbe,
  read,
  type ReadResult,
} from "./wire/records.ts";
import { decodeFrame } from "./wire/sbe.ts";

export const privateChannels = [
  "orders.ALL",
  "fills.ALL",
  "positions",
  "account",
  "funding_payments.ALL",
] as const;

/** Wanted beside those; a venue that refuses them loses nothing that trading needs. */
export const eventChannels = ["transfers", "tradebusts", "transaction", "balance_events"] as const;

/** Our id form; orders placed by hand or by others carry other ids. */
export function ownClientOrderId(text: string): ClientOrderId | undefined {
  return /^[A-Za-z0-9]{1,32}$/.test(text) ? clientOrderId(text) : undefined;
}

const sideOf = (side: "BUY" | "SELL"): Side => (side === "BUY" ? "buy" : "sell");

/** @throws {BerthError} when a size is off the lot: the instrument's increments are not the order's */
export function orderReportOf(order: OrderRecord, instrument: Instrument): OrderReport {
  const totalLots = parseIncrements(order.size, instrument.lot);
  const remainingLots = parseIncrements(order.remainingSize, instrument.lot);
  const filledLots = totalLots - remainingLots;
  if (filledLots < 0) throw outOfRange("remaining size", order.remainingSize, "at most the size");
  const end = order.status === "CLOSED"
    ? orderEnd({ cancelReason: order.cancelReason, filledLots, remainingLots })
    : { status: "open" as const, reason: undefined };
  return {
    instrument: instrument.id,
    clientOrderId: ownClientOrderId(order.clientId),
    venueOrderId: venueOrderId(order.id),
    side: sideOf(order.side),
    sizeLots: sizeLots(totalLots),
    filledLots: sizeLots(filledLots),
    limitPriceTicks: limitPrice(order, instrument),
    ...(order.status === "UNTRIGGERED"
      ? { triggerPriceTicks: priceTicks(parseIncrements(order.triggerPrice, instrument.tick)) }
      : {}),
    reduceOnly: order.flags.includes("REDUCE_ONLY"),
    status: end.status,
    reason: end.reason,
    venueText: order.cancelReason === "" ? undefined : order.cancelReason,
    tsVenueMs: order.tsVenueMs,
  };
}

function limitPrice(order: OrderRecord, instrument: Instrument): OrderReport["limitPriceTicks"] {
  if (order.price === "" || order.type.endsWith("MARKET")) return undefined;
  return priceTicks(parseIncrements(order.price, instrument.tick));
}

/**
 * @param side of the order if it is known. The venue's own field may be the taker's side: its specification says so,
 *   its binary schema says otherwise, and nobody has measured it (2026-10).
 * @throws {BerthError} when the size is off the instrument's lot
 */
export function fillOf(
  fill: FillRecord,
  instrument: Instrument,
  side: Side | undefined,
  tsRecvUs: number,
): Fill {
  const lots = parseIncrements(fill.size, instrument.lot);
  const ticks = fillPriceTicks(fill.price, instrument);
  if (lots < 1) throw outOfRange("size of a fill", fill.size, "above 0");
  if (ticks < 1) throw outOfRange("price of a fill", fill.price, "above 0");
  return {
    instrument: instrument.id,
    fillId: fillId(fill.id),
    venueOrderId: venueOrderId(fill.orderId),
    clientOrderId: ownClientOrderId(fill.clientId),
    side: side ?? sideOf(fill.side),
    priceTicks: ticks,
    sizeLots: sizeLots(lots),
    liquidity: fill.liquidity === "MAKER" ? "maker" : "taker",
    fee: parseMoney(fill.fee),
    feeAsset: fill.feeAsset,
    tsVenueMs: fill.tsVenueMs,
    tsRecvUs,
  };
}

const outOfRange = (what: string, value: string, range: string) =>
  new BerthError("MODEL_OUT_OF_RANGE", { what, value: value.slice(0, 80), range });

/** Liquidations and transfers happen at the mark price, which is off the tick: then the nearest tick. */
function fillPriceTicks(text: string, { tick }: Instrument): PriceTicks {
  try {
    return priceTicks(parseIncrements(text, tick));
  } catch (error) {
    if (!(error instanceof BerthError && error.code === "INSTRUMENT_OFF_TICK")) throw error;
    return priceTicks(roundToIncrements(Number(text), tick, "nearest"));
  }
}

const optionalNumber = (text: string): number | undefined => (text === "" ? undefined : Number(text));

/** @throws {BerthError} when the size is off the lot */
export function positionOf(position: PositionRecord, instrument: Instrument): VenuePosition {
  const lots = parseIncrements(position.size, instrument.lot);
  return {
    instrument: instrument.id,
    positionLots: sizeLots(position.isLong || lots === 0 ? lots : -lots),
    entryPrice: lots === 0 ? undefined : optionalNumber(position.averageEntryPrice),
    markPrice: undefined,
    liquidationPrice: optionalNumber(position.liquidationPrice),
    leverage: optionalNumber(position.leverage),
    tsVenueMs: position.tsVenueMs,
  };
}

/** Total is collateral without unrealized PnL; free collateral counts that in, as the venue's margin check does. */
export function balanceOf(account: AccountRecord): Omit<Balance, "venue"> {
  return {
    asset: account.settlementAsset,
    total: parseMoney(account.totalCollateral),
    available: parseMoney(account.freeCollateral),
    tsVenueMs: account.tsVenueMs,
  };
}

/** The venue counts what we receive as positive, as in `realized_funding` of a fill; we count what is paid. */
export function fundingPaymentOf(
  payment: v.InferOutput<typeof fundingPaymentSchema>,
  instrument: Instrument,
): FundingPayment {
  return {
    instrument: instrument.id,
    paymentId: payment.id,
    amount: money(-parseMoney(payment.payment)),
    asset: instrument.settlementAsset,
    tsVenueMs: payment.created_at,
  };
}

/** The newest entries of a map; the oldest go when it is full. */
class RecentMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #limit = 20_000;
  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }
  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
  clear(): void {
    this.#entries.clear();
  }
}

export class PrivateStream {
  readonly #publish: Publish;
  readonly #instruments: InstrumentList;
  readonly #meters: Readonly<Record<PrivateRecord["kind"] | "funding", ChannelMeter>>;
  readonly #eventMeters: ReadonlyMap<string, ChannelMeter>;
  readonly #misfits: ParadexMisfits;
  readonly #log: Log;
  /** Sequence numbers are compared within one connection only: nothing says that they go on over a reconnect. */
  readonly #orderSequences = new RecentMap<string, bigint>();
  readonly #positionSequences = new RecentMap<string, bigint>();
  readonly #closedOrders = new RecentMap<string, true>();
  readonly #fillIds = new RecentMap<string, true>();
  readonly #orderSides = new RecentMap<string, Side>();
  #accountSequence = -1n;

  constructor(options: {
    readonly publish: Publish;
    readonly instruments: InstrumentList;
    readonly statistics: FeedStatistics;
    readonly misfits: ParadexMisfits;
    readonly log: Log;
  }) {
    this.#publish = options.publish;
    this.#instruments = options.instruments;
    const meter = (channel: string): ChannelMeter => options.statistics.meter(undefined, channel);
    this.#meters = {
      order: meter("orders"),
      fill: meter("fills"),
      position: meter("positions"),
      account: meter("account"),
      funding: meter("funding_payments"),
    };
    this.#eventMeters = new Map(eventChannels.map((channel) => [channel, meter(channel)]));
    this.#misfits = options.misfits;
    this.#log = options.log;
  }

  /** Side of an order seen on the stream or noted by `noteOrder`. */
  orderSide(orderId: string): Side | undefined {
    return this.#orderSides.get(orderId);
  }
  /** An acknowledged order of ours: its fills may come before its first update. */
  noteOrder(orderId: string, side: Side): void {
    this.#orderSides.set(orderId, side);
  }

  onState(state: ConnectionState): void {
    if (state === "connected") return this.#publish.privateStreamRestored();
    this.#orderSequences.clear();
    this.#positionSequences.clear();
    this.#accountSequence = -1n;
  }

  onBinary(view: DataView, tsRecvUs: number): void {
    const frame = decodeFrame(view);
    if (frame.kind === "malformed") {
      return this.#misfits.note("private_binary_frame", `${frame.fault} ${frame.details}`);
    }
    if (frame.kind === "message") this.#onRead(privateRecordOfSbe(frame), tsRecvUs);
  }

  onPush(channel: string, data: unknown, tsRecvUs: number): void {
    if (channel.startsWith("funding_payments")) return this.#onFunding(data, tsRecvUs);
    const event = accountEventOf(channel, data);
    if (event !== undefined) return this.#onEvent(channel, event, tsRecvUs);
    this.#onRead(privateRecordOfJson(channel, data), tsRecvUs);
  }

  #onEvent(channel: string, event: AccountEvent | AccountEventMisfit, tsRecvUs: number): void {
    if (event.kind === "misfit") return this.#misfit(`${channel}: ${event.details}`);
    this.#eventMeters.get(channel)?.update(NaN, tsRecvUs);
    switch (event.kind) {
      case "transfer": {
        const { amount, direction, failure_reason: failure, kind, status, token } = event.transfer;
        return this.#log.info("transfer", { kind, direction, status, amount, token, failure });
      }
      case "tradebust":
        this.#log.error("the venue took a fill back", { fillId: event.tradebust.busted_fill_id });
        return this.#publish.privateStreamRestored(); // what we hold is compared anew
      case "transaction":
        if (/^(REJECTED|REVERTED)$/.test(event.transaction.state)) {
          const { state, type } = event.transaction;
          this.#log.warn("settlement on chain failed", { type, state });
        }
        return;
      case "balance_event":
        return; // the account channel says what is left
      default:
        event satisfies never;
    }
  }

  #onRead(result: ReadResult<PrivateRecord> | undefined, tsRecvUs: number): void {
    if (result === undefined) return; // heartbeats and the like
    if (result.kind === "misfit") return this.#misfit(result.details);
    try {
      this.#onRecord(result.value, tsRecvUs);
    } catch (error) {
      // Numbers off the instrument's increments: the record can't be told exactly, so the host asks by REST.
      this.#misfit(error instanceof Error ? error.message : String(error));
      this.#publish.privateStreamRestored();
    }
  }

  #onRecord(record: PrivateRecord, tsRecvUs: number): void {
    this.#meters[record.kind].update(tsVenueOf(record), tsRecvUs);
    switch (record.kind) {
      case "order":
        return this.#onOrder(record.order);
      case "fill":
        return this.#onFill(record.fill, tsRecvUs);
      case "position":
        return this.#onPosition(record.position);
      case "account":
        if (record.account.seqNo <= this.#accountSequence && record.account.seqNo !== 0n) return;
        this.#accountSequence = record.account.seqNo;
        return this.#publish.balance(balanceOf(record.account));
      default:
        return record satisfies never;
    }
  }

  #onOrder(order: OrderRecord): void {
    const listed = this.#instruments.byName(order.market);
    if (listed === undefined) return;
    this.#orderSides.set(order.id, sideOf(order.side));
    // Nothing changes after CLOSED.
    if (this.#closedOrders.get(order.id) === true) return;
    if (!isNewer(this.#orderSequences, order.id, order.seqNo)) return;
    if (order.status === "CLOSED") this.#closedOrders.set(order.id, true);
    this.#publish.order(orderReportOf(order, listed.instrument));
  }

  #onFill(fill: FillRecord, tsRecvUs: number): void {
    const listed = this.#instruments.byName(fill.market);
    if (listed === undefined || this.#fillIds.get(fill.id) === true) return;
    const side = this.#orderSides.get(fill.orderId);
    this.#publish.fill(fillOf(fill, listed.instrument, side, tsRecvUs));
    this.#fillIds.set(fill.id, true);
  }

  #onPosition(position: PositionRecord): void {
    const listed = this.#instruments.byName(position.market);
    if (listed === undefined || !isNewer(this.#positionSequences, position.market, position.seqNo)) return;
    this.#publish.position(positionOf(position, listed.instrument));
  }

  #onFunding(data: unknown, tsRecvUs: number): void {
    const result = read(fundingPaymentSchema, data);
    if (result.kind === "misfit") return this.#misfit(result.details);
    const listed = this.#instruments.byName(result.value.market);
    if (listed === undefined) return;
    let payment: FundingPayment;
    try {
      payment = fundingPaymentOf(result.value, listed.instrument);
    } catch (error) {
      return this.#misfit(error instanceof Error ? error.message : String(error));
    }
    this.#meters.funding.update(payment.tsVenueMs, tsRecvUs);
    this.#publish.funding(payment);
  }

  #misfit(why: string): void {
    this.#misfits.note("private_record", why);
  }
}

function tsVenueOf(record: PrivateRecord): number {
  switch (record.kind) {
    case "order":
      return record.order.tsVenueMs;
    case "fill":
      return record.fill.tsVenueMs;
    case "position":
      return record.position.tsVenueMs;
    case "account":
      return record.account.tsVenueMs;
    default:
      return record satisfies never;
  }
}

/** Notes `seqNo` for `key`; false when it is no news. 0 means that the source numbers nothing. */
function isNewer(known: RecentMap<string, bigint>, key: string, seqNo: bigint): boolean {
  if (seqNo === 0n) return true;
  const last = known.get(key);
  if (last !== undefined && seqNo <= last) return false;
  known.set(key, seqNo);
  return true;
}
