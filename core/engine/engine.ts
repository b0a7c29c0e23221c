/**
 * The engine: one event in, decisions out. It has no sockets, timers, files, clock or randomness; the host brings
 * events with their time, and carries the outputs out. The same events give the same outputs, live and in replay.
 *
 * Invariants:
 * 1. Market data methods allocate nothing and decide nothing.
 * 2. Every order has passed the risk gate; every request that may place one is behind its journal entries.
 * 3. Whatever a plugin or an adapter says, no event throws: what is malformed is refused, counted or shown.
 */
import { AccountReconciliation } from "../execution/reconciliation/account_reconciliation.ts";
import { ClientOrderIds } from "../execution/client_order_ids.ts";
import { OrderManager } from "../execution/order_manager.ts";
import { RateBudget } from "../execution/rate_budget.ts";
import { RequestLedger } from "../execution/request_ledger.ts";
import { type InstrumentId, type PluginId, type VenueId, venueId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { PluginPosition } from "../model/journal_entry.ts";
import type { BookUpdate } from "../model/market.ts";
import { tickLotMoney } from "../model/money.ts";
import { isHostRef, isResidentStop, type Side } from "../model/order.ts";
import type { DataSource } from "../model/quote.ts";
import type { RiskScope } from "../model/risk_limits.ts";
import { TradeRecord } from "../model/trade_record.ts";
import { Portfolio } from "../portfolio/portfolio.ts";
import { TradingStates } from "../risk/trading_state.ts";
import { AccountDesk } from "./account_desk.ts";
import { AccountStates } from "./account_states.ts";
import type { EngineEvent, EngineOutput, EngineRestore, EngineSettings, InstrumentIndex } from "./events.ts";
import { Flattening } from "./flattening.ts";
import { HedgeWatch } from "./hedge_watch.ts";
import { HostHeld, pluginsOf } from "./host_held.ts";
import { InstrumentTable } from "./instrument_table.ts";
import { MarketLimitBook } from "./market_limit_desk.ts";
import { OperatorDesk } from "./operator_desk.ts";
import { OrderBook } from "../model/order_book.ts";
import { OrderDesk } from "./order_desk.ts";
import { Outbox } from "./outbox.ts";
import { type Outlook, outlookOf } from "./outlook.ts";
import { PluginRecord, tradesOf } from "./plugin_record.ts";
import { QuoteCache } from "./quote_cache.ts";
import type { Rooms } from "./rooms.ts";
import { Router } from "./router.ts";
import type { EngineSnapshot } from "./snapshot.ts";
import { buildSnapshot } from "./snapshot_builder.ts";
import { ScopeLimitBook } from "./scope_limit_book.ts";
import { SteadyTime } from "./steady_time.ts";
import type { EngineSurface } from "./surface.ts";
import { VenueAccount } from "./venue_account.ts";

type PluginStarted = Extract<EngineEvent, { readonly kind: "plugin_started" }>;
type PluginStopped = Extract<EngineEvent, { readonly kind: "plugin_stopped" }>;

export class Engine implements EngineSurface {
  readonly router = new Router();
  readonly #rooms: Rooms;
  readonly #orderDesk: OrderDesk;
  readonly #accountDesk: AccountDesk;
  readonly #accountStates: AccountStates;
  readonly #operatorDesk: OperatorDesk;
  readonly #held: HostHeld;
  readonly #flattening: Flattening;
  readonly #quotes: QuoteCache;
  readonly #steady = new SteadyTime();
  readonly #books = new Map<InstrumentIndex, OrderBook>();
  /** Positions of the journal whose instrument no adapter has listed yet. */
  readonly #waitingPositions = new Map<InstrumentId, PluginPosition[]>();
  readonly #limits: ScopeLimitBook;
  /** Stopped plugins whose orders are not all done. */
  readonly #stopping = new Set<PluginId>();

  constructor(settings: EngineSettings) {
    const rooms = (): Rooms => this.#rooms;
    this.#limits = new ScopeLimitBook(rooms);
    this.#quotes = new QuoteCache();
    this.#orderDesk = new OrderDesk(rooms, {
      account: (venue) => this.#account(venue),
      isShuttingDown: () => this.#operatorDesk.isShuttingDown,
      isFlattening: (plugin, index) => this.#flattening.isFlattening(plugin, index),
      hedges: new HedgeWatch(rooms, (...breach) => this.#operatorDesk.breached(...breach)),
      otherHosts: { seen: (...sign) => this.#operatorDesk.otherHosts.seen(...sign) },
    });
    this.#held = new HostHeld(rooms, () => ({
      orderDesk: this.#orderDesk,
      bookOf: (index) => this.#books.get(index),
      isFlattening: (plugin, index) => this.#flattening.isFlattening(plugin, index),
      halt: (plugin, reason, cause) => this.#operatorDesk.haltPlugin(plugin, reason, cause),
    }));
    const ids = new ClientOrderIds(settings.hostTag, settings.nextOrderCounter, settings.claims?.hostTags);
    this.#rooms = {
      settings: { ...settings, legGroups: settings.legGroups ?? settings.risk.legGroups },
      time: { nowUs: 0, monotonicUs: 0 },
      outbox: new Outbox(),
      instruments: new InstrumentTable(this.#quotes, () => this.#rooms.market.now.maxValuationAgeMs),
      quotes: this.#quotes,
      portfolio: new Portfolio(settings.risk.usdAssets),
      states: new TradingStates(settings.risk),
      market: new MarketLimitBook(settings.risk.market),
      requests: new RequestLedger(),
      ids,
      orders: new OrderManager(this.#orderDesk, ids, settings.timing),
      accounts: new Map(),
      plugins: new Map(),
      groups: this.#held.groups,
    };
    this.#held.follow(this.#orderDesk);
    this.#accountDesk = new AccountDesk(rooms, this.#orderDesk);
    this.#accountStates = new AccountStates(rooms);
    this.#flattening = new Flattening(rooms, {
      submit: (intent) => this.#orderDesk.intent(intent, "host"),
      booked: (booked, cause) => this.#orderDesk.tellBooked(booked, cause),
    });
    this.#operatorDesk = new OperatorDesk(rooms, this.#orderDesk, this.#flattening, this.#limits);
    this.#rooms.states.register({ kind: "global" }, settings.risk.global);
  }

  // ---- instruments and market data

  registerInstrument(instrument: Instrument, tsUs: number): InstrumentIndex {
    const { instruments, portfolio, outbox, orders } = this.#rooms;
    tickLotMoney(instrument); // throws before anything is changed
    const { kind, index } = instruments.register(instrument);
    if (kind === "other_increments") {
      outbox.notice("INSTRUMENT_CHANGED", { instrument: instrument.id });
      return index;
    }
    this.#account(instrument.venue);
    outbox.journal(outbox.nextId("instrument"), undefined, this.#steady.of(tsUs), {
      kind: "instrument",
      instrument,
    });
    this.#quotes.reserve(index + 1);
    portfolio.registerInstrument(index, instrument);
    this.router.addInstrument(index, instrument);
    if (kind === "changed") return index;
    for (const position of this.#waitingPositions.get(instrument.id) ?? []) {
      portfolio.restorePosition(index, position);
      this.#tellPosition(position); // its plugin may have come before the venue listed the instrument
    }
    this.#waitingPositions.delete(instrument.id);
    for (const order of orders.working()) {
      if (order.instrument === instrument.id) portfolio.orderChanged(index, undefined, order);
    }
    return index;
  }

  instrument(index: InstrumentIndex): Instrument | undefined {
    return this.#rooms.instruments.get(index);
  }

  indexOf(id: InstrumentId): InstrumentIndex | undefined {
    return this.#rooms.instruments.indexOf(id);
  }

  /** The newest prices, for whoever shares the engine's thread (paper exchange, exit plans). */
  get quotes(): QuoteCache {
    return this.#quotes;
  }

  orderBook(index: InstrumentIndex): OrderBook | undefined {
    return this.#books.get(index);
  }

  onQuote(
    index: InstrumentIndex,
    bidPrice: number,
    bidSizeBase: number,
    askPrice: number,
    askSizeBase: number,
    sequence: number,
    tsVenueMs: number,
    tsRecvUs: number,
    source: DataSource,
  ): void {
    this.#quotes.setQuote(
      index,
      bidPrice,
      bidSizeBase,
      askPrice,
      askSizeBase,
      sequence,
      tsVenueMs,
      this.#steady.of(tsRecvUs),
      source,
    );
    this.#held.prices.see(index, bidPrice, askPrice);
  }

  get isReviewDue(): boolean {
    return this.#held.prices.isDue;
  }

  onTrade(
    index: InstrumentIndex,
    _takerSide: Side,
    price: number,
    _sizeBase: number,
    _sequence: number,
    _tsVenueMs: number,
    tsRecvUs: number,
  ): void {
    this.#quotes.setTrade(index, price, this.#steady.of(tsRecvUs));
  }

  onMark(
    index: InstrumentIndex,
    markPrice: number,
    indexPrice: number,
    fundingRate: number,
    tsNextFundingMs: number,
    _sequence: number,
    _tsVenueMs: number,
    tsRecvUs: number,
  ): void {
    const recvUs = this.#steady.of(tsRecvUs);
    this.#quotes.setMark(index, markPrice, indexPrice, fundingRate, tsNextFundingMs, recvUs);
  }

  #onBook(update: BookUpdate): void {
    const index = this.indexOf(update.instrument);
    if (index === undefined) return;
    let book = this.#books.get(index);
    if (book === undefined) this.#books.set(index, book = new OrderBook());
    book.apply(update);
  }

  // ---- events

  handle(event: EngineEvent, monotonicUs?: number): readonly EngineOutput[] {
    const { time } = this.#rooms;
    time.nowUs = this.#steady.next(event.tsUs);
    time.monotonicUs = monotonicUs ?? time.nowUs;
    this.#dispatch(event);
    this.#held.settle();
    this.#operatorDesk.checkShutdown();
    return this.#rooms.outbox.take();
  }

  #dispatch(event: EngineEvent): void {
    switch (event.kind) {
      case "restore":
        return this.#restore(event.restore);
      case "plugin_started":
        return this.#pluginStarted(event);
      case "plugin_stopped":
        return this.#pluginStopped(event);
      case "intent":
      case "group_intent":
      case "close_group_intent":
      case "set_exit_intent":
      case "clear_exit_intent":
      case "amend_intent":
      case "cancel_intent":
      case "cancel_all_intent":
      case "quotes_due":
        return this.#held.handle(event);
      case "book":
        return this.#onBook(event.update);
      case "operator":
        return this.#operatorDesk.command(event.command, event.by);
      case "tick":
        return this.#tick();
      default:
        return this.#fromAdapter(event);
    }
  }

  #fromAdapter(
    event: Extract<EngineEvent, { readonly venue: VenueId } | { readonly kind: "venue_health" }>,
  ): void {
    const desk = this.#accountDesk;
    const account = this.#account(event.kind === "venue_health" ? event.health.venue : event.venue);
    switch (event.kind) {
      case "adapter_started":
        return desk.started(account, event.hasTrading, event.capabilities);
      case "adapter_lost":
        return desk.lost(account, event.reason);
      case "adapter_response":
        return desk.response(account, event.requestId, event.response);
      case "order_report":
        return desk.orderReport(account, event.report);
      case "fill_report":
        return desk.fill(account, event.fill, "stream");
      case "position_report":
        account.positions.set(event.position.instrument, event.position);
        return;
      case "balance_report":
        return account.setBalance(event.balance, this.#rooms.time.nowUs);
      case "funding_report":
        return desk.funding(account, event.payment);
      case "venue_health":
        return desk.health(account, event.health);
      case "channel_statistics":
        account.channels = event.channels;
        return;
      case "private_stream_restored":
        return desk.privateStreamRestored(account);
      default:
        event satisfies never;
    }
  }

  #tick(): void {
    const { orders, time } = this.#rooms;
    this.#accountDesk.expire();
    this.#accountDesk.tick();
    this.#accountStates.tick();
    orders.tick(time.nowUs);
    this.#operatorDesk.tick();
    this.#held.tick();
    this.#checkStopping(); // before flattening, whose own orders count as the plugin's
    this.#flattening.tick();
  }

  // ---- accounts

  #account(venue: VenueId): VenueAccount {
    const { accounts, settings, states } = this.#rooms;
    const known = accounts.get(venue);
    if (known !== undefined) return known;
    const budget = settings.rateBudgets[venue] ?? settings.defaultRateBudget;
    const account: VenueAccount = new VenueAccount(
      venue,
      new AccountReconciliation(settings.timing, (kind) => this.#accountDesk.ask(account, kind)),
      new RateBudget(budget),
      settings.risk.usdAssets,
    );
    accounts.set(venue, account);
    const scope: RiskScope = { kind: "account", venue };
    if (states.get(scope) === undefined) states.register(scope, this.#limits.of(scope));
    return account;
  }

  // ---- plugins

  #plugin(plugin: PluginId): PluginRecord {
    const { plugins } = this.#rooms;
    const record = plugins.get(plugin) ?? new PluginRecord(plugin);
    plugins.set(plugin, record);
    return record;
  }

  #pluginStarted(event: PluginStarted): void {
    const { plugin, subscriber, grant, budget, onStop } = event;
    const { states, outbox, orders } = this.#rooms;
    const record = this.#plugin(plugin);
    if (record.subscriber !== undefined) this.router.unsubscribe(record.subscriber);
    record.subscriber = subscriber;
    record.grant = grant;
    record.budget = budget;
    record.onStop = onStop;
    record.isRunning = true;
    this.#stopping.delete(plugin);
    this.router.subscribe(subscriber, grant);
    const scope: RiskScope = { kind: "plugin", plugin };
    states.register(scope, this.#limits.of(scope));
    this.#operatorDesk.tick(); // its profit and loss is known from now on, not from the next tick
    const body = { kind: "plugin" as const, plugin, change: "started" as const, details: grant.orders };
    outbox.journal(outbox.nextId("plugin"), undefined, this.#rooms.time.nowUs, body);
    this.#tellPlugin(plugin);
    orders.renameForNewRun(plugin); // which tells it of its open orders
    this.#held.pluginStarted(plugin);
    this.#accountStates.pluginStarted(plugin);
  }

  /** What a plugin that has just come must know besides its open orders: its positions, the venues' health. */
  #tellPlugin(plugin: PluginId): void {
    const { outbox, portfolio, accounts } = this.#rooms;
    for (const { health } of accounts.values()) {
      if (health !== undefined) outbox.toPlugin(plugin, { type: "venue_health", health });
    }
    for (const position of portfolio.positions({ kind: "plugin", plugin })) this.#tellPosition(position);
  }

  #tellPosition(position: PluginPosition): void {
    const { plugin, instrument, positionLots, costTicksLots, realizedPnl, feesPaid } = position;
    this.#rooms.outbox.toPlugin(plugin, {
      type: "position",
      instrument,
      positionLots,
      costTicksLots,
      realizedPnl,
      feesPaid,
    });
  }

  #pluginStopped({ plugin, reason, isFinal }: PluginStopped): void {
    const { outbox, time: { nowUs } } = this.#rooms;
    const record = this.#plugin(plugin);
    if (record.subscriber !== undefined) this.router.unsubscribe(record.subscriber);
    record.subscriber = undefined;
    record.isRunning = false;
    const id = outbox.nextId("plugin");
    outbox.journal(id, undefined, nowUs, { kind: "plugin", plugin, change: "stopped", details: reason });
    if (!isFinal) return; // its next version takes its orders over
    this.#orderDesk.cancelWhere((order) => order.plugin === plugin && !isHostRef(order.ref), id);
    this.#stopping.add(plugin);
    if (record.onStop === "flatten") this.#operatorDesk.flattenPlugin(plugin, id);
  }

  #checkStopping(): void {
    if (this.#stopping.size === 0) return;
    const { orders, outbox } = this.#rooms;
    const busy = new Set(orders.working().flatMap((order) => isResidentStop(order) ? [] : [order.plugin]));
    for (const plugin of this.#stopping) {
      if (busy.has(plugin)) continue;
      this.#stopping.delete(plugin);
      outbox.notice("PLUGIN_ORDERS_CANCELLED", { plugin });
    }
  }

  // ---- restart, outlook and display

  #restore(restore: EngineRestore): void {
    const { states, orders, portfolio } = this.#rooms;
    this.#limits.restore(restore.limits);
    this.#rooms.market.restore(restore.marketLimits);
    states.restore(restore.baselines, restore.states);
    for (const { scope } of states.all()) states.register(scope, this.#limits.of(scope));
    for (const [venue, lastFillMs] of Object.entries(restore.lastFillMs)) {
      this.#account(venueId(venue)).lastFillMs = lastFillMs;
    }
    for (const { venue, paymentId } of restore.bookedFunding) this.#account(venue).seenFunding.add(paymentId);
    for (const position of restore.positions) {
      this.#restorePlugin(position.plugin);
      const index = this.indexOf(position.instrument);
      if (index !== undefined) portfolio.restorePosition(index, position);
      else {
        const waiting = this.#waitingPositions.get(position.instrument) ?? [];
        this.#waitingPositions.set(position.instrument, [...waiting, position]);
      }
    }
    for (const plugin of pluginsOf(restore)) this.#restorePlugin(plugin);
    for (const { plugin, sums } of restore.trades) this.#plugin(plugin).trades = new TradeRecord(sums);
    orders.restore(restore.workingOrders, restore.bookedFills, this.#rooms.time.nowUs);
    this.#held.restore(restore);
  }

  /** What it left behind is steered under its limits, whether it comes again or not. */
  #restorePlugin(plugin: PluginId): void {
    const scope: RiskScope = { kind: "plugin", plugin };
    this.#plugin(plugin);
    this.#rooms.states.register(scope, this.#limits.of(scope));
  }

  /** All that a restart needs, as of now; `restore` takes it. */
  checkpoint(): EngineRestore {
    const { orders, portfolio, accounts, states } = this.#rooms;
    const lastFillMs = [...accounts.values()].flatMap(({ venue, lastFillMs: ms }) =>
      ms === undefined ? [] : [[venue, ms] as const]
    );
    return {
      workingOrders: orders.working(),
      positions: portfolio.positions(),
      bookedFills: orders.bookedFills(),
      bookedFunding: [...accounts.values()].flatMap(({ venue, seenFunding }) =>
        [...seenFunding].map((paymentId) => ({ venue, paymentId }))
      ),
      lastFillMs: Object.fromEntries(lastFillMs),
      trades: tradesOf(this.#rooms.plugins.values()),
      limits: states.all().flatMap(({ scope }) => {
        const limits = this.#limits.changes(scope);
        return Object.keys(limits).length === 0 ? [] : [{ scope, limits }];
      }),
      marketLimits: this.#rooms.market.changed,
      states: states.all().map(({ scope, state, reason }) => ({ scope, state, reason })),
      baselines: states.baselines(),
      ...this.#held.checkpoint(),
    };
  }

  /** When plugins may hear of something, while nothing but market data and ticks comes. */
  outlook(nextTickUs: number): Outlook {
    return outlookOf(this.#rooms, this.#held, this.#flattening.isBusy, nextTickUs);
  }

  snapshot(tsUs: number): EngineSnapshot {
    return buildSnapshot({
      rooms: this.#rooms,
      orderDesk: this.#orderDesk,
      flattening: this.#flattening,
      held: this.#held,
      isShuttingDown: this.#operatorDesk.isShuttingDown,
      kill: this.#operatorDesk.kill,
      tsUs: this.#steady.of(tsUs),
    });
  }
}
