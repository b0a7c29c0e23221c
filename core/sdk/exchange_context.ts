/**
 * The adapter's side of the channel: published records become frames, the host's requests become calls. Each request
 * gets exactly one response, and what may have reached the venue never comes back as "failed".
 */
import type { AdapterRequest, AdapterResponse } from "../model/adapter_request.ts";
import { type InstrumentId, parseInstrumentId } from "../model/ids.ts";
import { encodeBook } from "../protocol/codec.ts";
import type { ExchangeHello, HostMessage, PluginMessage } from "../protocol/messages.ts";
import { frameLimits } from "../protocol/messages.ts";
import { recordKinds, writeRecord } from "../protocol/records.ts";
import { frameKinds, type FrameWriter } from "../protocol/stream.ts";
import type { ExchangeAdapter, ExchangeContext, ExchangeModule, Publish, Trading } from "./exchange.ts";
import type { Platform } from "./plugin_time.ts";
import type { SettingsShape, SettingValues } from "./settings.ts";
import { errorDetails } from "./strategy_context.ts";
import type { LogFields } from "./strategy.ts";

export interface ExchangeRuntimeOptions<Shape extends SettingsShape> {
  readonly hello: ExchangeHello;
  readonly module: ExchangeModule<Shape>;
  readonly writer: FrameWriter;
  readonly send: (message: PluginMessage) => void;
  readonly platform: Platform;
}

export class ExchangeRuntime<Shape extends SettingsShape> {
  readonly #options: ExchangeRuntimeOptions<Shape>;
  readonly #indexes = new Map<InstrumentId, number>();
  /** Per instrument: quotes, trades and marks have one counter each. */
  readonly #sequences: number[] = [];
  readonly #stopping = new AbortController();
  #adapter: ExchangeAdapter | undefined;

  constructor(options: ExchangeRuntimeOptions<Shape>) {
    this.#options = options;
  }

  /** Makes the adapter and starts it. @throws what the adapter throws */
  async start(): Promise<
    { readonly capabilities: Readonly<Record<string, boolean>>; readonly hasTrading: boolean }
  > {
    const adapter = await this.#options.module.create(this.#context());
    this.#adapter = adapter;
    await adapter.start(this.#stopping.signal);
    return { capabilities: { ...adapter.capabilities }, hasTrading: adapter.trading !== undefined };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#adapter?.stop();
  }

  onMessage(message: HostMessage): void {
    switch (message.type) {
      case "subscribe":
        return this.#adapter?.marketData.subscribe([{
          instrument: message.instrument,
          kinds: message.kinds,
        }]);
      case "unsubscribe":
        return this.#adapter?.marketData.unsubscribe([{
          instrument: message.instrument,
          kinds: message.kinds,
        }]);
      case "request": {
        const { requestId } = message;
        this.#answer(message).then((response) =>
          this.#options.send({ type: "response", requestId, response })
        );
        return;
      }
      default:
        return; // a strategy's, or the runtime's own
    }
  }

  async #answer(request: AdapterRequest & { readonly timeoutMs: number }): Promise<AdapterResponse> {
    const trading = this.#adapter?.trading;
    if (trading === undefined) return { kind: "failed", details: "this adapter has no trading" };
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(request.timeoutMs)]);
    try {
      return await perform(trading, request, signal);
    } catch (error) {
      const details = errorDetails(error).slice(0, 1_000);
      // A write that threw half-way may have left: nobody knows, so nobody says no.
      const outcome = {
        kind: "unknown",
        why: signal.aborted ? "timeout" : "garbled_reply",
        details,
      } as const;
      switch (request.kind) {
        case "submit":
          return { kind: "submit", outcome };
        case "cancel":
          return { kind: "cancel", outcome };
        case "amend":
          return { kind: "amend", outcome };
        case "cancel_all":
          return { kind: "cancel_all", outcome };
        case "query_order":
          return { kind: "query_order", outcome: { kind: "failed", details } };
        case "open_orders":
        case "fills":
        case "positions":
        case "balances":
        case "set_leverage":
          return { kind: "failed", details };
        default:
          return request satisfies never;
      }
    }
  }

  #record(
    kind: 1 | 2 | 3,
    flag: 0 | 1,
    index: number,
    tsVenueMs: number,
    tsRecvUs: number,
    first: number,
    second: number,
    third: number,
    fourth: number,
  ): void {
    const { writer } = this.#options;
    const place = index * 3 + kind - 1;
    const sequence = (this.#sequences[place] ?? 0) + 1;
    this.#sequences[place] = sequence;
    const offset = writer.recordOffset();
    writeRecord(
      writer.view,
      offset,
      kind,
      flag,
      index,
      sequence,
      tsVenueMs,
      tsRecvUs,
      first,
      second,
      third,
      fourth,
    );
  }

  #publish(): Publish {
    const { send, writer } = this.#options;
    const bookSequences = new Map<number, number>();
    return {
      instrument: (instrument) => {
        const known = this.#indexes.get(instrument.id);
        const index = known ?? this.#indexes.size;
        this.#indexes.set(instrument.id, index);
        send({ type: "instrument", index, instrument });
        return index;
      },
      quote: (index, bidPrice, bidSizeBase, askPrice, askSizeBase, tsVenueMs, tsRecvUs, source) =>
        this.#record(
          recordKinds.quote,
          source === "rest" ? 1 : 0,
          index,
          tsVenueMs,
          tsRecvUs,
          bidPrice,
          bidSizeBase,
          askPrice,
          askSizeBase,
        ),
      trade: (index, takerSide, price, sizeBase, tsVenueMs, tsRecvUs) =>
        this.#record(
          recordKinds.trade,
          takerSide === "sell" ? 1 : 0,
          index,
          tsVenueMs,
          tsRecvUs,
          price,
          sizeBase,
          NaN,
          NaN,
        ),
      mark: (index, markPrice, indexPrice, fundingRate, tsNextFundingMs, tsVenueMs, tsRecvUs) =>
        this.#record(
          recordKinds.mark,
          0,
          index,
          tsVenueMs,
          tsRecvUs,
          markPrice,
          indexPrice,
          fundingRate,
          tsNextFundingMs,
        ),
      book: (update) => {
        const index = this.#indexes.get(update.instrument);
        if (index === undefined) return;
        const sequence = (bookSequences.get(index) ?? 0) + 1;
        bookSequences.set(index, sequence);
        writer.frame(frameKinds.book, encodeBook({ ...update, index, sequence }));
      },
      order: (report) => send({ type: "order_report", report }),
      fill: (fill) => send({ type: "fill_report", fill }),
      position: (position) => send({ type: "position_report", position }),
      balance: (balance) => send({ type: "balance_report", balance }),
      funding: (payment) => send({ type: "funding_report", payment }),
      health: (health) => send({ type: "health", health }),
      privateStreamRestored: () => send({ type: "private_stream_restored" }),
    };
  }

  #context(): ExchangeContext<Shape> {
    const { hello, platform, send } = this.#options;
    const random = platform.seededRandom(hello.seed);
    const log =
      (level: "debug" | "info" | "warn" | "error") => (message: string, fields: LogFields = {}): void => {
        const kept: Record<string, string | number | boolean> = {};
        for (const [name, value] of Object.entries(fields)) {
          if (value !== undefined) kept[name] = typeof value === "string" ? value.slice(0, 2_000) : value;
        }
        send({ type: "log", level, message: message.slice(0, frameLimits.maxLogMessageChars), fields: kept });
      };
    return {
      venue: hello.venue,
      environment: hello.environment,
      endpoints: hello.endpoints,
      symbols: hello.symbols,
      secret: (name) => (Object.hasOwn(hello.secrets, name) ? hello.secrets[name] : undefined),
      // The host has checked every value against the manifest that this shape is.
      settings: hello.settings as SettingValues<Shape>,
      publish: this.#publish(),
      clock: platform,
      scheduler: { after: (delayMs, task) => platform.after(delayMs, task) },
      random: { next: random },
      log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
      gauge: (name, value) => send({ type: "gauge", name, value }),
    };
  }
}

async function perform(
  trading: Trading,
  request: AdapterRequest,
  signal: AbortSignal,
): Promise<AdapterResponse> {
  switch (request.kind) {
    case "submit":
      return { kind: "submit", outcome: await trading.submit(request.order, signal) };
    case "cancel":
      return { kind: "cancel", outcome: await trading.cancel(request, signal) };
    case "amend": {
      const outcome = await trading.amend?.(request, signal) ??
        {
          kind: "rejected",
          code: "unsupported",
          venueCode: "",
          venueText: "this venue can't amend",
        } as const;
      return { kind: "amend", outcome };
    }
    case "cancel_all":
      return { kind: "cancel_all", outcome: await trading.cancelAll(request.instrument, signal) };
    case "query_order":
      return { kind: "query_order", outcome: await trading.queryOrder(request, signal) };
    case "open_orders":
      return { kind: "open_orders", orders: await trading.openOrders(signal) };
    case "fills":
      return { kind: "fills", fills: await trading.fills(request.sinceMs, signal) };
    case "positions":
      return { kind: "positions", positions: await trading.positions(signal) };
    case "balances":
      return { kind: "balances", balances: await trading.balances(signal) };
    case "set_leverage":
      await trading.setLeverage?.(parseInstrumentId(request.instrument), request.leverage, signal);
      return { kind: "set_leverage" };
    default:
      return request satisfies never;
  }
}
