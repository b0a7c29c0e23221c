/** OKX's signatures: HMAC-SHA256 of a text, in Base64. @see https://www.okx.com/docs-v5 (REST authentication, WebSocket login) */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

export interface OkxKeys {
  readonly apiKey: string;
  readonly secretKey: string;
  readonly passphrase: string;
}

const encoder = new TextEncoder();

/** Base64 of the HMAC of `prehash`. */
export function signText(secretKey: string, prehash: string): string {
  const digest = hmac(sha256, encoder.encode(secretKey), encoder.encode(prehash));
  return btoa(String.fromCharCode(...digest));
}

/** Headers of a private REST request. `requestPath` has the query exactly as it is sent; `body` is the text that is sent. */
export function restHeaders(
  keys: OkxKeys,
  request: { readonly method: "GET" | "POST"; readonly requestPath: string; readonly body: string },
  epochMs: number,
): Readonly<Record<string, string>> {
  const timestamp = new Date(epochMs).toISOString();
  return {
    "OK-ACCESS-KEY": keys.apiKey,
    "OK-ACCESS-SIGN": signText(
      keys.secretKey,
      timestamp + request.method + request.requestPath + request.body,
    ),
    "OK-ACCESS-TIMESTAMP": timestamp,
    "OK-ACCESS-PASSPHRASE": keys.passphrase,
  };
}

/** The login frame's argument; its timestamp is in seconds. */
export function loginArgument(keys: OkxKeys, epochMs: number): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(epochMs / 1000));
  const sign = signText(keys.secretKey, `${timestamp}GET/users/self/verify`);
  return { apiKey: keys.apiKey, passphrase: keys.passphrase, timestamp, sign };
}
