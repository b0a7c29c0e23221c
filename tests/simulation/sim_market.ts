/**
 * A lean market for the simulation: prices walk, venues drift apart and come back, makers show a few levels, takers hit
 * what rests there. Slower than `exchanges/simulation/market_model.ts`, so that a run costs milliseconds.
 */
import { fitPriceFigures, increment } from "@berth/sdk";
import { between, exponential, normal } from "../../exchanges/simulation/random.ts";
import type {
  SimulatedInstrument,
  SimulationClock,
  SimulationRandom,
} from "../../exchanges/simulation/ports.ts";
import type { SimulatedVenueControl } from "../../exchanges/simulation/simulated_venue.ts";

const startPrices: Readonly<Record<string, number>> = { BTC: 80_000, ETH: 3_000, SOL: 150, DOGE: 0.16 };
const levels = 4;

interface Book {
  readonly venue: SimulatedVenueControl;
  readonly instrument: SimulatedInstrument;
  readonly tick: number;
  readonly lotBase: number;
  /** Fraction of the fair price. */
  basis: number;
}

export class SimMarket {
  readonly #clock: SimulationClock;
  readonly #random: SimulationRandom;
  readonly #fair = new Map<string, number>();
  readonly #books: readonly Book[];

  constructor(clock: SimulationClock, random: SimulationRandom, venues: readonly SimulatedVenueControl[]) {
    this.#clock = clock;
    this.#random = random;
    this.#books = venues.flatMap((venue) =>
      venue.instruments.map((instrument) => {
        const tick = increment(instrument.tickSize);
        return {
          venue,
          instrument,
          tick: tick.units / 10 ** tick.decimals,
          lotBase: Number(instrument.lotSize),
          basis: 0,
        };
      })
    );
    for (const { instrument } of this.#books) {
      this.#fair.set(instrument.baseAsset, startPrices[instrument.baseAsset] ?? 100);
    }
  }

  start(): void {
    for (const book of this.#books) {
      this.#mark(book);
      this.#quote(book);
      this.#repeat(() => between(this.#random, 250, 450), () => this.#quote(book));
      this.#repeat(() => exponential(this.#random, 700), () => this.#take(book));
      this.#repeat(() => 1_000, () => this.#mark(book));
    }
    this.#repeat(() => 200, () => this.#move());
  }

  /** All prices jump by this fraction. */
  shock(fraction: number): void {
    for (const [base, price] of this.#fair) this.#fair.set(base, price * (1 + fraction));
  }

  #repeat(delayMs: () => number, task: () => void): void {
    this.#clock.schedule(delayMs(), () => {
      task();
      this.#repeat(delayMs, task);
    });
  }

  #move(): void {
    for (const [base, price] of this.#fair) {
      const jump = this.#random.next() < 0.004 ? normal(this.#random) * 0.002 : 0;
      this.#fair.set(base, price * Math.exp(normal(this.#random) * 1e-4 + jump));
    }
    for (const book of this.#books) {
      const shock = this.#random.next() < 0.008 ? normal(this.#random) * 0.003 : 0;
      book.basis = book.basis * 0.93 + normal(this.#random) * 5e-5 + shock;
    }
  }

  #centre(book: Book): number {
    return (this.#fair.get(book.instrument.baseAsset) ?? 100) * (1 + book.basis);
  }

  #mark(book: Book): void {
    const nowMs = this.#clock.nowMs();
    const indexPrice = this.#fair.get(book.instrument.baseAsset) ?? 100;
    book.venue.setMark({
      symbol: book.instrument.symbol,
      indexPrice,
      markPrice: indexPrice * (1 + 0.3 * book.basis),
      fundingRate: 0.0001,
      tsNextFundingMs: (Math.floor(nowMs / 28_800_000) + 1) * 28_800_000,
      tsMs: nowMs,
    });
  }

  #quote(book: Book): void {
    const { venue, instrument: { symbol } } = book;
    const centreTicks = this.#centre(book) / book.tick;
    const half = Math.max(1, centreTicks * 3e-5);
    const { maxPriceFigures, tickSize } = book.instrument;
    const fit = (ticks: number, direction: "down" | "up"): number =>
      fitPriceFigures(ticks, increment(tickSize), maxPriceFigures, direction);
    const side = (first: number, step: number): ReadonlyMap<number, number> =>
      new Map(Array.from({ length: levels }, (_, at) => {
        const notional = 1_500 * Math.exp(normal(this.#random) * 0.6) * (1 + at);
        const lots = Math.max(1, Math.round(notional / (centreTicks * book.tick) / book.lotBase));
        return [fit(first + Math.round(step * at), step < 0 ? "down" : "up"), lots] as const;
      }));
    const bids = side(Math.floor(centreTicks - half), -Math.max(1, centreTicks * 5e-5));
    const asks = side(Math.ceil(centreTicks + half), Math.max(1, centreTicks * 5e-5));
    const isRising = Math.floor(centreTicks - half) > (venue.book(symbol, 1).bids[0]?.priceTicks ?? 0);
    const order = isRising ? (["sell", "buy"] as const) : (["buy", "sell"] as const);
    for (const one of order) venue.quoteHouse(symbol, one, one === "buy" ? bids : asks);
  }

  #take({ venue, instrument: { symbol } }: Book): void {
    const side = this.#random.next() < 0.5 ? "buy" : "sell";
    const { bids, asks } = venue.book(symbol, 1);
    const best = (side === "buy" ? asks : bids)[0];
    if (best === undefined) return;
    venue.takeHouse(symbol, side, Math.max(1, Math.floor(best.sizeLots * between(this.#random, 0.05, 1.6))));
  }
}
