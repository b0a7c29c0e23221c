/**
 * Requests over HTTPS. A request is sent once; whether it took effect is told apart from whether it was answered:
 * `ok` and `refused` are the venue's word, `unknown` is silence or nonsense after it may have left.
 */
import { BerthError, type RejectCode, type Scheduler, type UnknownWhy } from "@berth/sdk";
import type * as v from "valibot";
import { apiErrorSchema, parseJson } from "./wire/json.ts";
import { read } from "./wire/records.ts";
import type { HttpFetch } from "@berth/sdk/venue/transport.ts";
import { delay } from "@berth/sdk/venue/waiting.ts";
import type { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { rejectCodeOf } from "./reject_codes.ts";

export interface RestRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** From the base, with a leading slash: `/orders`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** For private requests. */
  readonly token?: string;
  readonly signal: AbortSignal;
}

export type RestAnswer =
  | { readonly kind: "ok"; readonly body: unknown }
  | {
    readonly kind: "refused";
    readonly status: number;
    /** The venue's error code; `HTTP_<status>` when its body has none. */
    readonly code: string;
    readonly text: string;
    /** From `Retry-After`. */
    readonly retryAfterMs: number | undefined;
  }
  | { readonly kind: "unknown"; readonly why: UnknownWhy; readonly details: string };

/** Longest body that is read; the list of all markets has about 1 MB. */
const maxBodyChars = 32 * 1024 * 1024;

export class RestClient {
  readonly #baseUrl: string;
  readonly #fetch: HttpFetch;
  readonly #scheduler: Scheduler;

  /** @param baseUrl as in the manifest, `https://…/v1` */
  constructor(baseUrl: string, fetch: HttpFetch, scheduler: Scheduler) {
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
    this.#fetch = fetch;
    this.#scheduler = scheduler;
  }

  /** Sends once. Never throws: every end is one of the three answers. */
  async send(request: RestRequest): Promise<RestAnswer> {
    const headers: Record<string, string> = { accept: "application/json", ...request.headers };
    if (request.token !== undefined) headers["authorization"] = `Bearer ${request.token}`;
    const init: RequestInit = { method: request.method, headers, signal: request.signal, redirect: "error" };
    if (request.body !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(request.body);
    }
    try {
      const response = await this.#fetch(this.#url(request), init);
      const text = await response.text();
      return answerOf(response, text);
    } catch (error) {
      if (request.signal.aborted) return { kind: "unknown", why: "timeout", details: "the deadline passed" };
      return {
        kind: "unknown",
        why: "disconnected",
        details: error instanceof Error ? error.message : String(error),
      };
    }
  }

  /**
   * Asks for data, waiting for the budget first.
   * @throws {BerthError} VENUE_REFUSED, VENUE_UNREACHABLE, VENUE_ANSWER_INVALID
   */
  async get<T>(
    schema: v.GenericSchema<unknown, T>,
    path: string,
    options: {
      readonly query?: Readonly<Record<string, string | number | undefined>>;
      readonly token?: string;
      readonly signal: AbortSignal;
      readonly budget: RateBudget;
    },
  ): Promise<T> {
    const { budget, ...rest } = options;
    await this.#awaitBudget(budget, path, options.signal);
    const answer = await this.send({ method: "GET", path, ...rest });
    const name = `GET ${path}`;
    if (answer.kind === "refused") {
      if (answer.status === 429) budget.pause(answer.retryAfterMs ?? 1_000);
      throw refusedError(name, answer);
    }
    if (answer.kind === "unknown") {
      throw new BerthError("VENUE_UNREACHABLE", { venue: "paradex", request: name, reason: answer.details });
    }
    const result = read(schema, answer.body);
    if (result.kind === "read") return result.value;
    throw new BerthError("VENUE_ANSWER_INVALID", { venue: "paradex", request: name, reason: result.details });
  }

  async #awaitBudget(budget: RateBudget, path: string, signal: AbortSignal): Promise<void> {
    while (!budget.tryTake()) {
      await delay(this.#scheduler, Math.max(1, budget.waitMs()), signal);
      if (signal.aborted) {
        const reason = "the deadline passed while the rate budget was empty";
        throw new BerthError("VENUE_UNREACHABLE", { venue: "paradex", request: `GET ${path}`, reason });
      }
    }
  }

  #url(request: RestRequest): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    const query = parameters.toString();
    return `${this.#baseUrl}${request.path}${query === "" ? "" : `?${query}`}`;
  }
}

function answerOf(response: Response, text: string): RestAnswer {
  if (text.length > maxBodyChars) {
    return { kind: "unknown", why: "garbled_reply", details: `a body of ${text.length} characters` };
  }
  const body = bodyOf(text);
  if (response.ok) {
    return body.kind === "json"
      ? { kind: "ok", body: body.value }
      : { kind: "unknown", why: "garbled_reply", details: `HTTP ${response.status} without JSON` };
  }
  // The server gives up after 30 s with 503 and has its own troubles with other 5xx: the request may have been done.
  if (response.status >= 500) {
    return {
      kind: "unknown",
      why: "garbled_reply",
      details: `HTTP ${response.status} ${text.slice(0, 200)}`,
    };
  }
  const error = body.kind === "json" ? read(apiErrorSchema, body.value) : undefined;
  const retryAfterS = Number(response.headers.get("retry-after") ?? Number.NaN);
  return {
    kind: "refused",
    status: response.status,
    code: error?.kind === "read" ? error.value.error : `HTTP_${response.status}`,
    text: error?.kind === "read" ? error.value.message : text.slice(0, 200),
    retryAfterMs: retryAfterS >= 0 ? retryAfterS * 1000 : undefined,
  };
}

/** An empty body, as 204 has, is JSON null here. */
function bodyOf(
  text: string,
): { readonly kind: "json"; readonly value: unknown } | { readonly kind: "other" } {
  if (text.trim() === "") return { kind: "json", value: null };
  try {
    return { kind: "json", value: parseJson(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "other" };
    throw error;
  }
}

/** A question that is not sent, for the venue can't answer it. */
export function refusedHere(
  request: string,
  code: RejectCode,
  venueText: string,
): BerthError<"VENUE_REFUSED"> {
  return new BerthError("VENUE_REFUSED", { venue: "paradex", request, venueCode: "LOCAL", venueText, code });
}

export function invalidAnswer(path: string, reason: string): BerthError<"VENUE_ANSWER_INVALID"> {
  return new BerthError("VENUE_ANSWER_INVALID", { venue: "paradex", request: `GET ${path}`, reason });
}

/** 4xx on a query, as an error. */
export function refusedError(
  request: string,
  answer: Extract<RestAnswer, { kind: "refused" }>,
): BerthError<"VENUE_REFUSED"> | BerthError<"VENUE_UNREACHABLE"> {
  return answer.status === 429
    ? new BerthError("VENUE_UNREACHABLE", {
      venue: "paradex",
      request,
      reason: "rate limit",
      code: "rate_limited",
    })
    : new BerthError("VENUE_REFUSED", {
      venue: "paradex",
      request,
      venueCode: answer.code,
      venueText: answer.text,
      code: rejectCodeOf(answer.code, answer.text),
    });
}
