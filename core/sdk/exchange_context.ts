/**
 * The adapter's side of the channel: published records become frames, the host's requests become calls. Each request
 * gets exactly one response, and what may have reached the venue never comes back as "failed".
 */
import { BerthError, describeError } from "../errors.ts";
import type { AdapterRequest, AdapterResponse, FailedResponse, TimeRange } from "../model/adapter_request.ts";
import type { InstrumentId } from "../model/ids.ts";
import { intervalMs, maxHistoryRows } from "../model/market.ts";
import { rejectCodes, type Rejection } from "../model/order.ts";
import { matchesAny } from "../model/symbol_pattern.ts";
import { encodeBook } from "../protocol/codec.ts";
import type { ExchangeHello, HostMessage, PluginMessage } from "../protocol/messages.ts";
import { frameLimits } from "../protocol/messages.ts";
import { recordKinds, writeRecord } from "../protocol/records.ts";
import { frameKinds, type FrameWriter } from "../protocol/stream.ts";
import type {
  ExchangeAdapter,
  ExchangeContext,
  ExchangeModule,
  MarketQueries,
  Publish,
  Trading,
} from "./exchange.ts";
import type { Platform } from "./plugin_time.ts";
import type { SettingsShape, SettingValues } from "./settings.ts";
import { InstrumentNames } from "./venue/instrument_names.ts";
import { errorDetails } from "./strategy_context.ts";
import type { LogFields } from "./strategy.ts";

export interface ExchangeRuntimeOptions<Shape extends SettingsShape> {
  readonly hello: ExchangeHello;
  readonly module: ExchangeModule<Shape>;
  readonly writer: FrameWriter;
  readonly send: (message: PluginMessage) => void;
  readonly platform: Platform;
  /** The host has gone silent: the process should end as it would if the host were dead, and leave the rest to the venue. */
  readonly onHostSilent: () => void;
}

const hostSilentAfterMs = 30_000;
const hostCheckEveryMs = 1_000;

export class ExchangeRuntime<Shape extends SettingsShape> {
  readonly #options: ExchangeRuntimeOptions<Shape>;
  readonly #indexes = new Map<InstrumentId, number>();
  /** Per instrument: quotes, trades and marks have one counter each. */
  readonly #sequences: number[] = [];
  readonly #stopping = new AbortController();
  /** The same list for the adapter's whole life; what is in it grows. */
  readonly #symbols: string[];
  readonly #names: InstrumentNames;
  readonly #listed = new Set<string>();
  #adapter: ExchangeAdapter | undefined;
  #hostHeardMs = -Infinity;

  constructor(options: ExchangeRuntimeOptions<Shape>) {
    this.#options = options;
    const { symbols, venue, instrumentNames } = options.hello;
    this.#symbols = [...symbols];
    this.#names = new InstrumentNames(venue, instrumentNames);
  }

  /** Makes the adapter and starts it. @throws what the adapter throws */
  async start(): Promise<
    { readonly capabilities: Readonly<Record<string, boolean>>; readonly hasTrading: boolean }
  > {
    const adapter = await this.#options.module.create(this.#context());
    this.#adapter = adapter;
    await adapter.start(this.#stopping.signal);
    this.#tellUnlistedNames();
    this.#hostHeardMs = this.#options.platform.monotonicMs();
    if (adapter.trading !== undefined) this.#listenForHost(false);
    return { capabilities: { ...adapter.capabilities }, hasTrading: adapter.trading !== undefined };
  }

  /** A slip in the configuration would otherwise be found by nobody. */
  #tellUnlistedNames(): void {
    const some = this.#names.unlisted(this.#listed, (symbol) => matchesAny(symbol, this.#symbols));
    if (some.length === 0) return;
    const message = "venues.instruments names what the venue does not list";
    const fields = { venueSymbols: some.slice(0, 20).join(" ") };
    this.#options.send({ type: "log", level: "warn", message, fields });
  }

  #wantSymbols(symbols: readonly string[]): void {
    this.#symbols.splice(0, Infinity, ...symbols);
    const { send } = this.#options;
    this.#adapter?.symbolsChanged?.(this.#stopping.signal).catch((error: unknown) => {
      send({
        type: "log",
        level: "warn",
        message: "instruments can't be read now",
        fields: { reason: describeError(error) },
      });
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#adapter?.stop();
  }

  /**
   * A host that hangs asks for nothing: an adapter that lived on would keep the venue's dead man's switch from firing. On
   * an account that trades the host asks for open orders every few seconds. Silence must be seen twice, so that a machine
   * that slept is not taken for it.
   */
  #listenForHost(wasSilent: boolean): void {
    const { platform, onHostSilent } = this.#options;
    platform.after(hostCheckEveryMs, () => {
      if (this.#stopping.signal.aborted) return;
      const isSilent = platform.monotonicMs() - this.#hostHeardMs > hostSilentAfterMs;
      if (isSilent && wasSilent) return onHostSilent();
      this.#listenForHost(isSilent);
    });
  }

  onMessage(message: HostMessage): void {
    this.#hostHeardMs = this.#options.platform.monotonicMs();
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
      case "symbols":
        return this.#wantSymbols(message.symbols);
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
    const ending = new AbortController();
    const abort = (): void => ending.abort();
    const cancelDeadline = this.#options.platform.after(request.timeoutMs, abort);
    const stopping = this.#stopping.signal;
    if (stopping.aborted) abort();
    stopping.addEventListener("abort", abort, { once: true });
    try {
      return await answerRequest(this.#adapter, request, ending.signal);
    } finally {
      cancelDeadline();
      stopping.removeEventListener("abort", abort);
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
        this.#names.check(instrument.venueSymbol, instrument.symbol);
        this.#listed.add(instrument.venueSymbol);
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
      statistics: (channels) => send({ type: "channel_statistics", channels }),
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
      symbols: this.#symbols,
      symbolFor: (venueSymbol, usual) => this.#names.symbolOf(venueSymbol, usual),
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

function failed(code: FailedResponse["code"], details: string, venueCode = ""): FailedResponse {
  return { kind: "failed", code, venueCode: venueCode.slice(0, 200), details: details.slice(0, 1_000) };
}

const unsupported = (what: string): FailedResponse => failed("unsupported", `this adapter ${what}`);

const rejectedAsUnsupported = (what: string): Rejection => ({
  kind: "rejected",
  code: "unsupported",
  venueCode: "",
  venueText: `this venue ${what}`,
});

/** A thrown error's place in the closed set, the venue's own code kept. */
function failureOf(error: unknown): FailedResponse {
  const details = errorDetails(error);
  if (!(error instanceof BerthError)) return failed("other", details);
  const fact = (name: string): unknown => Reflect.get(Object(error.facts), name);
  const code = fact("code");
  const known = rejectCodes.find((one) => one === code);
  switch (error.code) {
    case "VENUE_REFUSED":
      return failed(known ?? "other", error.message, String(fact("venueCode")));
    case "VENUE_UNREACHABLE":
      return failed(known ?? "unreachable", error.message);
    case "VENUE_ANSWER_INVALID":
      return failed("garbled_reply", error.message);
    default:
      return failed("other", details);
  }
}

/** A write that threw half-way may have left: nobody knows, so nobody says no. A question may just have failed. */
function afterError(request: AdapterRequest, error: unknown, isAborted: boolean): AdapterResponse {
  const details = errorDetails(error).slice(0, 1_000);
  const outcome = { kind: "unknown", why: isAborted ? "timeout" : "garbled_reply", details } as const;
  switch (request.kind) {
    case "submit":
      return { kind: "submit", outcome };
    case "submit_batch":
      return { kind: "submit_batch", outcomes: request.orders.map(() => outcome) };
    case "cancel":
      return { kind: "cancel", outcome };
    case "cancel_batch":
      return { kind: "cancel_batch", outcomes: request.orders.map(() => outcome) };
    case "amend":
      return { kind: "amend", outcome };
    case "cancel_all":
      return { kind: "cancel_all", outcome };
    case "set_leverage":
      return { kind: "set_leverage", outcome };
    case "query_order":
      return { kind: "query_order", outcome: { kind: "failed", details } };
    default:
      return failureOf(error);
  }
}

/**
 * One request, one response. Nothing that may have reached the venue comes back as "failed".
 *
 * @param signal fires at the request's deadline
 */
export async function answerRequest(
  adapter: ExchangeAdapter | undefined,
  request: AdapterRequest,
  signal: AbortSignal,
): Promise<AdapterResponse> {
  try {
    return await perform(adapter, request, signal);
  } catch (error) {
    return afterError(request, error, signal.aborted);
  }
}

function perform(
  adapter: ExchangeAdapter | undefined,
  request: AdapterRequest,
  signal: AbortSignal,
): Promise<AdapterResponse> {
  switch (request.kind) {
    case "klines":
    case "funding_rates":
    case "server_time":
    case "venue_status":
      return adapter?.queries === undefined
        ? Promise.resolve(unsupported("answers no questions about its markets"))
        : performQuery(adapter.queries, request, signal);
    default:
      return adapter?.trading === undefined
        ? Promise.resolve(failed("not_sent", "this adapter has no trading"))
        : performForAccount(adapter.trading, request, signal);
  }
}

async function performForAccount(
  trading: Trading,
  request: Extract<AdapterRequest, { kind: AccountKind }>,
  signal: AbortSignal,
): Promise<AdapterResponse> {
  switch (request.kind) {
    case "submit":
      return { kind: "submit", outcome: await trading.submit(request.order, signal) };
    case "submit_batch": {
      const { orders } = request;
      const outcomes = await trading.submitBatch?.(orders, signal) ??
        orders.map(() => rejectedAsUnsupported("takes no batches"));
      return { kind: "submit_batch", outcomes };
    }
    case "cancel":
      return { kind: "cancel", outcome: await trading.cancel(request, signal) };
    case "cancel_batch": {
      const { orders } = request;
      const outcomes = await trading.cancelBatch?.(orders, signal) ??
        orders.map(() => rejectedAsUnsupported("takes no batches"));
      return { kind: "cancel_batch", outcomes };
    }
    case "amend": {
      const outcome = await trading.amend?.(request, signal) ?? rejectedAsUnsupported("can't amend");
      return { kind: "amend", outcome };
    }
    case "cancel_all":
      return { kind: "cancel_all", outcome: await trading.cancelAll(request.instrument, signal) };
    case "set_leverage": {
      const { instrument, leverage, marginMode } = request;
      const outcome = await trading.setLeverage?.(instrument, leverage, marginMode, signal) ??
        rejectedAsUnsupported("has no leverage to set");
      return { kind: "set_leverage", outcome };
    }
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
    case "funding_payments": {
      const payments = await trading.fundingPayments?.(request.sinceMs, signal);
      return payments === undefined
        ? unsupported("lists no funding payments")
        : { kind: "funding_payments", payments };
    }
    default:
      return request satisfies never;
  }
}

type MarketKind = "klines" | "funding_rates" | "server_time" | "venue_status";
type AccountKind = Exclude<AdapterRequest["kind"], MarketKind>;

async function performQuery(
  queries: MarketQueries,
  request: Extract<AdapterRequest, { kind: MarketKind }>,
  signal: AbortSignal,
): Promise<AdapterResponse> {
  switch (request.kind) {
    case "klines": {
      const { instrument, interval } = request;
      if (!queries.klineIntervals.includes(interval)) {
        return unsupported(`has klines of ${queries.klineIntervals.join(", ")}, not of ${interval}`);
      }
      const fault = rangeFault(request, maxHistoryRows * intervalMs(interval));
      return fault ?? { kind: "klines", klines: await queries.klines(instrument, interval, request, signal) };
    }
    case "funding_rates": {
      const fault = rangeFault(request, Infinity);
      return fault ??
        { kind: "funding_rates", rates: await queries.fundingRates(request.instrument, request, signal) };
    }
    case "server_time":
      return { kind: "server_time", tsVenueMs: await queries.serverTimeMs(signal) };
    case "venue_status":
      return { kind: "venue_status", status: await queries.venueStatus(signal) };
    default:
      return request satisfies never;
  }
}

function rangeFault({ fromMs, toMs }: TimeRange, longestMs: number): FailedResponse | undefined {
  if (fromMs >= 0 && toMs > fromMs && toMs - fromMs <= longestMs) return undefined;
  return failed(
    "range_too_long",
    `from ${fromMs} to ${toMs}: the range must be forward, at most ${longestMs} ms`,
  );
}
