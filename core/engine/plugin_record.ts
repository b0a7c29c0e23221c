/** A strategy as the engine knows it. It outlives its process: orders and positions stay in its name. */
import type { PluginId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { GrantedBudget, InstrumentIndex, Subscriber, TradingGrant } from "./events.ts";
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
