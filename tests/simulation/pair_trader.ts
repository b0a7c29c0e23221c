/**
 * A strategy that holds trades of two legs, as the arbitrage does, by the host's leg groups: it opens them whether they
 * pay or not, closes them at random, and knows of them by messages alone.
 */
import type { Instrument } from "../../core/model/instrument.ts";
import type { PluginId } from "../../core/model/ids.ts";
import { legModes, type LegTerms } from "../../core/model/leg_group.ts";
import type { Side } from "../../core/model/order.ts";
import { incrementValue, priceTicks, sizeLots } from "../../core/model/ticks.ts";
import type { HostMessage } from "../../core/protocol/messages.ts";
import type { SimulationRandom } from "../../exchanges/simulation/ports.ts";
import { between, exponential } from "../../exchanges/simulation/random.ts";
import type { SimHost } from "./sim_host.ts";

const maxNakedNotionalUsd = 3_000;
const maxNakedMs = 2_500;

export interface PairTraderOptions {
  readonly plugin: PluginId;
  readonly subscriber: number;
  readonly random: SimulationRandom;
  readonly host: SimHost;
}

export class PairTrader {
  readonly #options: PairTraderOptions;
  readonly #open = new Set<string>();
  #count = 0;
  #isRunning = true;

  constructor(options: PairTraderOptions) {
    this.#options = options;
    const { host, plugin, subscriber } = options;
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
      onStop: "keep_positions",
    });
    this.#plan();
  }

  rest(): void {
    this.#isRunning = false;
  }

  crash(isFinal: boolean): void {
    const { host, plugin, subscriber } = this.#options;
    this.rest();
    host.driver.attachStrategy(plugin, subscriber, undefined);
    host.dispatch({ kind: "plugin_stopped", plugin, reason: "crash", isFinal });
  }

  #hear(message: HostMessage): void {
    if (message.type !== "group") return;
    if (message.group.phase.kind === "ended") this.#open.delete(message.ref);
    else this.#open.add(message.ref);
  }

  #plan(): void {
    const { host, random } = this.#options;
    host.process.after(exponential(random, 900), () => {
      if (!this.#isRunning) return;
      this.#act();
      this.#plan();
    });
  }

  #act(): void {
    const { host, plugin, random } = this.#options;
    const refs = [...this.#open];
    const ref = refs[Math.floor(random.next() * refs.length)];
    if (ref !== undefined && random.next() < 0.35) {
      host.dispatch({ kind: "close_group_intent", plugin, ref, reason: "at random" });
    } else if (refs.length < 4) this.#ask();
  }

  #ask(): void {
    const { host, plugin, random } = this.#options;
    const { instruments } = host;
    const one = instruments[Math.floor(random.next() * instruments.length)];
    const other = instruments.find(({ symbol, venue }) => symbol === one?.symbol && venue !== one.venue);
    if (one === undefined || other === undefined) return;
    const sizeBase = this.#sizeBase(one);
    if (!(sizeBase > 0)) return;
    const legs = [this.#leg(one, "buy", sizeBase), this.#leg(other, "sell", sizeBase)] as const;
    if (legs[0] === undefined || legs[1] === undefined) return;
    const mode = legModes[Math.floor(random.next() * legModes.length)] ?? "sequential";
    const [first, second] = random.next() < 0.5 ? [legs[0], legs[1]] : [legs[1], legs[0]];
    this.#count += 1;
    host.dispatch({
      kind: "group_intent",
      causes: [],
      intent: {
        plugin,
        ref: `g${this.#count}`,
        terms: {
          legs: [mode === "maker_first" ? this.#resting(first) : first, second],
          mode,
          maxNakedNotionalUsd,
          maxNakedMs,
          completeWithinBps: between(random, 0, 15),
          exitCapBps: between(random, 2, 20),
          maxHoldMs: random.next() < 0.3 ? between(random, 2_000, 8_000) : undefined,
          maxRestMs: mode === "maker_first" ? between(random, 300, 6_000) : undefined,
        },
      },
    });
  }

  /** About 300 to 2,500 USD; whole lots on the coarser venue make whole lots on the finer. */
  #sizeBase(instrument: Instrument): number {
    const { host, random } = this.#options;
    const index = host.engine.indexOf(instrument.id);
    const price = index === undefined ? NaN : host.engine.quotes.askPrice(index);
    return between(random, 300, 2_500) / price;
  }

  /** At its own side's best price, where it waits. */
  #resting(leg: LegTerms): LegTerms {
    const { host } = this.#options;
    const index = host.engine.indexOf(leg.instrument) ?? -1;
    const instrument = host.engine.instrument(index);
    const { quotes } = host.engine;
    const price = leg.side === "buy" ? quotes.bidPrice(index) : quotes.askPrice(index);
    if (instrument === undefined || !(price > 0)) return leg;
    return { ...leg, limitPriceTicks: priceTicks(Math.round(price / incrementValue(instrument.tick))) };
  }

  #leg(instrument: Instrument, side: Side, sizeBase: number): LegTerms | undefined {
    const { host, random } = this.#options;
    const index = host.engine.indexOf(instrument.id);
    if (index === undefined) return undefined;
    const price = side === "buy" ? host.engine.quotes.askPrice(index) : host.engine.quotes.bidPrice(index);
    const coarseLots = Math.max(1, Math.round(sizeBase / 0.001));
    const size = instrument.symbol === "BTC-PERP" ? coarseLots * 0.001 : Math.max(1, Math.round(sizeBase));
    if (!(price > 0)) return undefined;
    const reach = price * between(random, -2e-4, 8e-4) * (side === "buy" ? 1 : -1);
    return {
      instrument: instrument.id,
      side,
      sizeLots: sizeLots(Math.round(size / incrementValue(instrument.lot))),
      limitPriceTicks: priceTicks(Math.round((price + reach) / incrementValue(instrument.tick))),
    };
  }
}
