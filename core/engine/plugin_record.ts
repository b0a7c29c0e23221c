/** A strategy as the engine knows it. It outlives its process: orders and positions stay in its name. */
import type { PluginId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { TradeRecord } from "../model/trade_record.ts";
import type { EngineRestore, GrantedBudget, InstrumentIndex, Subscriber, TradingGrant } from "./events.ts";
import { matchesPattern } from "../model/symbol_pattern.ts";
import { grantCovers } from "./router.ts";

const nothingGranted: TradingGrant = { venues: [], instruments: [], data: [], orders: "none" };

export class PluginRecord {
  readonly plugin: PluginId;
  subscriber: Subscriber | undefined;
  budget: GrantedBudget | undefined;
  onStop: "keep_positions" | "flatten" = "keep_positions";
  isRunning = false;
  orders = 0;
  refusals = 0;
  /** Of its positions that went from flat to flat, by the fills. */
  trades = new TradeRecord();
  #grant: TradingGrant = nothingGranted;
  /** Answers of `covers`, by index: patterns are matched once. */
  #covered: (boolean | undefined)[] = [];

  constructor(plugin: PluginId) {
    this.plugin = plugin;
  }

  get grant(): TradingGrant {
    return this.#grant;
  }
  set grant(grant: TradingGrant) {
    this.#grant = grant;
    this.#covered = [];
  }

  covers(index: InstrumentIndex, instrument: Instrument): boolean {
    return this.#covered[index] ??= grantCovers(this.#grant, instrument);
  }
}

/** What a restart must know of the trades that are over. */
export const tradesOf = (records: Iterable<PluginRecord>): EngineRestore["trades"] =>
  [...records].map(({ plugin, trades }) => ({ plugin, sums: trades.save() })).filter(({ sums }) =>
    sums.trades > 0
  );

/** Whether its grant lets it place orders on a venue. */
export const mayTradeOn = ({ grant }: PluginRecord, venue: string): boolean =>
  grant.orders !== "none" && grant.venues.some((pattern) => matchesPattern(pattern, venue));
