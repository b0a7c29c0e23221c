/** OKX's REST interface: one request, one outcome; nothing is sent twice. */
import * as v from "valibot";
import { BerthError, type Scheduler } from "@berth/sdk";
import type { Unanswered } from "@berth/sdk/venue/transport.ts";
import { answerOrSilence, withDeadline } from "@berth/sdk/venue/waiting.ts";
import { busyCodes, rateLimitCodes, rejectCodeOf } from "./reject_codes.ts";
import type { RequestLimits } from "./request_limits.ts";
import { type OkxKeys, restHeaders } from "./signing.ts";
import { cutCode, cutText, restReplySchema } from "./wire.ts";

/** How a call ended. `unanswered`: it may have taken effect. */
export type RestResult =
  | { readonly kind: "rows"; readonly rows: readonly unknown[] }
  | { readonly kind: "error"; readonly code: string; readonly msg: string; readonly rows: readonly unknown[] }
  | Unanswered
  /** It never left this machine. */
  | { readonly kind: "unsent"; readonly details: string };

export interface RestOptions {
  /** The preferred one first; after failures the next is used. */
  readonly baseUrls: readonly string[];
  readonly limits: RequestLimits;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** The venue's time, which signatures are stamped with. */
  readonly venueNowMs: () => number;
  readonly scheduler: Scheduler;
  readonly keys: OkxKeys | undefined;
  readonly isDemo: boolean;
}

export interface GetOptions {
  readonly isPrivate: boolean;
  readonly signal?: AbortSignal | undefined;
}

const requestTimeoutMs = 10_000;
/** Requests that did not reach the venue, in a row, before the other address is tried. */
const failuresBeforeSwitch = 2;
/** After the venue's "too many" the endpoint is left alone for this long. */
const pauseMs = 1_000;

export class RestClient {
  readonly #options: RestOptions;
  #urlAt = 0;
  #failures = 0;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  get(path: string, query: Readonly<Record<string, string>>, options: GetOptions): Promise<RestResult> {
    const search = new URLSearchParams(query).toString();
    const requestPath = search === "" ? path : `${path}?${search}`;
    return this.#call("GET", requestPath, "", options);
  }

  /** Every POST is the account's. */
  post(path: string, body: unknown, signal?: AbortSignal): Promise<RestResult> {
    return this.#call("POST", path, JSON.stringify(body), { isPrivate: true, signal });
  }

  /**
   * Rows of a call that must succeed.
   * @throws {BerthError} VENUE_REFUSED with the venue's code and text, VENUE_UNREACHABLE for silence and "busy"
   */
  async rows(
    path: string,
    query: Readonly<Record<string, string>>,
    options: GetOptions,
  ): Promise<readonly unknown[]> {
    const result = await this.get(path, query, options);
    if (result.kind === "rows") return result.rows;
    throw errorOf(`GET ${path}`, result);
  }

  get #baseUrl(): string {
    return this.#options.baseUrls[this.#urlAt] ?? "";
  }

  /** A request that went out and got no answer. */
  #onFailure(): void {
    this.#failures += 1;
    if (this.#failures < failuresBeforeSwitch) return;
    this.#failures = 0;
    this.#urlAt = (this.#urlAt + 1) % Math.max(1, this.#options.baseUrls.length);
  }

  async #call(
    method: "GET" | "POST",
    requestPath: string,
    body: string,
    { isPrivate, signal }: GetOptions,
  ): Promise<RestResult> {
    const { limits, scheduler } = this.#options;
    const [path = requestPath] = requestPath.split("?");
    return await withDeadline(scheduler, requestTimeoutMs, async (ending) => {
      if (!await limits.admit(method, path, ending)) {
        return { kind: "unsent", details: "the rate limit left no room before the deadline" };
      }
      const reply = await answerOrSilence(
        (abort) => this.#send(method, requestPath, body, isPrivate, abort),
        ending,
      );
      if (reply.kind === "unanswered") {
        this.#onFailure();
        return reply;
      }
      this.#failures = 0;
      const result = readReply(reply.status, reply.text);
      if (result.kind === "error" && rateLimitCodes.has(result.code)) limits.pause(method, path, pauseMs);
      return result;
    }, signal);
  }

  async #send(
    method: "GET" | "POST",
    requestPath: string,
    body: string,
    isPrivate: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly kind: "reply"; readonly status: number; readonly text: string }> {
    const { fetch, isDemo, keys, venueNowMs } = this.#options;
    // Signed when it leaves: the stamp must be young.
    const signed = isPrivate && keys !== undefined
      ? restHeaders(keys, { method, requestPath, body }, venueNowMs())
      : {};
    const response = await fetch(this.#baseUrl + requestPath, {
      method,
      signal,
      redirect: "error", // another host would not get the headers
      headers: {
        ...signed,
        ...(isDemo ? { "x-simulated-trading": "1" } : {}),
        "content-type": "application/json",
      },
      ...(method === "POST" ? { body } : {}),
    });
    return { kind: "reply", status: response.status, text: await response.text() };
  }
}

/** A result without rows as an error. */
export function errorOf(
  request: string,
  result: Exclude<RestResult, { readonly kind: "rows" }>,
): BerthError<"VENUE_REFUSED"> | BerthError<"VENUE_UNREACHABLE"> {
  if (result.kind === "unanswered") {
    const reason = `${result.why}: ${result.details}`;
    return new BerthError("VENUE_UNREACHABLE", { venue: "okx", request, reason });
  }
  if (result.kind === "unsent") {
    const reason = `not sent: ${result.details}`;
    return new BerthError("VENUE_UNREACHABLE", { venue: "okx", request, reason, code: "rate_limited" });
  }
  const venueCode = cutCode(result.code);
  const venueText = cutText(result.msg);
  const code = rejectCodeOf(result.code);
  return busyCodes.has(result.code)
    ? new BerthError("VENUE_UNREACHABLE", {
      venue: "okx",
      request,
      reason: `${venueCode} ${venueText}`,
      code,
    })
    : new BerthError("VENUE_REFUSED", { venue: "okx", request, venueCode, venueText, code });
}

function readReply(status: number, text: string): RestResult {
  const garbled = {
    kind: "unanswered",
    why: "garbled_reply",
    details: `HTTP ${status}: ${text.slice(0, 120)}`,
  } as const;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return garbled;
  }
  const parsed = v.safeParse(restReplySchema, found);
  if (!parsed.success) return garbled;
  const { code, msg, data } = parsed.output;
  return code === "0" ? { kind: "rows", rows: data } : { kind: "error", code, msg, rows: data };
}
