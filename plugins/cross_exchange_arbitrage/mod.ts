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
  type MarkUpdate,
  type Quote,
  type Strategy,
  type StrategyContext,
  symbolOf,
  venueOf,
} from "@berth/sdk";
import type { FundingTerms } from "./funding.ts";
import { hasRoom, type Inventory, inventoryOf, isRebalancing } from "./inventory.ts";
import { liquidationDistanceBps, maintenanceShareOf } from "./liquidation.ts";
import { type Making, makingLeg } from "./maker_quote.ts";
import { commonSizeStep, grossEdgeBps } from "./net_edge.ts";
import { groupOf } from "./opening.ts";
import { exitReason, type LegMarket, legsOf, pairResult } from "./pair_exit.ts";
import {
  evaluate,
  marketObstacle,
  type Opportunity,
  paysItsCosts,
  planOf,
  type Route,
  type SideMarket,
  touchPrices,
} from "./scanner.ts";
import { type LegMode, legModeOf, parsePairLegMode, settings } from "./settings.ts";
import { type Baseline, SpreadHistory } from "./spread_history.ts";

type Context = StrategyContext<typeof settings>;

/** A route and what was seen of it. */
interface WatchedRoute extends Route {
  readonly history: SpreadHistory;
  /** Whether the last look saw an edge: an opportunity is reported once, when it appears. */
  isSeen: boolean;
}

const noFunding: FundingTerms = { rate: undefined, intervalHours: undefined, tsNextMs: undefined };

class Arbitrage implements Strategy {
  readonly #ctx: Context;
  #routesBySymbol = new Map<string, WatchedRoute[]>();
  readonly #funding = new Map<InstrumentId, FundingTerms>();
  /** The spread's mean and deviation when a symbol's pair was opened; kept over restarts. */
  readonly #baselines: Map<string, Baseline>;
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
    this.#baselines = savedBaselines(ctx.state.saved());
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

  onMark(update: MarkUpdate): void {
    const before = this.#funding.get(update.instrument) ?? noFunding;
    this.#funding.set(update.instrument, {
      rate: update.fundingRate ?? before.rate,
      intervalHours: this.#ctx.instruments.get(update.instrument)?.fundingIntervalHours,
      tsNextMs: update.tsNextFundingMs ?? before.tsNextMs,
    });
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
    if (this.#baselines.delete(symbol)) this.#saveBaselines();
    const { cooldownMs, failureCooldownMs } = this.#ctx.settings;
    const hasEndedWell = group.outcome === "closed" || this.#hasOnlyRested(symbol, group);
    const pauseMs = hasEndedWell ? cooldownMs : failureCooldownMs;
    this.#blockedUntilMs.set(symbol, this.#ctx.time.epochMs() + pauseMs);
    this.#logEnded(symbol, group);
    this.#checkStopped();
  }

  /** A resting leg that nobody took is no failure: it is quoted anew. */
  #hasOnlyRested(symbol: string, { outcome, legs: [first, second] }: GroupView): boolean {
    const venues = [venueOf(first.instrument), venueOf(second.instrument)] as const;
    return outcome === "nothing_filled" &&
      legModeOf(this.#ctx.settings, symbol, venues) === "maker_first";
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
    const inventory = this.#inventory();
    const market = {
      long: this.#market(pair.long.instrument, pair.long.heldBase, inventory),
      short: this.#market(pair.short.instrument, -pair.short.heldBase, inventory),
    };
    const nowMs = this.#ctx.time.epochMs();
    const past = { ageMs: nowMs - group.tsCreatedMs, baseline: this.#baselines.get(symbol) };
    const reason = exitReason(pair, market, this.#ctx.settings, past, nowMs);
    if (reason !== undefined) this.#ctx.groups.close(group.ref, reason);
  }

  #market(instrument: InstrumentId, sizeBase: number, inventory: Inventory): LegMarket {
    const { quotes, instruments } = this.#ctx;
    return {
      liquidationBps: this.#liquidationBps(instrument, sizeBase, inventory, 0),
      quote: quotes.get(instrument),
      ageMs: quotes.ageMs(instrument),
      instrument: instruments.get(instrument),
      funding: this.#funding.get(instrument) ?? noFunding,
    };
  }

  /** @param addedUsd value that is not held yet */
  #liquidationBps(id: InstrumentId, sizeBase: number, inventory: Inventory, addedUsd: number): number {
    const { quotes, instruments, settings: values, account } = this.#ctx;
    const [instrument, quote] = [instruments.get(id), quotes.get(id)];
    if (instrument === undefined || quote === undefined) return NaN;
    return liquidationDistanceBps(id, {
      sizeBase,
      price: (quote.bidPrice + quote.askPrice) / 2,
      account: account(instrument.venue),
      venueValueUsd: (inventory.get(instrument.venue)?.grossUsd ?? 0) + addedUsd,
      maintenanceShare: maintenanceShareOf(instrument.maxLeverage, values.maintenanceMarginPercent),
    });
  }

  /** A pair that would have to be closed as soon as it is open. */
  #tooNearLiquidation({ route, sizeBase, buyPrice, sellPrice }: Opportunity): string | undefined {
    const { minLiquidationDistanceBps } = this.#ctx.settings;
    if (minLiquidationDistanceBps === 0) return undefined;
    const inventory = this.#inventory();
    const isNear = [
      this.#liquidationBps(route.buy.id, sizeBase, inventory, sizeBase * buyPrice),
      this.#liquidationBps(route.sell.id, -sizeBase, inventory, sizeBase * sellPrice),
    ].some((distanceBps) => distanceBps < minLiquidationDistanceBps);
    return isNear ? "a leg would be too near its liquidation" : undefined;
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
        listed.filter((sell) => sell.venue !== buy.venue).map((sell) => this.#watch(symbol, buy, sell))
      );
      if (routes.length > 0) this.#routesBySymbol.set(symbol, routes);
    }
  }

  #watch(symbol: string, buy: Instrument, sell: Instrument): WatchedRoute {
    const values = this.#ctx.settings;
    const history = new SpreadHistory({
      ...values,
      floorBps: values.entryFloorBps,
      ceilingBps: values.entryCeilingBps,
    });
    const key = `${symbol}:${buy.venue}>${sell.venue}`;
    return { key, symbol, buy, sell, step: commonSizeStep(buy, sell), history, isSeen: false };
  }

  #look(route: WatchedRoute): void {
    const { settings: values, time, quotes } = this.#ctx;
    const [buyQuote, sellQuote] = [quotes.get(route.buy.id), quotes.get(route.sell.id)];
    if (buyQuote === undefined || sellQuote === undefined) return;
    const nowMs = time.epochMs();
    const making = this.#makingLeg(route, buyQuote, sellQuote);
    const touch = touchPrices(route, buyQuote, sellQuote, making, values.makerTicksInside);
    const spreadBps = grossEdgeBps(touch.buyPrice, touch.sellPrice);
    route.history.add(spreadBps, nowMs);
    if (!(spreadBps > 0)) {
      route.isSeen = false;
      return;
    }
    const buy = this.#side(buyQuote, "buy");
    const sell = this.#side(sellQuote, "sell");
    const opportunity = evaluate(route, buy, sell, values, nowMs, making);
    if (opportunity === undefined || !paysItsCosts(opportunity, values, this.#bonusBps(opportunity))) {
      route.isSeen = false;
      return;
    }
    const verdict = route.history.judge(spreadBps, nowMs);
    const skipped = this.#obstacle(route) ?? marketObstacle(opportunity, buy, sell, values, nowMs) ??
      (verdict.kind === "wait"
        ? verdict.why
        : this.#fullVenue(opportunity) ?? this.#tooNearLiquidation(opportunity));
    if (skipped !== undefined && route.isSeen) return; // reported when it appeared
    route.isSeen = true;
    this.#report(opportunity, skipped);
    if (skipped === undefined) {
      this.#take(opportunity, verdict.kind === "enter" ? verdict.baseline : undefined);
    }
  }

  #modeOf({ symbol, buy, sell }: Route): LegMode {
    return legModeOf(this.#ctx.settings, symbol, [buy.venue, sell.venue]);
  }

  #makingLeg(route: Route, buyQuote: Quote, sellQuote: Quote): Making | undefined {
    if (this.#modeOf(route) !== "maker_first") return undefined;
    const buy = { quote: buyQuote, venue: route.buy.venue };
    const sell = { quote: sellQuote, venue: route.sell.venue };
    return makingLeg(buy, sell, this.#ctx.settings.pilotVenue);
  }

  #report(opportunity: Opportunity, skipped: string | undefined): void {
    const { route } = opportunity;
    const values = this.#ctx.settings;
    const mode = this.#modeOf(route);
    this.#ctx.opportunity({
      symbol: route.symbol,
      buy: route.buy.id,
      sell: route.sell.id,
      buyPrice: opportunity.buyPrice,
      sellPrice: opportunity.sellPrice,
      sizeBase: opportunity.sizeBase,
      buyBidPrice: opportunity.buyQuote.bidPrice,
      buyAskPrice: opportunity.buyQuote.askPrice,
      sellBidPrice: opportunity.sellQuote.bidPrice,
      sellAskPrice: opportunity.sellQuote.askPrice,
      spreadBps: opportunity.spreadBps,
      grossBps: opportunity.grossBps,
      feesBps: opportunity.feesBps,
      netBps: opportunity.netBps,
      slippageBps: opportunity.slippageBps,
      fundingBps: opportunity.fundingBps,
      expectedBps: opportunity.expectedBps,
      score: opportunity.score,
      plan: planOf(opportunity, mode, values.priceCapBps),
      isTaken: skipped === undefined,
      ...(skipped === undefined ? {} : { skipped }),
    });
  }

  #side(quote: Quote, side: "buy" | "sell"): SideMarket {
    const { quotes, books, settings: values } = this.#ctx;
    const id = quote.instrument;
    return {
      quote,
      ageMs: quotes.ageMs(id),
      funding: this.#funding.get(id) ?? noFunding,
      executable: (sizeBase) => books.executable(id, side, sizeBase, values.maxQuoteAgeMs),
      depthBase: books.depthBase(id, side, values.priceCapBps),
    };
  }

  /** Why this strategy's own state forbids opening. */
  #obstacle(route: Route): string | undefined {
    if (this.#isStopping) return "stopping";
    if (this.#pairs.has(route.symbol)) return "a pair of this symbol is open";
    if (this.#pairs.size >= this.#ctx.settings.maxOpenPairs) return "maxOpenPairs are open";
    const blockedUntilMs = this.#blockedUntilMs.get(route.symbol) ?? 0;
    return this.#ctx.time.epochMs() >= blockedUntilMs ? undefined : "cooling down";
  }

  #inventory(): Inventory {
    const { positions, instruments, quotes } = this.#ctx;
    return inventoryOf(positions.all(), (id) => instruments.get(id), (id) => quotes.get(id));
  }

  #fullVenue({ route, sizeBase, buyPrice }: Opportunity): string | undefined {
    const venues = [route.buy.venue, route.sell.venue] as const;
    const { maxVenueNotionalUsd } = this.#ctx.settings;
    return hasRoom(this.#inventory(), venues, sizeBase * buyPrice, maxVenueNotionalUsd)
      ? undefined
      : "maxVenueNotionalUsd is reached";
  }

  #bonusBps({ route, sizeBase, buyPrice }: Opportunity): number {
    const { rebalanceBonusBps } = this.#ctx.settings;
    if (rebalanceBonusBps === 0) return 0;
    const isNearer = isRebalancing(this.#inventory(), route.buy.venue, route.sell.venue, sizeBase * buyPrice);
    return isNearer ? rebalanceBonusBps : 0;
  }

  #take(opportunity: Opportunity, baseline: Baseline | undefined): void {
    const { route } = opportunity;
    const ref = this.#ctx.groups.open(groupOf(opportunity, this.#ctx.settings, this.#modeOf(route)));
    this.#pairs.set(route.symbol, ref);
    if (baseline === undefined) return;
    this.#baselines.set(route.symbol, baseline);
    this.#saveBaselines();
  }

  #saveBaselines(): void {
    this.#ctx.state.save({ baselines: Object.fromEntries(this.#baselines) });
  }
}

/** What an earlier run kept; anything else counts as nothing. */
function savedBaselines(saved: unknown): Map<string, Baseline> {
  const found = new Map<string, Baseline>();
  if (typeof saved !== "object" || saved === null || !("baselines" in saved)) return found;
  const { baselines } = saved;
  if (typeof baselines !== "object" || baselines === null) return found;
  for (const [symbol, value] of Object.entries(baselines)) {
    if (isBaseline(value)) found.set(symbol, value);
  }
  return found;
}

function isBaseline(value: unknown): value is Baseline {
  return typeof value === "object" && value !== null && "meanBps" in value && "deviationBps" in value &&
    Number.isFinite(value.meanBps) && typeof value.deviationBps === "number" && value.deviationBps > 0;
}

export default defineStrategy({
  kind: "strategy",
  id: "cross_exchange_arbitrage",
  version: "0.3.0",
  sdkVersion: 1,
  author: "berth",
  description:
    "Buys on one venue and sells on another when the spread pays the fees of all legs, and closes when prices meet.",
  trading: { venues: ["*"], instruments: ["*-PERP"], data: ["quotes", "books", "marks"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 1_000,
    maxPositionNotionalUsd: 2_000,
    maxOrdersPerSecond: 20,
    maxDailyLossUsd: 100,
  },
  onStop: "flatten",
  settings,
}, (ctx) => new Arbitrage(ctx));
