/** Life of the adapter: learns time, account and instruments, keeps two connections, reports health. */
import * as v from "valibot";
import {
  BerthError,
  type ConnectionState,
  type ExchangeAdapter,
  type ExchangeCapabilities,
  type ExchangeContext,
  type MarketData,
  type MarketDataKind,
  type MarketDataSubscription,
  type MarketQueries,
  type Trading,
} from "@berth/sdk";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { QuotePoller } from "@berth/sdk/venue/quote_poller.ts";
import { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { endpointOf, type Transport } from "@berth/sdk/venue/transport.ts";
import { untilReached } from "@berth/sdk/venue/waiting.ts";
import type { ConnectionPorts } from "./connection.ts";
import { BookResync } from "./book_resync.ts";
import { DeadMansSwitch } from "./dead_mans_switch.ts";
import { InstrumentLoader } from "./instrument_loader.ts";
import { InstrumentBook } from "./instruments.ts";
import { MarketDataReader } from "./market_data.ts";
import { OkxQueries } from "./market_queries.ts";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import type { MisfitCode, OkxMisfits } from "./misfits.ts";
import { OkxTrading } from "./orders.ts";
import { PrivateSocket } from "./private_socket.ts";
import { AccountReader } from "./private_stream.ts";
import { type Argument, PublicSocket } from "./public_socket.ts";
import { OrderBudget } from "./rate_budget.ts";
import { RestClient } from "./rest.ts";
import type { settings } from "./settings.ts";
import type { OkxKeys } from "./signing.ts";
import { accountConfigSchema, timeRowSchema } from "./wire.ts";

export type OkxContext = ExchangeContext<typeof settings>;

const healthEveryMs = 1_000;
const statisticsEveryMs = 5_000;
const instrumentsEveryMs = 600_000;
/** A machine that slept, or whose clock drifts, signs with the right time again after this. */
const clockEveryMs = 20_000;
/** Beyond this a skewed clock is worth a line; beyond 30 s the venue refuses signatures. */
const skewWarningMs = 1_000;

export class OkxAdapter implements ExchangeAdapter {
  readonly capabilities: ExchangeCapabilities;
  readonly marketData: MarketData;
  readonly queries: MarketQueries;
  readonly trading?: Trading;
  readonly #ctx: OkxContext;
  readonly #hasKeys: boolean;
  readonly #rest: RestClient;
  readonly #instruments = new InstrumentBook();
  readonly #loader: InstrumentLoader;
  readonly #statistics: FeedStatistics;
  readonly #reader: MarketDataReader;
  readonly #public: PublicSocket;
  readonly #private: PrivateSocket | undefined;
  readonly #deadMansSwitch: DeadMansSwitch | undefined;
  readonly #poller: QuotePoller;
  readonly #misfits: OkxMisfits;
  readonly #resync: BookResync;
  readonly #tasks: RepeatedTasks;
  /**
   * Venue time − monotonic time. Not the wall clock's: that may be set while we run, and the venue would refuse every
   * signature until the next look at its time.
   */
  #venueOffsetMs: number;
  #isStarted = false;
  #isStopped = false;

  constructor(ctx: OkxContext, transport: Transport) {
    const { clock, log, publish, random, scheduler } = ctx;
    const keys = keysOf(ctx);
    this.#venueOffsetMs = clock.epochMs() - clock.monotonicMs();
    const venueNowMs = (): number => clock.monotonicMs() + this.#venueOffsetMs;
    const ports: ConnectionPorts = { openSocket: transport.openSocket, clock, scheduler, random };
    this.#ctx = ctx;
    this.#tasks = new RepeatedTasks(ctx);
    this.#hasKeys = keys !== undefined;
    this.#statistics = new FeedStatistics(clock);
    this.#rest = new RestClient({
      baseUrl: endpointOf(ctx, "restUrl"),
      fetch: transport.fetch,
      venueNowMs,
      scheduler,
      keys,
      isDemo: ctx.environment === "testnet",
    });
    this.#misfits = new Misfits<MisfitCode>(clock, log);
    this.#resync = new BookResync({
      clock,
      scheduler,
      random,
      refresh: (instId) => this.#public.refresh({ channel: "books", instId }),
    });
    this.#reader = new MarketDataReader({
      publish,
      statistics: this.#statistics,
      misfits: this.#misfits,
      onBookGap: (instId) => this.#resync.onGap(instId),
      onFundingInterval: (instId, hours) => this.#loader.noteFundingInterval(instId, hours),
    });
    this.#loader = new InstrumentLoader({
      rest: this.#rest,
      hasKeys: this.#hasKeys,
      symbols: ctx.symbols,
      settings: ctx.settings,
      instruments: this.#instruments,
      publish,
      clock,
      log,
      onInstrument: (one, index) => this.#reader.set(one, index, clock.epochUs()),
    });
    this.#public = new PublicSocket({
      url: endpointOf(ctx, "wsPublicUrl"),
      ports,
      log,
      onHotText: (text, tsRecvUs) => this.#reader.onHotText(text, tsRecvUs),
      onFrame: (frame, tsRecvUs) => this.#reader.onFrame(frame, tsRecvUs),
      misfits: this.#misfits,
      onState: (state, why) => {
        if (state !== "connected") this.#reader.invalidateBooks(clock.epochUs());
        this.#onState("market data connection", state, why);
      },
    });
    this.#poller = new QuotePoller({
      poll: (isNeeded) => this.#pollTickers(isNeeded),
      streamState: () => this.#public.state,
      clock,
      scheduler,
      log,
    });
    this.marketData = {
      subscribe: (subscriptions) => this.#public.want(this.#argumentsOf(subscriptions)),
      unsubscribe: (subscriptions) => this.#unsubscribe(subscriptions),
    };
    this.queries = new OkxQueries({
      rest: this.#rest,
      instruments: this.#instruments,
      venueNowMs,
      isDemo: ctx.environment === "testnet",
    });
    this.capabilities = {
      amend: true,
      postOnly: true,
      reduceOnly: true,
      fillOrKill: true,
      cancelAll: true,
      deadMansSwitch: this.#hasKeys && ctx.settings.deadMansSwitchSeconds > 0,
      batchOrders: false,
      stopOrders: false,
      takeProfitOrders: false,
      leverage: true,
      isolatedMargin: true,
    };
    if (keys === undefined) return;
    const reader = new AccountReader(this.#instruments);
    const socket = new PrivateSocket({
      url: endpointOf(ctx, "wsPrivateUrl"),
      ports,
      keys,
      venueNowMs,
      publish,
      reader,
      misfits: this.#misfits,
      log,
      onState: (state, why) => this.#onState("private connection", state, why),
    });
    this.#private = socket;
    if (this.capabilities.deadMansSwitch) {
      const seconds = ctx.settings.deadMansSwitchSeconds;
      this.#deadMansSwitch = new DeadMansSwitch({ rest: this.#rest, seconds, scheduler, log });
    }
    this.trading = new OkxTrading({
      rest: this.#rest,
      socketRequest: (op, args, signal) => socket.request(op, args, signal),
      instruments: this.#instruments,
      reader,
      budget: new OrderBudget(clock, ctx.settings.rateLimitShare),
      clock,
      settings: ctx.settings,
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    await untilReached(this.#ctx, signal, async () => {
      await this.#readClock(signal);
      await this.#checkAccount(signal);
      await this.#loader.load(signal);
    });
    this.#isStarted = true;
    this.#public.start();
    this.#private?.start();
    this.#poller.start();
    this.#tasks.every("health", healthEveryMs, () => this.#publishHealth());
    this.#tasks.every(
      "statistics",
      statisticsEveryMs,
      () => this.#ctx.publish.statistics(this.#statistics.takeChannels()),
    );
    this.#tasks.every("venue time", clockEveryMs, () => this.#readClock(signal));
    this.#tasks.every("instruments", instrumentsEveryMs, () => this.#loader.load(signal));
    await this.#deadMansSwitch?.arm();
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#tasks.stop();
    this.#poller.stop();
    this.#resync.stop();
    this.#public.stop();
    this.#private?.stop();
    if (this.#isStarted) await this.#deadMansSwitch?.disarm();
  }

  // Start --------------------------------------------------------------------------------------------------------------

  async #readClock(signal: AbortSignal): Promise<void> {
    const { clock, gauge, log } = this.#ctx;
    const sentMs = clock.monotonicMs();
    const [row] = await this.#rest.rows("/api/v5/public/time", {}, { isPrivate: false, signal });
    const halfTripMs = (clock.monotonicMs() - sentMs) / 2;
    const parsed = v.safeParse(timeRowSchema, row);
    const venueMs = Number(parsed.success ? parsed.output.ts : "") + halfTripMs;
    const offsetMs = Math.round(venueMs - clock.epochMs());
    if (!parsed.success || !Number.isFinite(offsetMs)) return log.warn("the venue's time can't be read", {});
    this.#venueOffsetMs = Math.round(venueMs - clock.monotonicMs());
    gauge("clock_offset_ms", offsetMs);
    if (Math.abs(offsetMs) > skewWarningMs) {
      log.warn("this machine's clock differs from the venue's", { offsetMs });
    }
  }

  /** Orders here are those of net mode; in the other one a reduce would open. */
  async #checkAccount(signal: AbortSignal): Promise<void> {
    if (!this.#hasKeys) return;
    const request = "GET /api/v5/account/config";
    const [row] = await this.#rest.rows("/api/v5/account/config", {}, { isPrivate: true, signal });
    const parsed = v.safeParse(accountConfigSchema, row);
    if (!parsed.success) {
      const reason = "it names no position mode";
      throw new BerthError("VENUE_ANSWER_INVALID", { venue: "okx", request, reason });
    }
    const { posMode } = parsed.output;
    if (posMode === "net_mode") return;
    const venueText = `the account is in ${posMode}; set its position mode to net at OKX (Settings, Trading)`;
    throw new BerthError("VENUE_REFUSED", { venue: "okx", request, venueCode: "posMode", venueText });
  }

  // Market data --------------------------------------------------------------------------------------------------------

  #argumentsOf(subscriptions: readonly MarketDataSubscription[]): readonly Argument[] {
    return subscriptions.flatMap(({ instrument, kinds }) => {
      const one = this.#instruments.byId(instrument);
      if (one === undefined) this.#ctx.log.error("can't subscribe what OKX does not list", { instrument });
      return one === undefined ? [] : kinds.flatMap((kind) => this.#channels(kind, one.instId, one.indexId));
    });
  }

  #channels(kind: MarketDataKind, instId: string, indexId: string): readonly Argument[] {
    switch (kind) {
      case "quotes":
        return [{ channel: this.#ctx.settings.quoteChannel, instId }];
      case "trades":
        return [{ channel: "trades", instId }];
      case "books":
        return [{ channel: "books", instId }];
      case "marks":
        return [{ channel: "index-tickers", instId: indexId }].concat(
          this.#instruments.byInstId(instId)?.instrument.kind === "spot"
            ? []
            : { channel: "mark-price", instId },
          this.#instruments.byInstId(instId)?.instrument.kind === "perpetual"
            ? { channel: "funding-rate", instId }
            : [],
        );
      default:
        return kind satisfies never;
    }
  }

  #unsubscribe(subscriptions: readonly MarketDataSubscription[]): void {
    const args = this.#argumentsOf(subscriptions);
    for (const { channel, instId } of args) {
      if (channel !== "books") continue;
      this.#reader.forgetBook(instId);
      this.#resync.forget(instId);
    }
    // An index may be another instrument's too: it stays as long as one of them has its marks.
    const marked = new Set(
      this.#public.wanted("mark-price").map(({ instId }) => instId)
        .filter((instId) => !args.some((gone) => gone.channel === "mark-price" && gone.instId === instId))
        .flatMap((instId) => this.#instruments.byInstId(instId)?.indexId ?? []),
    );
    this.#public.unwant(args.filter((one) => one.channel !== "index-tickers" || !marked.has(one.instId)));
  }

  /** One request brings all tickers of a kind. */
  async #pollTickers(isNeeded: () => boolean): Promise<void> {
    for (const instType of this.#quotedTypes()) {
      const result = await this.#rest.get("/api/v5/market/tickers", { instType }, { isPrivate: false });
      if (!isNeeded()) return;
      if (result.kind === "rows") { for (const row of result.rows) this.#onRestTicker(row); }
      else this.#ctx.log.debug("quotes by REST failed", { instType, kind: result.kind });
    }
  }

  #quotedTypes(): readonly string[] {
    const quoted = this.#public.wanted(this.#ctx.settings.quoteChannel);
    return [...new Set(quoted.flatMap(({ instId }) => this.#instruments.byInstId(instId)?.instType ?? []))];
  }

  #onRestTicker(row: unknown): void {
    const instId = typeof row === "object" && row !== null ? Reflect.get(row, "instId") : undefined;
    const isWanted = this.#public.wanted(this.#ctx.settings.quoteChannel).some((one) =>
      one.instId === instId
    );
    if (isWanted) this.#reader.onRestTicker(row, this.#ctx.clock.epochUs());
  }

  // While it runs ------------------------------------------------------------------------------------------------------

  #onState(what: string, state: ConnectionState, why: string): void {
    this.#ctx.log[state === "reconnecting" ? "warn" : "info"](what, {
      state,
      ...(why === "" ? {} : { why }),
    });
    if (!this.#isStopped) this.#publishHealth();
  }

  #publishHealth(): void {
    const latency = this.#statistics.quoteLatency();
    this.#ctx.publish.health({
      marketData: this.#public.state,
      privateStream: this.#private?.state,
      heartbeatAgeMs: Math.round(this.#public.heartbeatAgeMs),
      updatesPerSecond: this.#statistics.takeUpdatesPerSecond(),
      latencyAverageMs: latency?.averageMs,
      latencyP99Ms: latency?.p99Ms,
      gaps: this.#statistics.gaps,
      reconnects: this.#public.reconnects + (this.#private?.reconnects ?? 0),
      ...(this.#deadMansSwitch === undefined
        ? {}
        : { deadMansSwitch: this.#deadMansSwitch.isArmed ? "armed" as const : "not_armed" as const }),
    });
    const { gauge } = this.#ctx;
    const privateMisfits = this.#misfits.count("private_");
    gauge("unreadable_frames", this.#misfits.count() - privateMisfits);
    gauge("unreadable_private_rows", privateMisfits);
  }
}

function keysOf(ctx: OkxContext): OkxKeys | undefined {
  const apiKey = ctx.secret("OKX_API_KEY");
  const secretKey = ctx.secret("OKX_SECRET_KEY");
  const passphrase = ctx.secret("OKX_PASSPHRASE");
  return apiKey === undefined || secretKey === undefined || passphrase === undefined
    ? undefined
    : { apiKey: apiKey.trim(), secretKey: secretKey.trim(), passphrase };
}
