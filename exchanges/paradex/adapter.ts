/** Life of the adapter: learns the venue's configuration and markets, keeps two connections, reports health. */
import {
  type ConnectionState,
  describeError,
  type ExchangeAdapter,
  type ExchangeCapabilities,
  type Instrument,
  type InstrumentId,
  type MarketData,
  type MarketQueries,
  type Trading,
} from "@berth/sdk";
import type * as v from "valibot";
import { VenueConnection } from "./connection.ts";
import { type FeeRates, instrumentList, readMarket, statusOfSystem } from "./instruments.ts";
import { credentialsOf } from "./credentials.ts";
import { channelNames, MarketDataFeed, summaryChannel } from "./market_data.ts";
import { type ParadexContext, type Platform, PrivateSide } from "./private_side.ts";
import { QuotePoller } from "@berth/sdk/venue/quote_poller.ts";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { endpointOf } from "@berth/sdk/venue/transport.ts";
import { untilReached, withDeadline } from "@berth/sdk/venue/waiting.ts";
import { RestClient } from "./rest.ts";
import { RestQuotes } from "./rest_quotes.ts";
import { publishHealth } from "@berth/sdk/venue/adapter_health.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { ParadexQueries } from "./market_queries.ts";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import type { MisfitCode, ParadexMisfits } from "./misfits.ts";
import { marketListSchema, systemConfigSchema, systemStateSchema, systemTimeSchema } from "./wire/json.ts";

const requestTimeoutMs = 10_000;
const healthEveryMs = 1_000;
const statisticsEveryMs = 5_000;
const systemStateEveryMs = 15_000;
const instrumentsEveryMs = 600_000;
const marketsSettleMs = 1_000;
/** A machine that slept, or whose clock drifts, signs with the right time again after this. */
const clockEveryMs = 20_000;
/** Beyond this a skewed clock is worth a line. */
const skewWarningMs = 1_000;

export class ParadexAdapter implements ExchangeAdapter {
  readonly capabilities: ExchangeCapabilities;
  readonly marketData: MarketData;
  readonly queries: MarketQueries;
  readonly trading?: Trading;

  readonly #ctx: ParadexContext;
  readonly #rest: RestClient;
  readonly #publicBudget: RateBudget;
  readonly #instruments = instrumentList();
  readonly #statistics: FeedStatistics;
  readonly #misfits: ParadexMisfits;
  readonly #feed: MarketDataFeed;
  readonly #publicConnection: VenueConnection;
  readonly #poller: QuotePoller;
  readonly #restQuotes: RestQuotes;
  readonly #private: PrivateSide | undefined;
  readonly #tasks: RepeatedTasks;
  #systemState = "ok";
  /**
   * Venue time − monotonic time. Not the wall clock's: that may be set while we run, and the venue would refuse every
   * order until the next look at its time.
   */
  #venueOffsetMs: number;
  #isStopped = false;
  #isReloadPlanned = false;

  constructor(ctx: ParadexContext, platform: Platform) {
    this.#ctx = ctx;
    this.#venueOffsetMs = ctx.clock.epochMs() - ctx.clock.monotonicMs();
    this.#tasks = new RepeatedTasks(ctx);
    const { clock, log, publish, random, scheduler } = ctx;
    const credentials = credentialsOf(ctx);
    const canTrade = credentials?.kind !== "read_only_token";
    this.capabilities = {
      amend: canTrade,
      postOnly: canTrade,
      reduceOnly: canTrade,
      fillOrKill: false,
      cancelAll: canTrade,
      deadMansSwitch: canTrade && ctx.settings.cancelOnDisconnect,
      batchOrders: canTrade,
      stopOrders: canTrade,
      takeProfitOrders: canTrade,
      leverage: canTrade,
      isolatedMargin: canTrade,
    };
    this.#rest = new RestClient(endpointOf(ctx, "rest"), platform.fetch, scheduler);
    this.#publicBudget = new RateBudget(clock, [{ requests: 1_500, perMs: 60_000 }]);
    this.#statistics = new FeedStatistics(clock);
    this.#misfits = new Misfits<MisfitCode>(clock, log);
    this.#publicConnection = new VenueConnection({
      name: "market data",
      urls: socketUrls(ctx),
      openSocket: platform.openSocket,
      clock,
      scheduler,
      random,
      log,
      misfits: this.#misfits,
      requiredChannels: [],
      // The one public channel that is text: what is listed, and what changed of it.
      onPush: (channel) => channel.startsWith("markets") ? this.#onMarketsChanged() : undefined,
      onBinary: (view, tsRecvUs) => this.#feed.onBinary(view, tsRecvUs),
      onState: (state) => this.#onPublicState(state),
    });
    this.#feed = new MarketDataFeed({
      channels: this.#publicConnection,
      names: channelNames(ctx.settings),
      random,
      clock,
      scheduler,
      publish,
      instruments: this.#instruments,
      statistics: this.#statistics,
      log,
      misfits: this.#misfits,
    });
    this.marketData = this.#feed;
    this.#restQuotes = new RestQuotes({
      rest: this.#rest,
      budget: this.#publicBudget,
      publish,
      clock,
      scheduler,
      log,
    });
    this.#poller = new QuotePoller({
      poll: (isNeeded) => this.#restQuotes.pass(this.#feed.quotedInstruments(), isNeeded),
      streamState: () => this.#publicConnection.state,
      clock,
      scheduler,
      log,
    });
    this.queries = new ParadexQueries({
      rest: this.#rest,
      budget: this.#publicBudget,
      instruments: this.#instruments,
    });
    if (credentials === undefined) return;
    this.#private = new PrivateSide(ctx, platform, {
      credentials,
      socketUrls: socketUrls(ctx),
      rest: this.#rest,
      instruments: this.#instruments,
      statistics: this.#statistics,
      misfits: this.#misfits,
      venueNowMs: () => clock.monotonicMs() + this.#venueOffsetMs,
    });
    this.trading = this.#private.trading;
  }

  async start(signal: AbortSignal): Promise<void> {
    await untilReached(this.#ctx, signal, async () => {
      await this.#readClock();
      this.#systemState = (await this.#getPublic(systemStateSchema, "/system/state")).status;
      const config = await this.#getPublic(systemConfigSchema, "/system/config");
      await this.#private?.authenticate(config);
      await this.#loadInstruments();
    });
    this.#keepAlive();
    this.#publicConnection.subscribe("markets");
    this.#publicConnection.start();
    this.#private?.connection.start();
    this.#poller.start();
    this.#tasks.every("health", healthEveryMs, () => this.#reportHealth());
    this.#tasks.every(
      "statistics",
      statisticsEveryMs,
      () => this.#ctx.publish.statistics(this.#statistics.takeChannels()),
    );
    this.#tasks.every("system state", systemStateEveryMs, () => this.#readSystemState());
    this.#tasks.every("venue time", clockEveryMs, () => this.#readClock());
    this.#tasks.every("instruments", instrumentsEveryMs, () => this.#loadInstruments());
  }

  async symbolsChanged(): Promise<void> {
    await this.#loadInstruments();
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#tasks.stop();
    this.#poller.stop();
    this.#publicConnection.stop();
    this.#private?.stop();
    return Promise.resolve();
  }

  // Start --------------------------------------------------------------------------------------------------------------

  async #loadInstruments(): Promise<void> {
    const { clock, log, settings, symbols, symbolFor, venue } = this.#ctx;
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
        symbolFor,
        fees,
        fallbackFees,
        status: statusOfSystem(this.#systemState),
        nowMs: clock.monotonicMs() + this.#venueOffsetMs,
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
    this.#instruments.add({ instrument, index });
    this.#feed.instrumentChanged({ instrument, index }, this.#ctx.clock.epochUs());
  }

  /** The venue closes a connection without subscriptions (code 4031): one cheap channel stays. */
  #keepAlive(): void {
    const first = this.#instruments.all()[0];
    if (first !== undefined) this.#publicConnection.pin(summaryChannel(first.instrument.venueSymbol));
  }

  // While it runs ------------------------------------------------------------------------------------------------------

  async #readClock(): Promise<void> {
    const { clock, gauge, log } = this.#ctx;
    const { server_time: serverMs } = await this.#getPublic(systemTimeSchema, "/system/time");
    // The venue took its time before we read ours: the true offset is this or more, so that what is signed with it is
    // never ahead of the venue's clock. How far ahead it would tolerate is not known.
    this.#venueOffsetMs = serverMs - clock.monotonicMs();
    const offsetMs = serverMs - clock.epochMs();
    gauge("clock_offset_ms", offsetMs);
    if (Math.abs(offsetMs) > skewWarningMs) {
      log.warn("this machine's clock differs from the venue's", { offsetMs: Math.round(offsetMs) });
    }
  }

  async #readSystemState(): Promise<void> {
    const { status } = await this.#getPublic(systemStateSchema, "/system/state");
    if (status === this.#systemState) return;
    this.#ctx.log.info("system state", { from: this.#systemState, to: status });
    this.#systemState = status;
    await this.#loadInstruments();
  }

  /** A listing came, went or changed: all of them are read again, once for a burst of such news. */
  #onMarketsChanged(): void {
    if (this.#isReloadPlanned) return;
    this.#isReloadPlanned = true;
    this.#ctx.scheduler.after(marketsSettleMs, () => {
      this.#isReloadPlanned = false;
      if (this.#isStopped) return;
      this.#loadInstruments().catch((error: unknown) =>
        this.#ctx.log.warn("instruments could not be read again", { reason: describeError(error) })
      );
    });
  }

  #onPublicState(state: ConnectionState): void {
    this.#feed.onState(state, this.#ctx.clock.epochUs());
    this.#ctx.log.info("market data connection", { state });
    if (!this.#isStopped) this.#reportHealth();
  }

  #reportHealth(): void {
    publishHealth(this.#ctx, {
      publicConnection: this.#publicConnection,
      privateConnection: this.#private?.connection,
      statistics: this.#statistics,
      misfits: this.#misfits,
      isDeadMansSwitchArmed: this.capabilities.deadMansSwitch ? this.#private?.isArmed : undefined,
    });
  }

  #getPublic<T>(schema: v.GenericSchema<unknown, T>, path: string): Promise<T> {
    return withDeadline(
      this.#ctx.scheduler,
      requestTimeoutMs,
      (signal) => this.#rest.get(schema, path, { signal, budget: this.#publicBudget }),
    );
  }
}

/** Public channels are served in binary form only, and only to connections that ask for a schema. */
function socketUrls(ctx: ParadexContext): readonly string[] {
  const alternative = ctx.endpoints["wsAlternative"];
  const addresses = [endpointOf(ctx, "ws"), ...(alternative === undefined ? [] : [alternative])];
  const schema = `sbeSchemaId=1&sbeSchemaVersion=${ctx.settings.sbeSchemaVersion}`;
  return addresses.map((address) => `${address.replace(/\/+$/, "")}?${schema}`);
}
