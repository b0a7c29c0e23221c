/** Asks the venue for its time, in turn and when its refusals say that it is needed, and tells how far this machine is off. */
import { describeError } from "../../errors.ts";
import type { ExchangeContext } from "../exchange.ts";
import type { VenueTime } from "./venue_time.ts";

/** Beyond this a skewed clock is worth a line. */
const skewWarningMs = 1_000;

export class VenueTimeReader {
  readonly #ctx: Pick<ExchangeContext, "clock" | "gauge" | "log">;
  readonly #time: VenueTime;
  readonly #serverTimeMs: (signal: AbortSignal) => Promise<number>;
  #isReadingSoon = false;
  #isStopped = false;

  constructor(
    ctx: Pick<ExchangeContext, "clock" | "gauge" | "log">,
    time: VenueTime,
    serverTimeMs: (signal: AbortSignal) => Promise<number>,
  ) {
    this.#ctx = ctx;
    this.#time = time;
    this.#serverTimeMs = serverTimeMs;
  }

  /** The venue's word is taken for half a round trip old. @throws what asking the venue throws */
  async read(signal: AbortSignal): Promise<void> {
    const { clock, gauge, log } = this.#ctx;
    const sentMs = clock.monotonicMs();
    const timeMs = await this.#serverTimeMs(signal);
    const venueMs = timeMs + (clock.monotonicMs() - sentMs) / 2;
    this.#time.set(venueMs);
    const offsetMs = Math.round(venueMs - clock.epochMs());
    gauge("clock_offset_ms", offsetMs);
    if (Math.abs(offsetMs) > skewWarningMs) {
      log.warn("this machine's clock differs from the venue's", { offsetMs });
    }
  }

  /** Out of turn, one at a time; what fails is tried again in turn. */
  readSoon(): void {
    if (this.#isReadingSoon || this.#isStopped) return;
    this.#isReadingSoon = true;
    this.read(new AbortController().signal).catch((error: unknown) =>
      this.#ctx.log.warn("the venue was asked for its time in vain", { reason: describeError(error) })
    ).finally(() => void (this.#isReadingSoon = false));
  }

  /** Nothing more is asked out of turn. */
  stop(): void {
    this.#isStopped = true;
  }
}
