/** Requests that went out over a connection and wait for the frame that answers them. */
import type { Unanswered } from "./transport.ts";

/** Of one connection; ended with it. An answer that comes after its deadline finds nobody waiting. */
export class PendingAnswers<Id, Answer> {
  readonly #waiting = new Map<Id, (answer: Answer | Unanswered) => void>();

  /**
   * Waits for {@link end}, the signal or the connection's end, whichever comes first.
   * @param what named in the details when the deadline passes
   */
  wait(id: Id, what: string, signal: AbortSignal): Promise<Answer | Unanswered> {
    return new Promise((resolve) => {
      const end = (answer: Answer | Unanswered): void => {
        this.#waiting.delete(id);
        signal.removeEventListener("abort", onAbort);
        resolve(answer);
      };
      const onAbort = (): void =>
        end({ kind: "unanswered", why: "timeout", details: `${what} was not answered in time` });
      this.#waiting.set(id, end);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  has(id: Id): boolean {
    return this.#waiting.has(id);
  }

  /** False when nobody waits for it: never asked, or its deadline has passed. */
  end(id: Id, answer: Answer | Unanswered): boolean {
    const end = this.#waiting.get(id);
    end?.(answer);
    return end !== undefined;
  }

  /** The connection is gone. */
  endAll(why: string): void {
    for (const end of [...this.#waiting.values()]) {
      end({ kind: "unanswered", why: "disconnected", details: why });
    }
  }
}
