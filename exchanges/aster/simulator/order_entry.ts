/** Order requests: Aster's own checks and error codes before the shared matching engine sees anything. */
import type { SimulatedOrderRequest, SimulatedRefusal, SimulatedVenue } from "../../simulation/ports.ts";
import { missing, refusal, unknownSymbol, type VenueError } from "./errors.ts";
import { type AsterListing, listingOf, parsePrice, parseSize } from "./listing.ts";

export type Params = ReadonlyMap<string, string>;

/** Refusals that the venue acknowledges first, and then tells as an order that expired. */
export const expiringRefusals: ReadonlySet<SimulatedRefusal> = new Set([
  "post_only_would_cross",
  "fok_not_filled",
  "self_trade",
]);

export function refusalOf(why: SimulatedRefusal, side: string): VenueError {
  switch (why) {
    case "insufficient_margin":
      return refusal(-2019, "Margin is insufficient.");
    case "reduce_only_would_increase":
      return refusal(-2022, "ReduceOnly Order is rejected.");
    case "size_below_minimum":
      return refusal(-4004, "Quantity less than min quantity.");
    case "size_above_maximum":
      return refusal(-4005, "Quantity greater than max quantity.");
    case "notional_below_minimum":
      return refusal(-4164, "Order's notional must be no smaller than 5.0 (unless you choose reduce only)");
    case "price_outside_band":
      return side === "buy"
        ? refusal(-4016, "Price is higher than mark price multiplier cap.")
        : refusal(-4024, "Price is lower than mark price multiplier floor.");
    case "too_many_open_orders":
      return refusal(-2025, "Reach max open order limit.");
    case "no_liquidity":
      return refusal(-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit");
    case "duplicate_client_order_id":
      return refusal(-4116, "ClientOrderId is duplicated.");
    case "maintenance":
      return refusal(-1016, "This service is no longer available.");
    case "post_only_would_cross":
    case "fok_not_filled":
    case "self_trade":
      return refusal(-2010, "NEW_ORDER_REJECTED");
    default:
      return why satisfies never;
  }
}

/** What waits for a price, beside the order that it becomes. */
export interface TriggerTerms {
  readonly type: string;
  readonly isStop: boolean;
  readonly stopPriceTicks: number;
  readonly workingType: "MARK_PRICE" | "CONTRACT_PRICE";
}

export interface CheckedOrder {
  readonly one: AsterListing;
  readonly request: SimulatedOrderRequest;
  readonly timeInForce: string;
  readonly trigger: TriggerTerms | undefined;
}

/** A trigger order, and what became of it. */
export interface Waiting {
  readonly orderId: string;
  readonly checked: CheckedOrder;
  readonly tsCreatedMs: number;
  status: "NEW" | "CANCELED" | "EXPIRED";
  tsUpdatedMs: number;
  /** Number in the engine of the order that came of it. */
  becameId: string | undefined;
}

const orderParams: ReadonlySet<string> = new Set([
  "symbol",
  "side",
  "positionSide",
  "type",
  "timeInForce",
  "quantity",
  "reduceOnly",
  "price",
  "newClientOrderId",
  "stopPrice",
  "workingType",
  "priceProtect",
  "newOrderRespType",
]);
/** Of the venue, and not simulated. */
const otherParams: ReadonlySet<string> = new Set([
  "closePosition",
  "activationPrice",
  "callbackRate",
  "pegPriceType",
  "pegOffset",
  "stpMode",
]);
const triggerTypes: ReadonlySet<string> = new Set([
  "STOP",
  "STOP_MARKET",
  "TAKE_PROFIT",
  "TAKE_PROFIT_MARKET",
]);

/** Undefined for an absent text, "wrong" for one that is no multiple of its step. */
function tryParse(value: string | undefined, parse: (value: string) => number): number | undefined | "wrong" {
  if (value === undefined || value === "") return undefined;
  try {
    return parse(value);
  } catch {
    return "wrong"; // the reason is told in the venue's own words
  }
}

const hasPlainForm = (value: string): boolean => /^-?\d{1,20}(\.\d{1,20})?$/.test(value);
const decimalsOf = (value: string): number => value.split(".")[1]?.length ?? 0;

/** A price as ticks. */
function priceOf(params: Params, name: string, one: AsterListing): number | VenueError {
  const text = params.get(name);
  if (text === undefined || text === "" || !hasPlainForm(text)) return missing(name);
  if (text.startsWith("-") || Number(text) <= 0) {
    return name === "price"
      ? refusal(-4001, "Price less than 0.")
      : refusal(-4006, "Stop price less than zero.");
  }
  if (decimalsOf(text) > 8) return refusal(-1111, "Precision is over the maximum defined for this asset.");
  const ticks = tryParse(text, (value) => parsePrice(value, one));
  return typeof ticks === "number" ? ticks : refusal(-4014, "Price not increased by tick size.");
}

/** A size as lots. */
export function sizeOf(params: Params, one: AsterListing): number | VenueError {
  const text = params.get("quantity");
  if (text === undefined || text === "" || !hasPlainForm(text)) return missing("quantity");
  if (text.startsWith("-") || Number(text) <= 0) return refusal(-4003, "Quantity less than zero.");
  if (decimalsOf(text) > 8) return refusal(-1111, "Precision is over the maximum defined for this asset.");
  const lots = tryParse(text, (value) => parseSize(value, one));
  return typeof lots === "number" ? lots : refusal(-4023, "Qty not increased by step size.");
}

export const limitPriceOf = (params: Params, one: AsterListing): number | VenueError =>
  priceOf(params, "price", one);

function triggerOf(params: Params, type: string, one: AsterListing): TriggerTerms | VenueError {
  const stopPriceTicks = priceOf(params, "stopPrice", one);
  if (typeof stopPriceTicks !== "number") return stopPriceTicks;
  const workingType = params.get("workingType") ?? "CONTRACT_PRICE";
  if (workingType !== "MARK_PRICE" && workingType !== "CONTRACT_PRICE") {
    return refusal(-4031, "Invalid parameter working type");
  }
  return { type, isStop: type.startsWith("STOP"), stopPriceTicks, workingType };
}

/** Whether a stop or take-profit order's price is reached. */
export const isReached = (
  { isStop, stopPriceTicks }: TriggerTerms,
  side: "buy" | "sell",
  ticks: number,
): boolean => ((side === "buy") === isStop ? ticks >= stopPriceTicks : ticks <= stopPriceTicks);

/** An order's parameters, checked against the filters; what of the market they meet is the engine's part. */
export function checkOrder(
  params: Params,
  venue: SimulatedVenue,
  accountId: string,
  makeClientId: () => string,
): CheckedOrder | VenueError {
  for (const name of params.keys()) {
    if (otherParams.has(name)) return refusal(-4084, "Method is not allowed currently. Upcoming soon.");
    if (!orderParams.has(name)) return refusal(-1103, "An unknown parameter was sent.");
  }
  const one = listingOf(params.get("symbol") ?? "");
  if (one === undefined || venue.instrument(one.simulated.symbol) === undefined) return unknownSymbol;
  const side = params.get("side");
  if (side !== "BUY" && side !== "SELL") return refusal(-1117, "Invalid side.");
  if ((params.get("positionSide") ?? "BOTH") !== "BOTH") {
    return refusal(-4061, "Order's position side does not match user's setting.");
  }
  const type = params.get("type") ?? "";
  const isTrigger = triggerTypes.has(type);
  if (!isTrigger && type !== "LIMIT" && type !== "MARKET") return refusal(-1116, "Invalid orderType.");
  const clientOrderId = params.get("newClientOrderId") ?? makeClientId();
  if (!/^[.A-Z:/a-z0-9_-]{1,36}$/.test(clientOrderId)) return refusal(-4015, "Client order id is not valid.");
  const reduceOnly = params.get("reduceOnly") ?? "false";
  if (reduceOnly !== "true" && reduceOnly !== "false") {
    return refusal(-4062, "Invalid or improper reduceOnly value.");
  }
  const respType = params.get("newOrderRespType") ?? "ACK";
  if (respType !== "ACK" && respType !== "RESULT") return refusal(-1136, "Invalid newOrderRespType.");
  const sizeLots = sizeOf(params, one);
  if (typeof sizeLots !== "number") return sizeLots;
  const hasPrice = type === "LIMIT" || type === "STOP" || type === "TAKE_PROFIT";
  if (!hasPrice && params.has("price")) return refusal(-1106, "Parameter 'price' sent when not required.");
  if (!isTrigger && params.has("stopPrice")) {
    return refusal(-1106, "Parameter 'stopPrice' sent when not required.");
  }
  const price = hasPrice ? limitPriceOf(params, one) : undefined;
  if (price !== undefined && typeof price !== "number") return price;
  const timeInForce = params.get("timeInForce") ?? (isTrigger ? "GTC" : "");
  if (type === "LIMIT" && timeInForce === "") return missing("timeInForce");
  if (type === "MARKET" && timeInForce !== "") {
    return refusal(-1106, "Parameter 'timeInForce' sent when not required.");
  }
  if (timeInForce !== "" && !["GTC", "IOC", "FOK", "GTX"].includes(timeInForce)) {
    return refusal(-1115, "Invalid timeInForce.");
  }
  const trigger = isTrigger ? triggerOf(params, type, one) : undefined;
  if (trigger !== undefined && "code" in trigger) return trigger;
  const isMarket = price === undefined;
  return {
    one,
    timeInForce: isMarket ? "GTC" : timeInForce,
    trigger,
    request: {
      accountId,
      symbol: one.simulated.symbol,
      clientOrderId,
      side: side === "BUY" ? "buy" : "sell",
      type: isMarket ? "market" : "limit",
      timeInForce: isMarket || timeInForce === "IOC" ? "IOC" : timeInForce === "FOK" ? "FOK" : "GTC",
      postOnly: timeInForce === "GTX",
      reduceOnly: reduceOnly === "true",
      sizeLots,
      ...(isMarket ? {} : { limitPriceTicks: price }),
    },
  };
}
