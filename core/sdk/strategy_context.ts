/**
 * The strategy's side of the channel: turns frames into live records and callbacks, and calls into frames. Runs in
 * the plugin's process; the host is trusted, the strategy is not, so whatever it throws is caught here and reported.
 */
import { BerthError } from "../errors.ts";
import type { ExitPlan } from "../model/exit_plan.ts";
import type { InstrumentId, VenueId } from "../model/ids.ts";
import type { BookUpdate } from "../model/market.ts";
import type { VenueHealth } from "../model/venue_health.ts";
import { decodeBook } from "../protocol/codec.ts";
import {
  frameLimits,
  type HostMessage,
  type PluginMessage,
  type StrategyHello,
} from "../protocol/messages.ts";
import { recordBytes, recordKinds, recordOffsets } from "../protocol/records.ts";
import { Accounts } from "./accounts.ts";
import { BookKeeper } from "./books.ts";
import { exitTermsOf, type ExitView, exitView } from "./exits.ts";
import { GroupsRuntime } from "./groups_runtime.ts";
import { HistoryClient } from "./history.ts";
import { LiveMarket } from "./live_market.ts";
import { type KnownInstrument, markAt, tradeAt } from "./live_quotes.ts";
import { fillView, positionView } from "./order_views.ts";
import { OrdersRuntime } from "./orders_runtime.ts";
import { PanelSender } from "./panels.ts";
import { createTime, type Platform, type PluginTime } from "./plugin_time.ts";
import { checkGauge, checkOpportunity } from "./report_checks.ts";
import type { SettingsShape, SettingValues } from "./settings.ts";
import type { LogFields, PositionView, Strategy, StrategyContext, StrategyModule } from "./strategy.ts";

/** Callbacks that throw in a row before the plugin gives up. */
const maxErrorsInARow = 10;

export interface StrategyRuntimeOptions<Shape extends SettingsShape> {
  readonly hello: StrategyHello;
  readonly module: StrategyModule<Shape>;
  readonly send: (message: PluginMessage) => void;
  readonly platform: Platform;
  /** Whether somebody sees its panel. @default true on real time */
  readonly isWatched?: boolean;
  /** The plugin can't go on: too many errors in a row. */
  readonly onGiveUp: (details: string) => void;
}

/** What a caught value says, whatever it is. */
export function errorDetails(error: unknown): string {
  try {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    return text.slice(0, 2_000);
  } catch {
    return "a value that can't be shown"; // its toString threw
  }
}

export class StrategyRuntime<Shape extends SettingsShape> {
  readonly #options: StrategyRuntimeOptions<Shape>;
  readonly #send: (message: PluginMessage) => void;
  readonly #time: PluginTime;
  readonly #history: HistoryClient;
  readonly #books: BookKeeper;
  readonly #market: LiveMarket;
  readonly #orders: OrdersRuntime;
  readonly #positions = new Map<InstrumentId, Extract<HostMessage, { readonly type: "position" }>>();
  readonly #accounts = new Accounts();
  readonly #panel: PanelSender | undefined;
  readonly #health = new Map<VenueId, VenueHealth>();
  readonly #groups: GroupsRuntime;
  readonly #exits = new Map<InstrumentId, ExitView>();
  #strategy: Strategy = {};
  #settings: SettingValues<Shape>;
  #nextRef = 1;
  #errorsInARow = 0;

  constructor(options: StrategyRuntimeOptions<Shape>) {
    this.#options = options;
    this.#send = options.send;
    this.#history = new HistoryClient(options.send);
    this.#time = createTime(options.hello, options.platform, (callback, run) => this.#guard(callback, run));
    this.#market = new LiveMarket(() => this.#time.epochUs(), (venue) => this.#health.get(venue));
    const port = {
      instrument: (id: InstrumentId) => this.#market.instrument(id),
      nextRef: () => String(this.#nextRef++),
      send: (message: PluginMessage) => this.#send(message),
    };
    this.#orders = new OrdersRuntime({
      ...port,
      onOrder: (view) => this.#guard("onOrder", () => this.#strategy.onOrder?.(view)),
    });
    this.#groups = new GroupsRuntime({
      ...port,
      epochMs: () => this.#time.epochMs(),
      onGroup: (view) => this.#guard("onGroup", () => this.#strategy.onGroup?.(view)),
    });
    const { isWatched = options.hello.timeMode === "real" } = options;
    this.#panel = isWatched
      ? new PanelSender(this.#time, (panel) => this.#send({ type: "panel", panel }))
      : undefined;
    this.#books = new BookKeeper(port.instrument, () => this.#time.epochUs());
    // The host has checked every value against the manifest that this shape is.
    this.#settings = options.hello.settings as SettingValues<Shape>;
    for (const { index, instrument } of options.hello.instruments) this.#market.add(index, instrument);
  }

  /** Its clock; on virtual time the runtime moves it. */
  get time(): PluginTime {
    return this.#time;
  }

  /** Makes the strategy and runs its `onStart`. @throws what the strategy throws there */
  async start(): Promise<void> {
    this.#strategy = await this.#options.module.create(this.#context());
    await this.#strategy.onStart?.();
  }

  async stop(reason: string): Promise<void> {
    try {
      await this.#strategy.onStop?.(reason);
    } catch (error) {
      this.#send({ type: "callback_error", callback: "onStop", details: errorDetails(error) });
    }
  }

  /** Records of market data, 64 bytes each. */
  onRecords(payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    for (let at = 0; at + recordBytes <= payload.length; at += recordBytes) {
      const known = this.#market.at(view.getUint32(at + recordOffsets.index, true));
      if (known === undefined) continue;
      const kind = payload[at];
      if (kind === recordKinds.quote) this.#onQuote(known, view, at);
      else if (kind === recordKinds.trade) this.#onTrade(known.instrument.id, view, at);
      else if (kind === recordKinds.mark) this.#onMark(known.instrument.id, view, at);
    }
  }

  onBook(payload: Uint8Array): void {
    const book = decodeBook(payload);
    const known = book === undefined ? undefined : this.#market.at(book.index);
    if (book === undefined || known === undefined) return;
    const { index: _index, ...rest } = book;
    const update: BookUpdate = { instrument: known.instrument.id, ...rest };
    this.#books.apply(update);
    this.#guard("onBook", () => this.#strategy.onBook?.(update));
  }

  onMessage(message: HostMessage): void {
    switch (message.type) {
      case "instruments":
        for (const { index, instrument } of message.instruments) this.#market.add(index, instrument);
        return;
      case "order":
        return this.#orders.onOrder(message.ref, message.order);
      case "refused":
        return this.#onRefused(message);
      case "amend_refused":
        return this.#orders.onAmendRefused(message.ref, message.code, message.text);
      case "fill":
        return this.#onFill(message);
      case "position":
        this.#positions.set(message.instrument, message);
        return this.#guard(
          "onPosition",
          () => this.#strategy.onPosition?.(this.#positionView(message.instrument)),
        );
      case "venue_health":
        this.#health.set(message.health.venue, message.health);
        return this.#guard("onVenueHealth", () => this.#strategy.onVenueHealth?.(message.health));
      case "account":
        return this.#accounts.onState(message.account);
      case "settings":
        this.#settings = message.settings as SettingValues<Shape>;
        return this.#guard("onSettings", () => this.#strategy.onSettings?.());
      case "trigger":
        return this.#orders.onTrigger(message.ref, message.phase);
      case "exit":
        return this.#onExit(message.plan);
      case "group":
        return this.#groups.onMessage(message.ref, message.group);
      case "history_answer":
        return this.#history.onAnswer(message.questionId, message.answer);
      case "hello":
      case "run_until":
      case "stop":
      case "subscribe":
      case "unsubscribe":
      case "symbols":
      case "request":
        return; // the runtime's own, or an adapter's
      default:
        return message satisfies never;
    }
  }

  /** Runs a callback; what it throws is reported, and too many in a row end the plugin. */
  #guard(callback: string, run: () => void): void {
    try {
      run();
      this.#errorsInARow = 0;
    } catch (error) {
      const details = errorDetails(error);
      this.#send({ type: "callback_error", callback, details });
      this.#errorsInARow += 1;
      if (this.#errorsInARow === maxErrorsInARow) {
        this.#options.onGiveUp(`${maxErrorsInARow} errors in a row, the last in ${callback}: ${details}`);
      }
    }
  }

  #onQuote(known: KnownInstrument, view: DataView, at: number): void {
    this.#market.readQuote(known, view, at);
    if (this.#strategy.onQuote === undefined) return;
    try {
      this.#strategy.onQuote(known.quote);
      this.#errorsInARow = 0;
    } catch (error) {
      this.#guard("onQuote", () => {
        throw error;
      });
    }
  }

  #onTrade(instrument: InstrumentId, view: DataView, at: number): void {
    if (this.#strategy.onTrade === undefined) return;
    const trade = tradeAt(instrument, view, at);
    this.#guard("onTrade", () => this.#strategy.onTrade?.(trade));
  }

  #onMark(instrument: InstrumentId, view: DataView, at: number): void {
    if (this.#strategy.onMark === undefined) return;
    const update = markAt(instrument, view, at);
    this.#guard("onMark", () => this.#strategy.onMark?.(update));
  }

  #onFill({ ref, fill }: Extract<HostMessage, { readonly type: "fill" }>): void {
    const instrument = this.#market.instrument(fill.instrument);
    this.#guard("onFill", () => this.#strategy.onFill?.(fillView(ref, fill, instrument)));
  }

  #onExit(plan: ExitPlan): void {
    const view = exitView(plan);
    if (view.phase.kind === "ended") this.#exits.delete(view.instrument);
    else this.#exits.set(view.instrument, view);
    this.#guard("onExit", () => this.#strategy.onExit?.(view));
  }

  #onRefused({ ref, code, text }: Extract<HostMessage, { readonly type: "refused" }>): void {
    if (this.#groups.owns(ref)) this.#groups.onRefused(ref, code, text);
    else this.#orders.onRefused(ref, code, text);
  }

  #positionView(id: InstrumentId): PositionView {
    const { instruments } = this.#market;
    return positionView(id, this.#positions.get(id), instruments.get(id), this.#market.get(id));
  }

  #positionViews(): readonly PositionView[] {
    return [...this.#positions.keys()].map((instrument) => this.#positionView(instrument));
  }

  #log(level: "debug" | "info" | "warn" | "error", message: string, fields: LogFields = {}): void {
    const kept: Record<string, string | number | boolean> = {};
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) {
        kept[name.slice(0, 60)] = typeof value === "string" ? value.slice(0, 2_000) : value;
      }
    }
    this.#send({
      type: "log",
      level,
      message: String(message).slice(0, frameLimits.maxLogMessageChars),
      fields: kept,
    });
  }

  #saveState(value: unknown): void {
    const json = JSON.stringify(value) ?? "null";
    const sizeBytes = new TextEncoder().encode(json).length;
    if (sizeBytes > frameLimits.maxStateBytes) {
      throw new BerthError("PLUGIN_LIMIT_EXCEEDED", {
        pluginId: this.#options.hello.pluginId,
        limit: "stateBytes",
        value: sizeBytes,
        allowed: frameLimits.maxStateBytes,
      });
    }
    this.#send({ type: "save_state", json });
  }

  #context(): StrategyContext<Shape> {
    const { hello, platform } = this.#options;
    const settings = (): SettingValues<Shape> => this.#settings;
    const send = this.#send;
    const random = platform.seededRandom(hello.seed);
    return {
      pluginId: hello.pluginId,
      environment: hello.environment,
      get settings() {
        return settings();
      },
      venues: () => this.#market.venues(),
      quotes: this.#market,
      books: this.#books,
      instruments: this.#market.instruments,
      orders: this.#orders,
      exits: {
        set: (instrument, options) => send({ type: "set_exit", instrument, terms: exitTermsOf(options) }),
        clear: (instrument) => send({ type: "clear_exit", instrument }),
        get: (instrument) => this.#exits.get(instrument),
        all: () => [...this.#exits.values()],
      },
      groups: this.#groups,
      positions: {
        get: (instrument) => this.#positionView(instrument),
        all: () => this.#positionViews(),
      },
      account: (venue) => this.#accounts.view(venue, this.#positionViews()),
      history: this.#history,
      time: this.#time,
      random,
      log: {
        debug: (message, fields) => this.#log("debug", message, fields),
        info: (message, fields) => this.#log("info", message, fields),
        warn: (message, fields) => this.#log("warn", message, fields),
        error: (message, fields) => this.#log("error", message, fields),
      },
      gauge: (name, value) => {
        checkGauge(name);
        send({ type: "gauge", name, value });
      },
      panel: (make) => this.#panel?.show(make),
      opportunity: (record) => {
        checkOpportunity(record);
        const { plan, skipped } = record;
        send({
          type: "opportunity",
          tsMs: this.#time.epochMs(),
          ...record,
          plan: plan.slice(0, 200),
          skipped: skipped?.slice(0, 200),
        });
      },
      health: (venue) => this.#health.get(venue),
      secret: (name) => (Object.hasOwn(hello.secrets, name) ? hello.secrets[name] : undefined),
      state: { saved: () => hello.savedState ?? null, save: (value) => this.#saveState(value) },
    };
  }
}
