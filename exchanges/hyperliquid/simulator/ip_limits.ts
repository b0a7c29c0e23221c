/** Limits by the client's address on the network: request weight, WebSocket messages, new connections. All of loopback is one client. */
import type { SimulationClock } from "../../simulation/ports.ts";

const windowMs = 60_000;
export const maxSubscriptions = 1_000;
export const maxUsers = 10;
export const maxConnections = 10;
export const maxPostsInFlight = 100;
const maxWeight = 1_200;
const maxMessages = 2_000;
const maxNewConnections = 30;

/** A budget that refills evenly over a minute. */
class Bucket {
  readonly #clock: SimulationClock;
  readonly #size: number;
  #tokens: number;
  #tsMs: number;

  constructor(clock: SimulationClock, size: number) {
    this.#clock = clock;
    this.#size = size;
    this.#tokens = size;
    this.#tsMs = clock.nowMs();
  }

  take(count: number): boolean {
    const nowMs = this.#clock.nowMs();
    this.#tokens = Math.min(this.#size, this.#tokens + ((nowMs - this.#tsMs) * this.#size) / windowMs);
    this.#tsMs = nowMs;
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}

export class IpLimits {
  readonly #weight: Bucket;
  readonly #messages: Bucket;
  readonly #newConnections: Bucket;
  #connections = 0;

  constructor(clock: SimulationClock) {
    this.#weight = new Bucket(clock, maxWeight);
    this.#messages = new Bucket(clock, maxMessages);
    this.#newConnections = new Bucket(clock, maxNewConnections);
  }

  admitWeight(weight: number): boolean {
    return this.#weight.take(weight);
  }
  admitMessage(): boolean {
    return this.#messages.take(1);
  }
  admitConnection(): boolean {
    if (this.#connections >= maxConnections || !this.#newConnections.take(1)) return false;
    this.#connections += 1;
    return true;
  }
  connectionEnded(): void {
    this.#connections -= 1;
  }
}
