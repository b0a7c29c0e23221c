/**
 * The engine's time: the host's, except that it never goes back. When a machine's clock is set back (NTP, a person),
 * deadlines, retries and ages would otherwise stand still for as long as it was set back, and an old quote would look
 * young. Everything that bears a time of this machine passes here on its way in.
 *
 * After a step back the engine's time runs ahead of the clock by that much until the host starts anew. A step forward
 * is taken as it comes: what waited is late, which is what it would be if the machine had slept.
 */
export class SteadyTime {
  /** What is added to the machine's time. */
  #aheadUs = 0;
  #latestUs = -Infinity;

  get aheadUs(): number {
    return this.#aheadUs;
  }

  /** A moment of this machine as the engine counts it. */
  of(tsUs: number): number {
    return tsUs + this.#aheadUs;
  }

  /** The next event's time; never less than the one before. */
  next(tsUs: number): number {
    const steadyUs = tsUs + this.#aheadUs;
    if (steadyUs < this.#latestUs) this.#aheadUs += this.#latestUs - steadyUs;
    this.#latestUs = Math.max(this.#latestUs, tsUs + this.#aheadUs);
    return this.#latestUs;
  }
}
