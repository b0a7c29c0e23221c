/**
 * The market behind the simulated venues: one seeded fair price per underlying, shared by all venues, with regimes
 * and jumps; per venue a mean-reverting basis and now and then a dislocation, so that arbitrage appears, is worth
 * about a round trip of fees, and is gone within seconds. Makers quote a ladder around it, takers print trades.
 */
import { fitPriceFigures, increment } from "@berth/sdk";
import type { SimulatedVenueControl } from "./simulated_venue.ts";
import { between, exponential, normal } from "./random.ts";
import type { SimulatedInstrument, SimulationClock, SimulationRandom } from "./ports.ts";

export interface MarketModelOptions {
  readonly venues: readonly SimulatedVenueControl[];
  readonly clock: SimulationClock;
  readonly random: SimulationRandom;
}

/** Where an underlying starts and how it moves. Prices are of no particular day. */
interface UnderlyingProfile {
  readonly startPrice: number;
  /** Standard deviation of a year's log return. */
  readonly yearlyVolatility: number;
  /** Value of the best level that makers show, in the quote asset. */
  readonly topNotional: number;
  /** Half of the spread in bps of the price, before rounding to the tick. */
  readonly halfSpreadBps: number;
}

const profiles: Readonly<Record<string, UnderlyingProfile>> = {
  BTC: { startPrice: 83_400, yearlyVolatility: 0.5, topNotional: 9_000, halfSpreadBps: 0.3 },
  ETH: { startPrice: 2_950, yearlyVolatility: 0.65, topNotional: 6_000, halfSpreadBps: 0.4 },
  SOL: { startPrice: 142, yearlyVolatility: 0.85, topNotional: 4_000, halfSpreadBps: 0.6 },
  DOGE: { startPrice: 0.1615, yearlyVolatility: 1, topNotional: 3_000, halfSpreadBps: 0.8 },
};
const otherProfile: UnderlyingProfile = {
  startPrice: 100,
  yearlyVolatility: 0.8,
  topNotional: 3_000,
  halfSpreadBps: 0.8,
};

const stepMs = 50;
const msPerYear = 365 * 86_400_000;
const ladderLevels = 15;
/** Mean time between dislocations of one underlying, over all venues. */
const dislocationEveryMs = 8_000;
const maxDislocationBps = 60;

interface Dislocation {
  readonly venue: string;
  /** Signed, in bps of the fair price. */
  readonly peakBps: number;
  readonly tsStartMs: number;
  readonly holdMs: number;
  readonly decayMs: number;
}

interface Underlying {
  readonly profile: UnderlyingProfile;
  readonly random: SimulationRandom;
  /** A stream of its own: when and how far venues drift apart does not depend on how many steps a busy machine makes. */
  readonly dislocationRandom: SimulationRandom;
  readonly basisBps: Map<string, number>;
  fairPrice: number;
  volatilityFactor: number;
  tsRegimeEndMs: number;
  tsNextDislocationMs: number;
  dislocation: Dislocation | undefined;
}

export class MarketModel {
  readonly #venues: readonly SimulatedVenueControl[];
  readonly #clock: SimulationClock;
  readonly #random: SimulationRandom;
  readonly #underlyings = new Map<string, Underlying>();
  readonly #cancels = new Set<() => void>();
  #isRunning = false;

  constructor(options: MarketModelOptions) {
    this.#venues = options.venues;
    this.#clock = options.clock;
    this.#random = options.random;
    for (const venue of options.venues) {
      for (const { baseAsset } of venue.instruments) {
        this.#underlyings.set(baseAsset, this.#newUnderlying(baseAsset));
      }
    }
  }

  /** Quotes every book once, then keeps the market moving until {@link stop}. */
  start(): void {
    this.#isRunning = true;
    for (const venue of this.#venues) {
      for (const instrument of venue.instruments) {
        const random = this.#random.fork(`${venue.venue}/${instrument.symbol}`);
        this.#updateMark(venue, instrument);
        this.#quote(venue, instrument, random);
        this.#repeat(() => between(random, 30, 70), () => this.#quote(venue, instrument, random));
        this.#repeat(() => exponential(random, 1_200), () => this.#takeSome(venue, instrument, random));
        this.#repeat(() => 1_000, () => this.#updateMark(venue, instrument));
      }
    }
    this.#repeat(() => stepMs, () => this.#step());
  }

  stop(): void {
    this.#isRunning = false;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  /** The price that all venues share. */
  fairPrice(baseAsset: string): number {
    return this.#underlying(baseAsset).fairPrice;
  }

  /** The price of an underlying jumps everywhere by this fraction. @throws RangeError for one that is not there */
  shock(baseAsset: string, fraction: number): void {
    this.#underlying(baseAsset).fairPrice *= 1 + fraction;
  }

  #repeat(delayMs: () => number, task: () => void): void {
    const plan = (): void => {
      const cancel = this.#clock.schedule(delayMs(), () => {
        this.#cancels.delete(cancel);
        if (!this.#isRunning) return;
        task();
        plan();
      });
      this.#cancels.add(cancel);
    };
    plan();
  }

  #newUnderlying(baseAsset: string): Underlying {
    const random = this.#random.fork(`underlying/${baseAsset}`);
    const profile = profiles[baseAsset] ?? otherProfile;
    const dislocationRandom = random.fork("dislocations");
    const nowMs = this.#clock.nowMs();
    return {
      profile,
      random,
      dislocationRandom,
      basisBps: new Map(this.#venues.map((venue) => [venue.venue, between(random, -1, 1)])),
      fairPrice: profile.startPrice * (1 + between(random, -0.01, 0.01)),
      volatilityFactor: 1,
      tsRegimeEndMs: nowMs + exponential(random, 60_000),
      // The first comes early, so that whoever starts the simulation soon sees one.
      tsNextDislocationMs: nowMs + between(dislocationRandom, 1_500, dislocationEveryMs),
      dislocation: undefined,
    };
  }

  #underlying(baseAsset: string): Underlying {
    const found = this.#underlyings.get(baseAsset);
    if (found === undefined) throw new RangeError(`no underlying ${baseAsset}`);
    return found;
  }

  #step(): void {
    const nowMs = this.#clock.nowMs();
    for (const underlying of this.#underlyings.values()) {
      this.#moveFairPrice(underlying, nowMs);
      for (const [venue, basisBps] of underlying.basisBps) {
        // Ornstein and Uhlenbeck: half back in about 3 s, 0.8 bps wide.
        const pull = 1 - Math.exp((-stepMs / 3_000) * Math.LN2);
        underlying.basisBps.set(
          venue,
          basisBps * (1 - pull) + normal(underlying.random) * 0.8 * Math.sqrt(2 * pull),
        );
      }
      this.#moveDislocation(underlying, nowMs);
    }
  }

  #moveFairPrice(underlying: Underlying, nowMs: number): void {
    const { random, profile } = underlying;
    if (nowMs >= underlying.tsRegimeEndMs) {
      const draw = random.next();
      underlying.volatilityFactor = draw < 0.5 ? 0.6 : draw < 0.85 ? 1 : 2.5;
      underlying.tsRegimeEndMs = nowMs + exponential(random, 60_000);
    }
    const deviation = profile.yearlyVolatility * underlying.volatilityFactor * Math.sqrt(stepMs / msPerYear);
    const jump = random.next() < stepMs / 90_000 ? normal(random) * 8e-4 : 0;
    underlying.fairPrice *= Math.exp(normal(random) * deviation + jump);
  }

  #moveDislocation(underlying: Underlying, nowMs: number): void {
    const { dislocationRandom: random, dislocation } = underlying;
    if (dislocation !== undefined) {
      const ageMs = nowMs - dislocation.tsStartMs;
      if (ageMs > dislocation.holdMs + 6 * dislocation.decayMs) underlying.dislocation = undefined;
      return;
    }
    if (nowMs < underlying.tsNextDislocationMs) return;
    const venue = this.#venues[Math.floor(random.next() * this.#venues.length)];
    if (venue === undefined) return;
    underlying.dislocation = {
      venue: venue.venue,
      peakBps: (random.next() < 0.5 ? -1 : 1) * Math.min(maxDislocationBps, 10 + exponential(random, 14)),
      tsStartMs: nowMs,
      holdMs: between(random, 400, 2_000),
      decayMs: between(random, 300, 1_200),
    };
    underlying.tsNextDislocationMs = nowMs + exponential(random, dislocationEveryMs);
  }

  #dislocationBps(underlying: Underlying, venue: string): number {
    const { dislocation } = underlying;
    if (dislocation === undefined || dislocation.venue !== venue) return 0;
    const ageMs = this.#clock.nowMs() - dislocation.tsStartMs;
    const sinceHoldMs = ageMs - dislocation.holdMs;
    if (sinceHoldMs > 0) return dislocation.peakBps * Math.exp(-sinceHoldMs / dislocation.decayMs);
    return dislocation.peakBps * Math.min(1, ageMs / 150);
  }

  /** Where the makers of one venue see the price. */
  #centre(venue: string, baseAsset: string): number {
    const underlying = this.#underlying(baseAsset);
    const basisBps = (underlying.basisBps.get(venue) ?? 0) + this.#dislocationBps(underlying, venue);
    return underlying.fairPrice * (1 + basisBps / 10_000);
  }

  #quote(venue: SimulatedVenueControl, instrument: SimulatedInstrument, random: SimulationRandom): void {
    const tick = increment(instrument.tickSize);
    const tickValue = tick.units / 10 ** tick.decimals;
    const { profile } = this.#underlying(instrument.baseAsset);
    const centre = this.#centre(venue.venue, instrument.baseAsset);
    const halfSpread = centre * (profile.halfSpreadBps / 10_000);
    const fit = (ticks: number, direction: "down" | "up"): number =>
      fitPriceFigures(ticks, tick, instrument.maxPriceFigures, direction);
    const bidTicks = fit(Math.floor((centre - halfSpread) / tickValue), "down");
    const stepTicks = fit(bidTicks + 1, "up") - bidTicks;
    const askTicks = fit(Math.max(bidTicks + 1, Math.ceil((centre + halfSpread) / tickValue)), "up");
    const gapTicks = Math.max(1, Math.round((centre * 0.6e-4) / tickValue / stepTicks)) * stepTicks;
    const before = venue.book(instrument.symbol, ladderLevels);
    // Each side is first pulled back, so that the house never trades with itself.
    const bids = this.#ladder(bidTicks, -gapTicks, instrument, centre, before.bids, random);
    const asks = this.#ladder(askTicks, gapTicks, instrument, centre, before.asks, random);
    const isRising = bidTicks > (before.bids[0]?.priceTicks ?? 0);
    if (isRising) {
      venue.quoteHouse(instrument.symbol, "sell", asks);
      venue.quoteHouse(instrument.symbol, "buy", bids);
    } else {
      venue.quoteHouse(instrument.symbol, "buy", bids);
      venue.quoteHouse(instrument.symbol, "sell", asks);
    }
  }

  /** Prices and sizes of one side; levels that stay at their price mostly keep their size. */
  #ladder(
    firstTicks: number,
    gapTicks: number,
    instrument: SimulatedInstrument,
    price: number,
    before: readonly { readonly priceTicks: number; readonly sizeLots: number }[],
    random: SimulationRandom,
  ): ReadonlyMap<number, number> {
    const { profile } = this.#underlying(instrument.baseAsset);
    const lotValue = Number(instrument.lotSize) * price;
    const known = new Map(before.map((level) => [level.priceTicks, level.sizeLots]));
    const levels = new Map<number, number>();
    // Deeper levels sit on a coarse grid, so that a small move of the price leaves them where they are.
    let priceTicks = firstTicks;
    for (let depth = 0; depth < ladderLevels; depth++) {
      const kept = known.get(priceTicks);
      const notional = profile.topNotional * (1 + depth * 0.4) * Math.exp(normal(random) * 0.5);
      const drawn = Math.max(instrument.minSizeLots, Math.round(notional / lotValue));
      levels.set(priceTicks, kept !== undefined && random.next() < 0.9 ? kept : drawn);
      const step = Math.abs(gapTicks);
      const next = gapTicks > 0
        ? Math.floor(priceTicks / step) * step + step
        : Math.ceil(priceTicks / step) * step - step;
      priceTicks = Math.max(1, next);
    }
    return levels;
  }

  #takeSome(venue: SimulatedVenueControl, instrument: SimulatedInstrument, random: SimulationRandom): void {
    const side = random.next() < 0.5 ? "buy" : "sell";
    const { bids, asks } = venue.book(instrument.symbol, 1);
    const best = (side === "buy" ? asks : bids)[0];
    if (best === undefined) return;
    venue.takeHouse(
      instrument.symbol,
      side,
      Math.max(instrument.minSizeLots, Math.floor(best.sizeLots * between(random, 0.02, 0.4))),
    );
  }

  #updateMark(venue: SimulatedVenueControl, instrument: SimulatedInstrument): void {
    const underlying = this.#underlying(instrument.baseAsset);
    const nowMs = this.#clock.nowMs();
    const intervalMs = instrument.fundingIntervalHours * 3_600_000;
    const tsNextFundingMs = (Math.floor(nowMs / intervalMs) + 1) * intervalMs;
    const previous = venue.mark(instrument.symbol);
    if (previous.markPrice > 0 && previous.tsNextFundingMs <= nowMs) venue.applyFunding(instrument.symbol);
    const basisBps = underlying.basisBps.get(venue.venue) ?? 0;
    venue.setMark({
      symbol: instrument.symbol,
      indexPrice: underlying.fairPrice,
      markPrice: underlying.fairPrice * (1 + (0.3 * basisBps) / 10_000),
      fundingRate: Math.max(-0.0075, Math.min(0.0075, 0.0001 + basisBps * 2e-5)),
      tsNextFundingMs,
      tsMs: nowMs,
    });
  }
}
