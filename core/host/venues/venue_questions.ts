/**
 * Questions to adapters beside the engine: klines, past funding rates, the venue's time and status, and what the account
 * holds. Only questions fit in here: what changes anything at a venue goes through the engine and its gate.
 *
 * Their numbers are negative, the engine's positive, so that neither takes the other's answer.
 */
import type {
  AccountQuestion,
  AdapterResponse,
  FailedResponse,
  MarketQuestion,
} from "../../model/adapter_request.ts";
import { type VenueId, venueOf } from "../../model/ids.ts";
import type { HistoryAnswer, HistoryQuestion } from "../../protocol/messages.ts";
import type { AdapterRequests } from "../ports.ts";

export type VenueQuestion = MarketQuestion | AccountQuestion;

interface Waiting {
  readonly venue: VenueId;
  readonly kind: VenueQuestion["kind"];
  readonly resolve: (response: AdapterResponse) => void;
}

/** For an adapter's own answer, a timeout included, to arrive before the question is given up here. */
const graceMs = 1_000;
/** Long ranges are asked for in pages, within the venue's rate limits. */
const historyTimeoutMs = 20_000;

function unanswered(code: "unreachable" | "garbled_reply", details: string): FailedResponse {
  return { kind: "failed", code, venueCode: "", details };
}

export class VenueQuestions {
  readonly #adapters = new Map<VenueId, AdapterRequests>();
  readonly #waiting = new Map<number, Waiting>();
  #nextId = -1;

  attach(venue: VenueId, send: AdapterRequests): void {
    this.#adapters.set(venue, send);
  }

  /** The adapter is gone: what it was asked has no answer. */
  detach(venue: VenueId, reason: string): void {
    this.#adapters.delete(venue);
    for (const waiting of [...this.#waiting.values()]) {
      if (waiting.venue === venue) waiting.resolve(unanswered("unreachable", `its adapter ended: ${reason}`));
    }
  }

  /** Asks once. Always resolves: with the answer that was asked for, or with why there is none. */
  ask(venue: VenueId, question: VenueQuestion, timeoutMs: number): Promise<AdapterResponse> {
    const send = this.#adapters.get(venue);
    if (send === undefined) return Promise.resolve(unanswered("unreachable", `no adapter runs for ${venue}`));
    const requestId = this.#nextId--;
    return new Promise((resolve) => {
      const end = (response: AdapterResponse): void => {
        clearTimeout(timer);
        this.#waiting.delete(requestId);
        resolve(response);
      };
      const timer = setTimeout(
        () => end(unanswered("unreachable", `no answer within ${timeoutMs + graceMs} ms`)),
        timeoutMs + graceMs,
      );
      this.#waiting.set(requestId, { venue, kind: question.kind, resolve: end });
      send(requestId, { type: "request", requestId, timeoutMs, ...question });
    });
  }

  /** A strategy's question about the past. */
  async history(question: HistoryQuestion): Promise<HistoryAnswer> {
    const answer = await this.ask(venueOf(question.instrument), question, historyTimeoutMs);
    if (answer.kind === "klines" || answer.kind === "funding_rates") return answer;
    return answer.kind === "failed"
      ? { kind: "failed", code: answer.code, details: answer.details }
      : { kind: "failed", code: "garbled_reply", details: `an answer of ${answer.kind}` };
  }

  /** Takes an adapter's answer. @returns false when it is the engine's */
  answered(venue: VenueId, requestId: number, response: AdapterResponse): boolean {
    if (requestId >= 0) return false;
    const waiting = this.#waiting.get(requestId);
    if (waiting?.venue !== venue) return true; // late, or never asked: nobody waits for it
    const isMeant = response.kind === waiting.kind || response.kind === "failed";
    waiting.resolve(
      isMeant ? response : unanswered("garbled_reply", `${response.kind} in answer to ${waiting.kind}`),
    );
    return true;
  }
}
