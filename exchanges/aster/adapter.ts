/** Life of the adapter: learns time, account and instruments, keeps two connections, reports health. */
import * as v from "valibot";
import {
  BerthError,
  type ConnectionState,
  type ExchangeAdapter,
  type ExchangeCapabilities,
  type MarketData,
  type MarketDataKind,
  type MarketDataSubscription,
  type MarketQueries,
  type Trading,
} from "@berth/sdk";
import { publishHealth } from "@berth/sdk/venue/adapter_health.ts";
import { isAddress, isPrivateKey } from "@berth/sdk/venue/eip712.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import type { ConnectionPorts } from "@berth/sdk/venue/kept_connection.ts";
import { Misfits, type TextFrameMisfit, type TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { QuotePoller } from "@berth/sdk/venue/quote_poller.ts";
import { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { endpointOf, type Transport } from "@berth/sdk/venue/transport.ts";
import { VenueTime } from "@berth/sdk/venue/venue_time.ts";
import { VenueTimeReader } from "@berth/sdk/venue/venue_time_reader.ts";
import { untilReached } from "@berth/sdk/venue/waiting.ts";
import { AccountSide } from "./account_side.ts";
import { BookSnapshots } from "./book_snapshots.ts";
import { InstrumentLoader } from "./instrument_loader.ts";
import { instrumentBook } from "./instruments.ts";
import { MarketDataReader } from "./market_data.ts";
import { AsterQueries } from "./market_queries.ts";
import { NonceSource } from "./nonces.ts";
import { PublicSocket, type Stream } from "./public_socket.ts";
import { RequestBudget } from "./request_budget.ts";
import { RestClient } from "./rest.ts";
import type { AsterContext } from "./settings.ts";
import { RequestSigner } from "./signing.ts";

const healthEveryMs = 1_000;
const statisticsEveryMs = 5_000;
const instrumentsEveryMs = 600_000;
/** A nonce that is 10 s off is refused: a machine that slept, or whose clock drifts, is right again after this. */
const clockEveryMs = 60_000;
const tickersPath = "/fapi/v3/ticker/bookTicker";
const quoteChannel = "bookTicker";

export class AsterAdapter implements ExchangeAdapter {
  readonly capabilities: ExchangeCapabilities;
  readonly marketData: MarketData;
  readonly queries: MarketQueries;
  readonly trading?: Trading;
  readonly #ctx: AsterContext;
  readonly #rest: RestClient;
  readonly #instruments = instrumentBook();
  readonly #loader: InstrumentLoader;
  readonly #statistics: FeedStatistics;
  readonly #reader: MarketDataReader;
  readonly #snapshots: BookSnapshots;
  readonly #public: PublicSocket;
  readonly #account: AccountSide | undefined;
  readonly #poller: QuotePoller;
  readonly #misfits: TextMisfits;
  readonly #tasks: RepeatedTasks;
  readonly #time: VenueTime;
  readonly #timeReader: VenueTimeReader;
  readonly #bookChannel: string;
  #isStopped = false;

  constructor(ctx: AsterContext, transport: Transport) {
    const { clock, log, publish, random, scheduler, settings } = ctx;
    const ports: ConnectionPorts = { openSocket: transport.openSocket, clock, scheduler, random };
    const wsUrl = `${endpointOf(ctx, "wsUrl")}/ws`;
    const budget = new RequestBudget(clock, settings.rateLimitShare);
    this.#ctx = ctx;
    this.#time = new VenueTime(clock);
    this.#tasks = new RepeatedTasks(ctx);
    this.#statistics = new FeedStatistics(clock);
    this.#misfits = new Misfits<TextFrameMisfit>(clock, log);
    // What comes every 250 ms has no speed in its name.
    this.#bookChannel = settings.bookSpeed === "250ms" ? "depth" : `depth@${settings.bookSpeed}`;
    const signer = signerOf(ctx, this.#time);
    this.#rest = new RestClient({
      baseUrl: endpointOf(ctx, "restUrl"),
      fetch: transport.fetch,
      scheduler,
      budget,
      signer,
      onStale: () => this.#timeReader.readSoon(),
    });
    this.queries = new AsterQueries(this.#rest, this.#instruments);
    this.#timeReader = new VenueTimeReader(ctx, this.#time, (signal) => this.queries.serverTimeMs(signal));
    this.#reader = new MarketDataReader({
      publish,
      statistics: this.#statistics,
      misfits: this.#misfits,
      onBookGap: (symbol) => this.#snapshots.onGap(symbol),
    });
    this.#snapshots = new BookSnapshots({
      rest: this.#rest,
      reader: this.#reader,
      clock,
      scheduler,
      random,
      log,
    });
    this.#loader = new InstrumentLoader({
      rest: this.#rest,
      budget,
      hasAccount: signer !== undefined,
      symbols: ctx.symbols,
      symbolFor: ctx.symbolFor,
      settings,
      instruments: this.#instruments,
      publish,
      log,
      onInstrument: (one, index) => this.#reader.set(one, index, clock.epochUs()),
    });
    this.#public = new PublicSocket({
      url: wsUrl,
      ports,
      log,
      onHotText: (text, tsRecvUs) => this.#reader.onHotText(text, tsRecvUs),
      onFrame: (frame, tsRecvUs) => this.#reader.onFrame(frame, tsRecvUs),
      onSubscribed: (streams) => this.#onSubscribed(streams),
      misfits: this.#misfits,
      onState: (state, why) => {
        if (state !== "connected") this.#endBooks();
        this.#onState("market data connection", state, why);
      },
    });
    this.#poller = new QuotePoller({
      poll: (isNeeded) => this.#readQuotes(this.#public.wanted(quoteChannel), isNeeded),
      streamState: () => this.#public.connection.state,
      clock,
      scheduler,
      log,
    });
    this.marketData = {
      subscribe: (subscriptions) => this.#public.want(this.#streamsOf(subscriptions)),
      unsubscribe: (subscriptions) => this.#unsubscribe(subscriptions),
    };
    this.capabilities = {
      amend: true,
      postOnly: true,
      reduceOnly: true,
      fillOrKill: true,
      cancelAll: true,
      deadMansSwitch: signer !== undefined && settings.deadMansSwitchSeconds > 0,
      batchOrders: true,
      stopOrders: true,
      takeProfitOrders: true,
      leverage: true,
      isolatedMargin: true,
    };
    if (signer === undefined) return;
    this.#account = new AccountSide({
      ctx,
      url: wsUrl,
      ports,
      rest: this.#rest,
      instruments: this.#instruments,
      statistics: this.#statistics,
      misfits: this.#misfits,
      tasks: this.#tasks,
      time: this.#time,
      onState: (state, why) => this.#onState("account connection", state, why),
    });
    this.trading = this.#account.trading;
  }

  async start(signal: AbortSignal): Promise<void> {
    await untilReached(this.#ctx, signal, async () => {
      await this.#timeReader.read(signal);
      await this.#account?.check(signal);
      await this.#loader.load(signal);
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
    await this.#account?.start(signal);
  }

  async symbolsChanged(signal: AbortSignal): Promise<void> {
    await this.#loader.load(signal);
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#tasks.stop();
    this.#timeReader.stop();
    this.#poller.stop();
    this.#public.stop();
    this.#snapshots.clear();
    await this.#account?.stop();
  }

  // Market data --------------------------------------------------------------------------------------------------------

  #streamsOf(subscriptions: readonly MarketDataSubscription[]): readonly Stream[] {
    return subscriptions.flatMap(({ instrument, kinds }) => {
      const one = this.#instruments.byId(instrument);
      if (one === undefined) {
        this.#ctx.log.error("can't subscribe what Aster does not list", { instrument });
        return [];
      }
      return kinds.map((kind) => ({ symbol: one.symbol, channel: this.#channel(kind) }));
    });
  }

  #channel(kind: MarketDataKind): string {
    switch (kind) {
      case "quotes":
        return quoteChannel;
      case "trades":
        return "aggTrade";
      case "books":
        return this.#bookChannel;
      case "marks":
        return "markPrice@1s";
      default:
        return kind satisfies never;
    }
  }

  #unsubscribe(subscriptions: readonly MarketDataSubscription[]): void {
    const streams = this.#streamsOf(subscriptions);
    for (const { channel, symbol } of streams) {
      if (channel !== this.#bookChannel) continue;
      this.#snapshots.forget(symbol);
      this.#reader.forgetBook(symbol);
    }
    this.#public.unwant(streams);
  }

  /** The streams tell changes alone: what stands at their beginning is asked for. */
  #onSubscribed(streams: readonly Stream[]): void {
    const symbolsOf = (wanted: string) =>
      streams.filter(({ channel }) => channel === wanted).map(({ symbol }) => symbol);
    for (const symbol of symbolsOf(this.#bookChannel)) void this.#snapshots.ask(symbol);
    const quoted = symbolsOf(quoteChannel);
    if (quoted.length > 0) void this.#readQuotes(quoted, () => !this.#isStopped);
  }

  /** One request brings all. */
  async #readQuotes(symbols: readonly string[], isNeeded: () => boolean): Promise<void> {
    const { clock, log } = this.#ctx;
    if (symbols.length === 0) return;
    const result = await this.#rest.request("GET", tickersPath, {}, { isSigned: false, weight: 2 });
    if (!isNeeded()) return;
    const rows = v.safeParse(v.array(v.looseObject({ symbol: v.string() })), dataOf(result));
    if (!rows.success) return log.debug("quotes by REST failed", { kind: result.kind });
    const wanted = new Set(symbols);
    const tsRecvUs = clock.epochUs();
    for (const row of rows.output) if (wanted.has(row.symbol)) this.#reader.onRestTicker(row, tsRecvUs);
  }

  #endBooks(): void {
    this.#snapshots.clear();
    this.#reader.invalidateBooks(this.#ctx.clock.epochUs());
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
      isDeadMansSwitchArmed: this.#account?.deadMansSwitch?.isArmed,
    });
  }
}

const dataOf = (result: Awaited<ReturnType<RestClient["request"]>>): unknown =>
  result.kind === "data" ? result.data : undefined;

/** @throws {BerthError} CONFIG_INVALID for what is no address or no key; never with the key in its text */
function signerOf(ctx: AsterContext, time: VenueTime): RequestSigner | undefined {
  const user = ctx.secret("ASTER_ACCOUNT_ADDRESS")?.trim();
  const privateKey = ctx.secret("ASTER_AGENT_PRIVATE_KEY")?.trim();
  if (user === undefined || privateKey === undefined) return undefined;
  const invalid = (field: string, expected: string) =>
    new BerthError("CONFIG_INVALID", { file: "secrets", field, found: "something else", expected });
  if (!isAddress(user)) throw invalid("ASTER_ACCOUNT_ADDRESS", "0x and 40 hex digits");
  if (!isPrivateKey(privateKey)) throw invalid("ASTER_AGENT_PRIVATE_KEY", "64 hex digits");
  const nonces = new NonceSource(time);
  return new RequestSigner({
    privateKey,
    user,
    // What is signed in simulation is worth nothing on mainnet.
    network: ctx.environment === "live" ? "mainnet" : "testnet",
    nextNonce: () => nonces.next(),
  });
}
