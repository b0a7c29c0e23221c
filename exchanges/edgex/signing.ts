/**
 * EdgeX's signature of requests: HMAC-SHA256 over the request, flattened to text. Orders carry a second signature, of
 * the account's signer (order_signing.ts).
 *
 * @see https://edgex-1.gitbook.io/edgeX-documentation "Authentication" (V2, autumn 2026)
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

export interface EdgexKeys {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly passphrase: string;
  /** 64-bit, as text. */
  readonly accountId: string;
}

/**
 * A body, or the parameters of a question, as they are signed: fields in the order of their names, lists and records
 * inlined, null as nothing. `{b: [1, 2], a: null}` gives `a=&b=1&2`.
 */
export function flatten(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(flatten).join("&");
  if (typeof value === "object") {
    return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, field]) => `${key}=${flatten(field)}`).join("&");
  }
  return String(value);
}

export interface SignedRequest {
  readonly method: "GET" | "POST";
  /** Without host and query. */
  readonly path: string;
  /** Parameters of a GET, body of a POST; exactly what is sent. */
  readonly content: Readonly<Record<string, unknown>>;
}

export class RequestSigner {
  readonly #keys: EdgexKeys;
  readonly #hmacKey: Uint8Array;

  constructor(keys: EdgexKeys) {
    this.#keys = keys;
    // The Base64 text of the secret is the key, not what it stands for.
    this.#hmacKey = utf8ToBytes(btoa(String.fromCharCode(...utf8ToBytes(keys.apiSecret))));
  }

  /** Lower-case hex of the signature. */
  sign({ method, path, content }: SignedRequest, epochMs: number): string {
    const message = `${epochMs}${method}${path}${flatten(content)}`;
    return bytesToHex(hmac(sha256, this.#hmacKey, utf8ToBytes(message)));
  }

  headers(request: SignedRequest, epochMs: number): Readonly<Record<string, string>> {
    return {
      "X-edgeX-Api-Key": this.#keys.apiKey,
      "X-edgeX-Passphrase": this.#keys.passphrase,
      "X-edgeX-Signature": this.sign(request, epochMs),
      "X-edgeX-Timestamp": String(epochMs),
    };
  }

  /** What the private connection is opened with. */
  socketRequest(url: string, epochMs: number): {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
  } {
    const content = { accountId: this.#keys.accountId, timestamp: String(epochMs) };
    const { pathname: path } = new URL(url);
    return {
      url: `${url}?${new URLSearchParams(content)}`,
      headers: this.headers({ method: "GET", path, content }, epochMs),
    };
  }
}
