/**
 * What may still be sent. EdgeX documents no limits besides one of an account's own (`createOrderPerMinuteLimit`): the
 * settings say what is used, and the venue's "too many" makes orders and questions wait. Cancels always go, for the
 * venue's refusal of one costs less than one that was not tried.
 */
import type { Clock, Scheduler } from "@berth/sdk";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { delay } from "@berth/sdk/venue/waiting.ts";

const minuteMs = 60_000;
/** A minute's worth may not go out at once, but so many seconds' worth: legs that go together go at once. */
const burstSeconds = 5;
/** One order at least must fit beside what is kept for those that reduce. */
const leastBurst = 2;
/** Share that orders leave to those that only reduce. */
const closeReserve = 0.2;
/** After a "too many". */
const pauseMs = 2_000;

export interface RequestBudgetOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly ordersPerMinute: number;
  readonly questionsPerMinute: number;
}

const budgetOf = (clock: Clock, perMinute: number): RateBudget =>
  new RateBudget(clock, [
    { requests: perMinute, perMs: minuteMs },
    {
      requests: Math.max(leastBurst, Math.ceil((perMinute * burstSeconds) / 60)),
      perMs: burstSeconds * 1_000,
    },
  ]);

export class RequestBudget {
  readonly #options: RequestBudgetOptions;
  #ordersPerMinute: number;
  #orders: RateBudget;
  readonly #questions: RateBudget;
  /** Those who wait for a question's token do so one after the other. */
  #queue: Promise<void> = Promise.resolve();

  constructor(options: RequestBudgetOptions) {
    this.#options = options;
    this.#ordersPerMinute = options.ordersPerMinute;
    this.#orders = budgetOf(options.clock, options.ordersPerMinute);
    this.#questions = budgetOf(options.clock, options.questionsPerMinute);
  }

  /** The account's own limit; 0 for none. */
  setAccountLimit(perMinute: number): void {
    const { clock, ordersPerMinute } = this.#options;
    const least = perMinute >= 1 ? Math.min(ordersPerMinute, Math.floor(perMinute)) : ordersPerMinute;
    if (least === this.#ordersPerMinute) return;
    this.#ordersPerMinute = least;
    this.#orders = budgetOf(clock, least);
  }

  /** True when an order may be sent now; it is then counted. */
  tryOrder(isClosing: boolean): boolean {
    return this.#orders.tryTake(isClosing ? 0 : closeReserve);
  }

  /** Resolves to true when a question may be sent, false when `signal` fires first. */
  async admitQuestion(signal: AbortSignal): Promise<boolean> {
    const turn = this.#queue.then(() => this.#take(signal));
    this.#queue = turn.then(() => undefined);
    return await turn;
  }

  /** The venue said "too many". */
  pause(): void {
    this.#orders.pause(pauseMs);
    this.#questions.pause(pauseMs);
  }

  async #take(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (this.#questions.tryTake()) return true;
      await delay(this.#options.scheduler, Math.max(1, this.#questions.waitMs()), signal);
    }
    return false;
  }
}
