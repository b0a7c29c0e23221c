/** Draws the faults of a protocol simulator, message by message, from its profile and its own random numbers. */
import type { FaultProfile, SimulationClock, SimulationRandom } from "./ports.ts";

export const noFaults: FaultProfile = {
  latencyMs: 1,
  latencyJitterMs: 1,
  dropPrivatePush: 0,
  duplicatePrivatePush: 0,
  gapPublic: 0,
  loseAnswer: 0,
  loseRequest: 0,
  rateLimit: 0,
  reject: 0,
  disconnectEveryMs: 0,
};

/** What happens to one request. */
export type RequestFate = "normal" | "lose_request" | "lose_answer" | "rate_limit" | "reject";

export class Faults {
  #profile: FaultProfile;
  readonly #random: SimulationRandom;
  readonly #clock: SimulationClock;
  /** Nothing overtakes: each direction of each socket is in order, as TCP is. */
  readonly #lastDue = new Map<string, number>();

  constructor(profile: FaultProfile, random: SimulationRandom, clock: SimulationClock) {
    this.#profile = profile;
    this.#random = random;
    this.#clock = clock;
  }

  set profile(profile: FaultProfile) {
    this.#profile = profile;
  }

  requestFate(): RequestFate {
    const draw = this.#random.next();
    const { loseRequest, loseAnswer, rateLimit, reject } = this.#profile;
    if (draw < loseRequest) return "lose_request";
    if (draw < loseRequest + loseAnswer) return "lose_answer";
    if (draw < loseRequest + loseAnswer + rateLimit) return "rate_limit";
    return draw < loseRequest + loseAnswer + rateLimit + reject ? "reject" : "normal";
  }

  /** How often a private push is sent: 0, 1 or 2 times. */
  privateCopies(): 0 | 1 | 2 {
    if (this.#random.next() < this.#profile.dropPrivatePush) return 0;
    return this.#random.next() < this.#profile.duplicatePrivatePush ? 2 : 1;
  }

  isPublicGap(): boolean {
    return this.#profile.gapPublic > 0 && this.#random.next() < this.#profile.gapPublic;
  }

  /** Time until a socket is cut, or undefined for never. */
  nextDisconnectMs(): number | undefined {
    const { disconnectEveryMs } = this.#profile;
    return disconnectEveryMs > 0 ? -Math.log(1 - this.#random.next()) * disconnectEveryMs : undefined;
  }

  /** Runs `task` after the drawn delay, never before an earlier task of the same `lane`. */
  delayed(lane: string, task: () => void): void {
    const { latencyMs, latencyJitterMs } = this.#profile;
    const nowMs = this.#clock.nowMs();
    const dueMs = Math.max(
      nowMs + latencyMs + this.#random.next() * latencyJitterMs,
      this.#lastDue.get(lane) ?? 0,
    );
    this.#lastDue.set(lane, dueMs);
    this.#clock.schedule(dueMs - nowMs, task);
  }

  /** Runs `task` after the drawn delay, whatever is on its way besides. */
  delayedAlone(task: () => void): void {
    const { latencyMs, latencyJitterMs } = this.#profile;
    this.#clock.schedule(latencyMs + this.#random.next() * latencyJitterMs, task);
  }

  /** Forgets a lane whose socket is gone. */
  forget(lane: string): void {
    this.#lastDue.delete(lane);
  }
}
