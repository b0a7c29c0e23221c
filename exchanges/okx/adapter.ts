/** Life of the adapter: learns time, account and instruments, keeps two connections, reports health. */
import * as v from "valibot";
import {
  type ConnectionState,
  type ExchangeAdapter,
  type ExchangeCapabilities,
  type ExchangeContext,
  type MarketData,
  type MarketDataSubscription,
  type MarketQueries,
  type Trading,
} from "@berth/sdk";
import { publishHealth } from "@berth/sdk/venue/adapter_health.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { QuotePoller } from "@berth/sdk/venue/quote_poller.ts";
import { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { endpointOf, type Transport } from "@berth/sdk/venue/transport.ts";
import { untilReached } from "@berth/sdk/venue/waiting.ts";
import type { ConnectionPorts } from "@berth/sdk/venue/kept_connection.ts";
import { BookResync } from "@berth/sdk/venue/book_resync.ts";
import { InstrumentLoader } from "./instrument_loader.ts";
import { instrumentBook, instrumentTypesOf } from "./instruments.ts";
import { MarketDataReader } from "./market_data.ts";
import { OkxQueries } from "./market_queries.ts";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import type { TextFrameMisfit, TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { PrivateSide } from "./private_side.ts";
import { type Argument, PublicSocket } from "./public_socket.ts";
import { RequestLimits } from "./request_limits.ts";
import { RestClient } from "./rest.ts";
import type { settings } from "./settings.ts";
import type { OkxKeys } from "./signing.ts";
import { argumentsOf, standingArguments, withoutShared } from "./subscriptions.ts";
import { statusOf } from "./venue_status.ts";
import { isRecord, timeRowSchema } from "./wire.ts";

export type OkxContext = ExchangeContext<typeof settings>;

const healthEveryMs = 1_000;
const statisticsEveryMs = 5_000;
const instrumentsEveryMs = 600_000;
/** A machine that slept, or whose clock drifts, signs with the right time again after this. */
const clockEveryMs = 20_000;
const statusEveryMs = 60_000;
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
  readonly #instruments = instrumentBook();
  readonly #loader: InstrumentLoader;
  readonly #statistics: FeedStatistics;
  readonly #reader: MarketDataReader;
  readonly #public: PublicSocket;
  readonly #private: PrivateSide | undefined;
  readonly #poller: QuotePoller;
  readonly #misfits: TextMisfits;
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
      baseUrls: urlsOf(ctx, "restUrl"),
      limits: new RequestLimits(ctx, ctx.settings.rateLimitShare),
      fetch: transport.fetch,
      venueNowMs,
      scheduler,
      keys,
      isDemo: ctx.environment === "testnet",
    });
    this.#misfits = new Misfits<TextFrameMisfit>(clock, log);
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
      symbolFor: ctx.symbolFor,
      settings: ctx.settings,
      instruments: this.#instruments,
      publish,
      clock,
      log,
      onInstrument: (one, index) => this.#reader.set(one, index, clock.epochUs()),
    });
    this.#public = new PublicSocket({
      urls: urlsOf(ctx, "wsPublicUrl"),
      ports,
      log,
      onHotText: (text, tsRecvUs) => this.#reader.onHotText(text, tsRecvUs),
      onFrame: (frame, tsRecvUs) => this.#onFrame(frame, tsRecvUs),
      misfits: this.#misfits,
      onState: (state, why) => {
        if (state !== "connected") this.#reader.invalidateBooks(clock.epochUs());
        this.#onState("market data connection", state, why);
      },
    });
    this.#poller = new QuotePoller({
      poll: (isNeeded) => this.#pollTickers(isNeeded),
      streamState: () => this.#public.connection.state,
      clock,
      scheduler,
      log,
    });
    this.#public.want(standingArguments(instrumentTypesOf(ctx.symbols)));
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
      batchOrders: this.#hasKeys,
      stopOrders: true,
      takeProfitOrders: true,
      leverage: true,
      isolatedMargin: true,
    };
    if (keys === undefined) return;
    this.#private = new PrivateSide({
      ctx,
      ports,
      keys,
      rest: this.#rest,
      instruments: this.#instruments,
      statistics: this.#statistics,
      misfits: this.#misfits,
      venueNowMs,
      privateUrls: urlsOf(ctx, "wsPrivateUrl"),
      businessUrls: urlsOf(ctx, "wsBusinessUrl"),
      onState: (what, state, why) => this.#onState(what, state, why),
    });
    this.trading = this.#private.trading;
  }

  async start(signal: AbortSignal): Promise<void> {
    await untilReached(this.#ctx, signal, async () => {
      await this.#readClock(signal);
      await this.#private?.readAccount(signal);
      await this.#loader.load(signal);
    });
    this.#isStarted = true;
    this.#public.start();
    this.#poller.start();
    this.#tasks.every("health", healthEveryMs, () => this.#publishHealth());
    this.#tasks.every(
      "statistics",
      statisticsEveryMs,
      () => this.#ctx.publish.statistics(this.#statistics.takeChannels()),
    );
    this.#tasks.every("venue time", clockEveryMs, () => this.#readClock(signal));
    this.#tasks.every("instruments", instrumentsEveryMs, async () => {
      await this.#loader.load(signal);
      await this.#private?.readAccount(signal);
    });
    this.#tasks.every("maintenance", statusEveryMs, () => this.#readStatus(signal));
    await this.#private?.start(this.#tasks);
  }

  async symbolsChanged(signal: AbortSignal): Promise<void> {
    this.#public.want(standingArguments(instrumentTypesOf(this.#ctx.symbols)));
    await this.#loader.load(signal);
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#tasks.stop();
    this.#poller.stop();
    this.#resync.clear();
    this.#public.stop();
    this.#private?.stop();
    if (this.#isStarted) await this.#private?.disarm();
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

  /** The stream tells changes; what was missed while it was down is asked for. */
  async #readStatus(signal: AbortSignal): Promise<void> {
    this.#loader.setVenueStatus(await this.queries.venueStatus(signal));
  }

  // Market data --------------------------------------------------------------------------------------------------------

  #argumentsOf(subscriptions: readonly MarketDataSubscription[]): readonly Argument[] {
    return argumentsOf(
      subscriptions,
      this.#instruments,
      this.#ctx.settings.quoteChannel,
      (instrument) => this.#ctx.log.error("can't subscribe what OKX does not list", { instrument }),
    );
  }

  #unsubscribe(subscriptions: readonly MarketDataSubscription[]): void {
    const args = this.#argumentsOf(subscriptions);
    for (const { channel, instId } of args) {
      if (channel !== "books") continue;
      this.#reader.forgetBook(instId);
      this.#resync.forget(instId);
    }
    this.#public.unwant(withoutShared(args, this.#public.wanted("mark-price"), this.#instruments));
  }

  /** Frames about no single instrument are the loader's. */
  #onFrame(frame: Readonly<Record<string, unknown>>, tsRecvUs: number): void {
    const { arg, data } = frame;
    const channel = isRecord(arg) ? arg["channel"] : undefined;
    if (channel === "status" && Array.isArray(data)) {
      return this.#loader.setVenueStatus(statusOf(data, this.#ctx.environment === "testnet"));
    }
    if (channel === "instruments" && Array.isArray(data)) return this.#loader.onRows(data);
    this.#reader.onFrame(frame, tsRecvUs);
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
    return [...new Set(quoted.flatMap(({ instId }) => this.#instruments.byName(instId)?.instType ?? []))];
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
    publishHealth(this.#ctx, {
      publicConnection: this.#public.connection,
      privateConnection: this.#private?.connection,
      statistics: this.#statistics,
      misfits: this.#misfits,
      isDeadMansSwitchArmed: this.capabilities.deadMansSwitch
        ? this.#private?.isDeadMansSwitchArmed
        : undefined,
    });
  }
}

/** The venue's addresses of one kind, the preferred ones first. */
function urlsOf(ctx: OkxContext, name: string): readonly string[] {
  const main = endpointOf(ctx, name);
  const other = ctx.endpoints[`${name}Alternative`]?.replace(/\/+$/, "");
  if (other === undefined || other === main) return [main];
  return ctx.settings.addresses === "alternative" ? [other, main] : [main, other];
}

function keysOf(ctx: OkxContext): OkxKeys | undefined {
  const apiKey = ctx.secret("OKX_API_KEY");
  const secretKey = ctx.secret("OKX_SECRET_KEY");
  const passphrase = ctx.secret("OKX_PASSPHRASE");
  return apiKey === undefined || secretKey === undefined || passphrase === undefined
    ? undefined
    : { apiKey: apiKey.trim(), secretKey: secretKey.trim(), passphrase };
}
