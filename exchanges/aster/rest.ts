/** Aster's REST interface: one request, one outcome; nothing is sent twice. */
import * as v from "valibot";
import { BerthError, type Scheduler } from "@berth/sdk";
import type { HttpFetch, Unanswered } from "@berth/sdk/venue/transport.ts";
import { answerOrSilence, delay, withDeadline } from "@berth/sdk/venue/waiting.ts";
import { rateLimitCodes, rejectCodeOf, staleCodes, unknownCodes } from "./reject_codes.ts";
import type { RequestBudget, RequestCost, Urgency } from "./request_budget.ts";
import type { RequestSigner } from "./signing.ts";
import { errorSchema, isRecord, issueText } from "./wire.ts";

/** How a request ended. `unanswered`: it may have taken effect. */
export type RestResult =
  | { readonly kind: "data"; readonly data: unknown }
  | { readonly kind: "error"; readonly code: string; readonly msg: string }
  | Unanswered
  /** It never left this machine. */
  | { readonly kind: "unsent"; readonly details: string };

export type Method = "GET" | "POST" | "PUT" | "DELETE";
export type Params = Readonly<Record<string, string>>;

export interface RequestOptions extends RequestCost {
  /** Without a signature for public data. */
  readonly isSigned: boolean;
  /** Questions wait for the budget as long as their deadline allows; orders and cancels don't wait. */
  readonly urgency?: Urgency;
  readonly signal?: AbortSignal | undefined;
}

export interface RestOptions {
  readonly baseUrl: string;
  readonly fetch: HttpFetch;
  readonly scheduler: Scheduler;
  readonly budget: RequestBudget;
  readonly signer: RequestSigner | undefined;
  /** The venue took a nonce or a stamp for stale. */
  readonly onStale: () => void;
}

const requestTimeoutMs = 10_000;
const lookAgainMs = 250;
/**
 * Signed questions that are on their way at once. The venue keeps 100 nonces: of a larger crowd that overtakes itself it
 * would refuse those that come late.
 */
const maxSignedUnderWay = 40;
/** After a 429 without another word; a ban lasts two minutes at least. */
const pauseMs = 10_000;
const banMs = 120_000;
const maxText = 300;

interface HttpReply {
  readonly kind: "reply";
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export class RestClient {
  readonly #options: RestOptions;
  #signedUnderWay = 0;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  async request(method: Method, path: string, params: Params, options: RequestOptions): Promise<RestResult> {
    const { isSigned, signal, urgency = "question" } = options;
    const { scheduler } = this.#options;
    return await withDeadline(scheduler, requestTimeoutMs, async (ending) => {
      if (!await this.#admit(options, urgency, ending)) {
        return { kind: "unsent", details: "the budget of requests left no room before the deadline" };
      }
      const reply = await answerOrSilence(
        (abort) => this.#send(method, path, params, isSigned, abort),
        ending,
      );
      if (isSigned) this.#signedUnderWay -= 1;
      // The platform names the address that it could not reach: what is signed is no business of a log's.
      return reply.kind === "unanswered"
        ? { ...reply, details: reply.details.replaceAll(/\?\S*/g, "?…") }
        : this.#read(reply);
    }, signal);
  }

  /**
   * The answer to a question that must be answered, checked.
   * @throws {BerthError} VENUE_REFUSED with the venue's code and text, VENUE_UNREACHABLE for silence and "busy",
   *   VENUE_ANSWER_INVALID for what does not fit
   */
  async ask<T>(
    path: string,
    params: Params,
    schema: v.GenericSchema<unknown, T>,
    options: RequestOptions,
  ): Promise<T> {
    const result = await this.request("GET", path, params, options);
    const request = `GET ${path}`;
    if (result.kind !== "data") throw errorOf(request, result);
    const checked = v.safeParse(schema, result.data);
    if (checked.success) return checked.output;
    throw invalidAnswer(request, issueText(checked.issues));
  }

  /** True when it may be sent now; it is then counted, and under way. */
  async #admit(cost: RequestOptions, urgency: Urgency, signal: AbortSignal): Promise<boolean> {
    const { budget, scheduler } = this.#options;
    while (!signal.aborted) {
      const isCrowded = urgency === "question" && cost.isSigned && this.#signedUnderWay >= maxSignedUnderWay;
      if (!isCrowded && budget.tryTake(cost, urgency)) {
        if (cost.isSigned) this.#signedUnderWay += 1;
        return true;
      }
      if (urgency !== "question") return false;
      await delay(scheduler, lookAgainMs, signal);
    }
    return false;
  }

  async #send(
    method: Method,
    path: string,
    params: Params,
    isSigned: boolean,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    const { baseUrl, fetch, signer } = this.#options;
    const plain = new URLSearchParams(params).toString();
    // Signed when it leaves: the nonce must be young.
    const text = isSigned && signer !== undefined ? signer.sign(plain) : plain;
    const hasBody = method !== "GET";
    const url = baseUrl + path + (hasBody || text === "" ? "" : `?${text}`);
    const response = await fetch(url, {
      method,
      signal,
      redirect: "error", // another host would not get what is signed
      ...(hasBody ? { headers: { "content-type": "application/x-www-form-urlencoded" }, body: text } : {}),
    });
    const { headers, status } = response;
    return { kind: "reply", status, headers, text: await response.text() };
  }

  #read({ headers, status, text }: HttpReply): RestResult {
    const { budget, onStale } = this.#options;
    const used = Number(headers.get("x-mbx-used-weight-1m") ?? NaN);
    if (used > 0) budget.noteUsedWeight(used);
    const data = parsed(text);
    const error = v.safeParse(errorSchema, data);
    const details = `HTTP ${status}: ${text.slice(0, maxText)}`;
    if (status === 429 || status === 418) {
      const seconds = Number(headers.get("retry-after") ?? NaN);
      const namedMs = seconds > 0 ? seconds * 1_000 : undefined;
      if (status === 418) budget.ban(namedMs ?? banMs);
      else budget.pause(namedMs ?? pauseMs);
      return { kind: "error", code: "-1003", msg: error.success ? error.output.msg : details };
    }
    // 5xx: the message may have gone on to matching.
    if (status >= 500 || data === unreadable && status < 400) {
      return { kind: "unanswered", why: "garbled_reply", details };
    }
    if (status >= 400 || isRefusal(data)) {
      if (!error.success) return { kind: "error", code: `HTTP ${status}`, msg: text.slice(0, maxText) };
      const { code, msg } = error.output;
      if (rateLimitCodes.has(code)) budget.pause(pauseMs);
      if (staleCodes.has(code)) onStale();
      return unknownCodes.has(code)
        ? { kind: "unanswered", why: "garbled_reply", details: `${code} ${msg}` }
        : { kind: "error", code, msg };
    }
    return { kind: "data", data };
  }
}

const unreadable = Symbol("unreadable");

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return unreadable; // told by the caller in its own terms
  }
}

/** `code` is also what successes have: 200, as number or text. */
const isRefusal = (data: unknown): boolean => isRecord(data) && Number(data["code"]) < 0;

export const invalidAnswer = (request: string, reason: string) =>
  new BerthError("VENUE_ANSWER_INVALID", { venue: "aster", request, reason });

/** A result without data as an error. */
export function errorOf(
  request: string,
  result: Exclude<RestResult, { readonly kind: "data" }>,
): BerthError<"VENUE_REFUSED"> | BerthError<"VENUE_UNREACHABLE"> {
  const unreachable = (reason: string) =>
    new BerthError("VENUE_UNREACHABLE", { venue: "aster", request, reason });
  switch (result.kind) {
    case "unanswered":
      return unreachable(`${result.why}: ${result.details}`);
    case "unsent":
      return unreachable(`not sent: ${result.details}`);
    case "error": {
      const code = rejectCodeOf(result.code);
      if (code === "rate_limited" || code === "maintenance") {
        return unreachable(`${result.code} ${result.msg}`);
      }
      return new BerthError("VENUE_REFUSED", {
        venue: "aster",
        request,
        venueCode: result.code,
        venueText: result.msg === "" ? "no text" : result.msg,
        code,
      });
    }
    default:
      return result satisfies never;
  }
}
