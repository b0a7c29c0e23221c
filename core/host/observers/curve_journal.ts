/**
 * Writes down now and then how profit and loss stand and what venues quote, so that curves go on where they were after a
 * restart. Bounded by scopes and instruments; one record each {@link curveSampleEveryMs}.
 */
import type { EngineSurface } from "../../engine/surface.ts";
import type { JournalWriter } from "../../journal/writer.ts";
import type { Clock } from "../../model/clock.ts";
import { type CurveSample, curveSampleEveryMs, curveSampleKind } from "../../model/curve_sample.ts";
import { symbolOf } from "../../model/ids.ts";
import { scopeName } from "../../model/risk_limits.ts";

/** As many as the console draws. */
const maxScopes = 100;
/** Of symbols that several venues quote; what is beyond is not drawn after a restart. */
const maxQuotes = 300;

export interface CurveJournalOptions {
  readonly engine: Pick<EngineSurface, "snapshot">;
  readonly journal: Pick<JournalWriter, "append">;
  readonly clock: Pick<Clock, "monotonicMs" | "epochUs">;
}

export class CurveJournal {
  readonly #options: CurveJournalOptions;
  /** The first sample shows where the run begins. */
  #writtenMs = -Infinity;

  constructor(options: CurveJournalOptions) {
    this.#options = options;
  }

  /** Often; writes when it is time. */
  tick(): void {
    const { engine, journal, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#writtenMs < curveSampleEveryMs) return;
    this.#writtenMs = nowMs;
    const tsUs = clock.epochUs();
    const body = sampleOf(engine.snapshot(tsUs));
    journal.append({ id: `${curveSampleKind}/${tsUs}`, kind: curveSampleKind, tsUs, body });
  }
}

function sampleOf({ scopes, quotes }: ReturnType<EngineSurface["snapshot"]>): CurveSample {
  const venuesOf = new Map<string, number>();
  for (const { instrument } of quotes) {
    const symbol = symbolOf(instrument);
    venuesOf.set(symbol, (venuesOf.get(symbol) ?? 0) + 1);
  }
  return {
    pnl: scopes.slice(0, maxScopes)
      .map(({ scope, pnl, drawdownUsd }) => ({
        scope: scopeName(scope),
        totalUsd: pnl.totalUsd,
        drawdownUsd,
      }))
      .filter(({ totalUsd, drawdownUsd }) => Number.isFinite(totalUsd) && Number.isFinite(drawdownUsd)),
    quotes: quotes
      .filter(({ instrument, bidPrice, askPrice }) =>
        (venuesOf.get(symbolOf(instrument)) ?? 0) > 1 && bidPrice > 0 && askPrice > 0
      )
      .slice(0, maxQuotes)
      .map(({ instrument, bidPrice, askPrice }) => ({ instrument, bidPrice, askPrice })),
  };
}
