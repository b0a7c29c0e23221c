/**
 * Cross-exchange arbitrage: buys where an instrument is offered cheaper than another venue bids, sells there, and
 * closes the pair when the prices meet again. Executable prices, both directions of every pair of venues, taker fees
 * of all legs, exact sizes. The legs are the host's: each pair is a leg group.
 */
import {
  defineStrategy,
  type GroupView,
  type Instrument,
  type InstrumentId,
  isTwoSided,
  type Quote,
  type Strategy,
  type StrategyContext,
  symbolOf,
} from "@berth/sdk";
import {
  commonSizeStep,
  type Edge,
  edgeOf,
  grossEdgeBps,
  openingSteps,
  scoreOf,
  type SizeStep,
  stepsToBase,
  stepsToText,
} from "./net_edge.ts";
import { exitReason, type LegMarket, legsOf, pairResult } from "./pair_exit.ts";
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

/** Beyond the size that was meant: what a leg may be worth while it is alone. */
const nakedAllowance = 1.5;

class Arbitrage implements Strategy {
  readonly #ctx: Context;
  #routesBySymbol = new Map<string, Route[]>();
  /** Refs of the groups that are not over, by symbol. */
  readonly #pairs = new Map<string, string>();
  /** Pairs whose opening was logged. */
  readonly #opened = new Set<string>();
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
    const symbol = symbolOf(quote.instrument);
    if (this.#pairs.has(symbol)) this.#review(symbol);
    const routes = this.#routesBySymbol.get(symbol);
    if (routes === undefined) return;
    for (const route of routes) {
      if (route.buy.id === quote.instrument || route.sell.id === quote.instrument) this.#look(route);
    }
  }

  /** The host's word on a pair: also on those that an earlier run left, which are taken on. */
  onGroup(group: GroupView): void {
    const symbol = symbolOf(group.legs[0].instrument);
    if (!group.isDone) {
      this.#pairs.set(symbol, group.ref);
      if (group.phase === "open" && !this.#opened.has(group.ref)) this.#logOpened(symbol, group);
      return this.#review(symbol);
    }
    if (this.#pairs.get(symbol) === group.ref) this.#pairs.delete(symbol);
    this.#opened.delete(group.ref);
    const { cooldownMs, failureCooldownMs } = this.#ctx.settings;
    const pauseMs = group.outcome === "closed" ? cooldownMs : failureCooldownMs;
    this.#blockedUntilMs.set(symbol, this.#ctx.time.epochMs() + pauseMs);
    this.#logEnded(symbol, group);
    this.#checkStopped();
  }

  /** Closes open pairs; the host closes what is left at the deadline. */
  async onStop(): Promise<void> {
    this.#isStopping = true;
    const isEmpty = new Promise<void>((resolve) => (this.#stopped = resolve));
    this.#reviewPairs();
    await isEmpty;
  }

  #reviewPairs(): void {
    for (const symbol of this.#pairs.keys()) this.#review(symbol);
    this.#ctx.gauge("open_pairs", this.#pairs.size);
    this.#checkStopped();
  }

  /** A halted pair stays, and with it the block on its symbol, until the operator has seen to it. */
  #checkStopped(): void {
    const isWaiting = this.#ctx.groups.live().some(({ phase }) => phase !== "halted");
    if (this.#isStopping && !isWaiting) this.#stopped?.();
  }

  /** Closes the pair of a symbol when that pays, or when the strategy stops. */
  #review(symbol: string): void {
    const ref = this.#pairs.get(symbol);
    const group = ref === undefined ? undefined : this.#ctx.groups.get(ref);
    if (group === undefined || group.closeReason !== undefined) return;
    if (this.#isStopping) return this.#ctx.groups.close(group.ref, "stopping");
    if (group.phase !== "open") return;
    const pair = legsOf(group);
    const market = { long: this.#market(pair.long.instrument), short: this.#market(pair.short.instrument) };
    const reason = exitReason(pair, market, this.#ctx.settings);
    if (reason !== undefined) this.#ctx.groups.close(group.ref, reason);
  }

  #market(instrument: InstrumentId): LegMarket {
    const { quotes, instruments } = this.#ctx;
    return {
      quote: quotes.get(instrument),
      ageMs: quotes.ageMs(instrument),
      instrument: instruments.get(instrument),
    };
  }

  #logOpened(symbol: string, group: GroupView): void {
    this.#opened.add(group.ref);
    const { long, short } = legsOf(group);
    const [boughtAt, soldAt] = [long.averageOpenPrice ?? NaN, short.averageOpenPrice ?? NaN];
    const grossBps = grossEdgeBps(boughtAt, soldAt);
    this.#ctx.log.info("pair opened", { symbol, sizeBase: long.heldBase, boughtAt, soldAt, grossBps });
  }

  #logEnded(symbol: string, group: GroupView): void {
    if (group.phase === "refused") {
      return this.#ctx.log.debug("pair refused", { symbol, code: group.reason, text: group.text });
    }
    if (group.outcome === "nothing_filled") return;
    const { pnlBeforeFees, fees } = pairResult(legsOf(group));
    const heldMs = this.#ctx.time.epochMs() - group.tsCreatedMs;
    const why = group.closeReason ?? group.outcome;
    this.#ctx.log.info("pair closed", {
      symbol,
      why,
      broken: group.isBroken,
      pnl: pnlBeforeFees - fees,
      fees,
      heldMs,
    });
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
    const cap = values.priceCapBps / 10_000;
    const long = {
      instrument: route.buy.id,
      side: "buy" as const,
      limitPrice: buyQuote.askPrice * (1 + cap),
    };
    const short = {
      instrument: route.sell.id,
      side: "sell" as const,
      limitPrice: sellQuote.bidPrice * (1 - cap),
    };
    const isLongFirst = this.#pilotLeg(route, buyQuote, sellQuote) === "long";
    const mode = legModeOf(values, route.symbol, [route.buy.venue, route.sell.venue]);
    const ref = this.#ctx.groups.open({
      legs: isLongFirst ? [long, short] : [short, long],
      sizeBase: stepsToText(steps, route.step),
      mode: mode === "together" ? "together" : "sequential",
      maxNakedNotionalUsd: values.orderNotionalUsd * nakedAllowance,
      maxNakedMs: values.maxNakedMs,
      completeWithinBps: values.completeMaxLossBps,
      exitCapBps: values.exitPriceCapBps,
      maxHoldMs: values.maxHoldMs,
      because: [buyQuote, sellQuote],
    });
    this.#pairs.set(route.symbol, ref);
  }

  /** The leg that is likelier to be missed goes first: a missed pilot costs nothing. */
  #pilotLeg(route: Route, buyQuote: Quote, sellQuote: Quote): "long" | "short" {
    const { pilotVenue } = this.#ctx.settings;
    if (pilotVenue === route.buy.venue) return "long";
    if (pilotVenue === route.sell.venue) return "short";
    return buyQuote.askSizeBase <= sellQuote.bidSizeBase ? "long" : "short";
  }
}

export default defineStrategy({
  kind: "strategy",
  id: "cross_exchange_arbitrage",
  version: "0.2.0",
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
