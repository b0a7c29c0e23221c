/**
 * OpenTelemetry spans of trading, made from what the engine writes down: quote → leg group, where there is one → intent →
 * order → acknowledgement and fills. Times are those of the records, so that the export may run late; nothing here is on
 * the engine's path. Attributes name venue, instrument, plugin and ids, never a secret.
 *
 * | span | from | to | parent |
 * |---|---|---|---|
 * | `quote` | received by the host | what was decided on it | none |
 * | `leg_group` | submitted | ended | `quote` |
 * | `intent` | judged by the risk gate | the order was made, or it was refused | `leg_group` or `quote` |
 * | `order` | made | its last status | `intent` |
 * | `acknowledgement` | the order was made | the venue's first word on it | `order` |
 * | `fill` | received from the venue | written down | `order`, linked to `quote` |
 *
 * Further quotes that a decision was made on are `quote` spans of their own, linked from it.
 */
import {
  type Attributes,
  type Context,
  type HrTime,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { EngineSurface } from "../../engine/surface.ts";
import { type InstrumentId, parseInstrumentId, venueOf } from "../../model/ids.ts";
import type { JournalBody, JournalEntry } from "../../model/journal_entry.ts";
import { isFinalStatus, type Order, type OrderTerms } from "../../model/order.ts";
import { recordKindAt, recordKinds, recordOffsets } from "../../protocol/records.ts";
import { AmountTexts } from "./amount_texts.ts";
import type { MarketTap } from "../ports.ts";
import { RecordView } from "../record_view.ts";

export interface TradingSpansOptions {
  readonly tracer: Tracer;
  readonly engine: Pick<EngineSurface, "instrument" | "indexOf">;
}

/** A span that others hang on. */
interface Opened {
  readonly span: Span;
  /** Of the decision's quote, which fills are linked to. */
  readonly quote: SpanContext | undefined;
}

interface OpenedOrder extends Opened {
  readonly acknowledgement: Span;
  isAcknowledged: boolean;
  isEnded: boolean;
}

type Of<Kind extends JournalBody["kind"]> = Extract<JournalBody, { readonly kind: Kind }>;

/** Quotes of one instrument whose time is remembered: a decision is rarely older than this many. */
const rememberedQuotes = 64;
/** Orders, intents and groups that are remembered; of more the oldest is forgotten. */
const remembered = 4_096;

/** What a plugin names as cause is its own word: only what can be a quote's id is taken for one. */
const quoteCause = /^quote\/([a-z][a-z0-9_]{1,23}:[A-Za-z0-9]{1,20}(?:-[A-Z0-9]{1,12}){1,4})\/(\d{1,15})$/;

const timeOf = (tsUs: number): HrTime => [Math.floor(tsUs / 1e6), Math.round(tsUs % 1e6) * 1_000];
const within = (span: Span): Context => trace.setSpan(ROOT_CONTEXT, span);

export class TradingSpans implements MarketTap {
  readonly #options: TradingSpansOptions;
  readonly #view = new RecordView();
  readonly #amounts: AmountTexts;
  /** By instrument's index: sequence and receive time in turn. */
  readonly #quotes: Float64Array[] = [];
  /** Groups and intents by the id that their effects name as cause. */
  readonly #opened = new Map<string, Opened>();
  /** By client order id. */
  readonly #orders = new Map<string, OpenedOrder>();

  constructor(options: TradingSpansOptions) {
    this.#options = options;
    this.#amounts = new AmountTexts(options.engine);
  }

  record(index: number, record: Uint8Array, at: number): void {
    const view = this.#view.of(record);
    if (recordKindAt(view, at) !== recordKinds.quote) return;
    const sequence = view.getFloat64(at + recordOffsets.sequence, true);
    const ring = this.#quotes[index] ??= new Float64Array(2 * rememberedQuotes).fill(NaN);
    const place = 2 * (sequence % rememberedQuotes);
    ring[place] = sequence;
    ring[place + 1] = view.getFloat64(at + recordOffsets.tsRecvUs, true);
  }

  book(): void {
    // Decisions name quotes.
  }

  readonly onEntry = (entry: JournalEntry): void => {
    const { body } = entry;
    switch (body.kind) {
      case "leg_group":
        return this.#group(entry, body);
      case "intent":
        return this.#intent(entry, body);
      case "refusal":
        return this.#refusal(entry, body);
      case "order":
        return this.#order(entry, body);
      case "fill":
        return this.#fill(entry, body);
    }
  };

  /** Ends what is still open, as the host stops. */
  end(tsUs: number): void {
    for (const { span } of this.#opened.values()) endOpen(span, tsUs);
    for (const order of this.#orders.values()) endOrder(order, tsUs);
    this.#opened.clear();
    this.#orders.clear();
  }

  #group({ tsUs }: JournalEntry, { group, event }: Of<"leg_group">): void {
    const key = `group/${group.id}`;
    if (event === "submitted") return; // its causes come with its first intent
    const opened = this.#opened.get(key);
    opened?.span.addEvent(event, timeOf(tsUs));
    if (group.phase.kind !== "ended") return;
    opened?.span.setAttribute("berth.group.end", event);
    opened?.span.end(timeOf(tsUs));
    this.#opened.delete(key);
  }

  #intent({ id, tsUs }: JournalEntry, { intent }: Of<"intent">): void {
    const [parent, links] = this.#decidedOn(intent.causes, tsUs);
    const attributes = { "berth.plugin": intent.plugin, ...this.#terms(intent) };
    const span = this.#start("intent", tsUs, attributes, parent, links);
    span.end(timeOf(tsUs));
    this.#open(id, { span, quote: parent?.quote }, tsUs);
  }

  #refusal({ cause, tsUs }: JournalEntry, { plugin, instrument, code }: Of<"refusal">): void {
    const [parent, links] = this.#decidedOn(cause === undefined ? [] : [cause], tsUs);
    const span = this.#start(
      "intent",
      tsUs,
      {
        "berth.plugin": plugin,
        "berth.venue": venueOf(instrument),
        "berth.instrument": instrument,
        "berth.refusal": code,
      },
      parent,
      links,
    );
    span.setStatus({ code: SpanStatusCode.ERROR, message: code });
    span.end(timeOf(tsUs));
  }

  #order({ tsUs }: JournalEntry, { order, event }: Of<"order">): void {
    const opened = this.#orders.get(order.clientOrderId) ?? this.#openOrder(order);
    opened.span.addEvent(event, { "berth.order.status": order.status }, timeOf(tsUs));
    const { status } = order;
    if (status !== "pending_new" && status !== "unknown" && !opened.isAcknowledged) {
      opened.isAcknowledged = true;
      opened.acknowledgement.setAttribute("berth.order.status", status);
      opened.acknowledgement.end(timeOf(tsUs));
    }
    if (!isFinalStatus(status) || opened.isEnded) return;
    opened.span.setAttributes({
      "berth.order.status": status,
      "berth.order.filled": this.#amounts.size(order.instrument, order.filledLots),
      ...(order.venueOrderId === undefined ? {} : { "berth.venue_order_id": order.venueOrderId }),
      ...(order.reason === undefined ? {} : { "berth.order.reason": order.reason }),
    });
    if (status === "rejected") {
      opened.span.setStatus({ code: SpanStatusCode.ERROR, message: order.reason ?? "" });
    }
    endOrder(opened, tsUs);
  }

  #openOrder(order: Order): OpenedOrder {
    const { clientOrderId, plugin, cause, tsCreatedUs } = order;
    const parent = this.#opened.get(cause);
    if (parent !== undefined && cause.startsWith("intent/")) this.#opened.delete(cause);
    const ids = { "berth.plugin": plugin, "berth.client_order_id": clientOrderId };
    const span = this.#start("order", tsCreatedUs, { ...ids, ...this.#terms(order) }, parent);
    const quote = parent?.quote;
    const acknowledgement = this.#start(
      "acknowledgement",
      tsCreatedUs,
      { ...ids, "berth.venue": venueOf(order.instrument) },
      { span, quote },
    );
    const opened = { span, quote, acknowledgement, isAcknowledged: false, isEnded: false };
    const forgotten = keep(this.#orders, clientOrderId, opened);
    if (forgotten !== undefined) endOrder(forgotten, tsCreatedUs);
    return opened;
  }

  #fill({ tsUs }: JournalEntry, { plugin, fill }: Of<"fill">): void {
    const { instrument, clientOrderId, venueOrderId, fillId, liquidity, tsVenueMs } = fill;
    const order = clientOrderId === undefined ? undefined : this.#orders.get(clientOrderId);
    const attributes = {
      "berth.plugin": plugin,
      "berth.venue": venueOf(instrument),
      "berth.instrument": instrument,
      "berth.side": fill.side,
      "berth.size": this.#amounts.size(fill.instrument, fill.sizeLots),
      "berth.price": this.#amounts.price(fill.instrument, fill.priceTicks),
      "berth.liquidity": liquidity,
      "berth.fill_id": fillId,
      "berth.venue_order_id": venueOrderId,
      "berth.venue_time_ms": tsVenueMs,
      ...(clientOrderId === undefined ? {} : { "berth.client_order_id": clientOrderId }),
    };
    const links = order?.quote === undefined ? [] : [{ context: order.quote }];
    this.#start("fill", Math.min(fill.tsRecvUs, tsUs), attributes, order, links).end(timeOf(tsUs));
  }

  /** What a decision hangs on: its group, else its first quote; and links to the other quotes. */
  #decidedOn(
    causes: readonly string[],
    tsUs: number,
  ): readonly [parent: Opened | undefined, links: readonly Link[]] {
    const groupId = causes.find((cause) => cause.startsWith("group/"));
    const known = groupId === undefined ? undefined : this.#opened.get(groupId);
    if (known !== undefined) return [known, []];
    const [quote, ...others] = causes.flatMap((cause) => this.#quote(cause, tsUs) ?? []);
    const links = others.map((span): Link => ({ context: span.spanContext() }));
    const first = quote === undefined ? undefined : { span: quote, quote: quote.spanContext() };
    if (groupId === undefined) return [first, links];
    const group = this.#start("leg_group", tsUs, { "berth.group": groupId.slice(6) }, first, links);
    const opened = { span: group, quote: first?.quote };
    this.#open(groupId, opened, tsUs);
    return [opened, []];
  }

  #open(id: string, opened: Opened, tsUs: number): void {
    const forgotten = keep(this.#opened, id, opened);
    if (forgotten !== undefined) endOpen(forgotten.span, tsUs);
  }

  /** `quote/okx:BTC-PERP/17` as a span from its receipt to now; undefined for another cause. */
  #quote(cause: string, tsUs: number): Span | undefined {
    const [, id, text] = quoteCause.exec(cause) ?? [];
    if (id === undefined) return undefined;
    const sequence = Number(text);
    const instrument = parseInstrumentId(id);
    const span = this.#start("quote", this.#receivedUs(instrument, sequence) ?? tsUs, {
      "berth.venue": venueOf(instrument),
      "berth.instrument": instrument,
      "berth.quote.sequence": sequence,
    });
    span.end(timeOf(tsUs));
    return span;
  }

  #receivedUs(instrument: InstrumentId, sequence: number): number | undefined {
    const index = this.#options.engine.indexOf(instrument);
    const ring = index === undefined ? undefined : this.#quotes[index];
    const place = 2 * (sequence % rememberedQuotes);
    return ring?.[place] === sequence ? ring[place + 1] : undefined;
  }

  #terms(terms: OrderTerms): Attributes {
    const { instrument, side, sizeLots, reduceOnly, pricing } = terms;
    return {
      "berth.venue": venueOf(instrument),
      "berth.instrument": instrument,
      "berth.side": side,
      "berth.size": this.#amounts.size(terms.instrument, sizeLots),
      "berth.price": pricing.kind === "limit"
        ? this.#amounts.price(terms.instrument, pricing.limitPriceTicks)
        : "market",
      "berth.reduce_only": reduceOnly,
    };
  }

  #start(
    name: string,
    tsUs: number,
    attributes: Attributes,
    parent?: Opened | undefined,
    links: readonly Link[] = [],
  ): Span {
    const options = { startTime: timeOf(tsUs), attributes, links: [...links] };
    return this.#options.tracer.startSpan(
      name,
      options,
      parent === undefined ? ROOT_CONTEXT : within(parent.span),
    );
  }
}

/** An intent's span has ended and is remembered for its order all the same. */
function endOpen(span: Span, tsUs: number): void {
  if (span.isRecording()) span.end(timeOf(tsUs));
}

function endOrder(order: OpenedOrder, tsUs: number): void {
  if (!order.isAcknowledged) order.acknowledgement.end(timeOf(tsUs));
  if (!order.isEnded) order.span.end(timeOf(tsUs));
  order.isAcknowledged = true;
  order.isEnded = true;
}

/** Remembers; returns what was forgotten for it. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): Value | undefined {
  map.set(key, value);
  if (map.size <= remembered) return undefined;
  const [oldest] = map;
  if (oldest === undefined) return undefined;
  map.delete(oldest[0]);
  return oldest[1];
}
