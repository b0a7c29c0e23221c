/**
 * What the pictures of a run come to over time: profit and loss of each scope over the whole run, and the spreads of
 * each symbol over the last minutes. Bounded in memory whatever the run's length. What the journal kept of runs before
 * is put before it when somebody first asks.
 */
import type { EngineSnapshot } from "../engine/snapshot.ts";
import { symbolOf, venueOf } from "../model/ids.ts";
import { scopeName } from "../model/risk_limits.ts";
import { type PastSample, spreadWindowMs } from "./past_curves.ts";
import type { HostPicture } from "./ports.ts";

const sampleEveryMs = 1_000;
/** Of a curve of profit and loss before its last minutes: when it is full, each two become one. */
const maxOlderPoints = 1_000;
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

/** What spreads are made of. */
export type BestPrices = Pick<EngineSnapshot["quotes"][number], "instrument" | "bidPrice" | "askPrice">;

/** Both directions of each two venues that quote the same symbol. */
export function spreadsOf(quotes: readonly BestPrices[]): readonly Spread[] {
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
  /** Another start of the host than the point before: the line does not go through. */
  readonly isNewRun?: boolean;
}

/** A curve over any length of time in bounded memory: its last minutes as they came, what is older ever coarser. */
class PnlCurve {
  readonly #older = new ThinnedCurve();
  readonly #newest: PnlPoint[] = [];
  #runId: string | undefined;

  get points(): readonly PnlPoint[] {
    return [...this.#older.points, ...this.#newest];
  }

  add(point: PnlPoint, runId: string | undefined): void {
    const isNewRun = this.#newest.length > 0 && runId !== this.#runId;
    this.#runId = runId;
    this.#newest.push(isNewRun ? { ...point, isNewRun } : point);
    for (let [first] = this.#newest; first !== undefined; [first] = this.#newest) {
      if (first.tsMs >= point.tsMs - spreadWindowMs) return;
      this.#older.add(first);
      this.#newest.shift();
    }
  }
}

/** When it is full, each two points become one, and later ones stand for twice the time. */
class ThinnedCurve {
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
    const isSameStep = point.isNewRun !== true && point.tsMs - this.#fromMs < this.#stepMs * 0.9;
    if (last !== undefined && isSameStep) {
      this.#points[this.#points.length - 1] = merged(last, point);
      return;
    }
    this.#fromMs = point.tsMs;
    this.#points.push(point);
    if (this.#points.length > maxOlderPoints) this.#thin();
  }

  #thin(): void {
    // Points may lie further apart than a step, as kept samples do: those to come shall not be denser than these.
    this.#stepMs = 2 * Math.max(this.#stepMs, usualDistanceMs(this.#points));
    this.#points = this.#points.flatMap((point, index, all) => {
      if (index % 2 === 1) return [];
      const next = all[index + 1];
      return [next === undefined ? point : merged(point, next)];
    });
  }
}

/** Between neighbours: the middle of all distances. */
function usualDistanceMs(points: readonly PnlPoint[]): number {
  const distances = points.slice(1).map(({ tsMs }, index) => tsMs - (points[index]?.tsMs ?? tsMs))
    .sort((a, b) => a - b);
  return distances[distances.length >> 1] ?? 0;
}

const merged = (earlier: PnlPoint, later: PnlPoint): PnlPoint => ({
  ...later,
  ...(earlier.isNewRun === undefined ? {} : { isNewRun: earlier.isNewRun }),
  drawdownUsd: Math.max(earlier.drawdownUsd, later.drawdownUsd),
});

export interface SpreadMoment {
  readonly tsMs: number;
  readonly spreads: readonly Spread[];
}

export class History {
  readonly #curves = new Map<string, PnlCurve>();
  readonly #spreads = new Map<string, SpreadMoment[]>();
  #firstMs: number | undefined;
  #runId: string | undefined;
  #sampledMs = -Infinity;
  #isPastKnown = false;

  /** Takes a picture in, at most one a second. */
  add(picture: HostPicture): void {
    const tsMs = picture.engine.tsUs / 1000;
    if (tsMs - this.#sampledMs < sampleEveryMs * 0.9) return;
    this.#sampledMs = tsMs;
    const sample = sampleOf(picture);
    this.#firstMs ??= sample.tsMs;
    const { runId } = picture.run;
    this.#runId = runId;
    for (const { scope, ...figures } of sample.pnl) {
      this.#addPnl(scope, { tsMs: sample.tsMs, ...figures }, runId);
    }
    this.#addSpreads(sample.tsMs, sample.spreads);
  }

  /**
   * Puts what runs before left in front of this one, once. Nothing is read before the first picture: it tells where this
   * run begins.
   *
   * @param read gives the samples before a moment, oldest first; what it throws is thrown, and the next call tries again
   */
  recall(read: (beforeMs: number) => readonly PastSample[]): void {
    if (this.#isPastKnown || this.#firstMs === undefined) return;
    const past = read(this.#firstMs);
    this.#isPastKnown = true;
    if (past.length === 0) return;
    const ofThisRun = { curves: new Map(this.#curves), spreads: new Map(this.#spreads) };
    this.#curves.clear();
    this.#spreads.clear();
    const fromMs = this.#sampledMs - spreadWindowMs;
    let runId = past[0]?.runId;
    for (const sample of past) {
      if (sample.runId !== runId) this.#breakSpreads(sample.tsMs);
      runId = sample.runId;
      for (const { scope, ...figures } of sample.pnl) {
        this.#addPnl(scope, { tsMs: sample.tsMs, ...figures }, runId);
      }
      if (sample.tsMs >= fromMs) this.#addSpreads(sample.tsMs, spreadsOf(sample.quotes));
    }
    if (runId !== this.#runId) this.#breakSpreads(this.#firstMs);
    for (const [scope, { points }] of ofThisRun.curves) {
      for (const point of points) this.#addPnl(scope, point, this.#runId);
    }
    for (const moments of ofThisRun.spreads.values()) {
      for (const { tsMs, spreads } of moments) this.#addSpreads(tsMs, spreads);
    }
  }

  /** Oldest first; empty where nothing is known of that scope. */
  pnl(scope: string): readonly PnlPoint[] {
    return this.#curves.get(scope)?.points ?? [];
  }

  /** Oldest first, at moments without a spread the line ends; empty where the symbol has less than two venues. */
  spreads(symbol: string): readonly SpreadMoment[] {
    return this.#spreads.get(symbol) ?? [];
  }

  #addPnl(scope: string, point: PnlPoint, runId: string | undefined): void {
    const curve = this.#curves.get(scope) ?? new PnlCurve();
    if (!this.#curves.has(scope) && this.#curves.size >= maxScopes) return;
    this.#curves.set(scope, curve);
    curve.add(point, runId);
  }

  #addSpreads(tsMs: number, spreads: readonly Spread[]): void {
    for (const symbol of new Set(spreads.map((spread) => spread.symbol))) {
      const moments = this.#spreads.get(symbol) ?? [];
      if (!this.#spreads.has(symbol) && this.#spreads.size >= maxSymbols) continue;
      this.#spreads.set(symbol, moments);
      moments.push({ tsMs, spreads: spreads.filter((one) => one.symbol === symbol) });
      while ((moments[0]?.tsMs ?? tsMs) < tsMs - spreadWindowMs) moments.shift();
    }
  }

  /** Before the first moment of another run: lines don't go through. */
  #breakSpreads(tsMs: number): void {
    for (const moments of this.#spreads.values()) moments.push({ tsMs: tsMs - 1, spreads: [] });
  }
}
