/** A strategy that trades at random: every kind of order, cancels, cancel-all; what it knows comes from messages alone. */
import type { ExitTerms } from "../../core/model/exit_plan.ts";
import type { InstrumentId, PluginId } from "../../core/model/ids.ts";
import type { OrderPricing, Side } from "../../core/model/order.ts";
import { isFinalStatus } from "../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../core/model/ticks.ts";
import type { HostMessage } from "../../core/protocol/messages.ts";
import { between, exponential } from "../../exchanges/simulation/random.ts";
import type { SimulationRandom } from "../../exchanges/simulation/ports.ts";
import type { SimHost } from "./sim_host.ts";

export interface RandomTraderOptions {
  readonly plugin: PluginId;
  readonly subscriber: number;
  readonly random: SimulationRandom;
  readonly host: SimHost;
  /** Mean time between two deeds, ms. */
  readonly everyMs: number;
  readonly onStop: "keep_positions" | "flatten";
  /** USD of a usual order. */
  readonly orderUsd: number;
  /** Where given, orders come with exit plans drawn by it. */
  readonly exits: SimulationRandom | undefined;
}

export const noExits: ExitTerms = {
  stopLossBps: undefined,
  stopPrice: undefined,
  takeProfitBps: undefined,
  takeProfitPrice: undefined,
  trailing: undefined,
  breakEven: undefined,
  maxHoldMs: undefined,
  wideSpread: undefined,
  exitCapBps: 20,
};

export class RandomTrader {
  readonly #options: RandomTraderOptions;
  readonly #open = new Set<string>();
  readonly #held = new Map<InstrumentId, number>();
  #count = 0;
  #isRunning = true;

  constructor(options: RandomTraderOptions) {
    this.#options = options;
    const { host, plugin, subscriber, onStop } = options;
    host.attachStrategy(plugin, subscriber, (message) => this.#hear(message));
    host.dispatch({
      kind: "plugin_started",
      plugin,
      subscriber,
      grant: { venues: ["*"], instruments: ["*"], data: ["quotes"], orders: "trade" },
      budget: {
        maxOrderNotionalUsd: 1e6,
        maxPositionNotionalUsd: 1e6,
        maxOrdersPerSecond: 1e3,
        maxDailyLossUsd: 1e6,
      },
      onStop,
    });
    this.#plan();
  }

  /** It does nothing more; what it has open stays. */
  rest(): void {
    this.#isRunning = false;
  }

  /** Its process dies. */
  crash(isFinal: boolean): void {
    const { host, plugin, subscriber } = this.#options;
    this.rest();
    host.driver.attachStrategy(plugin, subscriber, undefined);
    host.dispatch({ kind: "plugin_stopped", plugin, reason: "crash", isFinal });
  }

  #hear(message: HostMessage): void {
    if (message.type === "order") {
      if (isFinalStatus(message.order.status)) this.#open.delete(message.ref);
      else this.#open.add(message.ref);
    }
    if (message.type === "position") this.#held.set(message.instrument, message.positionLots);
  }

  #plan(): void {
    const { host, random, everyMs } = this.#options;
    host.process.after(exponential(random, everyMs), () => {
      if (!this.#isRunning) return;
      this.#act();
      this.#plan();
    });
  }

  #act(): void {
    const { host, plugin, random } = this.#options;
    const draw = random.next();
    const refs = [...this.#open];
    if (draw < 0.3 && refs.length > 0) {
      const ref = refs[Math.floor(random.next() * refs.length)];
      if (ref !== undefined) host.dispatch({ kind: "cancel_intent", plugin, ref });
    } else if (draw < 0.32) {
      host.dispatch({ kind: "cancel_all_intent", plugin, instrument: undefined });
    } else this.#order();
  }

  #order(): void {
    const { host, plugin, random, orderUsd } = this.#options;
    const { instruments } = host;
    const instrument = instruments[Math.floor(random.next() * instruments.length)];
    const index = instrument === undefined ? undefined : host.engine.indexOf(instrument.id);
    if (instrument === undefined || index === undefined) return;
    const bid = host.engine.quotes.bidPrice(index);
    const ask = host.engine.quotes.askPrice(index);
    if (!(bid > 0 && ask > 0)) return;
    const held = this.#held.get(instrument.id) ?? 0;
    const reduceOnly = held !== 0 && random.next() < 0.3;
    const side: Side = reduceOnly ? (held > 0 ? "sell" : "buy") : random.next() < 0.5 ? "buy" : "sell";
    const lotUsd = ask * (instrument.lot.units / 10 ** instrument.lot.decimals);
    const wanted = Math.max(1, Math.round((orderUsd * Math.exp(between(random, -1.5, 0.7))) / lotUsd));
    this.#count += 1;
    host.dispatch({
      kind: "intent",
      exits: reduceOnly ? undefined : this.#exits(),
      intent: {
        plugin,
        ref: `r${this.#count}`,
        instrument: instrument.id,
        side,
        sizeLots: sizeLots(reduceOnly ? Math.min(Math.abs(held), wanted) : wanted),
        reduceOnly,
        pricing: this.#pricing(side, bid, ask, 10 ** instrument.tick.decimals / instrument.tick.units),
        causes: [],
      },
    });
  }

  #exits(): ExitTerms | undefined {
    const random = this.#options.exits;
    if (random === undefined || random.next() < 0.3) return undefined;
    const maybe = (share: number, low: number, high: number): number | undefined =>
      random.next() < share ? between(random, low, high) : undefined;
    return {
      ...noExits,
      stopLossBps: between(random, 8, 80),
      takeProfitBps: maybe(0.3, 8, 80),
      takeProfitSteps: random.next() < 0.4
        ? [0.3, 0.4].map((share) => ({ bps: between(random, 2, 12), price: undefined, share }))
        : undefined,
      trailing: random.next() < 0.3
        ? { activationBps: between(random, 0, 10), distanceBps: between(random, 5, 40) }
        : undefined,
      maxHoldMs: maybe(0.2, 2_000, 15_000),
    };
  }

  #pricing(side: Side, bid: number, ask: number, ticksPerUnit: number): OrderPricing {
    const { random } = this.#options;
    const draw = random.next();
    if (draw < 0.2) return { kind: "market", worstPriceTicks: undefined };
    const [near, far] = side === "buy" ? [bid, ask] : [ask, bid];
    const isCrossing = draw < 0.5;
    const away = near * between(random, -1e-4, 4e-4) * (side === "buy" ? -1 : 1);
    const price = isCrossing ? far : near + away;
    return {
      kind: "limit",
      limitPriceTicks: priceTicks(Math.max(1, Math.round(price * ticksPerUnit))),
      timeInForce: isCrossing ? (random.next() < 0.6 ? "IOC" : random.next() < 0.3 ? "FOK" : "GTC") : "GTC",
      postOnly: !isCrossing && random.next() < 0.4,
    };
  }
}
