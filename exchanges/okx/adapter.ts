/** OKX's adapter: puts the rooms together. Public and private connection, REST, health, dead man's switch. */
import * as v from "valibot";
import {
  type ConnectionState,
  type ExchangeAdapter,
  type ExchangeContext,
  type MarketData,
  type MarketDataKind,
  type MarketDataSubscription,
  type Trading,
} from "@berth/sdk";
import { Connection, type ConnectionPorts, type OpenSocket } from "./connection.ts";
import {
  InstrumentBook,
  matchesAny,
  type OkxInstrument,
  preferredSwaps,
  toInstrument,
} from "./instruments.ts";
import { indexIdOf, MarketDataReader } from "./market_data.ts";
import { OkxTrading } from "./orders.ts";
import { PrivateSocket } from "./private_socket.ts";
import { AccountReader } from "./private_stream.ts";
import { RestClient } from "./rest.ts";
import type { settings } from "./settings.ts";
import type { OkxKeys } from "./signing.ts";
import { feeRowSchema, type InstrumentRow, instrumentRowSchema, isRecord, numberOf } from "./wire.ts";

export type OkxContext = ExchangeContext<typeof settings>;

export interface OkxPlatform {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly openSocket: OpenSocket;
}

const healthEveryMs = 1_000;
const maxSubscribeArguments = 100;
const maxFundingCalls = 10;

function keysOf(ctx: OkxContext): OkxKeys | undefined {
  const [apiKey, secretKey, passphrase] = ["OKX_API_KEY", "OKX_SECRET_KEY", "OKX_PASSPHRASE"].map(ctx.secret);
  return apiKey === undefined || secretKey === undefined || passphrase === undefined
    ? undefined
    : { apiKey, secretKey, passphrase };
}

function endpoint(ctx: OkxContext, name: string): string {
  const url = ctx.endpoints[name];
  if (url === undefined) throw new Error(`the endpoint ${name} is missing`);
  return url;
}

export class OkxAdapter implements ExchangeAdapter {
  readonly capabilities;
  readonly marketData: MarketData;
  readonly trading?: Trading;
  readonly #ctx: OkxContext;
  readonly #keys: OkxKeys | undefined;
  readonly #rest: RestClient;
  readonly #instruments = new InstrumentBook();
  readonly #reader: MarketDataReader;
  readonly #public: Connection;
  readonly #private: PrivateSocket | undefined;
  /** `channel:instId` of everything that is subscribed. */
  readonly #subscribed = new Map<string, { readonly channel: string; readonly instId: string }>();
  readonly #latencies: number[] = [];
  #updatesBefore = 0;
  #cancels: (() => void)[] = [];

  constructor(ctx: OkxContext, platform: OkxPlatform) {
    this.#ctx = ctx;
    this.#keys = keysOf(ctx);
    const isDemo = ctx.environment === "testnet";
    this.#rest = new RestClient({
      baseUrl: endpoint(ctx, "restUrl"),
      fetch: platform.fetch,
      clock: ctx.clock,
      keys: this.#keys,
      isDemo,
    });
    this.#reader = new MarketDataReader({
      publish: ctx.publish,
      instruments: this.#instruments,
      onBookGap: (instId) => this.#resubscribeBook(instId),
      onLatency: (latencyMs) => this.#addLatency(latencyMs),
    });
    const ports: ConnectionPorts = {
      openSocket: platform.openSocket,
      clock: ctx.clock,
      scheduler: ctx.scheduler,
      random: ctx.random,
    };
    this.#public = new Connection(endpoint(ctx, "wsPublicUrl"), ports, {
      onOpen: () => this.#onPublicOpen(),
      onText: (text) => this.#onPublicText(text),
      onState: (state, why) => {
        if (state !== "connected") this.#reader.invalidateBooks(ctx.clock.epochUs());
        this.#logState("market data", state, why);
      },
    });
    const accountReader = new AccountReader(this.#instruments);
    if (this.#keys !== undefined) {
      this.#private = new PrivateSocket({
        url: endpoint(ctx, "wsPrivateUrl"),
        ports,
        keys: this.#keys,
        publish: ctx.publish,
        reader: accountReader,
        log: ctx.log,
        onState: (state, why) => this.#logState("private", state, why),
      });
      const socket = this.#private;
      this.trading = new OkxTrading({
        rest: this.#rest,
        socketRequest: (op, args, signal) => socket.request(op, args, signal),
        instruments: this.#instruments,
        reader: accountReader,
        clock: ctx.clock,
        settings: ctx.settings,
      });
    }
    const hasSwitch = this.#keys !== undefined && ctx.settings.deadMansSwitchS > 0;
    this.capabilities = {
      amend: true,
      postOnly: true,
      reduceOnly: true,
      fillOrKill: true,
      cancelAll: true,
      deadMansSwitch: hasSwitch,
    };
    this.marketData = {
      subscribe: (subscriptions) => this.#subscribe(subscriptions),
      unsubscribe: (subscriptions) => this.#unsubscribe(subscriptions),
    };
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#keys !== undefined) await this.#checkAccount(signal);
    await this.#loadInstruments(signal);
    this.#public.start();
    this.#private?.start();
    this.#every(healthEveryMs, () => this.#publishHealth());
    if (this.capabilities.deadMansSwitch) this.#armDeadMansSwitch();
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#public.stop();
    this.#private?.stop();
    if (this.capabilities.deadMansSwitch) {
      await this.#rest.post("/api/v5/trade/cancel-all-after", { timeOut: "0" });
    }
  }

  /** Orders here are those of net mode; another mode would turn a reduce into an open. @throws with what to change */
  async #checkAccount(signal: AbortSignal): Promise<void> {
    const [config] = await this.#rest.rows("/api/v5/account/config", {}, true, signal);
    const mode = isRecord(config) ? config["posMode"] : undefined;
    if (mode === "net_mode") return;
    throw new Error(
      `the account's position mode is ${
        String(mode)
      }; set it to net (one-way) mode at OKX: Settings, Trading, Position mode`,
    );
  }

  async #loadInstruments(signal: AbortSignal): Promise<void> {
    const rows = (await this.#rest.rows("/api/v5/public/instruments", { instType: "SWAP" }, false, signal))
      .flatMap((row): readonly InstrumentRow[] => {
        const parsed = v.safeParse(instrumentRowSchema, row);
        return parsed.success ? [parsed.output] : [];
      });
    const fees = await this.#fees(signal);
    const preferred = preferredSwaps(rows, this.#ctx.settings.preferredQuoteAssets);
    const matching: OkxInstrument[] = [];
    let unreadable = 0;
    for (const row of rows) {
      try {
        const one = toInstrument(row, preferred, fees);
        if (matchesAny(one.instrument.symbol, this.#ctx.symbols)) matching.push(one);
      } catch {
        unreadable += 1; // fresh listings come with empty fields; they are tried again at the next start
      }
    }
    if (unreadable > 0) {
      this.#ctx.log.warn("instruments left out: their metadata is incomplete", { count: unreadable });
    }
    for (const one of await this.#withFundingIntervals(matching, signal)) {
      this.#instruments.add(one);
      this.#reader.add(one, this.#ctx.publish.instrument(one.instrument));
    }
    if (this.#instruments.all().length === 0) {
      throw new Error(`OKX lists no instrument that matches ${this.#ctx.symbols.join(", ")}`);
    }
  }

  /**
   * Funding intervals differ and change, so they are asked for: an instrument a call, within the limit of 10 in 2 s.
   * With more instruments than that they stay unstated rather than guessed.
   */
  async #withFundingIntervals(
    instruments: readonly OkxInstrument[],
    signal: AbortSignal,
  ): Promise<readonly OkxInstrument[]> {
    if (instruments.length > maxFundingCalls) return instruments;
    return await Promise.all(instruments.map(async (one) => {
      if (one.instrument.kind !== "perpetual") return one;
      const result = await this.#rest.get(
        "/api/v5/public/funding-rate",
        { instId: one.instId },
        false,
        signal,
      );
      const row = result.kind === "rows" ? result.rows[0] : undefined;
      const hours = isRecord(row)
        ? (numberOf(row["nextFundingTime"]) - numberOf(row["fundingTime"])) / 3_600_000
        : NaN;
      return hours > 0 ? { ...one, instrument: { ...one.instrument, fundingIntervalHours: hours } } : one;
    }));
  }

  /** OKX writes rates as negative fractions where they are charged. */
  async #fees(signal: AbortSignal): Promise<{ readonly maker: number; readonly taker: number }> {
    const { makerFeeBps, takerFeeBps } = this.#ctx.settings;
    const configured = { maker: makerFeeBps, taker: takerFeeBps };
    if (this.#keys === undefined) return configured;
    const result = await this.#rest.get("/api/v5/account/trade-fee", { instType: "SWAP" }, true, signal);
    const parsed = v.safeParse(feeRowSchema, result.kind === "rows" ? result.rows[0] : undefined);
    if (!parsed.success) return configured;
    const bps = (
      text: string,
      otherwise: number,
    ): number => (text === "" ? otherwise : Number((-Number(text) * 10_000).toFixed(6)));
    const { maker, makerU, taker, takerU } = parsed.output;
    return { maker: bps(makerU || maker, makerFeeBps), taker: bps(takerU || taker, takerFeeBps) };
  }

  #channelsOf(
    instId: string,
    kinds: readonly MarketDataKind[],
  ): readonly { readonly channel: string; readonly instId: string }[] {
    const one = this.#instruments.byInstId(instId);
    const indexId = one === undefined ? instId : indexIdOf(one);
    return kinds.flatMap((kind) => {
      switch (kind) {
        case "quotes":
          return [{ channel: this.#ctx.settings.quoteChannel, instId }];
        case "trades":
          return [{ channel: "trades", instId }];
        case "books":
          return [{ channel: "books", instId }];
        case "marks":
          return [{ channel: "mark-price", instId }, { channel: "funding-rate", instId }, {
            channel: "index-tickers",
            instId: indexId,
          }];
        default:
          return kind satisfies never;
      }
    });
  }

  #subscribe(subscriptions: readonly MarketDataSubscription[]): void {
    const added = subscriptions.flatMap(({ instrument, kinds }) => {
      const one = this.#instruments.byId(instrument);
      if (one === undefined) this.#ctx.log.error("can't subscribe what OKX does not list", { instrument });
      return one === undefined ? [] : this.#channelsOf(one.instId, kinds);
    }).filter(({ channel, instId }) => !this.#subscribed.has(`${channel}:${instId}`));
    for (const argument of added) this.#subscribed.set(`${argument.channel}:${argument.instId}`, argument);
    this.#sendArguments("subscribe", added);
  }

  #unsubscribe(subscriptions: readonly MarketDataSubscription[]): void {
    const removed = subscriptions.flatMap(({ instrument, kinds }) => {
      const one = this.#instruments.byId(instrument);
      return one === undefined ? [] : this.#channelsOf(one.instId, kinds);
    }).filter(({ channel, instId }) => this.#subscribed.delete(`${channel}:${instId}`));
    this.#sendArguments("unsubscribe", removed);
  }

  #sendArguments(
    op: "subscribe" | "unsubscribe",
    args: readonly { readonly channel: string; readonly instId: string }[],
  ): void {
    for (let from = 0; from < args.length; from += maxSubscribeArguments) {
      this.#public.send(JSON.stringify({ op, args: args.slice(from, from + maxSubscribeArguments) }));
    }
  }

  #resubscribeBook(instId: string): void {
    const argument = { channel: "books", instId };
    this.#sendArguments("unsubscribe", [argument]);
    this.#sendArguments("subscribe", [argument]);
  }

  #onPublicOpen(): void {
    this.#public.markConnected();
    this.#sendArguments("subscribe", [...this.#subscribed.values()]);
  }

  #onPublicText(text: string): void {
    const tsRecvUs = this.#ctx.clock.epochUs();
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      this.#reader.counts.misfits += 1;
      return;
    }
    if (!isRecord(frame)) return;
    if (!("event" in frame)) return this.#reader.onFrame(frame, tsRecvUs);
    if (frame["event"] === "error") {
      this.#ctx.log.error("OKX refused a subscription", {
        code: String(frame["code"]),
        text: String(frame["msg"]).slice(0, 200),
      });
    }
    if (frame["event"] === "notice" && frame["code"] === "64008") {
      this.#public.reconnect("the venue restarts its service");
    }
  }

  #logState(what: string, state: ConnectionState, why: string): void {
    this.#ctx.log[state === "reconnecting" ? "warn" : "info"](`${what} connection`, {
      state,
      ...(why === "" ? {} : { why }),
    });
    this.#publishHealth();
  }

  #addLatency(latencyMs: number): void {
    this.#latencies.push(latencyMs);
    if (this.#latencies.length > 2_048) this.#latencies.splice(0, 1_024);
  }

  #publishHealth(): void {
    const { updates, gaps, misfits } = this.#reader.counts;
    const recent = this.#latencies.splice(0).sort((a, b) => a - b);
    const average = recent.length === 0
      ? undefined
      : recent.reduce((sum, value) => sum + value, 0) / recent.length;
    this.#ctx.publish.health({
      marketData: this.#public.state,
      privateStream: this.#private?.state,
      heartbeatAgeMs: this.#public.heartbeatAgeMs,
      updatesPerSecond: (updates - this.#updatesBefore) / (healthEveryMs / 1000),
      latencyAverageMs: average,
      latencyP99Ms: recent.at(Math.floor(recent.length * 0.99)) ?? average,
      gaps,
      reconnects: this.#public.reconnects + (this.#private?.reconnects ?? 0),
    });
    this.#updatesBefore = updates;
    if (misfits > 0) this.#ctx.gauge("misfits", misfits);
  }

  /** The venue cancels everything if this is not renewed: renewed three times within its span. */
  #armDeadMansSwitch(): void {
    const seconds = Math.max(10, this.#ctx.settings.deadMansSwitchS);
    const arm = async (): Promise<void> => {
      const result = await this.#rest.post("/api/v5/trade/cancel-all-after", { timeOut: String(seconds) });
      if (result.kind !== "rows") {
        this.#ctx.log.warn("the dead man's switch was not renewed", {
          why: result.kind === "error" ? result.msg : result.details,
        });
      }
    };
    void arm();
    this.#every((seconds * 1000) / 3, () => void arm());
  }

  #every(periodMs: number, task: () => void): void {
    const place = this.#cancels.length;
    const plan = (): void => {
      this.#cancels[place] = this.#ctx.scheduler.after(periodMs, () => {
        plan();
        task();
      });
    };
    plan();
  }
}
