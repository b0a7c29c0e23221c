/**
 * Orders as the venue takes them (paradex.md, 4.6, 6.1 to 6.4): form, precision and signature are refused at once;
 * what the risk check refuses is acknowledged as NEW and then closed with a reason.
 */
import * as v from "valibot";
import type {
  SimulatedCancelReason,
  SimulatedOrder,
  SimulatedOrderRequest,
  SimulatedRefusal,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import type { Accounts, ApiError } from "./accounts.ts";
import {
  listingOf,
  listingOfSymbol,
  type ParadexListing,
  priceText,
  signedScale,
  tryParse,
} from "./listing.ts";
import { type TriggerOrder, TriggerOrders } from "./trigger_orders.ts";

const decimal = v.pipe(v.string(), v.regex(/^\d{1,20}(\.\d{1,20})?$/));

export const orderSchema = v.looseObject({
  market: v.string(),
  side: v.picklist(["BUY", "SELL"]),
  type: v.string(),
  size: decimal,
  price: v.optional(decimal),
  trigger_price: v.optional(decimal),
  instruction: v.optional(v.string(), "GTC"),
  client_id: v.optional(v.pipe(v.string(), v.maxLength(64)), ""),
  flags: v.optional(v.array(v.string()), []),
  stp: v.optional(v.string(), "EXPIRE_TAKER"),
  recv_window: v.optional(v.pipe(v.number(), v.minValue(10)), 300_000),
  signature: v.string(),
  signature_timestamp: v.pipe(v.number(), v.safeInteger()),
});
export type OrderFields = v.InferOutput<typeof orderSchema>;

export const modifySchema = v.looseObject({
  id: v.string(),
  market: v.string(),
  side: v.picklist(["BUY", "SELL"]),
  type: v.string(),
  size: decimal,
  price: decimal,
  signature: v.string(),
  signature_timestamp: v.pipe(v.number(), v.safeInteger()),
});
export type ModifyFields = v.InferOutput<typeof modifySchema>;

export interface CheckedOrder {
  readonly request: SimulatedOrderRequest;
  readonly fields: OrderFields;
  /** There for orders that wait for a price. */
  readonly triggerPriceTicks: number | undefined;
}

/** What an order was placed as. */
export type Placed =
  | { readonly kind: "order"; readonly order: SimulatedOrder }
  | { readonly kind: "trigger"; readonly trigger: TriggerOrder };

export type OrderKey = { readonly id: string } | { readonly clientId: string };

/** The end of a cancel, with what the order is called on the wire. */
export type CancelEnd =
  | {
    readonly kind: "cancelled" | "already_done";
    readonly id: string;
    readonly clientId: string;
    readonly market: string;
  }
  | { readonly kind: "not_found" };

const triggerTypes: readonly string[] = [
  "STOP_LIMIT",
  "STOP_MARKET",
  "STOP_LOSS_LIMIT",
  "STOP_LOSS_MARKET",
  "TAKE_PROFIT_LIMIT",
  "TAKE_PROFIT_MARKET",
];
/** Trigger orders have numbers of their own: they live on under them when the matching engine numbers them anew. */
const firstTriggerId = 800_000_000_000;

/** What an order carries on the wire besides what the matching engine keeps. */
export interface WireFacts {
  readonly wireId: string;
  /** The venue's type. */
  readonly type: string;
  /** Decimal text, "0" for none. */
  readonly triggerPrice: string;
  readonly signatureTsMs: number;
  readonly instruction: string;
  readonly flags: readonly string[];
}

const refuse = (error: string, message: string, status = 400): ApiError => ({ status, error, message });

/** Ids on the wire are 28 digits: ours and a constant tail. */
const idTail = "701703010000";
export const wireId = (orderId: string): string => orderId + idTail;
const internalId = (id: string): string => (id.endsWith(idTail) ? id.slice(0, -idTail.length) : id);

const cancelReasons: Readonly<Partial<Record<SimulatedRefusal, string>>> = {
  insufficient_margin: "NOT_ENOUGH_MARGIN",
  post_only_would_cross: "POST_ONLY_WOULD_CROSS",
  reduce_only_would_increase: "REDUCE_ONLY_WILL_INCREASE",
  size_above_maximum: "ORDER_EXCEEDS_POSITION_LIMIT",
  no_liquidity: "REMAINING_IOC_CANCEL",
  self_trade: "SELF_TRADE",
  price_outside_band: "PRICE_OUT_OF_BAND",
  size_below_minimum: "ORDER_SIZE_BELOW_MIN",
  notional_below_minimum: "ORDER_SIZE_BELOW_MIN",
  maintenance: "SYSTEM_STATUS_CANCEL_ONLY",
};

/** The `cancel_reason` of a closed order; empty for one that was filled. */
export function cancelReasonOf(order: SimulatedOrder): string {
  if (order.refusal !== undefined) return cancelReasons[order.refusal] ?? "REJECTED";
  switch (order.cancelReason) {
    case "ioc_remainder":
      return "REMAINING_IOC_CANCEL";
    case "reduce_only":
      return "REDUCE_ONLY_WILL_INCREASE";
    case "self_trade":
      return "SELF_TRADE";
    case "user":
    case "dead_mans_switch":
    case "disconnect":
      return "USER_CANCELED";
    case undefined:
      return "";
    default:
      return order.cancelReason satisfies never;
  }
}

export class OrderRules {
  readonly #venue: SimulatedVenue;
  readonly #accountId: string;
  readonly #accounts: Accounts;
  readonly #facts = new Map<string, WireFacts>();
  /** Orders that waited for their price, by the id that they kept. */
  readonly #firedIds = new Map<string, string>();
  readonly #onTrigger = new Set<(order: TriggerOrder) => void>();
  readonly triggers: TriggerOrders;
  /** Of the order that is being handed over: its first events come before its number is known. */
  #submitting: WireFacts | undefined;
  #triggerCount = 0;

  constructor(venue: SimulatedVenue, accountId: string, accounts: Accounts) {
    this.#venue = venue;
    this.#accountId = accountId;
    this.#accounts = accounts;
    this.triggers = new TriggerOrders({
      venue,
      markTicks: (symbol) => {
        const { tick } = listingOfSymbol(symbol);
        return (venue.mark(symbol).markPrice * 10 ** tick.decimals) / tick.units;
      },
      onChange: (order) => this.#tell(order),
      onFire: (order) => this.#fire(order),
    });
  }

  /** Waiting orders are no business of the matching engine: their changes are told here. */
  onTrigger(listener: (order: TriggerOrder) => void): () => void {
    this.#onTrigger.add(listener);
    return () => this.#onTrigger.delete(listener);
  }

  factsOf(orderId: string): WireFacts | undefined {
    const known = this.#facts.get(orderId);
    if (known !== undefined || this.#submitting === undefined) return known;
    this.#facts.set(orderId, this.#submitting);
    return this.#submitting;
  }

  /** The id by which the matching engine knows an order of the wire. */
  engineId(id: string): string {
    return this.#firedIds.get(id) ?? internalId(id);
  }

  wireIdOf(orderId: string): string {
    const id = this.factsOf(orderId)?.wireId ?? "";
    return id === "" ? wireId(orderId) : id;
  }

  /** Form, precision, time and signature: everything that refuses an order before it has an id. */
  check(found: unknown): CheckedOrder | ApiError {
    if (this.#venue.isMaintenance) {
      return refuse("SYSTEM_STATUS_CANCEL_ONLY", "only cancels are accepted now");
    }
    const parsed = v.safeParse(orderSchema, found);
    if (!parsed.success) {
      return refuse(
        "VALIDATION_ERROR",
        `${v.getDotPath(parsed.issues[0]) ?? "order"}: ${parsed.issues[0].message}`,
      );
    }
    const fields = parsed.output;
    const one = listingOf(this.#venue, fields.market);
    if (one === undefined) return refuse("MARKET_NOT_FOUND", `market ${fields.market} not found`);
    const isTrigger = triggerTypes.includes(fields.type);
    if (!isTrigger && fields.type !== "LIMIT" && fields.type !== "MARKET") {
      return refuse("INVALID_REQUEST_PARAMETER", `order type ${fields.type} is unknown`);
    }
    const isMarket = fields.type.endsWith("MARKET");
    const instructionFault = checkInstruction(fields.instruction, fields.type);
    if (instructionFault !== undefined) return instructionFault;
    const closesOnly = /^(STOP_LOSS|TAKE_PROFIT)_/.test(fields.type);
    if (closesOnly && !fields.flags.includes("REDUCE_ONLY")) {
      return refuse("VALIDATION_ERROR", `flags: ${fields.type} must be REDUCE_ONLY`);
    }
    const triggerPriceTicks = isTrigger ? tryParse(fields.trigger_price ?? "", one.tick) : undefined;
    if (isTrigger && (triggerPriceTicks === undefined || triggerPriceTicks <= 0)) {
      return refuse("INVALID_REQUEST_PARAMETER", `trigger_price: must be a multiple of ${one.tick.text}`);
    }
    const sizeLots = tryParse(fields.size, one.lot);
    if (sizeLots === undefined) {
      return refuse("INVALID_ORDER_SIZE", `size: must be a multiple of ${one.lot.text}`);
    }
    if (sizeLots <= 0) return refuse("VALIDATION_ERROR", "size: must be a non-negative non-zero number.");
    const priceTicks = isMarket ? undefined : tryParse(fields.price ?? "", one.tick);
    if (!isMarket && (priceTicks === undefined || priceTicks <= 0)) {
      return refuse("INVALID_REQUEST_PARAMETER", `price: must be a multiple of ${one.tick.text}`);
    }
    const fault = this.#checkTimeAndSignature(fields, one, isMarket) ??
      this.#checkClientId(fields.client_id);
    if (fault !== undefined) return fault;
    return {
      fields,
      triggerPriceTicks,
      request: this.#request(
        fields,
        one,
        sizeLots,
        isMarket ? this.#marketBound(fields.side, one) : priceTicks,
      ),
    };
  }

  /** Takes a checked order; the answer to it is NEW whatever comes after. */
  place(checked: CheckedOrder): Placed {
    const { fields, request, triggerPriceTicks } = checked;
    if (triggerPriceTicks === undefined) {
      return { kind: "order", order: this.#submit(request, { ...wireFacts(fields), wireId: "" }) };
    }
    // A stop fires against the order's side, a take-profit with it.
    const firesAbove = (fields.side === "BUY") !== fields.type.startsWith("TAKE_PROFIT");
    const condition = firesAbove ? "STOP_CONDITION_ABOVE_TRIGGER" : "STOP_CONDITION_BELOW_TRIGGER";
    const nowMs = this.#venue.clock.nowMs();
    const trigger: TriggerOrder = {
      id: wireId(String(firstTriggerId + this.#triggerCount++)),
      request,
      type: fields.type,
      instruction: fields.instruction,
      flags: [...fields.flags, condition],
      triggerPriceTicks,
      firesAbove,
      status: "UNTRIGGERED",
      cancelReason: "",
      signatureTsMs: fields.signature_timestamp,
      tsCreatedMs: nowMs,
      tsUpdatedMs: nowMs,
    };
    this.triggers.add(trigger);
    return { kind: "trigger", trigger };
  }

  #submit(request: SimulatedOrderRequest, facts: WireFacts): SimulatedOrder {
    this.#submitting = facts;
    const { order } = this.#venue.submit(request);
    this.#submitting = undefined;
    this.#facts.set(order.orderId, facts);
    return order;
  }

  cancel(key: OrderKey, reason?: SimulatedCancelReason): CancelEnd {
    const trigger = this.triggers.find(key);
    if (trigger !== undefined) {
      const isWaiting = this.triggers.cancel(trigger.id, "USER_CANCELED") !== undefined;
      const { clientOrderId: clientId, symbol } = trigger.request;
      const { market } = listingOfSymbol(symbol);
      return { kind: isWaiting ? "cancelled" : "already_done", id: trigger.id, clientId, market };
    }
    const engineKey = "id" in key ? { orderId: this.engineId(key.id) } : { clientOrderId: key.clientId };
    const result = this.#venue.cancel(this.#accountId, engineKey, reason);
    if (result.kind === "not_found") return result;
    const { clientOrderId: clientId, orderId, symbol } = result.order;
    const { market } = listingOfSymbol(symbol);
    return { kind: result.kind, id: this.wireIdOf(orderId), clientId, market };
  }

  cancelAll(symbol: string | undefined): void {
    for (const { id, request } of this.triggers.waiting()) {
      if (symbol === undefined || request.symbol === symbol) this.triggers.cancel(id, "USER_CANCELED");
    }
    this.#venue.cancelAll(this.#accountId, symbol);
  }

  #fire(order: TriggerOrder): void {
    const { flags, id, instruction, request, signatureTsMs, triggerPriceTicks, type } = order;
    const one = listingOfSymbol(request.symbol);
    const limit = type.endsWith("MARKET")
      ? this.#marketBound(request.side === "buy" ? "BUY" : "SELL", one)
      : request.limitPriceTicks;
    const { limitPriceTicks: _unbounded, ...unbounded } = request;
    const terms = { ...unbounded, sizeLots: this.#firedLots(request) };
    const triggerPrice = priceText(triggerPriceTicks, one);
    const facts = { wireId: id, type, triggerPrice, signatureTsMs, instruction, flags };
    const bounded = limit === undefined ? terms : { ...terms, limitPriceTicks: limit };
    this.#firedIds.set(id, this.#submit(bounded, facts).orderId);
  }

  /** What fires closes at most what is held (paradex.md, 6.6); without a position it is refused as it stands. */
  #firedLots({ symbol, side, reduceOnly, sizeLots }: SimulatedOrderRequest): number {
    const positions = this.#venue.positions(this.#accountId);
    const { positionLots = 0 } = positions.find((position) => position.symbol === symbol) ?? {};
    const reducible = side === "sell" ? positionLots : -positionLots;
    return reduceOnly && reducible > 0 ? Math.min(sizeLots, reducible) : sizeLots;
  }

  #tell(order: TriggerOrder): void {
    for (const listener of this.#onTrigger) listener(order);
  }

  modify(found: unknown): { readonly order: SimulatedOrder } | ApiError {
    const parsed = v.safeParse(modifySchema, found);
    if (!parsed.success) {
      return refuse(
        "VALIDATION_ERROR",
        `${v.getDotPath(parsed.issues[0]) ?? "order"}: ${parsed.issues[0].message}`,
      );
    }
    const fields = parsed.output;
    const one = listingOf(this.#venue, fields.market);
    const order = this.#venue.order(this.#accountId, { orderId: this.engineId(fields.id) });
    if (one === undefined) return refuse("MARKET_NOT_FOUND", `market ${fields.market} not found`);
    if (order === undefined || order.symbol !== one.simulated.symbol) {
      return refuse("ORDER_ID_NOT_FOUND", "order id not found");
    }
    if (order.status !== "open") return refuse("ORDER_IS_NOT_OPEN", "order is not open");
    const sizeLots = tryParse(fields.size, one.lot);
    const limitPriceTicks = tryParse(fields.price, one.tick);
    if (sizeLots === undefined || sizeLots <= 0) {
      return refuse("INVALID_ORDER_SIZE", `size: must be a multiple of ${one.lot.text}`);
    }
    if (limitPriceTicks === undefined) {
      return refuse("INVALID_REQUEST_PARAMETER", `price: must be a multiple of ${one.tick.text}`);
    }
    const isSame = sizeLots === order.sizeLots && limitPriceTicks === order.limitPriceTicks;
    if (isSame) return refuse("INVALID_REQUEST_PARAMETER", "no order parameters changed");
    const message = [...signedFields(fields, fields.price), fields.id];
    if (!this.#accounts.isSigned("modify", message, fields.signature)) {
      return refuse("INVALID_ORDER_SIGNATURE", "order signature is invalid");
    }
    const result = this.#venue.amend(this.#accountId, { orderId: order.orderId }, {
      sizeLots,
      limitPriceTicks,
    });
    if (result.kind === "amended") return { order: result.order };
    return result.kind === "rejected"
      ? refuse("INVALID_REQUEST_PARAMETER", `modify refused: ${result.refusal}`)
      : refuse("ORDER_IS_NOT_OPEN", "order is not open");
  }

  #checkTimeAndSignature(fields: OrderFields, one: ParadexListing, isMarket: boolean): ApiError | undefined {
    const nowMs = this.#venue.clock.nowMs();
    if (!(nowMs <= fields.signature_timestamp + fields.recv_window)) {
      return refuse("INVALID_TIMESTAMP", "order is outside its recv_window");
    }
    const message = signedFields({ ...fields, market: one.market }, isMarket ? "0" : fields.price ?? "0");
    return this.#accounts.isSigned("order", message, fields.signature)
      ? undefined
      : refuse("INVALID_ORDER_SIGNATURE", "order signature is invalid");
  }

  #checkClientId(clientId: string): ApiError | undefined {
    const isTaken = clientId !== "" &&
      (this.#venue.openOrders(this.#accountId).some((order) => order.clientOrderId === clientId) ||
        this.triggers.waiting().some(({ request }) => request.clientOrderId === clientId));
    return isTaken ? refuse("DUPLICATED_CLIENT_ID", "client_id is already used by an open order") : undefined;
  }

  /** Market orders stop at the market's largest slippage beyond the best price. */
  #marketBound(side: "BUY" | "SELL", one: ParadexListing): number | undefined {
    const { bids: [bid], asks: [ask] } = this.#venue.book(one.simulated.symbol, 1);
    if (side === "BUY") return ask === undefined ? undefined : Math.floor(ask.priceTicks * 1.049);
    return bid === undefined ? undefined : Math.ceil(bid.priceTicks * 0.951);
  }

  #request(
    fields: OrderFields,
    one: ParadexListing,
    sizeLots: number,
    limitPriceTicks: number | undefined,
  ): SimulatedOrderRequest {
    const isMarket = fields.type.endsWith("MARKET");
    return {
      accountId: this.#accountId,
      symbol: one.simulated.symbol,
      clientOrderId: fields.client_id,
      side: fields.side === "BUY" ? "buy" : "sell",
      type: isMarket ? "market" : "limit",
      timeInForce: isMarket || fields.instruction === "IOC" ? "IOC" : "GTC",
      postOnly: fields.instruction === "POST_ONLY",
      reduceOnly: fields.flags.includes("REDUCE_ONLY"),
      sizeLots,
      ...(limitPriceTicks === undefined ? {} : { limitPriceTicks }),
    };
  }
}

function wireFacts(fields: OrderFields): Omit<WireFacts, "wireId"> {
  const { flags, instruction, signature_timestamp: signatureTsMs, type } = fields;
  return { type, triggerPrice: "0", signatureTsMs, instruction, flags };
}

function checkInstruction(instruction: string, type: string): ApiError | undefined {
  const known = ["GTC", "IOC", "POST_ONLY", ""];
  if (instruction === "RPI") {
    return refuse("RPI_ACCOUNT_NOT_WHITELISTED", "account is not allowed to send RPI orders", 403);
  }
  if (!known.includes(instruction)) {
    return refuse("INVALID_REQUEST_PARAMETER", `instruction ${instruction} is unknown`);
  }
  if (instruction === "POST_ONLY" && type !== "LIMIT" && type !== "STOP_LIMIT") {
    return refuse("INVALID_REQUEST_PARAMETER", `POST_ONLY is not for ${type}`);
  }
  return instruction === "IOC" && type !== "LIMIT"
    ? refuse("INVALID_REQUEST_PARAMETER", `IOC is not for ${type}`)
    : undefined;
}

/** timestamp, market, side, orderType, size, price: in this order, scaled by 10^8. */
function signedFields(
  fields: {
    readonly signature_timestamp: number;
    readonly market: string;
    readonly side: "BUY" | "SELL";
    readonly type: string;
    readonly size: string;
  },
  price: string,
): readonly (string | number | bigint)[] {
  const side = fields.side === "BUY" ? 1 : 2;
  return [
    fields.signature_timestamp,
    fields.market,
    side,
    fields.type,
    signedScale(fields.size) ?? 0n,
    signedScale(price) ?? 0n,
  ];
}
