/**
 * Checks of EdgeX's HMAC signatures, of REST requests and of the private connection's opening request (edgex.md, 2.1).
 * Written for the simulator alone, so that a mistake of the adapter's signing can't hide in shared code.
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import type { SimulatedCredentials } from "../../simulation/ports.ts";

/** Largest difference between the stamp of a request and the venue's clock; not documented. */
const maxSkewMs = 30_000;

export interface VenueError {
  readonly status: number;
  readonly code: string;
  readonly msg: string;
}

/** What the venue signs of a JSON value: names in order, nothing quoted, lists and records inlined. */
export function signedText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
      return `${value}`;
    case "object": {
      if (value === null) return "";
      if (Array.isArray(value)) return value.map((item) => signedText(item)).join("&");
      const fields = new Map(Object.entries(value));
      return [...fields.keys()].sort().map((name) => `${name}=${signedText(fields.get(name))}`).join("&");
    }
    default:
      return "";
  }
}

const headerNames = {
  key: "X-edgeX-Api-Key",
  passphrase: "X-edgeX-Passphrase",
  signature: "X-edgeX-Signature",
  timestamp: "X-edgeX-Timestamp",
} as const;

export interface RequestToCheck {
  readonly headers: Headers;
  readonly method: string;
  readonly path: string;
  /** Query or body as they are signed. */
  readonly content: string;
}

/** Undefined when a request is signed as it should be. */
export function checkSignature(
  credentials: SimulatedCredentials,
  { headers, method, path, content }: RequestToCheck,
  nowMs: number,
): VenueError | undefined {
  const given = new Map<string, string>();
  for (const name of Object.values(headerNames)) {
    const value = headers.get(name);
    if (value === null) {
      return { status: 400, code: "GATEWAY_HEADER_REQUIRED", msg: `header ${name} required` };
    }
    given.set(name, value);
  }
  const refuse = (code: string, msg: string): VenueError => ({ status: 401, code, msg });
  const apiKey = given.get(headerNames.key) ?? "";
  // The venue repeats a key that it does not know (seen in September 2026).
  if (apiKey !== credentials["EDGEX_API_KEY"]) return refuse("INVALID_API_KEY", `invalid apiKey : ${apiKey}`);
  if (given.get(headerNames.passphrase) !== credentials["EDGEX_API_PASSPHRASE"]) {
    return refuse("INVALID_PASSPHRASE", "invalid passphrase");
  }
  const timestamp = given.get(headerNames.timestamp) ?? "";
  if (!/^\d{13}$/.test(timestamp) || !(Math.abs(Number(timestamp) - nowMs) <= maxSkewMs)) {
    return refuse("INVALID_TIMESTAMP", "timestamp out of range");
  }
  const key = Buffer.from(credentials["EDGEX_API_SECRET"] ?? "", "utf8").toString("base64");
  const expected = createHmac("sha256", key).update(timestamp + method + path + content).digest();
  const signature = given.get(headerNames.signature) ?? "";
  const isHex = /^[0-9a-f]{64}$/.test(signature);
  const isRight = isHex && timingSafeEqual(expected, Buffer.from(signature, "hex"));
  return isRight ? undefined : refuse("INVALID_SIGNATURE", "signature mismatch");
}

/** Query parameters as they are signed: sorted, not encoded. */
export function signedQuery(query: URLSearchParams): string {
  return [...query].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`).join("&");
}
