/**
 * The strategy's side of the channel: turns frames into live records and callbacks, and calls into frames. Runs in
 * the plugin's process; the host is trusted, the strategy is not, so whatever it throws is caught here and reported.
 */
import { BerthError } from "../errors.ts";
import type { ExitPlan } from "../model/exit_plan.ts";
import { causeId, type InstrumentId, symbolOf, type VenueId, venueOf } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { BookUpdate } from "../model/market.ts";
import type { Order, OrderTerms } from "../model/order.ts";
import { isTwoSided, type Quote } from "../model/quote.ts";
import {
  defaultQuoteThresholds,
  type QuoteFinding,
  quoteFindings,
  type QuoteThresholds,
} from "../model/quote_health.ts";
import { priceTicks, sizeLots } from "../model/ticks.ts";
import type { TriggerOrder } from "../model/trigger_order.ts";
import type { VenueHealth } from "../model/venue_health.ts";
import { decodeBook } from "../protocol/codec.ts";
import {
  frameLimits,
  type HostMessage,
  type PluginMessage,
  type StrategyHello,
} from "../protocol/messages.ts";
import { recordBytes, recordKinds, recordOffsets } from "../protocol/records.ts";
import { exitTermsOf, type ExitView, exitView } from "./exits.ts";
import { GroupsRuntime } from "./groups_runtime.ts";
import {
  type KnownInstrument,
  knownInstrument,
  type LiveQuote,
  markAt,
  readQuote,
  tradeAt,
} from "./live_quotes.ts";
import {
  fillView,
  orderView,
  pendingView,
  positionView,
  pricingOf,
  toIncrements,
  toPriceTicks,
  triggerOf,
  unknownStep,
} from "./order_views.ts";
import { BookKeeper } from "./books.ts";
import { HistoryClient } from "./history.ts";
import { checkGauge, checkOpportunity } from "./report_checks.ts";
import type { SettingsShape, SettingValues } from "./settings.ts";
import type {
  LogFields,
  OrderChange,
  OrderOptions,
  OrderView,
  PositionView,
  Strategy,
  StrategyContext,
  StrategyModule,
} from "./strategy.ts";
import { QuoteMeter, type QuoteStatistics } from "./quote_meter.ts";
import { createTime, type Platform, type PluginTime } from "./plugin_time.ts";

/** How many ended orders `ctx.orders.get` still knows. */
const maxEndedOrders = 1_000;
/** Callbacks that throw in a row before the plugin gives up. */
const maxErrorsInARow = 10;

interface SubmittedOrder {
  readonly terms: OrderTerms;
  view: OrderView;
}

export interface StrategyRuntimeOptions<Shape extends SettingsShape> {
  readonly hello: StrategyHello;
  readonly module: StrategyModule<Shape>;
  readonly send: (message: PluginMessage) => void;
  readonly platform: Platform;
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
  readonly #known: KnownInstrument[] = [];
  readonly #byId = new Map<InstrumentId, KnownInstrument>();
  readonly #instrumentsBySymbol = new Map<string, Instrument[]>();
  readonly #quotesBySymbol = new Map<string, LiveQuote[]>();
  readonly #orders = new Map<string, SubmittedOrder>();
  readonly #endedRefs: string[] = [];
  readonly #positions = new Map<InstrumentId, Extract<HostMessage, { readonly type: "position" }>>();
  readonly #health = new Map<VenueId, VenueHealth>();
  readonly #groups: GroupsRuntime;
  readonly #exits = new Map<InstrumentId, ExitView>();
  #allInstruments: readonly Instrument[] = [];
  #strategy: Strategy = {};
  #settings: SettingValues<Shape>;
  #nextRef = 1;
  #errorsInARow = 0;

  constructor(options: StrategyRuntimeOptions<Shape>) {
    this.#options = options;
    this.#send = options.send;
    this.#history = new HistoryClient(options.send);
    this.#time = createTime(options.hello, options.platform, (callback, run) => this.#guard(callback, run));
    this.#groups = new GroupsRuntime({
      instrument: (id) => this.#byId.get(id)?.instrument,
      nextRef: () => String(this.#nextRef++),
      send: (message) => this.#send(message),
      epochMs: () => this.#time.epochMs(),
      onGroup: (view) => this.#guard("onGroup", () => this.#strategy.onGroup?.(view)),
    });
    this.#books = new BookKeeper((id) => this.#byId.get(id)?.instrument, () => this.#time.epochUs());
    // The host has checked every value against the manifest that this shape is.
    this.#settings = options.hello.settings as SettingValues<Shape>;
    for (const { index, instrument } of options.hello.instruments) this.#addInstrument(index, instrument);
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
      const known = this.#known[view.getUint32(at + recordOffsets.index, true)];
      if (known === undefined) continue;
      const kind = payload[at];
      if (kind === recordKinds.quote) this.#onQuote(known, view, at);
      else if (kind === recordKinds.trade) this.#onTrade(known.instrument.id, view, at);
      else if (kind === recordKinds.mark) this.#onMark(known.instrument.id, view, at);
    }
  }

  onBook(payload: Uint8Array): void {
    const book = decodeBook(payload);
    const known = book === undefined ? undefined : this.#known[book.index];
    if (book === undefined || known === undefined) return;
    const { index: _index, ...rest } = book;
    const update: BookUpdate = { instrument: known.instrument.id, ...rest };
    this.#books.apply(update);
    this.#guard("onBook", () => this.#strategy.onBook?.(update));
  }

  onMessage(message: HostMessage): void {
    switch (message.type) {
      case "instruments":
        for (const { index, instrument } of message.instruments) this.#addInstrument(index, instrument);
        return;
      case "order":
        return this.#onOrder(message.ref, message.order);
      case "refused":
        return this.#onRefused(message);
      case "amend_refused":
        return this.#onAmendRefused(message.ref, message.code, message.text);
      case "fill":
        return this.#guard(
          "onFill",
          () =>
            this.#strategy.onFill?.(
              fillView(message.ref, message.fill, this.#byId.get(message.fill.instrument)?.instrument),
            ),
        );
      case "position":
        this.#positions.set(message.instrument, message);
        return this.#guard(
          "onPosition",
          () => this.#strategy.onPosition?.(this.#positionView(message.instrument)),
        );
      case "venue_health":
        this.#health.set(message.health.venue, message.health);
        return this.#guard("onVenueHealth", () => this.#strategy.onVenueHealth?.(message.health));
      case "settings":
        this.#settings = message.settings as SettingValues<Shape>;
        return this.#guard("onSettings", () => this.#strategy.onSettings?.());
      case "trigger":
        return this.#onTrigger(message.ref, message.phase);
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

  #addInstrument(index: number, instrument: Instrument): void {
    const known = this.#known[index];
    if (known === undefined) {
      const created = knownInstrument(instrument);
      this.#known[index] = created;
      this.#byId.set(instrument.id, created);
    } else known.instrument = instrument;
    this.#allInstruments = [...this.#byId.values()].map((one) => one.instrument);
    this.#instrumentsBySymbol.set(
      instrument.symbol,
      this.#allInstruments.filter((one) => one.symbol === instrument.symbol),
    );
  }

  #onQuote(known: KnownInstrument, view: DataView, at: number): void {
    const { quote } = known;
    readQuote(known, view, at);
    if (!known.hasQuote) {
      known.hasQuote = true;
      const symbol = symbolOf(quote.instrument);
      this.#quotesBySymbol.set(symbol, [...(this.#quotesBySymbol.get(symbol) ?? []), quote]);
    }
    if (this.#strategy.onQuote === undefined) return;
    try {
      this.#strategy.onQuote(quote);
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

  #onOrder(ref: string, order: Order): void {
    const instrument = this.#byId.get(order.instrument)?.instrument;
    if (instrument === undefined) return;
    this.#keepOrder(ref, order, orderView(ref, order, instrument));
  }

  #onExit(plan: ExitPlan): void {
    const view = exitView(plan);
    if (view.phase.kind === "ended") this.#exits.delete(view.instrument);
    else this.#exits.set(view.instrument, view);
    this.#guard("onExit", () => this.#strategy.onExit?.(view));
  }

  #onRefused(message: Extract<HostMessage, { readonly type: "refused" }>): void {
    if (this.#groups.owns(message.ref)) {
      return this.#groups.onRefused(message.ref, message.code, message.text);
    }
    const submitted = this.#orders.get(message.ref);
    if (submitted === undefined) return;
    const view: OrderView = {
      ...submitted.view,
      status: "refused",
      reason: message.code,
      text: message.text,
      isDone: true,
    };
    this.#keepOrder(message.ref, submitted.terms, view);
  }

  /** Once it is sent its order speaks for itself. */
  #onTrigger(ref: string, phase: TriggerOrder["phase"]): void {
    const submitted = this.#orders.get(ref);
    if (submitted === undefined || phase === "sent" || phase === "refused") return;
    const isDone = phase === "cancelled";
    const status = isDone ? "cancelled" : "waiting";
    this.#keepOrder(ref, submitted.terms, { ...submitted.view, status, isDone });
  }

  #onAmendRefused(ref: string, reason: string, text: string): void {
    const submitted = this.#orders.get(ref);
    if (submitted !== undefined) this.#keepOrder(ref, submitted.terms, { ...submitted.view, reason, text });
  }

  #amend(ref: string, { sizeBase, limitPrice, rounding }: OrderChange): void {
    const terms = this.#orders.get(ref)?.terms;
    if (terms === undefined) return;
    const instrument = this.#byId.get(terms.instrument)?.instrument;
    const lot = instrument?.lot ?? unknownStep;
    const direction = rounding ?? (terms.side === "buy" ? "down" : "up");
    this.#send({
      type: "amend",
      ref,
      sizeLots: sizeBase === undefined ? undefined : sizeLots(toIncrements(sizeBase, lot, "down")),
      limitPriceTicks: limitPrice === undefined
        ? undefined
        : priceTicks(toPriceTicks(limitPrice, instrument, direction)),
    });
  }

  #keepOrder(ref: string, terms: OrderTerms, view: OrderView): void {
    const before = this.#orders.get(ref);
    this.#orders.set(ref, { terms, view });
    if (view.isDone && before?.view.isDone !== true) {
      this.#endedRefs.push(ref);
      const oldest = this.#endedRefs.length > maxEndedOrders ? this.#endedRefs.shift() : undefined;
      if (oldest !== undefined) this.#orders.delete(oldest);
    }
    this.#guard("onOrder", () => this.#strategy.onOrder?.(view));
  }

  #positionView(id: InstrumentId): PositionView {
    const known = this.#byId.get(id);
    return positionView(id, this.#positions.get(id), known?.instrument, known?.quote);
  }

  #submit(options: OrderOptions): string {
    const instrument = this.#byId.get(options.instrument)?.instrument;
    const ref = String(this.#nextRef++);
    // The host refuses what it does not know; without an instrument there is nothing to round against.
    const terms: OrderTerms = {
      instrument: options.instrument,
      side: options.side,
      sizeLots: sizeLots(toIncrements(options.sizeBase, instrument?.lot ?? unknownStep, "down")),
      reduceOnly: options.reduceOnly ?? false,
      pricing: pricingOf(options, instrument),
    };
    this.#orders.set(ref, { terms, view: pendingView(ref, terms, instrument) });
    const causes = (options.because ?? []).slice(0, 8).map((quote) =>
      causeId(`quote/${quote.instrument}/${quote.sequence}`)
    );
    const exits = options.exits === undefined ? undefined : exitTermsOf(options.exits);
    const trigger = triggerOf(options, instrument?.tick ?? unknownStep);
    this.#send({ type: "submit", ref, terms, causes, exits, trigger });
    return ref;
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
    const ageMs = (instrument: InstrumentId): number => {
      const known = this.#byId.get(instrument);
      return known?.hasQuote === true ? (this.#time.epochUs() - known.quote.tsRecvUs) / 1000 : Infinity;
    };
    const send = this.#send;
    const random = platform.seededRandom(hello.seed);
    return {
      pluginId: hello.pluginId,
      environment: hello.environment,
      get settings() {
        return settings();
      },
      venues: () => [...new Set(this.#allInstruments.map((one) => one.venue))],
      quotes: {
        get: (instrument) => {
          const known = this.#byId.get(instrument);
          return known?.hasQuote === true ? known.quote : undefined;
        },
        ageMs,
        all: (symbol) => this.#quotesBySymbol.get(symbol) ?? [],
        best: (symbol, maxAgeMs) => this.#best(symbol, maxAgeMs),
        withAge: (instrument) => {
          const known = this.#byId.get(instrument);
          return known?.hasQuote === true ? { quote: known.quote, ageMs: ageMs(instrument) } : undefined;
        },
        statistics: (instrument) => this.#quoteStatistics(instrument),
        findings: (instrument, thresholds) => this.#findings(instrument, thresholds),
      },
      books: this.#books,
      instruments: {
        get: (instrument) => this.#byId.get(instrument)?.instrument,
        all: () => this.#allInstruments,
        bySymbol: (symbol) => this.#instrumentsBySymbol.get(symbol) ?? [],
        symbols: () => [...this.#instrumentsBySymbol.keys()],
      },
      orders: {
        submit: (options) => this.#submit(options),
        amend: (ref, change) => this.#amend(ref, change),
        cancel: (ref) => send({ type: "cancel", ref }),
        cancelAll: (instrument) => send({ type: "cancel_all", instrument }),
        get: (ref) => this.#orders.get(ref)?.view,
        working: () => [...this.#orders.values()].map((order) => order.view).filter((view) => !view.isDone),
      },
      exits: {
        set: (instrument, options) => send({ type: "set_exit", instrument, terms: exitTermsOf(options) }),
        clear: (instrument) => send({ type: "clear_exit", instrument }),
        get: (instrument) => this.#exits.get(instrument),
        all: () => [...this.#exits.values()],
      },
      groups: this.#groups,
      positions: {
        get: (instrument) => this.#positionView(instrument),
        all: () => [...this.#positions.keys()].map((instrument) => this.#positionView(instrument)),
      },
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
      opportunity: (record) => {
        checkOpportunity(record);
        const { plan, skipped } = record;
        send({ type: "opportunity", ...record, plan: plan.slice(0, 200), skipped: skipped?.slice(0, 200) });
      },
      health: (venue) => this.#health.get(venue),
      secret: (name) => (Object.hasOwn(hello.secrets, name) ? hello.secrets[name] : undefined),
      state: { saved: () => hello.savedState ?? null, save: (value) => this.#saveState(value) },
    };
  }

  #quoteStatistics(instrument: InstrumentId): QuoteStatistics {
    const meter = this.#byId.get(instrument)?.meter ?? new QuoteMeter();
    return meter.statistics(this.#time.epochUs());
  }

  #findings(instrument: InstrumentId, thresholds: Partial<QuoteThresholds> = {}): readonly QuoteFinding[] {
    const health = this.#health.get(venueOf(instrument));
    const { ageMs, averageLatencyMs, updatesPerSecond } = this.#quoteStatistics(instrument);
    return quoteFindings({
      isConnected: health?.marketData === "connected",
      heartbeatAgeMs: health?.heartbeatAgeMs ?? Infinity,
      quoteAgeMs: ageMs,
      averageLatencyMs,
      updatesPerSecond,
    }, { ...defaultQuoteThresholds, ...thresholds });
  }

  #best(
    symbol: string,
    maxAgeMs: number,
  ): { readonly bid: Quote | undefined; readonly ask: Quote | undefined } {
    const nowUs = this.#time.epochUs();
    let bid: Quote | undefined;
    let ask: Quote | undefined;
    for (const quote of this.#quotesBySymbol.get(symbol) ?? []) {
      if (!isTwoSided(quote) || !(nowUs - quote.tsRecvUs <= maxAgeMs * 1000)) continue;
      if (bid === undefined || quote.bidPrice > bid.bidPrice) bid = quote;
      if (ask === undefined || quote.askPrice < ask.askPrice) ask = quote;
    }
    return { bid, ask };
  }
}
