/** Who sees besides the journal what the engine writes down, and the market data: the log, and spans where they are wanted. */
import type { EngineSurface } from "../../engine/surface.ts";
import type { JournalEntry } from "../../model/journal_entry.ts";
import { isWritten, type LogLevels } from "../../terminal/log_levels.ts";
import type { HostLog, MarketTap } from "../ports.ts";
import { areQuotesLogged, QuoteLog } from "./quote_log.ts";
import { TradeLog, TradingLog } from "./trading_log.ts";

export interface RunObservers {
  onEntry(entry: JournalEntry): void;
  readonly taps: readonly MarketTap[];
  /** The host stops. */
  end(tsUs: number): void;
}

export interface RunObserversOptions {
  readonly engine: EngineSurface;
  readonly log: HostLog;
  readonly logLevels: LogLevels;
  /** Of berth; the tracer's. */
  readonly version: string;
  /** OpenTelemetry is on. Where it is off, nothing of it is loaded and nothing is asked per event. */
  readonly isTraced: boolean;
}

export async function runObservers(options: RunObserversOptions): Promise<RunObservers> {
  const { engine, log, logLevels, version, isTraced } = options;
  const trading = new TradingLog({ engine, log });
  const taps: MarketTap[] = [
    ...(isWritten(logLevels, "trades", "debug") ? [new TradeLog({ engine, log })] : []),
    ...(areQuotesLogged(logLevels) ? [new QuoteLog({ engine, log })] : []),
  ];
  if (!isTraced) return { onEntry: trading.onEntry, taps, end: () => undefined };
  const { trace } = await import("@opentelemetry/api");
  const { TradingSpans } = await import("./trading_spans.ts");
  const spans = new TradingSpans({ engine, tracer: trace.getTracer("berth", version) });
  return {
    onEntry(entry) {
      trading.onEntry(entry);
      spans.onEntry(entry);
    },
    taps: [...taps, spans],
    end: (tsUs) => spans.end(tsUs),
  };
}
