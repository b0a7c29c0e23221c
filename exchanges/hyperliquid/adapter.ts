/** Life of the adapter: learns time, account and instruments, keeps two connections, reports health. */
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
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import { QuotePoller } from "@berth/sdk/venue/quote_poller.ts";
import { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { endpointOf, type Transport } from "@berth/sdk/venue/transport.ts";
import { untilReached } from "@berth/sdk/venue/waiting.ts";
import { AccountSide, type Credentials } from "./account_side.ts";
import type { ConnectionPorts } from "@berth/sdk/venue/kept_connection.ts";
import { InstrumentLoader } from "./instrument_loader.ts";
import { instrumentBook } from "./instruments.ts";
import { MarketDataReader } from "./market_data.ts";
import { HyperliquidQueries } from "./market_queries.ts";
import type { TextFrameMisfit, TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { PublicSocket, type Subscription } from "./public_socket.ts";
import { WeightBudget } from "./request_budget.ts";
import { RestClient } from "./rest.ts";
import type { HyperliquidContext } from "./settings.ts";
import { isAddress, isPrivateKey } from "@berth/sdk/venue/eip712.ts";
import { VenueTime } from "@berth/sdk/venue/venue_time.ts";
import { VenueTimeReader } from "@berth/sdk/venue/venue_time_reader.ts";

const healthEveryMs = 1_000;
const statisticsEveryMs = 5_000;
const instrumentsEveryMs = 600_000;
/** Books that one pass of the poller asks for, one request each: a tenth of the budget at a pass a second. */
const maxPolledCoins = 10;

export class HyperliquidAdapter implements ExchangeAdapter {
  readonly marketData: MarketData;
  readonly queries: MarketQueries;
  readonly trading?: Trading;
  readonly #ctx: HyperliquidContext;
  readonly #rest: RestClient;
  readonly #instruments = instrumentBook();
  readonly #assets = new Map<string, number>();
  readonly #loader: InstrumentLoader;
  readonly #statistics: FeedStatistics;
  readonly #reader: MarketDataReader;
  readonly #public: PublicSocket;
  readonly #account: AccountSide | undefined;
  readonly #poller: QuotePoller;
  readonly #misfits: TextMisfits;
  readonly #tasks: RepeatedTasks;
  readonly #time: VenueTime;
  readonly #timeReader: VenueTimeReader;
  #polledFrom = 0;
  #isStopped = false;

  constructor(ctx: HyperliquidContext, transport: Transport) {
    const { clock, log, publish, random, scheduler } = ctx;
    const credentials = credentialsOf(ctx);
    const ports: ConnectionPorts = { openSocket: transport.openSocket, clock, scheduler, random };
    const weight = new WeightBudget(clock, ctx.settings.rateLimitShare);
    this.#ctx = ctx;
    this.#time = new VenueTime(clock);
    this.#tasks = new RepeatedTasks(ctx);
    this.#statistics = new FeedStatistics(clock);
    this.#misfits = new Misfits<TextFrameMisfit>(clock, log);
    this.#rest = new RestClient({
      baseUrl: endpointOf(ctx, "restUrl"),
      fetch: transport.fetch,
      scheduler,
      budget: weight,
    });
    this.queries = new HyperliquidQueries(this.#rest, this.#instruments, log);
    this.#timeReader = new VenueTimeReader(ctx, this.#time, (signal) => this.queries.serverTimeMs(signal));
    this.#reader = new MarketDataReader({ publish, statistics: this.#statistics, misfits: this.#misfits });
    this.#loader = new InstrumentLoader({
      rest: this.#rest,
      user: credentials?.user,
      symbols: ctx.symbols,
      symbolFor: ctx.symbolFor,
      settings: ctx.settings,
      instruments: this.#instruments,
      assets: this.#assets,
      publish,
      log,
      onInstrument: (one, index) => this.#reader.set(one, index),
    });
    this.#public = new PublicSocket({
      url: endpointOf(ctx, "wsUrl"),
      ports,
      log,
      onHotText: (text, tsRecvUs) => this.#reader.onHotText(text, tsRecvUs),
      onFrame: (channel, data, tsRecvUs) => this.#reader.onFrame(channel, data, tsRecvUs),
      onSubscribed: (type, coin, tsMs) => this.#reader.onSubscribed(type, coin, tsMs),
      misfits: this.#misfits,
      onState: (state, why) => {
        if (state !== "connected") this.#reader.invalidateBooks(clock.epochUs());
        this.#onState("market data connection", state, why);
      },
    });
    this.#poller = new QuotePoller({
      poll: (isNeeded) => this.#pollBooks(isNeeded),
      streamState: () => this.#public.connection.state,
      clock,
      scheduler,
      log,
    });
    this.marketData = {
      subscribe: (subscriptions) => this.#public.want(this.#channelsOf(subscriptions)),
      unsubscribe: (subscriptions) => this.#unsubscribe(subscriptions),
    };
    if (credentials === undefined) return;
    this.#account = new AccountSide({
      ctx,
      credentials,
      url: endpointOf(ctx, "wsUrl"),
      ports,
      rest: this.#rest,
      weight,
      instruments: this.#instruments,
      assets: this.#assets,
      statistics: this.#statistics,
      misfits: this.#misfits,
      tasks: this.#tasks,
      time: this.#time,
      onExpired: () => this.#timeReader.readSoon(),
      onState: (state, why) => this.#onState("account connection", state, why),
    });
    this.trading = this.#account.trading;
  }

  /** The host reads them after `start`, when the venue has said what this account may. */
  get capabilities(): ExchangeCapabilities {
    return {
      amend: true,
      postOnly: true,
      reduceOnly: true,
      fillOrKill: false,
      cancelAll: true,
      deadMansSwitch: this.#account?.deadMansSwitch?.isOffered === true,
      batchOrders: true,
      stopOrders: true,
      takeProfitOrders: true,
      leverage: true,
      isolatedMargin: true,
    };
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
    this.#tasks.every("instruments", instrumentsEveryMs, async () => {
      await this.#timeReader.read(signal);
      await this.#loader.load(signal);
    });
    await this.#account?.start();
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
    await this.#account?.stop();
  }

  // Market data --------------------------------------------------------------------------------------------------------

  #channelsOf(subscriptions: readonly MarketDataSubscription[]): readonly Subscription[] {
    return subscriptions.flatMap(({ instrument, kinds }) => {
      const one = this.#instruments.byId(instrument);
      if (one === undefined) {
        this.#ctx.log.error("can't subscribe what Hyperliquid does not list", { instrument });
        return [];
      }
      // An asset that is delisted is acknowledged and stays silent.
      return kinds.map((kind) => this.#channel(kind, one.coin));
    });
  }

  #channel(kind: MarketDataKind, coin: string): Subscription {
    switch (kind) {
      case "quotes":
        return { type: "bbo", coin };
      case "trades":
        return { type: "trades", coin };
      case "books":
        return this.#ctx.settings.bookSpeed === "fast"
          ? { type: "l2Book", coin, fast: true }
          : { type: "l2Book", coin };
      case "marks":
        return { type: "activeAssetCtx", coin };
      default:
        return kind satisfies never;
    }
  }

  #unsubscribe(subscriptions: readonly MarketDataSubscription[]): void {
    const channels = this.#channelsOf(subscriptions);
    for (const { type, coin } of channels) if (type === "l2Book") this.#reader.forgetBook(coin);
    this.#public.unwant(channels);
  }

  /** A book is asked for coin by coin; where many are wanted they take turns. */
  async #pollBooks(isNeeded: () => boolean): Promise<void> {
    const coins = this.#public.wanted("bbo");
    const from = coins.length === 0 ? 0 : this.#polledFrom % coins.length;
    const turn = [...coins.slice(from), ...coins.slice(0, from)].slice(0, maxPolledCoins);
    this.#polledFrom = from + turn.length;
    for (const coin of turn) {
      const result = await this.#rest.info({ type: "l2Book", coin }, { weight: 2 });
      if (!isNeeded()) return;
      if (result.kind === "data" && result.data !== null) {
        this.#reader.onRestBook(result.data, this.#ctx.clock.epochUs());
      } else this.#ctx.log.debug("a quote by REST failed", { coin, kind: result.kind });
    }
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
    const deadMansSwitch = this.#account?.deadMansSwitch;
    publishHealth(this.#ctx, {
      publicConnection: this.#public.connection,
      privateConnection: this.#account?.connection,
      statistics: this.#statistics,
      misfits: this.#misfits,
      isDeadMansSwitchArmed: deadMansSwitch?.isOffered === true ? deadMansSwitch.isArmed : undefined,
    });
  }
}

/** @throws {BerthError} CONFIG_INVALID for what is no address or no key; never with the key in its text */
function credentialsOf(ctx: HyperliquidContext): Credentials | undefined {
  const account = ctx.secret("HYPERLIQUID_ACCOUNT_ADDRESS")?.trim();
  const privateKey = ctx.secret("HYPERLIQUID_AGENT_PRIVATE_KEY")?.trim();
  if (account === undefined || privateKey === undefined) return undefined;
  const invalid = (field: string, expected: string) =>
    new BerthError("CONFIG_INVALID", { file: "secrets", field, found: "something else", expected });
  const address = "0x and 40 hex digits";
  if (!isAddress(account)) throw invalid("HYPERLIQUID_ACCOUNT_ADDRESS", address);
  if (!isPrivateKey(privateKey)) throw invalid("HYPERLIQUID_AGENT_PRIVATE_KEY", "64 hex digits");
  const vault = ctx.settings.vaultAddress.trim();
  if (vault !== "" && !isAddress(vault)) throw invalid("vaultAddress", address);
  const vaultAddress = vault === "" ? undefined : vault.toLowerCase();
  return {
    account: account.toLowerCase(),
    user: vaultAddress ?? account.toLowerCase(),
    privateKey,
    vaultAddress,
  };
}
