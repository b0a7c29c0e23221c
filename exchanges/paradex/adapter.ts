/** Life of the adapter: learns the venue's configuration and markets, keeps two connections, reports health. */
import {
  BerthError,
  type ConnectionState,
  type ExchangeAdapter,
  type ExchangeCapabilities,
  type Instrument,
  type InstrumentId,
  type MarketData,
  type Trading,
} from "@berth/sdk";
import type * as v from "valibot";
import { backoffMs } from "./backoff.ts";
import { VenueConnection } from "./connection.ts";
import { type FeeRates, InstrumentList, readMarket, statusOfSystem } from "./instruments.ts";
import { channelOf, MarketDataFeed } from "./market_data.ts";
import { accountOf, type ParadexContext, type Platform, PrivateSide } from "./private_side.ts";
import { QuotePoller } from "./quote_poller.ts";
import { RateBudget } from "./rate_budget.ts";
import { delay, RestClient, withDeadline } from "./rest.ts";
import { FeedStatistics } from "./statistics.ts";
import { marketListSchema, systemConfigSchema, systemStateSchema, systemTimeSchema } from "./wire/json.ts";

const requestTimeoutMs = 10_000;
const healthEveryMs = 1_000;
const systemStateEveryMs = 15_000;
const instrumentsEveryMs = 600_000;
/** Beyond this a skewed clock is worth a line. */
const skewWarningMs = 1_000;

export class ParadexAdapter implements ExchangeAdapter {
  readonly capabilities: ExchangeCapabilities;
  readonly marketData: MarketData;
  readonly trading?: Trading;

  readonly #ctx: ParadexContext;
  readonly #rest: RestClient;
  readonly #publicBudget: RateBudget;
  readonly #instruments = new InstrumentList();
  readonly #statistics: FeedStatistics;
  readonly #feed: MarketDataFeed;
  readonly #publicConnection: VenueConnection;
  readonly #poller: QuotePoller;
  readonly #private: PrivateSide | undefined;
  readonly #timers = new Map<string, () => void>();
  #systemState = "ok";
  #clockOffsetMs = 0;
  #isStopped = false;

  constructor(ctx: ParadexContext, platform: Platform) {
    this.#ctx = ctx;
    const { clock, log, publish, random, scheduler } = ctx;
    this.capabilities = {
      amend: true,
      postOnly: true,
      reduceOnly: true,
      fillOrKill: false,
      cancelAll: true,
      deadMansSwitch: ctx.settings.cancelOnDisconnect,
      batchOrders: false,
      stopOrders: false,
      takeProfitOrders: false,
      leverage: true,
      isolatedMargin: true,
    };
    this.#rest = new RestClient(endpoint(ctx, "rest"), platform.fetch, scheduler);
    this.#publicBudget = new RateBudget(clock, [{ requests: 1_500, perMs: 60_000 }]);
    this.#statistics = new FeedStatistics(clock);
    this.#publicConnection = new VenueConnection({
      name: "market data",
      url: socketUrl(ctx),
      openSocket: platform.openSocket,
      clock,
      scheduler,
      random,
      log,
      requiredChannels: [],
      onPush: () => {}, // public channels are binary; what is JSON is not asked for
      onBinary: (view, tsRecvUs) => this.#feed.onBinary(view, tsRecvUs),
      onState: (state) => this.#onPublicState(state),
    });
    this.#feed = new MarketDataFeed({
      channels: this.#publicConnection,
      publish,
      instruments: this.#instruments,
      statistics: this.#statistics,
      log,
    });
    this.marketData = this.#feed;
    this.#poller = new QuotePoller({
      rest: this.#rest,
      budget: this.#publicBudget,
      publish,
      wanted: () => this.#feed.quotedInstruments(),
      streamState: () => this.#publicConnection.state,
      clock,
      scheduler,
      log,
    });
    const account = accountOf(ctx);
    if (account === undefined) return;
    this.#private = new PrivateSide(ctx, platform, {
      account,
      socketUrl: socketUrl(ctx),
      rest: this.#rest,
      instruments: this.#instruments,
      statistics: this.#statistics,
      venueNowMs: () => clock.epochMs() + this.#clockOffsetMs,
    });
    this.trading = this.#private.trading;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#untilReached(signal, async () => {
      await this.#readClock();
      this.#systemState = (await this.#getPublic(systemStateSchema, "/system/state")).status;
      const config = await this.#getPublic(systemConfigSchema, "/system/config");
      await this.#private?.authenticate(config.starknet_chain_id);
      await this.#loadInstruments();
    });
    this.#keepAlive();
    this.#publicConnection.start();
    this.#private?.connection.start();
    this.#poller.start();
    this.#every("health", healthEveryMs, () => this.#reportHealth());
    this.#every("system state", systemStateEveryMs, () => this.#readSystemState());
    this.#every("instruments", instrumentsEveryMs, async () => {
      await this.#readClock();
      await this.#loadInstruments();
    });
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#poller.stop();
    this.#publicConnection.stop();
    this.#private?.stop();
    return Promise.resolve();
  }

  // Start --------------------------------------------------------------------------------------------------------------

  /** Tries until it works; what the venue refuses, and what it answers amiss, is thrown: neither mends by itself. */
  async #untilReached(signal: AbortSignal, attempt: () => Promise<void>): Promise<void> {
    for (let failures = 1;; failures++) {
      try {
        return await attempt();
      } catch (error) {
        const isTransient = error instanceof BerthError && error.code === "VENUE_UNREACHABLE";
        if (!isTransient || signal.aborted) throw error;
        this.#ctx.log.warn("the venue can't be reached yet", { failures, reason: error.message });
        await delay(this.#ctx.scheduler, backoffMs(failures, this.#ctx.random), signal);
        if (signal.aborted) throw error;
      }
    }
  }

  async #loadInstruments(): Promise<void> {
    const { clock, log, settings, symbols, venue } = this.#ctx;
    const fees = await this.#private?.fees();
    const { results } = await this.#getPublic(marketListSchema, "/markets");
    const fallbackFees: FeeRates = {
      maker: String(settings.makerFeeBps / 10_000),
      taker: String(settings.takerFeeBps / 10_000),
    };
    const listed = new Set<InstrumentId>();
    for (const row of results) {
      const reading = readMarket(row, {
        venue,
        symbols,
        fees,
        fallbackFees,
        status: statusOfSystem(this.#systemState),
        nowMs: clock.epochMs() + this.#clockOffsetMs,
      });
      if (reading.kind === "misfit") log.warn("a market can't be read", { reason: reading.details });
      if (reading.kind === "instrument") {
        listed.add(reading.instrument.id);
        this.#announce(reading.instrument);
      }
    }
    for (const { instrument } of this.#instruments.all()) {
      if (!listed.has(instrument.id)) this.#announce({ ...instrument, status: "halted" }); // delisted
    }
    if (this.#instruments.all().length === 0) {
      log.warn("no instrument matches", { symbols: symbols.join(" "), markets: results.length });
    }
  }

  /** Publishes what is new or changed. */
  #announce(instrument: Instrument): void {
    const known = this.#instruments.byId(instrument.id);
    if (known !== undefined && JSON.stringify(known.instrument) === JSON.stringify(instrument)) return;
    const index = this.#ctx.publish.instrument(instrument);
    this.#instruments.set({ instrument, index });
    this.#feed.instrumentChanged({ instrument, index }, this.#ctx.clock.epochUs());
  }

  /** The venue closes a connection without subscriptions (code 4031): one cheap channel stays. */
  #keepAlive(): void {
    const first = this.#instruments.all()[0];
    if (first !== undefined) this.#publicConnection.pin(channelOf.marks(first.instrument.venueSymbol));
  }

  // While it runs ------------------------------------------------------------------------------------------------------

  async #readClock(): Promise<void> {
    const { clock, gauge, log } = this.#ctx;
    const { server_time: serverMs } = await this.#getPublic(systemTimeSchema, "/system/time");
    // The venue took its time before we read ours: the true offset is this or more, so that what is signed with it is
    // never ahead of the venue's clock. How far ahead it would tolerate is not known.
    this.#clockOffsetMs = serverMs - clock.epochMs();
    gauge("clock_offset_ms", this.#clockOffsetMs);
    if (Math.abs(this.#clockOffsetMs) > skewWarningMs) {
      log.warn("this machine's clock differs from the venue's", {
        offsetMs: Math.round(this.#clockOffsetMs),
      });
    }
  }

  async #readSystemState(): Promise<void> {
    const { status } = await this.#getPublic(systemStateSchema, "/system/state");
    if (status === this.#systemState) return;
    this.#ctx.log.info("system state", { from: this.#systemState, to: status });
    this.#systemState = status;
    await this.#loadInstruments();
  }

  #onPublicState(state: ConnectionState): void {
    this.#feed.onState(state, this.#ctx.clock.epochUs());
    this.#ctx.log.info("market data connection", { state });
    if (!this.#isStopped) this.#reportHealth();
  }

  #reportHealth(): void {
    const latency = this.#statistics.latencySummary();
    this.#ctx.publish.health({
      marketData: this.#publicConnection.state,
      privateStream: this.#private?.connection.state,
      heartbeatAgeMs: Math.round(this.#publicConnection.silenceMs),
      updatesPerSecond: this.#statistics.takeUpdatesPerSecond(),
      latencyAverageMs: latency?.averageMs,
      latencyP99Ms: latency?.p99Ms,
      gaps: this.#statistics.gaps,
      reconnects: this.#publicConnection.reconnects + (this.#private?.connection.reconnects ?? 0),
      ...(this.#private !== undefined && this.capabilities.deadMansSwitch
        ? { deadMansSwitch: this.#private.isArmed ? "armed" as const : "not_armed" as const }
        : {}),
    });
    this.#ctx.gauge("unreadable_frames", this.#statistics.misfits + this.#publicConnection.misfits);
  }

  #getPublic<T>(schema: v.GenericSchema<unknown, T>, path: string): Promise<T> {
    return withDeadline(
      this.#ctx.scheduler,
      requestTimeoutMs,
      (signal) => this.#rest.get(schema, path, { signal, budget: this.#publicBudget }),
    );
  }

  /** Runs `task` again and again, `periodMs` after its last end; a failure is a log line, the next run a new chance. */
  #every(name: string, periodMs: number, task: () => void | Promise<void>): void {
    const cancel = this.#ctx.scheduler.after(periodMs, async () => {
      try {
        await task();
      } catch (error) {
        this.#ctx.log.warn(`${name} failed`, {
          reason: error instanceof Error ? error.message : String(error),
        });
      }
      if (!this.#isStopped) this.#every(name, periodMs, task);
    });
    this.#timers.set(name, cancel);
  }
}

/** @throws {BerthError} CONFIG_INVALID when the host hands over no such address */
function endpoint(ctx: ParadexContext, name: string): string {
  const url = ctx.endpoints[name];
  if (url !== undefined) return url;
  const field = `endpoints.${name}`;
  throw new BerthError("CONFIG_INVALID", { file: "manifest", field, found: "missing", expected: "a URL" });
}

/** Public channels are served in binary form only, and only to connections that ask for a schema. */
function socketUrl(ctx: ParadexContext): string {
  return `${endpoint(ctx, "ws").replace(/\/+$/, "")}?sbeSchemaId=1&sbeSchemaVersion=1`;
}
