/**
 * An adapter's channel to the engine: its records become quotes, trades and marks of the host's instruments, its
 * reports become events of its own venue and no other.
 */
import { BerthError } from "../../errors.ts";
import { type InstrumentId, type VenueId, venueOf } from "../../model/ids.ts";
import type { IndexedBook } from "../../protocol/codec.ts";
import type { PluginMessage } from "../../protocol/messages.ts";
import { recordBytes, recordOffsets } from "../../protocol/records.ts";
import { takeRecord } from "../venues/market_records.ts";
import { MessageBudget } from "./message_budget.ts";
import type { PaperDesk } from "../venues/paper_desk.ts";
import type { EngineDriver, HostLog, Tally } from "../ports.ts";
import type { VenueQuestions } from "../venues/venue_questions.ts";

export interface AdapterChannelOptions {
  readonly pluginId: string;
  readonly venue: VenueId;
  readonly driver: EngineDriver;
  readonly log: HostLog;
  readonly tally: Tally;
  /** Takes the answers to what was asked beside the engine. */
  readonly questions: VenueQuestions;
  /** A new or changed instrument: strategies are told, data is subscribed. */
  readonly onInstrument: (index: number, isNew: boolean) => void;
  readonly onBreach: (reason: BerthError) => void;
  /** After so many attempts in a row to reach the venue it is given up; absent where it is tried for ever. */
  readonly giveUp?: {
    readonly afterAttempts: number;
    readonly act: (failedAttempts: number) => void;
  } | undefined;
  /** In paper trading: the host's own venue, which needs the same market data. */
  readonly paper?: PaperDesk | undefined;
}

export class AdapterChannel {
  readonly #options: AdapterChannelOptions;
  readonly #budget: MessageBudget;
  /** The host's number by the adapter's own. */
  readonly #hostIndexes: number[] = [];

  constructor(options: AdapterChannelOptions) {
    this.#options = options;
    this.#budget = new MessageBudget(options.pluginId, options.driver.clock.monotonicMs());
  }

  /** Hot path: every record of a frame, without allocating. */
  onRecords(payload: Uint8Array): void {
    const { driver, paper } = this.#options;
    const { engine } = driver;
    const nowUs = driver.clock.epochUs();
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    for (let at = 0; at < payload.length; at += recordBytes) {
      const index = this.#hostIndexes[view.getUint32(at + recordOffsets.index, true)];
      if (index === undefined) {
        return this.#breach(
          `a record of instrument ${view.getUint32(at + recordOffsets.index, true)}, which it never named`,
        );
      }
      const kind = takeRecord(view, at, index, nowUs, engine, paper?.market);
      if (kind === undefined) {
        return this.#breach(`a record of kind ${view.getUint8(at + recordOffsets.kind)}`);
      }
      driver.route(index, kind, payload, at);
    }
    if (engine.isReviewDue) driver.dispatch({ kind: "quotes_due", tsUs: nowUs });
  }

  /** The host's number and update of an adapter's book, or undefined when it was a breach. */
  bookOf(book: IndexedBook): { readonly index: number; readonly book: IndexedBook } | undefined {
    const { driver, paper } = this.#options;
    const index = this.#hostIndexes[book.index];
    const instrument = index === undefined ? undefined : driver.engine.instrument(index);
    if (index === undefined || instrument === undefined) {
      this.#breach(`a book of instrument ${book.index}, which it never named`);
      return undefined;
    }
    const { index: _own, ...rest } = book;
    const tsUs = driver.clock.epochUs();
    paper?.market.onBook(index, rest, tsUs);
    driver.dispatch({ kind: "book", tsUs, update: { instrument: instrument.id, ...rest } });
    return { index, book: { ...book, index } };
  }

  onMessage(message: PluginMessage): void {
    const { driver, venue, log, tally, pluginId } = this.#options;
    const breach = this.#budget.spend(message, driver.clock.monotonicMs());
    if (breach !== undefined) return this.#options.onBreach(breach);
    const tsUs = driver.clock.epochUs();
    switch (message.type) {
      case "instrument": {
        if (message.instrument.venue !== venue) {
          return this.#breach(`an instrument of ${message.instrument.venue}`);
        }
        const isNew = driver.engine.indexOf(message.instrument.id) === undefined;
        const index = driver.engine.registerInstrument(message.instrument, tsUs);
        this.#hostIndexes[message.index] = index;
        this.#options.paper?.onInstrument(index);
        return this.#options.onInstrument(index, isNew);
      }
      case "order_report":
        return this.#own(
          message.report.instrument,
          () => driver.dispatch({ kind: "order_report", tsUs, venue, report: message.report }),
        );
      case "fill_report":
        return this.#own(
          message.fill.instrument,
          () => driver.dispatch({ kind: "fill_report", tsUs, venue, fill: message.fill }),
        );
      case "position_report":
        return this.#own(
          message.position.instrument,
          () => driver.dispatch({ kind: "position_report", tsUs, venue, position: message.position }),
        );
      case "balance_report":
        return driver.dispatch({ kind: "balance_report", tsUs, venue, balance: message.balance });
      case "funding_report":
        return this.#own(
          message.payment.instrument,
          () => driver.dispatch({ kind: "funding_report", tsUs, venue, payment: message.payment }),
        );
      case "health": {
        const { giveUp } = this.#options;
        const { failedAttempts = 0 } = message.health;
        if (giveUp !== undefined && failedAttempts >= giveUp.afterAttempts) giveUp.act(failedAttempts);
        // The paper venue's stream is the host itself: it is up when the real market data is.
        const { marketData } = message.health;
        const health = this.#options.paper === undefined
          ? message.health
          : { ...message.health, privateStream: marketData };
        return driver.dispatch({
          kind: "venue_health",
          tsUs,
          health: { ...health, venue, tsMs: driver.clock.epochMs() },
        });
      }
      case "private_stream_restored":
        return driver.dispatch({ kind: "private_stream_restored", tsUs, venue });
      case "channel_statistics": {
        const foreign = message.channels.find((one) =>
          one.instrument !== undefined && venueOf(one.instrument) !== venue
        );
        if (foreign !== undefined) return this.#breach(`statistics of ${foreign.instrument}`);
        return driver.dispatch({ kind: "channel_statistics", tsUs, venue, channels: message.channels });
      }
      case "response":
        if (this.#options.questions.answered(venue, message.requestId, message.response)) return;
        return driver.dispatch({
          kind: "adapter_response",
          tsUs,
          venue,
          requestId: message.requestId,
          response: message.response,
        });
      case "log":
        return log.write(message.level, pluginId, message.message, message.fields);
      case "gauge":
        return tally.gauge(pluginId, message.name, message.value);
      case "callback_error":
        return log.write("error", pluginId, `threw in ${message.callback}: ${message.details}`, {
          code: "PLUGIN_CALLBACK_THREW",
        });
      default:
        return; // the sandbox deals with its own; a strategy's words do not pass the schema of an adapter
    }
  }

  /** An adapter speaks for its own venue alone. */
  #own(instrument: InstrumentId, act: () => void): void {
    if (venueOf(instrument) === this.#options.venue) act();
    else this.#breach(`a report on ${instrument}`);
  }

  #breach(reason: string): void {
    this.#options.onBreach(
      new BerthError("PROTOCOL_BAD_FRAME", { pluginId: this.#options.pluginId, reason }),
    );
  }
}
