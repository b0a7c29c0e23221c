/**
 * The turns that plugin and host would take one by one, reckoned over records that are read already: up to the end of the
 * first one in which the host may have something to tell. Until then the host only listens, so the plugin may play
 * through all of them in one go, and what comes of it is the same to the byte.
 */
import type { Outlook } from "../engine/outlook.ts";
import { recordKinds, recordOffsets } from "../protocol/records.ts";
import type { RecordQueue } from "../recording/record_queue.ts";

export interface TurnsAheadOptions {
  readonly records: RecordQueue;
  readonly nowUs: number;
  /** The least length of a turn. */
  readonly lookaheadUs: number;
  readonly outlook: Outlook;
  /** When a market's funding is due, as the venue knows it; NaN when it has not said. */
  readonly fundingDueMs: (index: number) => number;
  /** Records to look at. */
  readonly maxRecords: number;
}

/** Where each turn ends, of those whose records are all known. Empty when there is nothing to reckon with. */
export function turnsAhead(options: TurnsAheadOptions): readonly number[] {
  const { records, nowUs, lookaheadUs, outlook: { newsDueUs, prices }, maxRecords } = options;
  const ends: number[] = [];
  if (newsDueUs === -Infinity) return ends;
  const funding = new FundingWatch(options.fundingDueMs);
  let endUs = nowUs;
  let isLast = false;
  let seen = 0;
  records.lookAhead((tsUs, view, at) => {
    if (tsUs > endUs) {
      if (seen > 0) ends.push(endUs);
      if (isLast || seen >= maxRecords) return false;
      endUs = Math.max(endUs + lookaheadUs, tsUs); // the next turn, as long as its first record wants it
      isLast = endUs >= newsDueUs;
    }
    seen++;
    if (view === undefined) return true; // books alone bring no news
    const kind = view.getUint8(at);
    const index = view.getUint32(at + recordOffsets.index, true);
    const first = view.getFloat64(at + recordOffsets.first, true);
    if (kind === recordKinds.quote) {
      prices.see(index, first, view.getFloat64(at + recordOffsets.third, true));
      isLast ||= prices.isDue;
    } else if (kind === recordKinds.mark) {
      isLast ||= funding.isDue(index, view.getFloat64(at + recordOffsets.fourth, true), tsUs);
    }
    return true;
  });
  return ends;
}

/** Follows what marks say of the next funding, as the venue of paper does. */
class FundingWatch {
  readonly #knownMs: (index: number) => number;
  readonly #dueMs = new Map<number, number>();

  constructor(knownMs: (index: number) => number) {
    this.#knownMs = knownMs;
  }

  /** Whether funding may be paid with this mark. */
  isDue(index: number, tsNextFundingMs: number, nowUs: number): boolean {
    const dueMs = this.#dueMs.get(index) ?? this.#knownMs(index);
    this.#dueMs.set(index, Number.isNaN(tsNextFundingMs) ? dueMs : tsNextFundingMs);
    return dueMs <= nowUs / 1000;
  }
}
