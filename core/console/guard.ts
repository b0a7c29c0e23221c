/**
 * Who may ask what. Before any endpoint: the Host header must be one of the console's own names (DNS rebinding), the
 * Origin must be the console's own (cross-site requests), rates and bodies are bounded; every change needs the token.
 */
import { timingSafeEqual } from "node:crypto";
import { problemResponse } from "./problems.ts";
import type { ConsoleSettings } from "./ports.ts";

export const maxBodyBytes = 64 * 1024;

/** Requests a second from one address, and how many at once. */
const rates = {
  /** Generous: dashboards and scrapers of one machine share an address. */
  read: { perSecond: 4_000, burst: 8_000 },
  change: { perSecond: 20, burst: 40 },
  /** Wrong tokens: a 256-bit token can't be guessed at any rate, but logs and cores are spared. */
  failure: { perSecond: 1, burst: 10 },
} as const;
type RateKind = keyof typeof rates;
const maxBuckets = 10_000;

export interface Caller {
  /** Of the socket, not of a header. */
  readonly address: string;
}

export const isLoopbackAddress = (address: string): boolean =>
  address === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address) || address.startsWith("::ffff:127.");

/** Names in the form that a Host header has them. */
export function ownHosts(
  settings: Pick<ConsoleSettings, "address" | "allowedHosts">,
  port: number,
): readonly string[] {
  const named = settings.address.includes(":") ? `[${settings.address}]` : settings.address;
  const names = ["127.0.0.1", "localhost", "[::1]", named, ...settings.allowedHosts];
  return [...new Set(names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])))];
}

/** The dashboard's own files, by their plain addresses: whoever reaches the console may load them, no figure is in them. */
const isOfPage = (url: string): boolean => /^https?:\/\/[^/]+\/(page\/[a-z_]+\.[a-z]+)?$/.test(url);

interface Bucket {
  tokens: number;
  atMs: number;
}

export interface GuardOptions {
  readonly settings: ConsoleSettings;
  /** The port that was really taken. */
  readonly port: () => number;
  readonly monotonicMs: () => number;
}

export class Guard {
  readonly #options: GuardOptions;
  readonly #tokenHash: Uint8Array;
  readonly #buckets = new Map<string, Bucket>();
  #own:
    | { readonly port: number; readonly hosts: ReadonlySet<string>; readonly origins: ReadonlySet<string> }
    | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#tokenHash = Uint8Array.from(
      options.settings.tokenHash.match(/../g) ?? [],
      (pair) => parseInt(pair, 16),
    );
  }

  /** The no that comes before everything else, or undefined. */
  async refusalOf(request: Request, caller: Caller): Promise<Response | undefined> {
    const isChange = request.method !== "GET" && request.method !== "HEAD" && request.method !== "OPTIONS";
    return this.#hostRefusal(request) ?? this.#originRefusal(request) ??
      this.#rateRefusal(isChange ? "change" : "read", caller) ??
      await this.#tokenRefusal(request, caller, isChange);
  }

  /** Names and origins, made once: the port is known when the first request comes. */
  #names(): { readonly hosts: ReadonlySet<string>; readonly origins: ReadonlySet<string> } {
    const { settings, port } = this.#options;
    if (this.#own?.port !== port()) {
      const hosts = ownHosts(settings, port());
      const origins = hosts.flatMap((host) => [`http://${host}`, `https://${host}`]);
      this.#own = { port: port(), hosts: new Set(hosts), origins: new Set(origins) };
    }
    return this.#own;
  }

  #hostRefusal(request: Request): Response | undefined {
    const host = (request.headers.get("host") ?? "").toLowerCase(); // who names nobody is no browser and no friend
    return this.#names().hosts.has(host) ? undefined : problemResponse(
      "forbidden-host",
      "Call it by 127.0.0.1, localhost, or a name of console.allowedHosts.",
    );
  }

  #originRefusal(request: Request): Response | undefined {
    const origin = request.headers.get("origin");
    const isForeign = origin !== null && !this.#names().origins.has(origin.toLowerCase());
    const site = request.headers.get("sec-fetch-site");
    const isNavigation = request.method === "GET" && request.headers.get("sec-fetch-mode") === "navigate";
    const isCrossSite = site !== null && site !== "same-origin" && site !== "none" && !isNavigation;
    return isForeign || isCrossSite
      ? problemResponse("forbidden-origin", "Only the console's own pages and programs may call it.")
      : undefined;
  }

  #rateRefusal(kind: RateKind, { address }: Caller): Response | undefined {
    const { perSecond, burst } = rates[kind];
    const nowMs = this.#options.monotonicMs();
    const key = `${kind} ${address}`;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = nowMs;
    if (this.#buckets.size >= maxBuckets) this.#buckets.clear(); // addresses beyond counting: all begin anew
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) {
      const headers = { "retry-after": String(Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond))) };
      return problemResponse("too-many-requests", `At most ${perSecond} of this kind a second.`, { headers });
    }
    bucket.tokens -= 1;
    return undefined;
  }

  async #tokenRefusal(request: Request, caller: Caller, isChange: boolean): Promise<Response | undefined> {
    if (!isChange && (isLoopbackAddress(caller.address) || isOfPage(request.url))) {
      return undefined;
    }
    if (await this.#hasToken(request)) return undefined;
    const limited = this.#rateRefusal("failure", caller);
    if (limited !== undefined) return limited;
    const detail = request.headers.has("authorization")
      ? "The token is not the console's."
      : "Send it as Authorization: Bearer TOKEN; it lies in console.token of the data folder.";
    return problemResponse("unauthorized", detail, {
      headers: { "www-authenticate": 'Bearer realm="berth"' },
    });
  }

  async #hasToken(request: Request): Promise<boolean> {
    const given = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (given === undefined || this.#tokenHash.length !== 32) return false;
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(given)));
    return timingSafeEqual(hash, this.#tokenHash);
  }
}

/** For every answer. Scripts and styles come from the console itself alone; nothing may frame it. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "cache-control": "no-store",
};
