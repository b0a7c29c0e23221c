/** What every venue refuses: size, value, price and margin by its rules, and more orders than it keeps open. */
import type { Ledger } from "./ledger.ts";
import type { Market } from "./market.ts";
import type { OrderArchive } from "./order_archive.ts";
import type { SimulatedOrder, SimulatedOrderRequest, SimulatedRefusal } from "./ports.ts";

/** Per account and instrument. */
const maxOpenOrders = 150;

export class Admission {
  readonly #archive: OrderArchive;
  readonly #ledger: Ledger;
  /** Aggressive limit prices further than this fraction beyond the mark are refused. */
  readonly #priceBand: number;

  constructor(archive: OrderArchive, ledger: Ledger, priceBand: number) {
    this.#archive = archive;
    this.#ledger = ledger;
    this.#priceBand = priceBand;
  }

  /** Why a new order is refused; undefined when it may be matched. */
  refusalOf(request: SimulatedOrderRequest, market: Market): SimulatedRefusal | undefined {
    const open = this.#archive.open(request.accountId);
    const { clientOrderId } = request; // venues that take orders without one see it empty
    if (clientOrderId !== "" && open.some((order) => order.clientOrderId === clientOrderId)) {
      return "duplicate_client_order_id";
    }
    if (open.filter((order) => order.symbol === request.symbol).length >= maxOpenOrders) {
      return "too_many_open_orders";
    }
    return this.#sizeRefusal(request, market) ?? this.#priceRefusal(request, market) ??
      this.#marginRefusal(request, market, undefined);
  }

  /** Why an order can't be changed to `request`, of which `remainingLots` are still to be filled. */
  amendRefusalOf(
    request: SimulatedOrderRequest,
    remainingLots: number,
    market: Market,
    order: SimulatedOrder,
  ): SimulatedRefusal | undefined {
    return this.#sizeRefusal(request, market) ??
      this.#marginRefusal({ ...request, sizeLots: remainingLots }, market, order);
  }

  #sizeRefusal(request: SimulatedOrderRequest, market: Market): SimulatedRefusal | undefined {
    const { instrument, markTicks, tickLot, minNotional } = market;
    if (!(request.sizeLots >= instrument.minSizeLots)) return "size_below_minimum";
    if (!(request.sizeLots <= instrument.maxSizeLots)) return "size_above_maximum";
    const value = BigInt(request.limitPriceTicks ?? markTicks) * BigInt(request.sizeLots) * tickLot;
    const { positionLots } = this.#ledger.position(request.accountId, request.symbol);
    const closesAll = request.reduceOnly && request.sizeLots === Math.abs(positionLots);
    return value < minNotional && !closesAll ? "notional_below_minimum" : undefined;
  }

  #priceRefusal(request: SimulatedOrderRequest, { engine, markTicks }: Market): SimulatedRefusal | undefined {
    const { side, limitPriceTicks } = request;
    if (limitPriceTicks !== undefined && markTicks > 0) {
      const edge = side === "buy" ? markTicks * (1 + this.#priceBand) : markTicks * (1 - this.#priceBand);
      if (side === "buy" ? limitPriceTicks > edge : limitPriceTicks < edge) return "price_outside_band";
    }
    if (request.postOnly && limitPriceTicks !== undefined && engine.wouldCross(side, limitPriceTicks)) {
      return "post_only_would_cross";
    }
    const taker = { accountId: request.accountId, side, sizeLots: request.sizeLots, limitPriceTicks };
    if (request.type === "market" && engine.available(taker) === 0) return "no_liquidity";
    return request.timeInForce === "FOK" && engine.available(taker) < request.sizeLots
      ? "fok_not_filled"
      : undefined;
  }

  /** Reduce-only against the position; margin by the worst case with all open orders and this one. */
  #marginRefusal(
    request: SimulatedOrderRequest,
    market: Market,
    replaced: SimulatedOrder | undefined,
  ): SimulatedRefusal | undefined {
    const { accountId, symbol, side, sizeLots } = request;
    const { positionLots } = this.#ledger.position(accountId, symbol);
    if (request.reduceOnly) {
      const reducible = side === "sell" ? positionLots : -positionLots;
      return sizeLots <= reducible ? undefined : "reduce_only_would_increase";
    }
    const before = this.#ledger.account(accountId, (other) => this.#archive.openLots(accountId, other));
    const after = this.#ledger.account(accountId, (other) => {
      const open = this.#archive.openLots(accountId, other);
      if (other !== symbol) return open;
      const freed = replaced === undefined ? 0 : replaced.sizeLots - replaced.filledLots;
      const added = sizeLots - freed;
      return side === "buy"
        ? { ...open, buyLots: open.buyLots + added }
        : { ...open, sellLots: open.sellLots + added };
    });
    const isWithin = after.initialMargin <= after.equity || after.initialMargin <= before.initialMargin;
    return isWithin && market.markTicks > 0 ? undefined : "insufficient_margin";
  }
}
