/**
 * `createOrder` and the cancels of the simulated EdgeX: its own checks of fields, precision, price band, client ids,
 * nonces and signatures before the shared matching engine sees anything. EdgeX publishes no list of its error codes:
 * these are made of the words that it uses.
 */
import * as v from "valibot";
import { parseIncrements, roundToIncrements } from "@berth/sdk";
import type {
  SimulatedCredentials,
  SimulatedFill,
  SimulatedOrder,
  SimulatedOrderRequest,
  SimulatedRefusal,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import { collateral, type EdgexListing, listingOf, listingOfSymbol, priceBand, type Row } from "./listing.ts";
import { isOrderSignedBy, nonceFor, unitsOf } from "./order_signatures.ts";
import { isLateRefusal, orderRow, type OrderTerms, type WireOrder } from "./rows.ts";
import { type TriggerOrder, TriggerOrders, type TriggerPriceType } from "./trigger_orders.ts";

const dayMs = 86_400_000;
/** The signature must outlive the order by this. */
const settlementMs = 8 * dayMs;
const maxOrderLifeMs = 30 * dayMs;
/** Per account and contract; the venue evicts what is beyond. */
const maxWaiting = 200;

export interface Refusal {
  readonly kind: "refused";
  readonly code: string;
  readonly msg: string;
}
export type Created = { readonly kind: "created"; readonly orderId: string } | Refusal;
const refuse = (code: string, msg: string): Refusal => ({ kind: "refused", code, msg });

const decimal = v.pipe(v.string(), v.regex(/^\d{1,20}(\.\d{1,20})?$/));
const optionalDecimal = v.optional(v.nullable(v.union([v.literal(""), decimal])), "");
const bodySchema = v.object({
  accountId: v.string(),
  contractId: v.string(),
  price: decimal,
  size: decimal,
  type: v.picklist([
    "LIMIT",
    "MARKET",
    "STOP_LIMIT",
    "STOP_MARKET",
    "TAKE_PROFIT_LIMIT",
    "TAKE_PROFIT_MARKET",
  ]),
  side: v.picklist(["BUY", "SELL"]),
  timeInForce: v.picklist(["GOOD_TIL_CANCEL", "POST_ONLY", "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL"]),
  clientOrderId: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,64}$/)),
  reduceOnly: v.optional(v.boolean(), false),
  triggerPrice: optionalDecimal,
  triggerPriceType: v.optional(
    v.picklist(["", "LAST_PRICE", "INDEX_PRICE", "ORACLE_PRICE", "ASK1_PRICE", "BID1_PRICE"]),
    "",
  ),
  expireTime: v.pipe(v.string(), v.regex(/^\d{13}$/)),
  l2Nonce: v.pipe(v.string(), v.regex(/^\d{1,10}$/)),
  l2Value: decimal,
  l2Size: decimal,
  l2LimitFee: v.pipe(v.string(), v.regex(/^\d{1,20}$/)),
  l2ExpireTime: v.pipe(v.string(), v.regex(/^\d{13}$/)),
  l2Signature: v.string(),
  isPositionTpsl: v.optional(v.literal(false), false),
  isSetOpenTp: v.optional(v.literal(false), false),
  isSetOpenSl: v.optional(v.literal(false), false),
});
type Body = v.InferOutput<typeof bodySchema>;

const refusalCodes: Readonly<Record<SimulatedRefusal, string>> = {
  insufficient_margin: "ORDER_MARGIN_NOT_ENOUGH",
  post_only_would_cross: "ORDER_POST_ONLY_FAILED",
  reduce_only_would_increase: "ORDER_REDUCE_ONLY_FAILED",
  fok_not_filled: "ORDER_FILL_OR_KILL_FAILED",
  size_below_minimum: "ORDER_SIZE_LESS_THAN_MIN",
  size_above_maximum: "ORDER_SIZE_GREATER_THAN_MAX",
  notional_below_minimum: "ORDER_SIZE_LESS_THAN_MIN",
  price_outside_band: "ORDER_PRICE_RATIO_OUT_OF_LIMIT",
  too_many_open_orders: "ORDER_COUNT_OVER_LIMIT",
  no_liquidity: "ORDER_NO_LIQUIDITY",
  duplicate_client_order_id: "DUPLICATE_CLIENT_ORDER_ID",
  self_trade: "ORDER_SELF_TRADE",
  maintenance: "CONTRACT_TRADE_DISABLED",
};

export interface OrderEntryOptions {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  readonly credentials: SimulatedCredentials;
  /** Lower case. */
  readonly signer: string;
  /** Of an order that waits for a price. */
  readonly onTrigger: (order: TriggerOrder) => void;
}

export class OrderEntry {
  readonly #options: OrderEntryOptions;
  readonly #triggers: TriggerOrders;
  /** By client order id, which is used once and never again. */
  readonly #terms = new Map<string, OrderTerms>();
  readonly #triggerIds = new Map<string, string>();
  readonly #usedNonces = new Set<bigint>();
  #lastTriggerMs = 0;

  constructor(options: OrderEntryOptions) {
    this.#options = options;
    this.#triggers = new TriggerOrders({
      venue: options.venue,
      onChange: options.onTrigger,
      onFire: (order) => this.#fire(order),
    });
  }

  stop(): void {
    this.#triggers.stop();
  }

  /** Client ids of those that wait for a price. */
  waiting(): readonly string[] {
    return this.#triggers.waiting().map(({ order }) => order.clientOrderId);
  }

  create(found: Row): Created {
    const { venue } = this.#options;
    const parsed = v.safeParse(bodySchema, found);
    if (!parsed.success) {
      const [issue] = parsed.issues;
      return refuse("INVALID_PARAM", `${v.getDotPath(issue) ?? "body"}: ${issue.message}`);
    }
    const body = parsed.output;
    const one = listingOf(body.contractId, venue);
    if (one === undefined) {
      return refuse("INVALID_CONTRACT_ID", `invalid contractId:${body.contractId.slice(0, 40)}`);
    }
    const fault = this.#termsFault(body, one) ?? this.#signatureFault(body, one);
    if (fault !== undefined) return fault;
    if (this.#terms.has(body.clientOrderId)) {
      return refuse("DUPLICATE_CLIENT_ORDER_ID", "clientOrderId already exists");
    }
    const nonce = BigInt(body.l2Nonce);
    if (this.#usedNonces.has(nonce)) return refuse("DUPLICATE_L2_NONCE", "l2Nonce already used");
    const created = this.#place(body, one);
    if (created.kind === "created") this.#usedNonces.add(nonce);
    return created;
  }

  /** The order on the wire, by the venue's id or the client's. */
  find(key: { readonly id: string } | { readonly clientOrderId: string }): WireOrder | undefined {
    const { accountId, venue } = this.#options;
    const isMeant = ({ id, order }: TriggerOrder): boolean =>
      "id" in key ? id === key.id : order.clientOrderId === key.clientOrderId;
    const trigger = [...this.#triggers.waiting(), ...this.#triggers.closed()].find(isMeant);
    if (trigger !== undefined) return trigger;
    const clientOrderId = "id" in key ? this.#clientIdOfTrigger(key.id) : key.clientOrderId;
    const order = clientOrderId !== undefined
      ? venue.order(accountId, { clientOrderId })
      : "id" in key
      ? venue.order(accountId, { orderId: key.id })
      : undefined;
    return order === undefined || !this.isOnWire(order) ? undefined : this.wire(order);
  }

  /** One that was refused before it was taken in never was; what waited for its price was taken in long ago. */
  isOnWire({ clientOrderId, refusal }: SimulatedOrder): boolean {
    return refusal === undefined || isLateRefusal(refusal) || this.#triggerIds.has(clientOrderId);
  }

  /** An order of the engine under its id on the wire. */
  wire(order: SimulatedOrder): WireOrder {
    return {
      id: this.#triggerIds.get(order.clientOrderId) ?? order.orderId,
      terms: this.#terms.get(order.clientOrderId) ?? noTerms,
      order,
    };
  }

  /** Id on the wire of the order that a fill belongs to. */
  orderIdOf({ clientOrderId, orderId }: SimulatedFill): string {
    return this.#triggerIds.get(clientOrderId) ?? orderId;
  }

  row(found: WireOrder): Row {
    const { accountId, venue } = this.#options;
    const isWaiting = this.#triggers.waiting().some(({ id }) => id === found.id);
    return isWaiting ? orderRow(found, [], "UNTRIGGERED") : orderRow(found, venue.fills(accountId));
  }

  /** Those that live, newest first. */
  active(): readonly WireOrder[] {
    const { accountId, venue } = this.#options;
    const open = venue.openOrders(accountId).map((order) => this.wire(order));
    return [...open, ...this.#triggers.waiting()].toSorted(newestFirst);
  }

  /** Those that ended, newest first. */
  ended(): readonly WireOrder[] {
    const { accountId, venue } = this.#options;
    const done = venue.orderHistory(accountId)
      .filter((order) => order.status !== "open" && this.isOnWire(order))
      .map((order) => this.wire(order));
    return [...done, ...this.#triggers.closed()].toSorted(newestFirst);
  }

  /** The venue's word on one cancel. */
  cancel(key: { readonly id: string } | { readonly clientOrderId: string }): string {
    const { accountId, venue } = this.#options;
    const found = this.find(key);
    if (found === undefined) return "FAILED_ORDER_NOT_FOUND";
    if (this.#triggers.cancel(found.id)) return "SUCCESS";
    const result = venue.cancel(accountId, { orderId: found.order.orderId });
    if (result.kind === "cancelled") return "SUCCESS";
    if (result.kind === "not_found") return "SUCCESS_ORDER_CANCELED"; // it waited for a price
    return result.order.status === "filled" ? "FAILED_ORDER_FILLED" : "SUCCESS_ORDER_CANCELED";
  }

  #place(body: Body, one: EdgexListing): Created {
    const { venue } = this.#options;
    const terms: OrderTerms = {
      type: body.type,
      timeInForce: body.timeInForce,
      price: body.price,
      triggerPrice: body.triggerPrice ?? "",
      triggerPriceType: body.triggerPriceType,
      expireTime: body.expireTime,
    };
    const request = this.#request(body, one);
    this.#terms.set(body.clientOrderId, terms);
    if (isConditional(body.type)) return this.#await(body, request, terms);
    const result = venue.submit(request);
    if (result.kind === "accepted" || isLateRefusal(result.refusal)) {
      return { kind: "created", orderId: result.order.orderId };
    }
    this.#terms.delete(body.clientOrderId);
    return refuse(refusalCodes[result.refusal], result.refusal.replaceAll("_", " "));
  }

  #await(body: Body, request: SimulatedOrderRequest, terms: OrderTerms): Created {
    const { venue } = this.#options;
    const { triggerPriceType } = body;
    const priceType: TriggerPriceType =
      triggerPriceType === "INDEX_PRICE" || triggerPriceType === "LAST_PRICE"
        ? triggerPriceType
        : "ORACLE_PRICE";
    if (this.#triggers.waiting().length >= maxWaiting) {
      this.#terms.delete(body.clientOrderId);
      return refuse("ORDER_COUNT_OVER_LIMIT", "too many orders");
    }
    const nowMs = venue.clock.nowMs();
    // Beyond the engine's own numbers, which count microseconds.
    this.#lastTriggerMs = Math.max(Math.floor(nowMs), this.#lastTriggerMs + 1);
    const id = `${this.#lastTriggerMs}0000`;
    this.#triggerIds.set(body.clientOrderId, id);
    const isStop = body.type.startsWith("STOP_");
    const order: SimulatedOrder = {
      ...request,
      orderId: id,
      filledLots: 0,
      filledTicksLots: 0n,
      limitPriceTicks: request.limitPriceTicks,
      status: "open",
      refusal: undefined,
      cancelReason: undefined,
      tsCreatedMs: nowMs,
      tsUpdatedMs: nowMs,
    };
    this.#triggers.add({
      id,
      terms,
      request,
      order,
      priceType,
      triggerPrice: Number(body.triggerPrice),
      // A stop sells below its price and buys above it, a take-profit the other way round.
      firesAbove: (body.side === "BUY") === isStop,
    });
    return { kind: "created", orderId: id };
  }

  #fire({ order, request, terms }: TriggerOrder): void {
    // What the engine refuses now is told as a canceled order: it was taken in long ago.
    this.#terms.set(order.clientOrderId, terms);
    this.#options.venue.submit(request);
  }

  #clientIdOfTrigger(id: string): string | undefined {
    for (const [clientOrderId, triggerId] of this.#triggerIds) if (triggerId === id) return clientOrderId;
    return undefined;
  }

  #request(body: Body, one: EdgexListing): SimulatedOrderRequest {
    const limitPriceTicks = isMarketType(body.type)
      ? this.#boundTicks(body, one)
      : parseIncrements(body.price, one.tick);
    return {
      accountId: this.#options.accountId,
      symbol: one.simulated.symbol,
      clientOrderId: body.clientOrderId,
      side: body.side === "BUY" ? "buy" : "sell",
      type: limitPriceTicks === undefined ? "market" : "limit",
      timeInForce: body.timeInForce === "FILL_OR_KILL"
        ? "FOK"
        : body.timeInForce === "IMMEDIATE_OR_CANCEL"
        ? "IOC"
        : "GTC",
      postOnly: body.timeInForce === "POST_ONLY",
      reduceOnly: body.reduceOnly,
      sizeLots: parseIncrements(body.size, one.lot),
      ...(limitPriceTicks === undefined ? {} : { limitPriceTicks }),
    };
  }

  /**
   * What a market order's signature bounds it by, for it could not settle at a worse price; undefined where that is
   * beyond any price that the band allows.
   */
  #boundTicks(body: Body, one: EdgexListing): number | undefined {
    const price = Number(body.l2Value) / Number(body.l2Size);
    const reference = isConditional(body.type)
      ? Number(body.triggerPrice)
      : this.#options.venue.mark(one.simulated.symbol).markPrice;
    const ticks = roundToIncrements(price, one.tick, body.side === "BUY" ? "down" : "up");
    const widest = Number(body.side === "BUY" ? priceBand.maxBuyRatio : priceBand.minSellRatio);
    return Math.abs(price / reference - 1) <= widest ? ticks : undefined;
  }

  /** What is wrong with the terms of an order, before anything of the market is looked at. */
  #termsFault(body: Body, one: EdgexListing): Refusal | undefined {
    const { credentials, venue } = this.#options;
    if (body.accountId !== credentials["EDGEX_ACCOUNT_ID"]) {
      return refuse("ACCOUNT_NOT_FOUND", "no such account");
    }
    if (venue.isMaintenance) return refuse(refusalCodes.maintenance, "trade disabled");
    if (!isMultiple(body.size, one.lot)) {
      return refuse("INVALID_ORDER_SIZE", "size is no multiple of stepSize");
    }
    const isMarket = isMarketType(body.type);
    if (isMarket && body.timeInForce !== "IMMEDIATE_OR_CANCEL") {
      return refuse("INVALID_TIME_IN_FORCE", "a market order is IMMEDIATE_OR_CANCEL");
    }
    if (isMarket ? Number(body.price) !== 0 : !isMultiple(body.price, one.tick)) {
      return refuse("INVALID_ORDER_PRICE", "price is no multiple of tickSize");
    }
    if (!isConditional(body.type)) return undefined;
    const isKnown = ["LAST_PRICE", "INDEX_PRICE", "ORACLE_PRICE"].includes(body.triggerPriceType);
    if (!isKnown) return refuse("INVALID_TRIGGER_PRICE_TYPE", "triggerPriceType");
    if (!isMultiple(body.triggerPrice ?? "", one.tick)) {
      return refuse("INVALID_TRIGGER_PRICE", "triggerPrice is no multiple of tickSize");
    }
    const sizeLots = parseIncrements(body.size, one.lot);
    if (sizeLots > one.simulated.maxSizeLots) return refuse(refusalCodes.size_above_maximum, "size");
    return undefined;
  }

  #signatureFault(body: Body, one: EdgexListing): Refusal | undefined {
    const nowMs = this.#options.venue.clock.nowMs();
    if (BigInt(body.l2Nonce) !== nonceFor(body.clientOrderId)) {
      return refuse("INVALID_L2_NONCE", "l2Nonce does not belong to clientOrderId");
    }
    if (!isEqual(body.l2Size, body.size)) return refuse("INVALID_L2_SIZE", "l2Size differs from size");
    const value = unitsOf(body.l2Value, valueScale);
    const size = unitsOf(body.size, sizeScale);
    if (!isMarketType(body.type) && value !== size * unitsOf(body.price, sizeScale)) {
      return refuse("INVALID_L2_VALUE", "l2Value differs from price times size");
    }
    // The fee that may be charged at most, for maker and taker.
    const rate = unitsOf(one.simulated.takerFee, sizeScale);
    if (BigInt(body.l2LimitFee) * valueScale * sizeScale < value * rate) {
      return refuse("INVALID_L2_LIMIT_FEE", "l2LimitFee is below the fee");
    }
    const expireMs = Number(body.expireTime);
    if (!(expireMs > nowMs && expireMs <= nowMs + maxOrderLifeMs)) {
      return refuse("INVALID_EXPIRE_TIME", "expireTime out of range");
    }
    if (Number(body.l2ExpireTime) < expireMs + settlementMs) {
      return refuse("INVALID_L2_EXPIRE_TIME", "l2ExpireTime must be 8 days after expireTime");
    }
    const isSigned = isOrderSignedBy(this.#options.signer, {
      one,
      accountId: body.accountId,
      isBuy: body.side === "BUY",
      l2Size: body.l2Size,
      l2Value: body.l2Value,
      l2LimitFee: body.l2LimitFee,
      l2Nonce: BigInt(body.l2Nonce),
      expireMs,
      l2Signature: body.l2Signature,
    });
    return isSigned ? undefined : refuse("INVALID_L2_SIGNATURE", "l2Signature does not verify");
  }
}

/** Enough digits for any price, size and rate, and for the product of two. */
const sizeScale = 10n ** 18n;
const valueScale = sizeScale * sizeScale;

const noTerms: OrderTerms = {
  type: "LIMIT",
  timeInForce: "GOOD_TIL_CANCEL",
  price: "0",
  triggerPrice: "",
  triggerPriceType: "",
  expireTime: "0",
};

const isMarketType = (type: string): boolean => type === "MARKET" || type.endsWith("_MARKET");
const isConditional = (type: string): boolean => type.startsWith("STOP_") || type.startsWith("TAKE_PROFIT_");
const isEqual = (a: string, b: string): boolean => unitsOf(a, sizeScale) === unitsOf(b, sizeScale);
const newestFirst = (a: WireOrder, b: WireOrder): number => b.order.tsCreatedMs - a.order.tsCreatedMs;

function isMultiple(text: string, step: EdgexListing["lot"]): boolean {
  try {
    return parseIncrements(text, step) > 0;
  } catch {
    return false; // told in the venue's own words
  }
}

/** Contract and coin of an order, for the filters of lists. */
export const keysOf = ({ order }: WireOrder): { readonly contractId: string; readonly coinId: string } => ({
  contractId: listingOfSymbol(order.symbol).contractId,
  coinId: collateral.coinId,
});
