/** What a venue sent and could not be read: counted under a code, told once at first and then at most once a minute. */
import type { Clock } from "../../model/clock.ts";
import type { Log } from "../strategy.ts";

const tellEveryMs = 60_000;
const maxWhyChars = 500;

interface Tally {
  count: number;
  untold: number;
  toldMs: number;
}

/** Where a frame of JSON text came from, and in what form. */
export type TextFrameMisfit =
  | "frame_not_json"
  | "frame_not_known"
  | "instrument_not_known"
  | "row_not_readable"
  | "book_not_readable"
  | "private_frame_not_json"
  | "private_frame_not_known"
  | "private_row_not_readable"
  | "answer_not_expected";

/** `Code` says where it came from, and in what form. */
export class Misfits<Code extends string> {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tallies = new Map<Code, Tally>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Of all codes, or of those that start with `prefix`. */
  count(prefix = ""): number {
    let sum = 0;
    for (const [code, tally] of this.#tallies) if (code.startsWith(prefix)) sum += tally.count;
    return sum;
  }

  /** @param why what did not fit; never a whole frame */
  note(code: Code, why: string): void {
    const nowMs = this.#clock.monotonicMs();
    const tally = this.#tallies.get(code) ?? { count: 0, untold: 0, toldMs: -Infinity };
    this.#tallies.set(code, tally);
    tally.count += 1;
    tally.untold += 1;
    if (nowMs - tally.toldMs < tellEveryMs) return;
    this.#log.warn("what the venue sent can't be read", {
      code,
      why: why.slice(0, maxWhyChars),
      count: tally.untold,
    });
    tally.untold = 0;
    tally.toldMs = nowMs;
  }
}

/** Of a venue whose every frame is JSON text. */
export type TextMisfits = Misfits<TextFrameMisfit>;
