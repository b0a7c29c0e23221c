/**
 * What the pictures of a run come to over time: profit and loss of each scope over the whole run, and the spreads of
 * each symbol over the last minutes. Bounded in memory whatever the run's length; begun anew with each start.
 */
import type { EngineSnapshot } from "../engine/snapshot.ts";
import { symbolOf, venueOf } from "../model/ids.ts";
import { scopeName } from "../model/risk_limits.ts";
import type { HostPicture } from "./ports.ts";

const sampleEveryMs = 1_000;
/** Of a curve of profit and loss: when it is full, each two become one. */
const maxCurvePoints = 1_200;
/** At one a second: a quarter of an hour. */
const maxSpreadSamples = 900;
/** Plugins come and go; what is beyond is not drawn. */
const maxScopes = 100;
const maxSymbols = 50;

/** What is to be gained by buying on one venue and selling on another, before fees. */
export interface Spread {
  readonly symbol: string;
  readonly buyVenue: string;
  readonly sellVenue: string;
  /** (bid where we sell / ask where we buy − 1) × 10⁴; negative while there is nothing to gain. */
  readonly spreadBps: number;
}

/** One moment of all curves. */
export interface Sample {
  readonly tsMs: number;
  readonly pnl: readonly {
    readonly scope: string;
    readonly totalUsd: number;
    readonly drawdownUsd: number;
  }[];
  readonly spreads: readonly Spread[];
}

export function sampleOf({ engine }: HostPicture): Sample {
  return {
    tsMs: Math.round(engine.tsUs / 1000),
    pnl: engine.scopes.map(({ scope, pnl, drawdownUsd }) => ({
      scope: scopeName(scope),
      totalUsd: pnl.totalUsd,
      drawdownUsd,
    })),
    spreads: spreadsOf(engine.quotes),
  };
}

/** Both directions of each two venues that quote the same symbol. */
export function spreadsOf(quotes: EngineSnapshot["quotes"]): readonly Spread[] {
  return quotes.flatMap((sell) =>
    quotes
      .filter((buy) => buy.instrument !== sell.instrument)
      .filter((buy) => symbolOf(buy.instrument) === symbolOf(sell.instrument))
      .filter((buy) => sell.bidPrice > 0 && buy.askPrice > 0)
      .map((buy) => ({
        symbol: symbolOf(sell.instrument),
        buyVenue: venueOf(buy.instrument),
        sellVenue: venueOf(sell.instrument),
        spreadBps: (sell.bidPrice / buy.askPrice - 1) * 10_000,
      }))
  );
}

export interface PnlPoint {
  readonly tsMs: number;
  readonly totalUsd: number;
  /** The deepest of the time that the point stands for. */
  readonly drawdownUsd: number;
}

/** A curve over any length of time in bounded memory: old points get coarser, each two alike. */
class PnlCurve {
  #points: PnlPoint[] = [];
  #stepMs = sampleEveryMs;
  /** Where the newest point's time begins; it ends a step later. */
  #fromMs = -Infinity;

  get points(): readonly PnlPoint[] {
    return this.#points;
  }

  add(point: PnlPoint): void {
    const last = this.#points.at(-1);
    // A tenth before its time is its time: pictures come on a timer that is not exact.
    if (last !== undefined && point.tsMs - this.#fromMs < this.#stepMs * 0.9) {
      this.#points[this.#points.length - 1] = merged(last, point);
      return;
    }
    this.#fromMs = point.tsMs;
    this.#points.push(point);
    if (this.#points.length > maxCurvePoints) this.#thin();
  }

  #thin(): void {
    this.#points = this.#points.flatMap((point, index, all) => {
      if (index % 2 === 1) return [];
      const next = all[index + 1];
      return [next === undefined ? point : merged(point, next)];
    });
    this.#stepMs *= 2;
  }
}

const merged = (earlier: PnlPoint, later: PnlPoint): PnlPoint => ({
  ...later,
  drawdownUsd: Math.max(earlier.drawdownUsd, later.drawdownUsd),
});

export interface SpreadMoment {
  readonly tsMs: number;
  readonly spreads: readonly Spread[];
}

export class History {
  readonly #curves = new Map<string, PnlCurve>();
  readonly #spreads = new Map<string, SpreadMoment[]>();
  #sampledMs = -Infinity;

  /** Takes a picture in, at most one a second. */
  add(picture: HostPicture): void {
    const tsMs = picture.engine.tsUs / 1000;
    if (tsMs - this.#sampledMs < sampleEveryMs * 0.9) return;
    this.#sampledMs = tsMs;
    const sample = sampleOf(picture);
    for (const { scope, totalUsd, drawdownUsd } of sample.pnl) {
      const curve = this.#curves.get(scope) ?? new PnlCurve();
      if (!this.#curves.has(scope) && this.#curves.size >= maxScopes) continue;
      this.#curves.set(scope, curve);
      curve.add({ tsMs: sample.tsMs, totalUsd, drawdownUsd });
    }
    for (const symbol of new Set(sample.spreads.map((spread) => spread.symbol))) {
      const moments = this.#spreads.get(symbol) ?? [];
      if (!this.#spreads.has(symbol) && this.#spreads.size >= maxSymbols) continue;
      this.#spreads.set(symbol, moments);
      moments.push({ tsMs: sample.tsMs, spreads: sample.spreads.filter((one) => one.symbol === symbol) });
      if (moments.length > maxSpreadSamples) moments.shift();
    }
  }

  /** Oldest first; empty where nothing is known of that scope. */
  pnl(scope: string): readonly PnlPoint[] {
    return this.#curves.get(scope)?.points ?? [];
  }

  /** Oldest first; empty where the symbol has less than two venues. */
  spreads(symbol: string): readonly SpreadMoment[] {
    return this.#spreads.get(symbol) ?? [];
  }
}
