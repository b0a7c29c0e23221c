/**
 * Orders as the venue takes them (paradex.md, 4.6, 6.1 to 6.4): form, precision and signature are refused at once;
 * what the risk check refuses is acknowledged as NEW and then closed with a reason.
 */
import * as v from "valibot";
import type {
  SimulatedOrder,
  SimulatedOrderRequest,
  SimulatedRefusal,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import type { Accounts, ApiError } from "./accounts.ts";
import { listingOf, type ParadexListing, signedScale, tryParse } from "./listing.ts";

const decimal = v.pipe(v.string(), v.regex(/^\d{1,20}(\.\d{1,20})?$/));

export const orderSchema = v.looseObject({
  market: v.string(),
  side: v.picklist(["BUY", "SELL"]),
  type: v.string(),
  size: decimal,
  price: v.optional(decimal),
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

export interface Placed {
  readonly order: SimulatedOrder;
  readonly fields: OrderFields;
}

/** What an order carries on the wire besides what the matching engine keeps. */
export interface WireFacts {
  readonly signatureTsMs: number;
  readonly instruction: string;
  readonly flags: readonly string[];
}

const refuse = (error: string, message: string, status = 400): ApiError => ({ status, error, message });

/** Ids on the wire are 28 digits: ours and a constant tail. */
const idTail = "701703010000";
export const wireId = (orderId: string): string => orderId + idTail;
export const internalId = (id: string): string => (id.endsWith(idTail) ? id.slice(0, -idTail.length) : id);

const cancelReasons: Readonly<Partial<Record<SimulatedRefusal, string>>> = {
  insufficient_margin: "NOT_ENOUGH_MARGIN",
  post_only_would_cross: "POST_ONLY_WOULD_CROSS",
  reduce_only_would_increase: "REDUCE_ONLY_WILL_INCREASE",
  size_above_maximum: "ORDER_EXCEEDS_POSITION_LIMIT",
  no_liquidity: "REMAINING_IOC_CANCEL",
  self_trade: "SELF_TRADE",
  price_outside_band: "PRICE_OUT_OF_BAND",
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
  readonly facts = new Map<string, WireFacts>();

  constructor(venue: SimulatedVenue, accountId: string, accounts: Accounts) {
    this.#venue = venue;
    this.#accountId = accountId;
    this.#accounts = accounts;
  }

  /** Form, precision, time and signature: everything that refuses an order before it has an id. */
  check(
    found: unknown,
  ): { readonly request: SimulatedOrderRequest; readonly fields: OrderFields } | ApiError {
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
    if (fields.type !== "LIMIT" && fields.type !== "MARKET") {
      return refuse("INVALID_REQUEST_PARAMETER", `order type ${fields.type} is not simulated`);
    }
    const isMarket = fields.type === "MARKET";
    const instructionFault = checkInstruction(fields.instruction, isMarket);
    if (instructionFault !== undefined) return instructionFault;
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
      this.#checkClientId(fields.client_id) ??
      this.#checkNotional(fields, one, sizeLots, priceTicks);
    if (fault !== undefined) return fault;
    return {
      fields,
      request: this.#request(
        fields,
        one,
        sizeLots,
        isMarket ? this.#marketBound(fields.side, one) : priceTicks,
      ),
    };
  }

  /** Hands a checked order to the matching engine; its answer is NEW whatever comes after. */
  submit(checked: { readonly request: SimulatedOrderRequest; readonly fields: OrderFields }): Placed {
    const { fields } = checked;
    const result = this.#venue.submit(checked.request);
    this.remember(result.order, fields);
    return { order: result.order, fields };
  }

  remember(order: SimulatedOrder, fields: OrderFields): void {
    const { instruction, flags, signature_timestamp: signatureTsMs } = fields;
    this.facts.set(order.orderId, { signatureTsMs, instruction, flags });
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
    const order = this.#venue.order(this.#accountId, { orderId: internalId(fields.id) });
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
      this.#venue.openOrders(this.#accountId).some((order) => order.clientOrderId === clientId);
    return isTaken ? refuse("DUPLICATED_CLIENT_ID", "client_id is already used by an open order") : undefined;
  }

  #checkNotional(
    fields: OrderFields,
    one: ParadexListing,
    sizeLots: number,
    priceTicks: number | undefined,
  ): ApiError | undefined {
    const mark = this.#venue.mark(one.simulated.symbol).markPrice;
    const price = priceTicks === undefined
      ? mark
      : Math.max(mark, (priceTicks * one.tick.units) / 10 ** one.tick.decimals);
    const value = ((sizeLots * one.lot.units) / 10 ** one.lot.decimals) * price;
    const position = this.#venue.positions(this.#accountId).find((held) =>
      held.symbol === one.simulated.symbol
    );
    const closesAll = fields.flags.includes("REDUCE_ONLY") &&
      sizeLots === Math.abs(position?.positionLots ?? 0);
    return value >= Number(one.simulated.minNotional) || closesAll
      ? undefined
      : refuse("VALIDATION_ERROR", `order notional must be at least ${one.simulated.minNotional}`);
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
    const isMarket = fields.type === "MARKET";
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

function checkInstruction(instruction: string, isMarket: boolean): ApiError | undefined {
  const known = ["GTC", "IOC", "POST_ONLY", ""];
  if (instruction === "RPI") {
    return refuse("RPI_ACCOUNT_NOT_WHITELISTED", "account is not allowed to send RPI orders", 403);
  }
  if (!known.includes(instruction)) {
    return refuse("INVALID_REQUEST_PARAMETER", `instruction ${instruction} is unknown`);
  }
  return isMarket && instruction === "POST_ONLY"
    ? refuse("INVALID_REQUEST_PARAMETER", "POST_ONLY needs a limit price")
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
