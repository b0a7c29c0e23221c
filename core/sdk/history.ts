/** Questions about the past that a strategy asks of the host, and the answers that come back. */
import { BerthError } from "../errors.ts";
import type { TimeRange } from "../model/adapter_request.ts";
import type { InstrumentId } from "../model/ids.ts";
import type { FundingRate, Kline, KlineInterval } from "../model/market.ts";
import type { HistoryAnswer, HistoryQuestion, PluginMessage } from "../protocol/messages.ts";

/** The past as the venue tells it. Each question is asked once; a busy venue's answer can take seconds. */
export interface History {
  /**
   * Bars that opened in the range, oldest first, the one under way included if it lies in it. Venues have some of the
   * intervals only.
   * @throws {BerthError} HISTORY_UNAVAILABLE says why there is no answer
   */
  klines(instrument: InstrumentId, interval: KlineInterval, range: TimeRange): Promise<readonly Kline[]>;
  /** Rates that held in the range, oldest first. @throws {BerthError} HISTORY_UNAVAILABLE */
  fundingRates(instrument: InstrumentId, range: TimeRange): Promise<readonly FundingRate[]>;
}

/** Matches answers to questions by number. */
export class HistoryClient implements History {
  readonly #send: (message: PluginMessage) => void;
  readonly #waiting = new Map<number, (answer: HistoryAnswer) => void>();
  #nextId = 1;

  constructor(send: (message: PluginMessage) => void) {
    this.#send = send;
  }

  async klines(
    instrument: InstrumentId,
    interval: KlineInterval,
    range: TimeRange,
  ): Promise<readonly Kline[]> {
    const answer = await this.#ask({ kind: "klines", instrument, interval, ...range });
    return answer.kind === "klines" ? answer.klines : this.#fail(instrument, answer);
  }

  async fundingRates(instrument: InstrumentId, range: TimeRange): Promise<readonly FundingRate[]> {
    const answer = await this.#ask({ kind: "funding_rates", instrument, ...range });
    return answer.kind === "funding_rates" ? answer.rates : this.#fail(instrument, answer);
  }

  onAnswer(questionId: number, answer: HistoryAnswer): void {
    this.#waiting.get(questionId)?.(answer);
    this.#waiting.delete(questionId);
  }

  #ask(question: HistoryQuestion): Promise<HistoryAnswer> {
    const questionId = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(questionId, resolve);
      this.#send({ type: "history_question", questionId, question });
    });
  }

  #fail(instrument: InstrumentId, answer: HistoryAnswer): never {
    const why = answer.kind === "failed"
      ? `${answer.code}, ${answer.details}`
      : `an answer of ${answer.kind}`;
    throw new BerthError("HISTORY_UNAVAILABLE", { instrument, why: why.slice(0, 300) });
  }
}
