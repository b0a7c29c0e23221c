/** Life of the adapter: learns time, account and instruments, keeps two connections, reports health. */
import * as v from "valibot";
import type {
  ConnectionState,
  ExchangeAdapter,
  ExchangeCapabilities,
  MarketData,
  MarketDataSubscription,
  MarketQueries,
  Trading,
} from "@berth/sdk";
import { publishHealth } from "@berth/sdk/venue/adapter_health.ts";
import { BookResync } from "@berth/sdk/venue/book_resync.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import type { ConnectionPorts } from "@berth/sdk/venue/kept_connection.ts";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import type { TextFrameMisfit, TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { QuotePoller } from "@berth/sdk/venue/quote_poller.ts";
import { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { endpointOf, type Transport } from "@berth/sdk/venue/transport.ts";
import { VenueTime } from "@berth/sdk/venue/venue_time.ts";
import { VenueTimeReader } from "@berth/sdk/venue/venue_time_reader.ts";
import { untilReached } from "@berth/sdk/venue/waiting.ts";
import { AccountSide, credentialsOf } from "./account_side.ts";
import { InstrumentLoader } from "./instrument_loader.ts";
import { type EdgexInstrument, instrumentBook } from "./instruments.ts";
import { MarketDataReader } from "./market_data.ts";
import { EdgexQueries } from "./market_queries.ts";
import { PublicSocket } from "./public_socket.ts";
import { RequestBudget } from "./request_budget.ts";
import { RestClient } from "./rest.ts";
import type { EdgexContext } from "./settings.ts";
import { RequestSigner } from "./signing.ts";
import { channelsOf, depthChannels } from "./subscriptions.ts";
import { isRecord, numberOf } from "./wire.ts";

const healthEveryMs = 1_000;
const statisticsEveryMs = 5_000;
/** There is no channel for what changes about a contract that is known to stay small: the list is read again. */
const instrumentsEveryMs = 300_000;
/** Signatures are stamped with the venue's time. */
const clockEveryMs = 60_000;
/** Books that one pass of the poller asks for, one request each. */
const maxPolledBooks = 3;
const rowsSchema = v.array(v.unknown());

export class EdgexAdapter implements ExchangeAdapter {
  readonly capabilities: ExchangeCapabilities;
  readonly marketData: MarketData;
  readonly queries: MarketQueries;
  readonly trading?: Trading;
  readonly #ctx: EdgexContext;
  readonly #rest: RestClient;
  readonly #instruments = instrumentBook();
  readonly #depth: ReturnType<typeof depthChannels>;
  readonly #loader: InstrumentLoader;
  readonly #statistics: FeedStatistics;
  readonly #reader: MarketDataReader;
  readonly #public: PublicSocket;
  readonly #account: AccountSide | undefined;
  readonly #poller: QuotePoller;
  readonly #misfits: TextMisfits;
  readonly #resync: BookResync;
  readonly #tasks: RepeatedTasks;
  readonly #time: VenueTime;
  readonly #timeReader: VenueTimeReader;
  #polledFrom = 0;
  #isStopped = false;

  constructor(ctx: EdgexContext, transport: Transport) {
    const { clock, log, publish, random, scheduler, settings } = ctx;
    const credentials = credentialsOf(ctx);
    const signer = credentials === undefined ? undefined : new RequestSigner(credentials);
    const time = new VenueTime(clock);
    const venueNowMs = (): number => time.nowMs();
    const ports: ConnectionPorts = { openSocket: transport.openSocket, clock, scheduler, random };
    const budget = new RequestBudget({ clock, scheduler, ...settings });
    this.#ctx = ctx;
    this.#time = time;
    this.#tasks = new RepeatedTasks(ctx);
    this.#statistics = new FeedStatistics(clock);
    this.#misfits = new Misfits<TextFrameMisfit>(clock, log);
    this.#depth = depthChannels(settings.bookLevels);
    this.#rest = new RestClient({
      baseUrl: endpointOf(ctx, "restUrl"),
      fetch: transport.fetch,
      scheduler,
      budget,
      account: credentials === undefined || signer === undefined ? undefined : {
        signer,
        accountId: credentials.accountId,
        venueNowMs,
        secrets: [credentials.apiKey, credentials.apiSecret, credentials.passphrase],
      },
    });
    this.queries = new EdgexQueries(this.#rest, this.#instruments);
    this.#timeReader = new VenueTimeReader(ctx, this.#time, (signal) => this.queries.serverTimeMs(signal));
    this.#resync = new BookResync({
      clock,
      scheduler,
      random,
      refresh: (channel) => this.#public.refresh(channel),
    });
    this.#reader = new MarketDataReader({
      publish,
      statistics: this.#statistics,
      misfits: this.#misfits,
      onGap: (channel) => this.#resync.onGap(channel),
      channels: this.#depth,
    });
    this.#loader = new InstrumentLoader({
      rest: this.#rest,
      hasKeys: credentials !== undefined,
      symbols: ctx.symbols,
      symbolFor: ctx.symbolFor,
      instruments: this.#instruments,
      publish,
      log,
      onInstrument: (one, index) => this.#reader.set(one, index, clock.epochUs()),
      onDomain: (domain) => this.#account?.setDomain(domain),
      onOrderLimit: (perMinute) => budget.setAccountLimit(perMinute),
    });
    this.#public = new PublicSocket({
      url: endpointOf(ctx, "wsPublicUrl"),
      ports,
      venueNowMs,
      log,
      misfits: this.#misfits,
      onFrame: (frame, tsRecvUs) => this.#reader.onFrame(frame, tsRecvUs),
      onVenueTime: (tsVenueMs, tsRecvUs) => this.#statistics.noteLatency(tsVenueMs, tsRecvUs),
      onState: (state, why) => {
        if (state !== "connected") this.#reader.invalidate(clock.epochUs());
        this.#onState("market data connection", state, why);
      },
    });
    this.#poller = new QuotePoller({
      poll: (isNeeded) => this.#pollDepth(isNeeded),
      streamState: () => this.#public.connection.state,
      clock,
      scheduler,
      log,
    });
    this.marketData = {
      subscribe: (subscriptions) => this.#public.want(this.#channelsOf(subscriptions)),
      unsubscribe: (subscriptions) => this.#unsubscribe(subscriptions),
    };
    this.capabilities = {
      amend: false,
      postOnly: true,
      reduceOnly: true,
      fillOrKill: true,
      cancelAll: true,
      deadMansSwitch: false,
      batchOrders: false,
      stopOrders: true,
      takeProfitOrders: true,
      leverage: true,
      isolatedMargin: true,
    };
    if (credentials === undefined || signer === undefined) return;
    this.#account = new AccountSide({
      ctx,
      credentials,
      signer,
      url: endpointOf(ctx, "wsPrivateUrl"),
      ports,
      rest: this.#rest,
      budget,
      instruments: this.#instruments,
      statistics: this.#statistics,
      misfits: this.#misfits,
      venueNowMs,
      coinName: (coinId) => this.#loader.coinName(coinId),
      markPrice: (contractId) => this.#reader.markPrice(contractId),
      oraclePrice: (one, signal) => this.#oraclePrice(one, signal),
      onState: (state, why) => this.#onState("account connection", state, why),
    });
    this.trading = this.#account.trading;
  }

  async start(signal: AbortSignal): Promise<void> {
    await untilReached(this.#ctx, signal, async () => {
      await this.#timeReader.read(signal);
      await this.#loader.load(signal);
      await this.#account?.check(signal);
    });
    this.#public.start();
    this.#poller.start();
    this.#tasks.every("health", healthEveryMs, () => this.#publishHealth());
    this.#tasks.every(
      "statistics",
      statisticsEveryMs,
      () => this.#ctx.publish.statistics(this.#statistics.takeChannels()),
    );
    this.#tasks.every("venue time", clockEveryMs, () => this.#timeReader.read(signal));
    this.#tasks.every("instruments", instrumentsEveryMs, () => this.#loader.load(signal));
    this.#account?.start(this.#tasks);
  }

  async symbolsChanged(signal: AbortSignal): Promise<void> {
    await this.#loader.load(signal);
  }

  stop(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.#isStopped = true;
    this.#tasks.stop();
    this.#poller.stop();
    this.#resync.clear();
    this.#public.stop();
    this.#account?.stop();
    return Promise.resolve();
  }

  // Market data --------------------------------------------------------------------------------------------------------

  #channelsOf(subscriptions: readonly MarketDataSubscription[]): readonly string[] {
    return channelsOf(
      subscriptions,
      this.#instruments,
      this.#depth,
      (instrument) => this.#ctx.log.error("can't subscribe what EdgeX does not list", { instrument }),
    );
  }

  #unsubscribe(subscriptions: readonly MarketDataSubscription[]): void {
    const channels = this.#channelsOf(subscriptions);
    for (const channel of channels) {
      this.#reader.forget(channel);
      this.#resync.forget(channel);
    }
    this.#public.unwant(channels);
  }

  /** A book is asked for contract by contract; where many are wanted they take turns. */
  async #pollDepth(isNeeded: () => boolean): Promise<void> {
    const wanted = this.#instruments.all().map(({ contractId }) => contractId)
      .filter((contractId) => this.#public.wanted(this.#depth.top(contractId)).length > 0);
    const from = wanted.length === 0 ? 0 : this.#polledFrom % wanted.length;
    const turn = [...wanted.slice(from), ...wanted.slice(0, from)].slice(0, maxPolledBooks);
    this.#polledFrom = from + turn.length;
    for (const contractId of turn) {
      const [row] = await this.#rest.ask(
        "/api/v2/public/quote/getDepth",
        { contractId, level: "15" },
        rowsSchema,
        { isPrivate: false },
      );
      if (!isNeeded()) return;
      this.#reader.onRestDepth(contractId, row, this.#ctx.clock.epochUs());
    }
  }

  /** As the stream says it, or asked for. */
  async #oraclePrice({ contractId }: EdgexInstrument, signal: AbortSignal): Promise<number | undefined> {
    const known = this.#reader.markPrice(contractId);
    if (known > 0) return known;
    const result = await this.#rest.get("/api/v2/public/quote/getTicker", { contractId }, signal);
    const rows: readonly unknown[] = result.kind === "data" && Array.isArray(result.data) ? result.data : [];
    const [row] = rows;
    const price = isRecord(row) ? numberOf(row["oraclePrice"]) : NaN;
    return price > 0 ? price : undefined;
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
      privateConnection: this.#account?.connection,
      statistics: this.#statistics,
      misfits: this.#misfits,
      isDeadMansSwitchArmed: undefined,
    });
  }
}
