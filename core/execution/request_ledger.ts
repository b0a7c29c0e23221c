/**
 * Requests to adapters that have no answer yet. Each ends once: answered, or lost (too late, or the adapter died). An
 * answer that comes after its loss is still matched for a while: late news is news.
 */
import type { AdapterRequest } from "../model/adapter_request.ts";
import type { VenueId } from "../model/ids.ts";
import type { UnknownWhy } from "../model/order.ts";

export interface PendingRequest {
  readonly requestId: number;
  readonly venue: VenueId;
  readonly request: AdapterRequest;
  readonly sentUs: number;
  readonly deadlineUs: number;
}

export interface LostRequest {
  readonly pending: PendingRequest;
  readonly why: UnknownWhy;
}

/** How long an answer is still matched after its request was given up. */
const lateAnswerUs = 60_000_000;

export class RequestLedger {
  readonly #pending = new Map<number, PendingRequest>();
  readonly #lost = new Map<number, PendingRequest>();
  #nextId = 1;

  /** Enters a request and numbers it. */
  open(venue: VenueId, request: AdapterRequest, nowUs: number, timeoutMs: number): PendingRequest {
    const requestId = this.#nextId++;
    const pending = { requestId, venue, request, sentUs: nowUs, deadlineUs: nowUs + timeoutMs * 1000 };
    this.#pending.set(requestId, pending);
    return pending;
  }

  /** The request that an answer is for; undefined for a repeat, another venue's, or one never asked. */
  answer(
    venue: VenueId,
    requestId: number,
  ): { readonly pending: PendingRequest; readonly isLate: boolean } | undefined {
    for (const [requests, isLate] of [[this.#pending, false], [this.#lost, true]] as const) {
      const pending = requests.get(requestId);
      if (pending?.venue !== venue) continue;
      requests.delete(requestId);
      return { pending, isLate };
    }
    return undefined;
  }

  /** Gives up what is past its deadline, in the order of sending. */
  expire(nowUs: number): readonly LostRequest[] {
    for (const { requestId, deadlineUs } of this.#lost.values()) {
      if (nowUs - deadlineUs > lateAnswerUs) this.#lost.delete(requestId);
    }
    return this.#giveUp((pending) => pending.deadlineUs <= nowUs, "timeout");
  }

  /** Gives up all of a venue: its adapter is gone, and with it the answers. */
  lose(venue: VenueId): readonly LostRequest[] {
    return this.#giveUp((pending) => pending.venue === venue, "disconnected");
  }

  #giveUp(isGone: (pending: PendingRequest) => boolean, why: UnknownWhy): readonly LostRequest[] {
    const gone = [...this.#pending.values()].filter(isGone);
    for (const pending of gone) {
      this.#pending.delete(pending.requestId);
      this.#lost.set(pending.requestId, pending);
    }
    return gone.map((pending) => ({ pending, why }));
  }

  count(venue: VenueId): number {
    let count = 0;
    for (const pending of this.#pending.values()) if (pending.venue === venue) count += 1;
    return count;
  }
}
