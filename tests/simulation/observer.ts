/**
 * Looks over everybody's shoulder with books of its own: what the venues really have, what is on its way to them, what
 * the engine said. It shares no code with portfolio, gate or order manager, so that a mistake there can't hide here.
 *
 * Invariants it watches at each event:
 * 1. A client order id is sent once, by the engine and at the venue, over all runs of the host.
 * 2. True positions and true open orders, with what is on its way, stay within every limit of exposure and number.
 * 3. New risk is taken by a scope only that is active, and on an account only that was compared since it was connected.
 * 4. A fill is booked once.
 * 5. A stop that the host keeps at a venue closes no more than its plugin holds there, as long as no other plugin holds
 *    the instrument too: then it is to be cancelled, and until it is the venue alone bounds it, by what the account holds.
 */
import type { EngineEvent, EngineOutput } from "../../core/engine/events.ts";
import { moneyToNumber, tickLotMoney } from "../../core/model/money.ts";
import { increment } from "../../core/model/ticks.ts";
import { isFinalStatus, type OrderRequest } from "../../core/model/order.ts";
import { type RiskSettings, type ScopeLimits, scopeName } from "../../core/model/risk_limits.ts";
import type { SimulatedEvent } from "../../exchanges/simulation/ports.ts";
import { NakedWatch } from "./naked_watch.ts";
import type { SimWatcher } from "./sim_host.ts";
import type { SimVenue } from "./sim_venues.ts";
import type { World } from "./virtual_time.ts";

interface Watched {
  readonly id: string;
  readonly plugin: string;
  readonly venue: string;
  readonly symbol: string;
  readonly sign: 1 | -1;
  readonly sizeLots: number;
  readonly isReducing: boolean;
  /** A stop that the host keeps at the venue: it counts in no limit. */
  readonly isBackstop: boolean;
  /** Of the venue's own truth. */
  filledLots: number;
  atVenue: "not_seen" | "open" | "done";
  isFinalForEngine: boolean;
}

/** What the venue must have answered before new risk is taken. */
const questions = ["open_orders", "fills", "positions", "balances"] as const;
type Question = (typeof questions)[number];

interface AccountState {
  isStarted: boolean;
  /** Answered since the last start or interruption. */
  readonly answered: Set<Question>;
  /** Questions that were asked since then. */
  readonly asked: Map<number, Question>;
}

/** Prices move between the gate's look and ours. */
const driftFactor = 1.04;
const slackUsd = 1;

export interface ObserverOptions {
  readonly world: World;
  readonly venues: readonly SimVenue[];
  readonly risk: RiskSettings;
  /** Keeps every event as a line of text. */
  readonly isLogging: boolean;
  readonly isHostDown: () => boolean;
  /** What a lost answer may cost beside the bound on one leg alone, ms. */
  readonly nakedSlackMs: number;
}

export class Observer implements SimWatcher {
  readonly violations: string[] = [];
  readonly lines: string[] = [];
  readonly counts = new Map<string, number>();
  readonly naked: NakedWatch;
  readonly #lots = new Map<string, { readonly base: number; readonly tick: number }>();
  readonly #options: ObserverOptions;
  readonly #orders = new Map<string, Watched>();
  readonly #live = new Set<Watched>();
  readonly #venueIds = new Map<string, string>();
  /** True lots by `plugin venue symbol`. */
  readonly #positions = new Map<string, number>();
  readonly #pluginOf = new Map<string, string>();
  readonly #states = new Map<string, string>();
  readonly #accounts = new Map<string, AccountState>();
  readonly #bookedFills = new Set<string>();
  readonly #sentUs: { readonly plugin: string; readonly venue: string; readonly atMs: number }[] = [];
  readonly #lotUsd = new Map<string, () => number>();
  /**
   * By scope, what reduce-only fills took away of positions that others stood against: such an order always passes the
   * gate, though its fill can raise the net over venues. Forgotten as soon as the net is within its limit again.
   */
  readonly #hedgeLostUsd = new Map<string, number>();
  readonly #symbols: readonly string[];

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.naked = new NakedWatch({ fail: (what) => this.fail(what), slackMs: options.nakedSlackMs });
    for (const { name, control, hostIdOf } of options.venues) {
      this.#accounts.set(name, { isStarted: false, answered: new Set(), asked: new Map() });
      for (const { symbol, tickSize, lotSize } of control.instruments) {
        const tick = increment(tickSize);
        const unitUsd = moneyToNumber(tickLotMoney({ tick, lot: increment(lotSize) }));
        const tickValue = tick.units / 10 ** tick.decimals;
        this.#lots.set(`${name} ${symbol}`, { base: Number(lotSize), tick: tickValue });
        this.#lotUsd.set(`${name} ${symbol}`, () => control.mark(symbol).markPrice / tickValue * unitUsd);
      }
      control.subscribe((event) => this.#onVenue(name, event, hostIdOf));
    }
    this.#symbols = [
      ...new Set(options.venues.flatMap(({ control }) => control.instruments.map((one) => one.symbol))),
    ];
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  say(line: string): void {
    if (this.#options.isLogging) {
      this.lines.push(`${(this.#options.world.clock.nowMs() % 10_000_000).toFixed(3)} ${line}`);
    }
  }

  fail(what: string): void {
    const line = `${(this.#options.world.clock.nowMs() % 10_000_000).toFixed(3)} ${what}`;
    this.say(`VIOLATION ${what}`);
    if (this.violations.length < 20) this.violations.push(line);
  }

  onLog(line: string): void {
    this.say(line);
    if (/^error /.test(line)) this.count("error lines");
  }

  /** A new host begins with what the journal holds: states as they were committed. */
  hostStarted(states: ReadonlyMap<string, string>): void {
    this.#states.clear();
    for (const [scope, state] of states) this.#states.set(scope, state);
    for (const account of this.#accounts.values()) {
      account.isStarted = false;
      account.answered.clear();
      account.asked.clear();
    }
  }

  // ---- the engine

  onEvent(event: EngineEvent, outputs: readonly EngineOutput[]): void {
    if (this.#options.isLogging && (event.kind !== "tick" || outputs.length > 0)) {
      this.say(`> ${text(event)}`);
      for (const output of outputs) this.say(`  < ${text(output)}`);
    }
    this.#noteAccount(event);
    if (event.kind === "group_intent") this.naked.onIntent(event.intent);
    for (const output of outputs) this.#onOutput(output);
  }

  #noteAccount(event: EngineEvent): void {
    if (!("venue" in event)) return;
    const account = this.#accounts.get(event.venue);
    if (account === undefined) return;
    switch (event.kind) {
      case "adapter_started":
      case "adapter_lost":
      case "private_stream_restored":
        if (event.kind !== "private_stream_restored") account.isStarted = event.kind === "adapter_started";
        account.answered.clear();
        account.asked.clear();
        return;
      case "adapter_response": {
        const question = account.asked.get(event.requestId);
        if (question !== undefined && event.response.kind === question) account.answered.add(question);
        return;
      }
      default:
        return;
    }
  }

  #onOutput(output: EngineOutput): void {
    if (output.kind === "notice") this.count(output.code);
    if (output.kind === "adapter_request") {
      const { request, venue, requestId } = output;
      this.count(`request ${request.kind}`);
      const question = questions.find((one) => one === request.kind);
      if (question !== undefined) this.#accounts.get(venue)?.asked.set(requestId, question);
      if (request.kind === "submit") this.#submitted(venue, request.order);
    }
    if (output.kind !== "journal") return;
    const { body } = output.entry;
    if (body.kind === "leg_group") {
      this.naked.onGroup(body.group);
      this.count(`group ${body.group.phase.kind}`);
    }
    if (body.kind === "order") {
      this.naked.onOrder(body.order);
      this.#pluginOf.set(body.order.clientOrderId, body.order.plugin);
      const watched = this.#orders.get(body.order.clientOrderId);
      if (watched !== undefined) {
        watched.isFinalForEngine = isFinalStatus(body.order.status);
        this.#settle(watched);
      }
    }
    if (body.kind === "refusal") this.count(`refused ${body.code}`);
    if (body.kind === "repair") this.count(`repair ${body.repair.kind}`);
    if (body.kind === "trading_state") this.#states.set(scopeName(body.scope), body.after);
    if (body.kind === "fill") {
      const { fillId, instrument } = body.fill;
      const key = `${instrument.split(":")[0]}/${fillId}`;
      if (this.#bookedFills.has(key)) this.fail(`fill ${key} was booked twice`);
      this.#bookedFills.add(key);
    }
  }

  /** Fills whose booking was lost with the host may be booked again: only what the journal holds counts. */
  keepBookedFills(keys: Iterable<string>): void {
    this.#bookedFills.clear();
    for (const key of keys) this.#bookedFills.add(key);
  }

  #submitted(venue: string, order: OrderRequest): void {
    const { clientOrderId: id, instrument, side, sizeLots, reduceOnly, trigger } = order;
    if (this.#orders.has(id)) this.fail(`${id} was sent twice by the engine`);
    const plugin = this.#pluginOf.get(id) ?? "?";
    const watched: Watched = {
      id,
      plugin,
      venue,
      symbol: instrument.slice(venue.length + 1),
      sign: side === "buy" ? 1 : -1,
      sizeLots,
      isReducing: reduceOnly,
      isBackstop: reduceOnly && trigger !== undefined,
      filledLots: 0,
      atVenue: "not_seen",
      isFinalForEngine: false,
    };
    this.#orders.set(id, watched);
    this.#live.add(watched);
    const nowMs = this.#options.world.clock.nowMs();
    if (watched.isBackstop) this.count("resident stops");
    else this.#sentUs.push({ plugin, venue, atMs: nowMs });
    if (!reduceOnly) {
      this.#checkState(watched);
      const account = this.#accounts.get(venue);
      const missing = questions.filter((one) => account?.answered.has(one) !== true);
      if (account?.isStarted !== true || missing.length > 0) {
        this.fail(`${id} was sent on ${venue} before it was compared: ${missing.join(", ")}`);
      }
    }
    this.#checkRates(watched, nowMs);
    this.#checkNotional(watched, order);
    this.#checkExposures();
  }

  /** What closes a plugin's own position is no new risk of the plugin's, though it may be of the account's. */
  #checkState(order: Watched): void {
    const held = this.#positions.get(`${order.plugin} ${order.venue} ${order.symbol}`) ?? 0;
    const isClosing = held * order.sign < 0 && order.sizeLots <= Math.abs(held);
    const plugins = isClosing ? [] : [`plugin/${order.plugin}`];
    for (const scope of ["global", `account/${order.venue}`, ...plugins]) {
      const state = this.#states.get(scope) ?? this.#states.get(scope.replace("/", ":")) ?? "active";
      if (state !== "active") this.fail(`${order.id} adds risk while ${scope} is ${state}`);
    }
  }

  #scopes({ plugin, venue }: Pick<Watched, "plugin" | "venue">): readonly {
    readonly name: string;
    readonly limits: ScopeLimits;
    readonly holds: (other: { readonly plugin: string; readonly venue: string }) => boolean;
  }[] {
    const { risk } = this.#options;
    return [
      { name: "global", limits: risk.global, holds: () => true },
      { name: `account ${venue}`, limits: risk.account, holds: (other) => other.venue === venue },
      { name: `plugin ${plugin}`, limits: risk.plugin, holds: (other) => other.plugin === plugin },
    ];
  }

  #checkRates(order: Watched, nowMs: number): void {
    while (this.#sentUs[0] !== undefined && nowMs - this.#sentUs[0].atMs > 999) this.#sentUs.shift();
    if (order.isReducing) return;
    for (const { name, limits, holds } of this.#scopes(order)) {
      const sent = this.#sentUs.filter(holds).length;
      if (limits.maxOrdersPerSecond !== null && sent > limits.maxOrdersPerSecond) {
        this.fail(`${sent} orders within a second in ${name}, limit ${limits.maxOrdersPerSecond}`);
      }
      const open = [...this.#live].filter((one) =>
        holds(one) && !one.isFinalForEngine && !one.isBackstop
      ).length;
      if (limits.maxOpenOrders !== null && open > limits.maxOpenOrders) {
        this.fail(`${open} open orders in ${name}, limit ${limits.maxOpenOrders}`);
      }
    }
  }

  #checkNotional(watched: Watched, order: OrderRequest): void {
    if (watched.isReducing) return;
    const usd = watched.sizeLots * this.#usdOf(watched.venue, watched.symbol);
    for (const { name, limits } of this.#scopes(watched)) {
      const limit = limits.maxOrderNotionalUsd;
      if (limit !== null && usd > limit * driftFactor + slackUsd) {
        this.fail(`${order.clientOrderId} is worth ${usd.toFixed(0)} in ${name}, limit ${limit}`);
      }
    }
  }

  // ---- the venue

  #onVenue(venue: string, event: SimulatedEvent, hostIdOf: SimVenue["hostIdOf"]): void {
    if (event.kind !== "order" && event.kind !== "fill") return;
    const { order } = event;
    if (event.kind === "order") {
      this.say(
        `@ ${venue} ${order.orderId} ${order.clientOrderId} ${order.status} ${order.filledLots}/${order.sizeLots}`,
      );
    }
    const { orderId } = order;
    const id = hostIdOf(order.clientOrderId);
    const seenAs = this.#venueIds.get(id);
    if (seenAs === undefined) this.#venueIds.set(id, orderId);
    else if (seenAs !== orderId) this.fail(`${id} reached ${venue} twice: ${seenAs} and ${orderId}`);
    const watched = this.#orders.get(id);
    if (watched === undefined) return this.fail(`${id} reached ${venue}, but the engine never sent it`);
    if (event.kind === "fill") {
      const key = `${watched.plugin} ${venue} ${watched.symbol}`;
      const before = this.#positions.get(key) ?? 0;
      if (watched.isBackstop) this.#checkBackstop(watched, before, event.fill.sizeLots);
      this.#positions.set(key, before + watched.sign * event.fill.sizeLots);
      watched.filledLots += event.fill.sizeLots;
      const { base = NaN, tick = NaN } = this.#lots.get(`${venue} ${watched.symbol}`) ?? {};
      this.naked.onFill({
        clientOrderId: id,
        venue,
        symbol: watched.symbol,
        signedBase: watched.sign * event.fill.sizeLots * base,
        price: event.fill.priceTicks * tick,
      });
      if (watched.isReducing) this.#noteReduced(watched, event.fill.sizeLots);
      this.count("venue fills");
    }
    watched.atVenue = order.status === "open" ? "open" : "done";
    this.#settle(watched);
    this.#checkExposures();
  }

  /** The side of the newest stop that should be standing at a venue: +1 a buy, -1 a sell, 0 without one. */
  standingStopSign(): 1 | 0 | -1 {
    return [...this.#live].findLast((one) => one.isBackstop && !one.isFinalForEngine)?.sign ?? 0;
  }

  #checkBackstop({ id, plugin, venue, symbol, sign }: Watched, positionLots: number, lots: number): void {
    const isDown = this.#options.isHostDown();
    this.count(isDown ? "resident stops fired while the host was down" : "resident stops fired");
    const heldLots = -sign * positionLots;
    const isShared = [...this.#positions].some(([key, held]) =>
      held !== 0 && key.endsWith(` ${venue} ${symbol}`) && !key.startsWith(`${plugin} `)
    );
    if (lots > heldLots && !isShared) {
      this.fail(`the stop ${id} closed ${lots} lots of the ${heldLots} that ${plugin} held`);
    }
  }

  #settle(watched: Watched): void {
    const isOver = watched.atVenue === "done" || (watched.atVenue === "not_seen" && watched.isFinalForEngine);
    // An order that both call done stays in nobody's way; one of them alone may still be wrong.
    if (isOver && watched.isFinalForEngine) this.#live.delete(watched);
    else this.#live.add(watched);
  }

  // ---- exposure

  #noteReduced(order: Watched, lots: number): void {
    const usd = lots * this.#usdOf(order.venue, order.symbol);
    for (const { name } of this.#scopes(order)) {
      this.#hedgeLostUsd.set(name, (this.#hedgeLostUsd.get(name) ?? 0) + usd);
    }
  }

  #compareNet(name: string, netUsd: number, limit: number | null): void {
    if (limit === null) return;
    const lostUsd = this.#hedgeLostUsd.get(name) ?? 0;
    if (netUsd <= limit) this.#hedgeLostUsd.delete(name);
    this.#compare(name, "net exposure", netUsd, limit + lostUsd);
  }

  #usdOf(venue: string, symbol: string): number {
    return this.#lotUsd.get(`${venue} ${symbol}`)?.() ?? NaN;
  }

  /** |position| once every open order of one side has filled, USD. */
  #worst(
    venue: string,
    symbol: string,
    holds: (one: { readonly plugin: string; readonly venue: string }) => boolean,
  ): { readonly worstUsd: number; readonly longUsd: number; readonly shortUsd: number } {
    let lots = 0;
    for (const [key, held] of this.#positions) {
      const [plugin = "", at = "", of = ""] = key.split(" ");
      if (at === venue && of === symbol && holds({ plugin, venue })) lots += held;
    }
    let buys = 0;
    let sells = 0;
    for (const one of this.#live) {
      if (one.venue !== venue || one.symbol !== symbol || one.isReducing || !holds(one)) continue;
      if (one.atVenue === "done" || (one.atVenue === "not_seen" && one.isFinalForEngine)) continue;
      const left = one.sizeLots - one.filledLots;
      if (one.sign > 0) buys += left;
      else sells += left;
    }
    const usd = this.#usdOf(venue, symbol);
    return {
      worstUsd: Math.max(Math.abs(lots + buys), Math.abs(lots - sells)) * usd,
      longUsd: (lots + buys) * usd,
      shortUsd: (lots - sells) * usd,
    };
  }

  #checkExposures(): void {
    const { risk, venues } = this.#options;
    const plugins = new Set([...this.#live].map(({ plugin }) => plugin));
    const scopes = [
      { name: "global", limits: risk.global, holds: () => true },
      ...venues.map(({ name }) => ({
        name: `account ${name}`,
        limits: risk.account,
        holds: (one: { readonly venue: string }) => one.venue === name,
      })),
      ...[...plugins].map((plugin) => ({
        name: `plugin ${plugin}`,
        limits: risk.plugin,
        holds: (one: { readonly plugin: string }) => one.plugin === plugin,
      })),
    ];
    for (const { name, limits, holds } of scopes) {
      let grossUsd = 0;
      let netUsd = 0;
      for (const symbol of this.#symbols) {
        let longUsd = 0;
        let shortUsd = 0;
        for (const venue of venues) {
          const worst = this.#worst(venue.name, symbol, holds);
          this.#compare(
            name,
            `position ${venue.name} ${symbol}`,
            worst.worstUsd,
            limits.maxPositionNotionalUsd,
          );
          grossUsd += worst.worstUsd;
          longUsd += worst.longUsd;
          shortUsd += worst.shortUsd;
        }
        netUsd += Math.max(Math.abs(longUsd), Math.abs(shortUsd));
      }
      this.#compare(name, "gross exposure", grossUsd, limits.maxGrossExposureUsd);
      this.#compareNet(name, netUsd, limits.maxNetExposureUsd);
    }
  }

  #compare(scope: string, what: string, usd: number, limit: number | null): void {
    if (limit === null || usd <= limit * driftFactor + slackUsd) return;
    this.fail(`${what} of ${scope} is ${usd.toFixed(0)} USD, limit ${limit}`);
  }
}

/** JSON of an event; `bigint` as decimal text. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) => typeof one === "bigint" ? one.toString() : one);
