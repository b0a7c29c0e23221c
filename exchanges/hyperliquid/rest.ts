/** `POST /info` and `POST /exchange`: one request, one outcome; nothing is sent twice. */
import * as v from "valibot";
import { BerthError, type Scheduler } from "@berth/sdk";
import type { HttpFetch, Unanswered } from "@berth/sdk/venue/transport.ts";
import { answerOrSilence, withDeadline } from "@berth/sdk/venue/waiting.ts";
import type { Urgency, WeightBudget } from "./request_budget.ts";
import { actionReplySchema } from "./wire.ts";

/** How a question ended. */
export type InfoResult =
  | { readonly kind: "data"; readonly data: unknown }
  | { readonly kind: "error"; readonly status: number; readonly text: string }
  | Unanswered;

/** How an action ended. `unanswered`: it may have taken effect. */
export type ActionResult =
  | { readonly kind: "done"; readonly statuses: readonly unknown[] }
  /** The venue said no to the whole of it. */
  | { readonly kind: "refused"; readonly code: string; readonly text: string }
  | Unanswered;

export interface RestOptions {
  readonly baseUrl: string;
  readonly fetch: HttpFetch;
  readonly scheduler: Scheduler;
  readonly budget: WeightBudget;
}

export interface InfoOptions {
  readonly weight: number;
  /** Rows of an answer that weigh one more. */
  readonly rowsPerWeight?: number;
  readonly urgency?: Urgency;
  readonly signal?: AbortSignal | undefined;
}

const requestTimeoutMs = 10_000;
/** After a 429 questions and orders wait this long. */
const pauseMs = 2_000;
const maxText = 300;

interface HttpReply {
  readonly kind: "reply";
  readonly status: number;
  readonly text: string;
}

export class RestClient {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  async info(body: Readonly<Record<string, unknown>>, options: InfoOptions): Promise<InfoResult> {
    const { weight, rowsPerWeight, urgency = "question", signal } = options;
    const { budget } = this.#options;
    if (!budget.tryTake(weight, urgency)) {
      return { kind: "error", status: 429, text: "our own budget of requests is empty" };
    }
    const reply = await this.#post("/info", JSON.stringify(body), signal);
    if (reply.kind === "unanswered") return reply;
    if (reply.status === 429) budget.pause(pauseMs);
    if (reply.status !== 200) {
      return { kind: "error", status: reply.status, text: reply.text.slice(0, maxText) };
    }
    const data = parsed(reply.text);
    if (data === unreadable) {
      return { kind: "unanswered", why: "garbled_reply", details: "the answer is no JSON" };
    }
    if (rowsPerWeight !== undefined && Array.isArray(data)) {
      budget.charge(Math.floor(data.length / rowsPerWeight));
    }
    return { kind: "data", data };
  }

  /**
   * The answer to a question that must be answered, checked.
   * @throws {BerthError} VENUE_REFUSED with the venue's code and text, VENUE_UNREACHABLE for silence and "busy",
   *   VENUE_ANSWER_INVALID for what does not fit
   */
  async ask<T>(
    body: Readonly<Record<string, unknown>>,
    schema: v.GenericSchema<unknown, T>,
    options: InfoOptions,
  ): Promise<T> {
    const result = await this.info(body, options);
    const request = `info ${String(body["type"])}`;
    if (result.kind !== "data") throw errorOf(request, result);
    const checked = v.safeParse(schema, result.data);
    if (checked.success) return checked.output;
    const reason = `${v.getDotPath(checked.issues[0]) ?? "it"} is not as documented`;
    throw new BerthError("VENUE_ANSWER_INVALID", { venue: "hyperliquid", request, reason });
  }

  /** @param body the signed envelope. Its weight is taken by the caller, who knows how urgent it is. */
  async exchange(body: string, signal: AbortSignal): Promise<ActionResult> {
    const reply = await this.#post("/exchange", body, signal);
    if (reply.kind === "unanswered") return reply;
    if (reply.status === 200) return readAction(parsed(reply.text));
    return this.statusResult(reply.status, reply.text);
  }

  /** What an HTTP status other than 200 says of an action; the socket's errors carry the same numbers. */
  statusResult(status: number, text: string): ActionResult {
    const details = `${status} ${text}`.slice(0, maxText);
    if (status === 429) this.#options.budget.pause(pauseMs);
    // A form that it can't read, a method or a type that it does not take: nothing was done.
    const isRefusal = status >= 400 && status < 429;
    // Whether what met a full house may have been let in is not documented: it is asked about.
    return isRefusal
      ? { kind: "refused", code: String(status), text: text.slice(0, maxText) }
      : { kind: "unanswered", why: "garbled_reply", details };
  }

  #post(path: string, body: string, signal: AbortSignal | undefined): Promise<HttpReply | Unanswered> {
    const { baseUrl, fetch, scheduler } = this.#options;
    const send = async (abort: AbortSignal): Promise<HttpReply> => {
      const response = await fetch(baseUrl + path, {
        method: "POST",
        signal: abort,
        redirect: "error",
        headers: { "content-type": "application/json" },
        body,
      });
      return { kind: "reply", status: response.status, text: await response.text() };
    };
    return withDeadline(scheduler, requestTimeoutMs, (ending) => answerOrSilence(send, ending), signal);
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

/** `{status, response}` of an action, from either way. */
export function readAction(data: unknown): ActionResult {
  const checked = v.safeParse(actionReplySchema, data);
  if (!checked.success) {
    return { kind: "unanswered", why: "garbled_reply", details: "the answer is not as documented" };
  }
  const reply = checked.output;
  if (reply.status === "ok") return { kind: "done", statuses: reply.response.data?.statuses ?? [] };
  const text = typeof reply.response === "string" ? reply.response : JSON.stringify(reply.response) ?? "";
  return { kind: "refused", code: "err", text: text.slice(0, maxText) };
}

/** A question that was not answered, as an error. */
export function errorOf(
  request: string,
  result: Exclude<InfoResult, { readonly kind: "data" }>,
): BerthError<"VENUE_REFUSED"> | BerthError<"VENUE_UNREACHABLE"> {
  if (result.kind === "unanswered") {
    const reason = `${result.why}: ${result.details}`;
    return new BerthError("VENUE_UNREACHABLE", { venue: "hyperliquid", request, reason });
  }
  const { status, text } = result;
  // 500 with the text `null` is the venue's "no such coin"; it does not pass.
  const isPassing = status === 429 || (status >= 500 && text !== "null");
  const venueText = text === "" ? "no text" : text;
  return isPassing
    ? new BerthError("VENUE_UNREACHABLE", { venue: "hyperliquid", request, reason: `${status} ${venueText}` })
    : new BerthError("VENUE_REFUSED", {
      venue: "hyperliquid",
      request,
      venueCode: String(status),
      venueText,
    });
}
