/**
 * Order requests of REST and WebSocket alike: OKX's own checks and error codes (okx.md, 4.2 and 4.3) before the
 * shared matching engine sees anything.
 */
import type {
  SimulatedOrder,
  SimulatedOrderRequest,
  SimulatedRefusal,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import {
  listingOf,
  listingOfCode,
  type OkxListing,
  parseContracts,
  parsePrice,
  timeText,
} from "./listing.ts";
import type { PositionMode } from "./position_mode.ts";

export interface ItemAnswer {
  readonly ordId: string;
  readonly clOrdId: string;
  readonly tag: string;
  readonly ts: string;
  readonly sCode: string;
  readonly sMsg: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Refusals that OKX acknowledges first and then reports as a cancelled order, with its `cancelSource`. */
export const cancelSourceOfRefusal: Readonly<Partial<Record<SimulatedRefusal, string>>> = {
  post_only_would_cross: "31",
  fok_not_filled: "13",
  self_trade: "32",
};

const refusalCodes: Readonly<Record<SimulatedRefusal, readonly [string, string]>> = {
  insufficient_margin: ["51008", "Order failed. Insufficient USDT margin in account"],
  post_only_would_cross: ["51019", "Post only order would take liquidity"],
  reduce_only_would_increase: [
    "51169",
    "Order failed because you don't have any positions in this direction to reduce or close.",
  ],
  fok_not_filled: ["51000", "FOK order can't be filled"],
  size_below_minimum: ["51020", "Your order should meet or exceed the minimum order amount."],
  size_above_maximum: [
    "51004",
    "Order failed. The order amount exceeds the limit of the current position tier.",
  ],
  notional_below_minimum: ["51020", "Your order should meet or exceed the minimum order amount."],
  price_outside_band: ["51006", "Order price is not within the price limit."],
  too_many_open_orders: ["51023", "Too many open orders"],
  no_liquidity: ["51000", "There is no liquidity for a market order"],
  duplicate_client_order_id: ["51016", "Duplicated client order ID"],
  self_trade: ["51000", "Self trade"],
  maintenance: ["50001", "Service temporarily unavailable. Please try again later."],
};

/** Client ids that are remembered: "unique among recent orders". */
const maxUsedIds = 20_000;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

export class OrderEntry {
  readonly #venue: SimulatedVenue;
  readonly #accountId: string;
  readonly #positions: PositionMode;
  /** Of recent orders, oldest first. */
  readonly #usedClientIds = new Set<string>();

  constructor(venue: SimulatedVenue, accountId: string, positions: PositionMode) {
    this.#venue = venue;
    this.#accountId = accountId;
    this.#positions = positions;
  }

  /** @param byCode true on the WebSocket, where the instrument is named by `instIdCode` alone */
  place(fields: Fields, byCode: boolean): ItemAnswer {
    const found = this.#instrument(fields, byCode);
    if (typeof found === "string") {
      return this.#answer(
        fields,
        "",
        found === "" ? "51000" : "51001",
        found === "" ? "Parameter instIdCode can not be empty" : "Instrument ID doesn't exist.",
      );
    }
    const clientOrderId = text(fields["clOrdId"]);
    if (clientOrderId !== "" && this.#usedClientIds.has(clientOrderId)) {
      return this.#answer(fields, "", "51016", "Duplicated client order ID");
    }
    const answer = this.#submit(fields, found, clientOrderId);
    if (clientOrderId !== "" && answer.sCode === "0") this.#keepId(clientOrderId);
    return answer;
  }

  /** What a trigger order becomes: the same checks, under an id that no client can have. */
  placeSpawned(fields: Fields, clientOrderId: string): ItemAnswer {
    const found = this.#instrument(fields, false);
    return typeof found === "string"
      ? this.#answer(fields, "", "51001", "Instrument ID doesn't exist.")
      : this.#submit(fields, found, clientOrderId);
  }

  /** What is wrong with the terms of an order, before anything of the market is looked at. */
  faultOf(fields: Fields, one: OkxListing): { readonly code: string; readonly msg: string } | undefined {
    const request = this.#request(fields, one);
    return "code" in request ? request : undefined;
  }

  #submit(fields: Fields, one: OkxListing, clientOrderId: string): ItemAnswer {
    const request = this.#request(fields, one);
    if ("code" in request) return this.#answer(fields, "", request.code, request.msg);
    const leg = this.#leg(fields);
    const isClosing = leg !== undefined && (request.side === "sell") === (leg === "long");
    if (isClosing && request.sizeLots > this.#positions.closableLots(request.symbol, leg)) {
      return this.#answer(fields, "", ...refusalCodes.reduce_only_would_increase);
    }
    const result = this.#positions.placeFor(leg, () => this.#venue.submit({ ...request, clientOrderId }));
    if (result.kind === "rejected" && cancelSourceOfRefusal[result.refusal] === undefined) {
      return this.#answer(fields, "", ...refusalCodes[result.refusal]);
    }
    return this.#answer(fields, result.order.orderId, "0", "Order placed");
  }

  #keepId(clientOrderId: string): void {
    this.#usedClientIds.add(clientOrderId);
    for (const oldest of this.#usedClientIds) {
      if (this.#usedClientIds.size <= maxUsedIds) break;
      this.#usedClientIds.delete(oldest);
    }
  }

  /** The side of the account that an order in long/short mode is for. */
  #leg(fields: Fields): "long" | "short" | undefined {
    const posSide = text(fields["posSide"]);
    return this.#positions.mode === "long_short_mode" && (posSide === "long" || posSide === "short")
      ? posSide
      : undefined;
  }

  cancel(fields: Fields, byCode: boolean): ItemAnswer {
    const found = this.#instrument(fields, byCode);
    if (typeof found === "string") return this.#answer(fields, "", "51001", "Instrument ID doesn't exist.");
    const id = orderIdOf(fields);
    if (id === undefined) return this.#answer(fields, "", "51000", "Parameter ordId error");
    const result = this.#venue.cancel(this.#accountId, id);
    if (result.kind === "cancelled") return this.#answer(fields, result.order.orderId, "0", "");
    if (result.kind === "not_found") {
      return this.#answer(fields, "", "51400", "Cancellation failed as the order doesn't exist.");
    }
    return result.order.status === "filled"
      ? this.#answer(
        fields,
        result.order.orderId,
        "51402",
        "Cancellation failed as the order has been completed.",
      )
      : this.#answer(
        fields,
        result.order.orderId,
        "51401",
        "Cancellation failed as the order has been canceled.",
      );
  }

  /** `newSz` is the new total, what is filled included. */
  amend(fields: Fields, byCode: boolean): ItemAnswer {
    const found = this.#instrument(fields, byCode);
    if (typeof found === "string") return this.#answer(fields, "", "51001", "Instrument ID doesn't exist.");
    const id = orderIdOf(fields);
    if (id === undefined) return this.#answer(fields, "", "51000", "Parameter ordId error");
    const sizeLots = tryParse(text(fields["newSz"]), (value) => parseContracts(value, found));
    const limitPriceTicks = tryParse(text(fields["newPx"]), (value) => parsePrice(value, found));
    if (sizeLots === "wrong") {
      return this.#answer(fields, "", "51121", "Order quantity must be a multiple of the lot size.");
    }
    if (limitPriceTicks === "wrong") return this.#answer(fields, "", "51000", "Parameter newPx error");
    if (sizeLots === undefined && limitPriceTicks === undefined) {
      return this.#answer(fields, "", "51000", "Parameter newSz or newPx error");
    }
    const result = this.#venue.amend(this.#accountId, id, {
      ...(sizeLots === undefined ? {} : { sizeLots }),
      ...(limitPriceTicks === undefined ? {} : { limitPriceTicks }),
    });
    if (result.kind === "amended") return this.#answer(fields, result.order.orderId, "0", "");
    if (result.kind === "rejected") return this.#answer(fields, "", ...refusalCodes[result.refusal]);
    if (result.kind === "not_found") {
      return this.#answer(fields, "", "51503", "Order modification failed as the order doesn't exist.");
    }
    return result.order.status === "filled"
      ? this.#answer(fields, "", "51510", "Order modification failed as the order has been completed.")
      : this.#answer(fields, "", "51509", "Order modification failed as the order has been canceled.");
  }

  find(fields: Fields): SimulatedOrder | undefined {
    const id = orderIdOf(fields);
    return id === undefined ? undefined : this.#venue.order(this.#accountId, id);
  }

  /** The listing, the unknown name, or "" where the WebSocket's code is missing. */
  #instrument(fields: Fields, byCode: boolean): OkxListing | string {
    if (byCode) {
      const code = fields["instIdCode"];
      if (typeof code !== "number") return "";
      return listingOfCode(code) ?? String(code);
    }
    const instId = text(fields["instId"]);
    return listingOf(instId) ?? (instId === "" ? "missing" : instId);
  }

  #request(
    fields: Fields,
    one: OkxListing,
  ): SimulatedOrderRequest | { readonly code: string; readonly msg: string } {
    const ordType = text(fields["ordType"]);
    const clientOrderId = text(fields["clOrdId"]);
    if (!/^[A-Za-z0-9]{0,32}$/.test(clientOrderId)) return { code: "51000", msg: "Parameter clOrdId error" };
    if (!["cross", "isolated"].includes(text(fields["tdMode"]))) {
      return { code: "51000", msg: "Parameter tdMode error" };
    }
    const side = text(fields["side"]);
    if (side !== "buy" && side !== "sell") return { code: "51000", msg: "Parameter side error" };
    const posSide = text(fields["posSide"]);
    const isHedged = this.#positions.mode === "long_short_mode";
    const sides = isHedged ? ["long", "short"] : ["", "net"];
    if (!sides.includes(posSide)) return { code: "51000", msg: "Parameter posSide error" };
    if (!["limit", "post_only", "fok", "ioc", "market", "optimal_limit_ioc"].includes(ordType)) {
      return { code: "51000", msg: "Parameter ordType error" };
    }
    const sizeLots = tryParse(text(fields["sz"]), (value) => parseContracts(value, one));
    if (sizeLots === undefined) return { code: "51000", msg: "Parameter sz error" };
    if (sizeLots === "wrong") {
      return { code: "51121", msg: "Order quantity must be a multiple of the lot size." };
    }
    if (sizeLots <= 0) {
      return { code: "51020", msg: "Your order should meet or exceed the minimum order amount." };
    }
    const isMarket = ordType === "market" || ordType === "optimal_limit_ioc";
    const price = isMarket ? undefined : tryParse(text(fields["px"]), (value) => parsePrice(value, one));
    if (price === "wrong" || (!isMarket && (price === undefined || price <= 0))) {
      return { code: "51000", msg: "Parameter px error" };
    }
    return {
      accountId: this.#accountId,
      symbol: one.simulated.symbol,
      clientOrderId,
      side,
      type: isMarket ? "market" : "limit",
      timeInForce: ordType === "fok" ? "FOK" : ordType === "ioc" || isMarket ? "IOC" : "GTC",
      postOnly: ordType === "post_only",
      // In long/short mode the flag is not looked at: the side says what is closed.
      reduceOnly: !isHedged && (fields["reduceOnly"] === true || fields["reduceOnly"] === "true"),
      sizeLots,
      ...(price === undefined ? {} : { limitPriceTicks: price }),
    };
  }

  #answer(fields: Fields, ordId: string, sCode: string, sMsg: string): ItemAnswer {
    const ts = timeText(this.#venue.clock.nowMs());
    return { ordId, clOrdId: text(fields["clOrdId"]), tag: text(fields["tag"]), ts, sCode, sMsg };
  }
}

function orderIdOf(
  fields: Fields,
): { readonly orderId: string } | { readonly clientOrderId: string } | undefined {
  const ordId = text(fields["ordId"]);
  const clOrdId = text(fields["clOrdId"]);
  if (ordId !== "") return { orderId: ordId };
  return clOrdId === "" ? undefined : { clientOrderId: clOrdId };
}

/** Undefined for an absent text, "wrong" for one that is no multiple of its step. */
function tryParse(value: string, parse: (value: string) => number): number | undefined | "wrong" {
  if (value === "") return undefined;
  try {
    return parse(value);
  } catch {
    return "wrong"; // the reason is told in the venue's own words
  }
}
