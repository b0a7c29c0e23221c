/** OKX's REST interface: one request, one outcome; nothing is sent twice. */
import * as v from "valibot";
import { BerthError, type Clock } from "@berth/sdk";
import { type OkxKeys, restHeaders } from "./signing.ts";
import { restReplySchema } from "./wire.ts";

/** How a call ended. `unanswered`: it may have taken effect. */
export type RestResult =
  | { readonly kind: "rows"; readonly rows: readonly unknown[] }
  | { readonly kind: "error"; readonly code: string; readonly msg: string; readonly rows: readonly unknown[] }
  | {
    readonly kind: "unanswered";
    readonly why: "timeout" | "disconnected" | "garbled_reply";
    readonly details: string;
  };

export interface RestOptions {
  readonly baseUrl: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly keys: OkxKeys | undefined;
  readonly isDemo: boolean;
}

const requestTimeoutMs = 10_000;

export class RestClient {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** @param isPrivate signs the request */
  get(
    path: string,
    query: Readonly<Record<string, string>>,
    isPrivate: boolean,
    signal?: AbortSignal,
  ): Promise<RestResult> {
    const search = new URLSearchParams(query).toString();
    return this.#call("GET", search === "" ? path : `${path}?${search}`, "", isPrivate, signal);
  }

  post(path: string, body: unknown, signal?: AbortSignal): Promise<RestResult> {
    return this.#call("POST", path, JSON.stringify(body), true, signal);
  }

  /** Rows of a call that must succeed. @throws {BerthError} VENUE_REFUSED, VENUE_UNREACHABLE */
  async rows(
    path: string,
    query: Readonly<Record<string, string>>,
    isPrivate: boolean,
    signal?: AbortSignal,
  ): Promise<readonly unknown[]> {
    const result = await this.get(path, query, isPrivate, signal);
    if (result.kind === "rows") return result.rows;
    throw failureOf(path, result);
  }

  async #call(
    method: "GET" | "POST",
    requestPath: string,
    body: string,
    isPrivate: boolean,
    signal?: AbortSignal,
  ): Promise<RestResult> {
    const { baseUrl, clock, keys, isDemo } = this.#options;
    const signed = isPrivate && keys !== undefined
      ? restHeaders(keys, { method, requestPath, body }, clock.epochMs())
      : {};
    const deadline = AbortSignal.timeout(requestTimeoutMs);
    const ending = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    try {
      const response = await this.#options.fetch(baseUrl + requestPath, {
        method,
        signal: ending,
        headers: {
          ...signed,
          ...(isDemo ? { "x-simulated-trading": "1" } : {}),
          "content-type": "application/json",
        },
        ...(method === "POST" ? { body } : {}),
      });
      const text = await response.text();
      return readReply(response.status, text);
    } catch (error) {
      const why = ending.aborted ? "timeout" : "disconnected";
      return { kind: "unanswered", why, details: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** Why a call that must succeed did not: the venue's no with its code, or no answer. */
export function failureOf(
  request: string,
  result: Exclude<RestResult, { readonly kind: "rows" }>,
): BerthError {
  return result.kind === "error"
    ? new BerthError("VENUE_REFUSED", {
      venue: "okx",
      request,
      venueCode: result.code,
      venueText: result.msg,
    })
    : new BerthError("VENUE_UNREACHABLE", {
      venue: "okx",
      request,
      reason: `${result.why}, ${result.details}`,
    });
}

function readReply(status: number, text: string): RestResult {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return { kind: "unanswered", why: "garbled_reply", details: `HTTP ${status}: ${text.slice(0, 120)}` };
  }
  const parsed = v.safeParse(restReplySchema, found);
  if (!parsed.success) {
    return { kind: "unanswered", why: "garbled_reply", details: `HTTP ${status}: ${text.slice(0, 120)}` };
  }
  const { code, msg, data } = parsed.output;
  return code === "0" ? { kind: "rows", rows: data } : { kind: "error", code, msg, rows: data };
}
