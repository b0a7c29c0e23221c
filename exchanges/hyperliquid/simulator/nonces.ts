/**
 * Nonces of signers as the chain keeps them: the 100 highest used ones; a new one must be above the smallest of them,
 * unused, and within (now − 2 days, now + 1 day).
 */
const kept = 100;
const dayMs = 86_400_000;

export class NonceSets {
  readonly #used = new Map<string, number[]>();

  /** The venue's words when the nonce can't be used; undefined when it is used now. */
  use(signer: string, nonce: number, nowMs: number): string | undefined {
    if (!(nonce > nowMs - 2 * dayMs && nonce < nowMs + dayMs)) {
      return `Invalid nonce: must be within (T - 2 days, T + 1 day), got ${nonce}`;
    }
    const used = this.#used.get(signer) ?? [];
    if (used.includes(nonce)) return `Invalid nonce: duplicate nonce ${nonce}`;
    const [smallest] = used;
    if (used.length === kept && smallest !== undefined && nonce <= smallest) {
      return `Invalid nonce: must be greater than ${smallest}, got ${nonce}`;
    }
    used.push(nonce);
    used.sort((a, b) => a - b);
    if (used.length > kept) used.shift();
    this.#used.set(signer, used);
    return undefined;
  }
}
