/** Checks of OKX's HMAC signatures, for REST and for the WebSocket login (okx.md, section 2). */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { SimulatedCredentials } from "../../simulation/ports.ts";

/** Largest difference between the stamp of a request and the venue's clock. */
const maxSkewMs = 30_000;

export interface VenueError {
  readonly code: string;
  readonly msg: string;
}

function isSignedBy(secret: string, prehash: string, signature: string): boolean {
  const expected = createHmac("sha256", secret).update(prehash).digest();
  const given = Uint8Array.from(atobBytes(signature));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Base64 to bytes; anything else to nothing. */
function atobBytes(text: string): readonly number[] {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return [];
  return [...atob(text)].map((character) => character.charCodeAt(0));
}

/** Undefined when a REST request is signed as it should be. */
export function checkRestSignature(
  credentials: SimulatedCredentials,
  request: {
    readonly headers: Headers;
    readonly method: string;
    readonly pathAndQuery: string;
    readonly body: string;
  },
  nowMs: number,
): VenueError | undefined {
  const { headers } = request;
  const key = headers.get("OK-ACCESS-KEY");
  const signature = headers.get("OK-ACCESS-SIGN");
  const timestamp = headers.get("OK-ACCESS-TIMESTAMP");
  const passphrase = headers.get("OK-ACCESS-PASSPHRASE");
  if (key === null) return { code: "50103", msg: 'Request header "OK-ACCESS-KEY" cannot be empty.' };
  if (signature === null) return { code: "50104", msg: 'Request header "OK-ACCESS-SIGN" cannot be empty.' };
  if (timestamp === null) {
    return { code: "50107", msg: 'Request header "OK-ACCESS-TIMESTAMP" cannot be empty.' };
  }
  if (passphrase === null) {
    return { code: "50104", msg: 'Request header "OK-ACCESS-PASSPHRASE" cannot be empty.' };
  }
  if (key !== credentials["OKX_API_KEY"]) return { code: "50111", msg: "Invalid OK-ACCESS-KEY" };
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(timestamp)) {
    return { code: "50112", msg: "Invalid OK-ACCESS-TIMESTAMP" };
  }
  if (!(Math.abs(Date.parse(timestamp) - nowMs) <= maxSkewMs)) {
    return { code: "50102", msg: "Timestamp request expired" };
  }
  if (passphrase !== credentials["OKX_PASSPHRASE"]) {
    return { code: "50105", msg: "Request header OK-ACCESS-PASSPHRASE incorrect." };
  }
  const prehash = timestamp + request.method + request.pathAndQuery + request.body;
  return isSignedBy(credentials["OKX_SECRET_KEY"] ?? "", prehash, signature)
    ? undefined
    : { code: "50113", msg: "Invalid Sign" };
}

/** Undefined when the arguments of a WebSocket login hold. */
export function checkLogin(
  credentials: SimulatedCredentials,
  login: {
    readonly apiKey: string;
    readonly passphrase: string;
    readonly timestamp: string;
    readonly sign: string;
  },
  nowMs: number,
): VenueError | undefined {
  if (login.apiKey !== credentials["OKX_API_KEY"]) return { code: "60005", msg: "Invalid apiKey" };
  if (!/^\d{10}$/.test(login.timestamp)) return { code: "60004", msg: "Invalid timestamp" };
  if (!(Math.abs(Number(login.timestamp) * 1000 - nowMs) <= maxSkewMs)) {
    return { code: "60006", msg: "Timestamp request expired" };
  }
  if (login.passphrase !== credentials["OKX_PASSPHRASE"]) return { code: "60024", msg: "Wrong passphrase" };
  const prehash = `${login.timestamp}GET/users/self/verify`;
  return isSignedBy(credentials["OKX_SECRET_KEY"] ?? "", prehash, login.sign)
    ? undefined
    : { code: "60007", msg: "Invalid sign" };
}
