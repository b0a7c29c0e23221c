/**
 * Cross-exchange arbitrage: buys where an instrument is offered cheaper than another venue bids, sells there, and
 * closes the pair when the prices meet again. Executable prices, both directions of every pair of venues, taker fees
 * of all legs, exact sizes.
 */
import {
  defineStrategy,
  type Instrument,
  isTwoSided,
  type Quote,
  type Strategy,
  type StrategyContext,
} from "@berth/sdk";
import {
  commonSizeStep,
  type Edge,
  edgeOf,
  openingSteps,
  scoreOf,
  type SizeStep,
  stepsToBase,
  stepsToText,
} from "./net_edge.ts";
import { type LegName, type PairPort, PairTrade } from "./pair_trade.ts";
import { legModeOf, parsePairLegMode, settings } from "./settings.ts";

type Context = StrategyContext<typeof settings>;

/** One direction of one pair of venues, with all that does not change from quote to quote. */
interface Route {
  readonly key: string;
  readonly symbol: string;
  readonly buy: Instrument;
  readonly sell: Instrument;
  readonly step: SizeStep;
  /** Whether the last look saw an edge: an opportunity is reported once, when it appears. */
  isSeen: boolean;
}

interface Opportunity {
  readonly route: Route;
  readonly buyQuote: Quote;
  readonly sellQuote: Quote;
  readonly edge: Edge;
  readonly steps: number;
}

class Arbitrage implements Strategy {
  readonly #ctx: Context;
  #routesBySymbol = new Map<string, Route[]>();
  readonly #pairs = new Map<string, PairTrade>();
  readonly #blockedUntilMs = new Map<string, number>();
  #instrumentCount = 0;
  #isStopping = false;
  #stopped: (() => void) | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  onStart(): void {
    for (const entry of this.#ctx.settings.pairLegModes) {
      if (parsePairLegMode(entry) === undefined) {
        this.#ctx.log.warn("pairLegModes entry can't be read", { entry });
      }
    }
    this.#ctx.time.every(250, () => this.#reviewPairs());
  }

  onQuote(quote: Quote): void {
    if (this.#ctx.instruments.all().length !== this.#instrumentCount) this.#buildRoutes();
    const symbol = quote.instrument.slice(quote.instrument.indexOf(":") + 1);
    const pair = this.#pairs.get(symbol);
    if (pair !== undefined) {
      pair.review();
      this.#dropIfOver(symbol, pair);
    }
    const routes = this.#routesBySymbol.get(symbol);
    if (routes === undefined) return;
    for (const route of routes) {
      if (route.buy.id === quote.instrument || route.sell.id === quote.instrument) this.#look(route);
    }
  }

  onOrder(
    order: {
      readonly ref: string;
      readonly isDone: boolean;
      readonly filledBase: number;
      readonly reason: string | undefined;
    },
  ): void {
    if (!order.isDone) return;
    for (const [symbol, pair] of this.#pairs) {
      if (!pair.owns(order.ref)) continue;
      pair.onOrderDone(order.ref, order.filledBase);
      this.#dropIfOver(symbol, pair);
    }
  }

  onFill(
    fill: { readonly ref: string; readonly price: number; readonly sizeBase: number; readonly fee: number },
  ): void {
    for (const [symbol, pair] of this.#pairs) {
      if (!pair.owns(fill.ref)) continue;
      pair.onFill(fill.ref, fill);
      this.#dropIfOver(symbol, pair);
    }
  }

  /** Closes open pairs; the host cancels and flattens what is left at the deadline. */
  async onStop(): Promise<void> {
    this.#isStopping = true;
    const isEmpty = new Promise<void>((resolve) => (this.#stopped = resolve));
    this.#reviewPairs();
    await isEmpty;
  }

  #reviewPairs(): void {
    for (const [symbol, pair] of this.#pairs) {
      if (this.#isStopping) pair.close("stopping");
      pair.review();
      this.#dropIfOver(symbol, pair);
    }
    this.#ctx.gauge("open_pairs", this.#pairs.size);
    const waiting = [...this.#pairs.values()].some((pair) => pair.phase.kind !== "halted");
    if (this.#isStopping && !waiting) this.#stopped?.();
  }

  /** A halted pair stays, and with it the block on its symbol, until the operator restarts the plugin. */
  #dropIfOver(symbol: string, pair: PairTrade): void {
    if (pair.phase.kind !== "done") return;
    this.#pairs.delete(symbol);
    const { cooldownMs, failureCooldownMs } = this.#ctx.settings;
    const hasFailed = pair.phase.why === "nothing_filled" || pair.phase.why === "unwound";
    this.#blockedUntilMs.set(symbol, this.#ctx.time.epochMs() + (hasFailed ? failureCooldownMs : cooldownMs));
  }

  /** Every ordered pair of venues that list a symbol: both directions. */
  #buildRoutes(): void {
    const { instruments } = this.#ctx;
    this.#instrumentCount = instruments.all().length;
    this.#routesBySymbol = new Map();
    for (const symbol of this.#ctx.settings.symbols) {
      const listed = instruments.bySymbol(symbol).filter((one) => one.settlement === "linear");
      const routes = listed.flatMap((buy) =>
        listed.filter((sell) => sell.venue !== buy.venue).map((sell): Route => ({
          key: `${symbol}:${buy.venue}>${sell.venue}`,
          symbol,
          buy,
          sell,
          step: commonSizeStep(buy, sell),
          isSeen: false,
        }))
      );
      if (routes.length > 0) this.#routesBySymbol.set(symbol, routes);
    }
  }

  #look(route: Route): void {
    const opportunity = this.#opportunityOn(route);
    if (opportunity === undefined) {
      route.isSeen = false;
      return;
    }
    const skipped = this.#reasonToSkip(opportunity);
    if (skipped !== undefined && route.isSeen) return; // reported when it appeared
    route.isSeen = true;
    const { edge, buyQuote, sellQuote, steps } = opportunity;
    const sizeBase = stepsToBase(steps, route.step);
    this.#ctx.opportunity({
      symbol: route.symbol,
      buy: route.buy.id,
      sell: route.sell.id,
      buyPrice: buyQuote.askPrice,
      sellPrice: sellQuote.bidPrice,
      sizeBase,
      grossBps: edge.grossBps,
      feesBps: edge.feesBps,
      netBps: edge.netBps,
      score: scoreOf(edge, sizeBase, buyQuote.askPrice),
      isTaken: skipped === undefined,
      ...(skipped === undefined ? {} : { skipped }),
    });
    if (skipped === undefined) this.#take(opportunity);
  }

  /** The edge of a route when it is worth opening by price alone. */
  #opportunityOn(route: Route): Opportunity | undefined {
    const { quotes } = this.#ctx;
    const buyQuote = quotes.get(route.buy.id);
    const sellQuote = quotes.get(route.sell.id);
    if (buyQuote === undefined || sellQuote === undefined) return undefined;
    if (!(buyQuote.askPrice < sellQuote.bidPrice)) return undefined;
    const edge = edgeOf(buyQuote.askPrice, sellQuote.bidPrice, route.buy.takerFeeBps, route.sell.takerFeeBps);
    const { minNetEdgeBps, minRoundTripBps } = this.#ctx.settings;
    if (!(edge.netBps >= minNetEdgeBps && edge.roundTripBps >= minRoundTripBps)) return undefined;
    const buy = { quote: buyQuote, instrument: route.buy };
    const sell = { quote: sellQuote, instrument: route.sell };
    return {
      route,
      buyQuote,
      sellQuote,
      edge,
      steps: openingSteps(buy, sell, route.step, this.#ctx.settings),
    };
  }

  #reasonToSkip({ route, buyQuote, sellQuote, steps }: Opportunity): string | undefined {
    const { quotes, settings: values, time } = this.#ctx;
    if (this.#isStopping) return "stopping";
    if (this.#pairs.has(route.symbol)) return "a pair of this symbol is open";
    if (this.#pairs.size >= values.maxOpenPairs) return "maxOpenPairs are open";
    if (!(time.epochMs() >= (this.#blockedUntilMs.get(route.symbol) ?? 0))) return "cooling down";
    if (!(isTwoSided(buyQuote) && isTwoSided(sellQuote))) {
      return "a venue's own quote is one-sided or crossed";
    }
    const oldestMs = Math.max(quotes.ageMs(route.buy.id), quotes.ageMs(route.sell.id));
    if (!(oldestMs <= values.maxQuoteAgeMs)) return "a quote is too old";
    if (route.buy.status !== "trading" || route.sell.status !== "trading") return "a venue is not trading it";
    return steps > 0 ? undefined : "too little size for both venues' minimum";
  }

  #take({ route, buyQuote, sellQuote, steps }: Opportunity): void {
    const values = this.#ctx.settings;
    const pilot = this.#pilotLeg(route, buyQuote, sellQuote);
    const plan = {
      symbol: route.symbol,
      long: route.buy,
      short: route.sell,
      mode: legModeOf(values, route.symbol, [route.buy.venue, route.sell.venue]),
      pilot,
      sizeBase: stepsToText(steps, route.step),
    };
    const pair = new PairTrade(plan, values, this.#port([buyQuote, sellQuote]));
    this.#pairs.set(route.symbol, pair);
    pair.open();
    this.#dropIfOver(route.symbol, pair);
  }

  /** The leg that is likelier to be missed goes first: a missed pilot costs nothing. */
  #pilotLeg(route: Route, buyQuote: Quote, sellQuote: Quote): LegName {
    const { pilotVenue } = this.#ctx.settings;
    if (pilotVenue === route.buy.venue) return "long";
    if (pilotVenue === route.sell.venue) return "short";
    return buyQuote.askSizeBase <= sellQuote.bidSizeBase ? "long" : "short";
  }

  #port(because: readonly Quote[]): PairPort {
    const { quotes, orders, time, log } = this.#ctx;
    return {
      nowMs: () => time.epochMs(),
      quote: (instrument) => quotes.get(instrument),
      ageMs: (instrument) => quotes.ageMs(instrument),
      submit: (order) => orders.submit({ ...order, timeInForce: "IOC", because }),
      note: (level, message, fields) => log[level](message, fields),
    };
  }
}

export default defineStrategy({
  kind: "strategy",
  id: "cross_exchange_arbitrage",
  version: "0.1.0",
  sdkVersion: 1,
  author: "berth",
  description:
    "Buys on one venue and sells on another when the spread pays the fees of all legs, and closes when prices meet.",
  trading: { venues: ["*"], instruments: ["*-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 1_000,
    maxPositionNotionalUsd: 2_000,
    maxOrdersPerSecond: 20,
    maxDailyLossUsd: 100,
  },
  onStop: "flatten",
  settings,
}, (ctx) => new Arbitrage(ctx));
