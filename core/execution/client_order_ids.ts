/**
 * Client order ids: host tag, plugin and a counter, in fixed places, so that after a crash the venue's open orders can
 * be told apart into ours and others'. 21 characters of base 36: 36^21 < 2^109, so that an adapter whose venue wants
 * a number of 128 bits can carry them losslessly.
 *
 * `b` + tag (4, padded with `0`) + plugin (7, a hash) + counter (9).
 */
import { BerthError } from "../errors.ts";
import { type ClientOrderId, clientOrderId, type PluginId } from "../model/ids.ts";

const tagLength = 4;
const pluginLength = 7;
const counterLength = 9;
const pattern = /^b([0-9a-z]{4})([0-9a-z]{7})([0-9a-z]{9})$/;

/** FNV-1a, 32 bits, of the plugin's id in base 36. Plugins are few; who owns an id is looked up, not trusted. */
export function pluginHash(plugin: PluginId): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < plugin.length; at++) {
    hash = Math.imul(hash ^ plugin.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash.toString(36).padStart(pluginLength, "0");
}

export interface ParsedClientOrderId {
  readonly pluginHash: string;
  readonly counter: number;
}

export class ClientOrderIds {
  readonly #tag: string;
  /** Of hosts that are gone, whose orders are taken for ours. */
  readonly #claimed: Set<string>;
  readonly #hashes = new Map<PluginId, string>();
  #next: number;

  /**
   * @param hostTag 2 to 4 lower-case letters and digits, the same over restarts
   * @param nextCounter above every counter used before
   * @param claimedTags of hosts that are gone: their orders count as ours
   * @throws {BerthError} MODEL_INVALID_ID, MODEL_OUT_OF_RANGE
   */
  constructor(hostTag: string, nextCounter: number, claimedTags: readonly string[] = []) {
    if (!/^[a-z0-9]{2,4}$/.test(hostTag)) {
      throw new BerthError("MODEL_INVALID_ID", {
        kind: "host tag",
        value: hostTag,
        expected: "2 to 4 lower-case letters and digits",
      });
    }
    if (!Number.isSafeInteger(nextCounter) || nextCounter < 0) {
      throw new BerthError("MODEL_OUT_OF_RANGE", {
        what: "order counter",
        value: String(nextCounter),
        range: "0 to 2^53 − 1",
      });
    }
    this.#tag = hostTag.padStart(tagLength, "0");
    this.#claimed = new Set(claimedTags.map((tag) => tag.padStart(tagLength, "0")));
    this.#next = nextCounter;
  }

  /** From now on a host's orders are ours, too. */
  claim(tag: string): void {
    this.#claimed.add(tag.padStart(tagLength, "0"));
  }

  /** The counter of the next id. */
  get counter(): number {
    return this.#next;
  }

  next(plugin: PluginId): ClientOrderId {
    const counter = this.#next.toString(36).padStart(counterLength, "0");
    this.#next += 1;
    return clientOrderId(`b${this.#tag}${this.#hash(plugin)}${counter}`);
  }

  /** What an id of this host says; undefined for everybody else's. */
  parse(id: string): ParsedClientOrderId | undefined {
    const match = pattern.exec(id);
    const tag = match?.[1];
    if (match === null || tag === undefined || !(tag === this.#tag || this.#claimed.has(tag))) {
      return undefined;
    }
    return { pluginHash: match[2] ?? "", counter: parseInt(match[3] ?? "", 36) };
  }

  /** The tag in an id of another berth; undefined for ours, for claimed ones and for what no berth made. */
  otherHost(id: string | undefined): string | undefined {
    if (id === undefined || this.parse(id) !== undefined) return undefined;
    return pattern.exec(id)?.[1];
  }

  isOurs(id: string | undefined): boolean {
    return id !== undefined && this.parse(id) !== undefined;
  }

  /** An id of ours was seen at the venue: the counter moves beyond it. */
  observe(id: string): void {
    const counter = this.parse(id)?.counter;
    if (counter !== undefined && counter >= this.#next) this.#next = counter + 1;
  }

  #hash(plugin: PluginId): string {
    const known = this.#hashes.get(plugin);
    if (known !== undefined) return known;
    const hash = pluginHash(plugin);
    this.#hashes.set(plugin, hash);
    return hash;
  }
}
