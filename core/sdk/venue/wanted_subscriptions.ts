/** Which public channels are wanted. Each connection compares it with what it has asked for, so that it survives them. */
import type { Scheduler } from "../../model/clock.ts";

/** What is wanted within this time goes out together. */
const gatherMs = 5;

export interface WantedSubscriptionsOptions<Subscription> {
  /** Equal keys are one subscription. */
  readonly keyOf: (subscription: Subscription) => string;
  readonly scheduler: Scheduler;
  /** Something may have changed; once for all that came together. */
  readonly onChange: () => void;
}

export class WantedSubscriptions<Subscription> {
  readonly #options: WantedSubscriptionsOptions<Subscription>;
  readonly #wanted = new Map<string, Subscription>();
  #cancelGather: (() => void) | undefined;

  constructor(options: WantedSubscriptionsOptions<Subscription>) {
    this.#options = options;
  }

  get all(): readonly Subscription[] {
    return [...this.#wanted.values()];
  }

  want(subscriptions: readonly Subscription[]): void {
    for (const one of subscriptions) this.#wanted.set(this.#options.keyOf(one), one);
    this.gather();
  }

  unwant(subscriptions: readonly Subscription[]): void {
    for (const one of subscriptions) this.#wanted.delete(this.#options.keyOf(one));
    this.gather();
  }

  /** Has connections compare soon, also when nothing changed here. */
  gather(): void {
    this.#cancelGather ??= this.#options.scheduler.after(gatherMs, () => {
      this.#cancelGather = undefined;
      this.#options.onChange();
    });
  }

  /** Of what a connection has asked for: what is wanted no longer, and what is wanted and not asked for. */
  difference(asked: ReadonlyMap<string, Subscription>): {
    readonly gone: readonly Subscription[];
    readonly added: readonly Subscription[];
  } {
    const gone = [...asked].filter(([key]) => !this.#wanted.has(key)).map(([, one]) => one);
    const added = [...this.#wanted].filter(([key]) => !asked.has(key)).map(([, one]) => one);
    return { gone, added };
  }

  stop(): void {
    this.#cancelGather?.();
    this.#cancelGather = undefined;
  }
}
