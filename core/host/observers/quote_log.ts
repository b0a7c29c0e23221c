/** A log line for each quote (module `quotes`, debug): prices, spread in bps, and how long it was on its way. */
import type { EngineSurface } from "../../engine/surface.ts";
import { quotedSpreadBps } from "../../model/quote.ts";
import { recordKindAt, recordKinds, recordOffsets } from "../../protocol/records.ts";
import type { LogLevels } from "../../terminal/log_levels.ts";
import type { HostLog, MarketTap } from "../ports.ts";
import { RecordView } from "../record_view.ts";

export interface QuoteLogOptions {
  readonly engine: Pick<EngineSurface, "instrument">;
  readonly log: HostLog;
}

/** Quotes are too many to be meant by `debug` alone: their module must be named, `info,quotes=debug`. */
export const areQuotesLogged = ({ bySource }: LogLevels): boolean => bySource.get("quotes") === "debug";

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export class QuoteLog implements MarketTap {
  readonly #options: QuoteLogOptions;
  readonly #view = new RecordView();

  constructor(options: QuoteLogOptions) {
    this.#options = options;
  }

  record(index: number, record: Uint8Array, at: number): void {
    const view = this.#view.of(record);
    if (recordKindAt(view, at) !== recordKinds.quote) return;
    const number = (offset: number): number => view.getFloat64(at + offset, true);
    const [bidPrice, askPrice] = [number(recordOffsets.first), number(recordOffsets.third)];
    const latencyMs = number(recordOffsets.tsRecvUs) / 1000 - number(recordOffsets.tsVenueMs);
    this.#options.log.write("debug", "quotes", "quote", {
      instrument: this.#options.engine.instrument(index)?.id ?? String(index),
      bidPrice,
      bidSizeBase: number(recordOffsets.second),
      askPrice,
      askSizeBase: number(recordOffsets.fourth),
      spreadBps: rounded(quotedSpreadBps({ bidPrice, askPrice }), 2),
      latencyMs: rounded(latencyMs, 1),
    });
  }

  book(): void {
    // Only quotes are written.
  }
}
