/** EdgeX's REST interface: one request, one outcome; nothing is sent twice. */
import * as v from "valibot";
import { BerthError, type Scheduler } from "@berth/sdk";
import { shownText } from "@berth/sdk/venue/shown_text.ts";
import type { HttpFetch, Unanswered } from "@berth/sdk/venue/transport.ts";
import { answerOrSilence, withDeadline } from "@berth/sdk/venue/waiting.ts";
import { isBusy, rejectCodeOf } from "./reject_codes.ts";
import type { RequestBudget } from "./request_budget.ts";
import type { RequestSigner } from "./signing.ts";
import { cutCode, envelopeSchema, timeOf } from "./wire.ts";

/** How a call ended. `unanswered`: it may have taken effect. */
export type RestResult =
  | { readonly kind: "data"; readonly data: unknown; readonly tsVenueMs: number }
  | { readonly kind: "refused"; readonly code: string; readonly text: string }
  | Unanswered
  /** It never left this machine. */
  | { readonly kind: "unsent"; readonly details: string };

export interface RestOptions {
  readonly baseUrl: string;
  readonly fetch: HttpFetch;
  readonly scheduler: Scheduler;
  readonly budget: RequestBudget;
  readonly account: RestAccount | undefined;
}

/** What an account's requests are signed with. */
export interface RestAccount {
  readonly signer: RequestSigner;
  readonly accountId: string;
  /** The venue's time, which signatures are stamped with. */
  readonly venueNowMs: () => number;
  /** What must not stand in anything that is told, whatever the venue repeats: it quotes keys that it does not know. */
  readonly secrets: readonly string[];
}

export type Query = Readonly<Record<string, string>>;

const requestTimeoutMs = 10_000;
const maxText = 300;

export class RestClient {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** A question that anybody may ask. */
  get(path: string, query: Query, signal?: AbortSignal): Promise<RestResult> {
    return this.#question(path, query, false, signal);
  }

  /** A question about the account, which is named by itself. */
  getOfAccount(path: string, query: Query, signal?: AbortSignal): Promise<RestResult> {
    const accountId = this.#options.account?.accountId ?? "";
    return this.#question(path, { accountId, ...query }, true, signal);
  }

  /** A change of the account; its budget is the caller's business. */
  async post(
    path: string,
    fields: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<RestResult> {
    const body = { accountId: this.#options.account?.accountId ?? "", ...fields };
    return await withDeadline(
      this.#options.scheduler,
      requestTimeoutMs,
      (ending) => this.#send("POST", path, body, true, ending),
      signal,
    );
  }

  /**
   * The answer to a question that must be answered, checked.
   * @throws {BerthError} VENUE_REFUSED with the venue's code, VENUE_UNREACHABLE for silence and "busy",
   *   VENUE_ANSWER_INVALID for what does not fit
   */
  async ask<T>(
    path: string,
    query: Query,
    schema: v.GenericSchema<unknown, T>,
    options: { readonly isPrivate: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<T> {
    const result = options.isPrivate
      ? await this.getOfAccount(path, query, options.signal)
      : await this.get(path, query, options.signal);
    if (result.kind !== "data") throw errorOf(`GET ${path}`, result);
    const checked = v.safeParse(schema, result.data);
    if (checked.success) return checked.output;
    throw answerInvalid(`GET ${path}`, `${v.getDotPath(checked.issues[0]) ?? "it"} is not as documented`);
  }

  #question(
    path: string,
    query: Query,
    isPrivate: boolean,
    signal: AbortSignal | undefined,
  ): Promise<RestResult> {
    const { budget, scheduler } = this.#options;
    return withDeadline(scheduler, requestTimeoutMs, async (ending): Promise<RestResult> => {
      if (await budget.admitQuestion(ending)) return await this.#send("GET", path, query, isPrivate, ending);
      return { kind: "unsent", details: "the budget of requests left no room before the deadline" };
    }, signal);
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    content: Readonly<Record<string, unknown>>,
    isPrivate: boolean,
    signal: AbortSignal,
  ): Promise<RestResult> {
    const { account, baseUrl, budget, fetch } = this.#options;
    const search = method === "GET" ? searchOf(content) : "";
    const answer = await answerOrSilence(async (abort) => {
      // Signed when it leaves: the stamp must be young.
      const signed = isPrivate && account !== undefined
        ? account.signer.headers({ method, path, content }, account.venueNowMs())
        : {};
      const response = await fetch(baseUrl + path + search, {
        method,
        signal: abort,
        redirect: "error", // another host would not get the headers
        headers: { ...signed, "content-type": "application/json" },
        ...(method === "POST" ? { body: JSON.stringify(content) } : {}),
      });
      return { kind: "reply", status: response.status, text: await response.text() } as const;
    }, signal);
    if (answer.kind === "unanswered") return answer;
    const result = this.#read(answer.status, answer.text);
    if (result.kind === "refused" && rejectCodeOf(result.code) === "rate_limited") budget.pause();
    return result;
  }

  #read(status: number, text: string): RestResult {
    if (status === 429) return { kind: "refused", code: "HTTP_429", text: "too many requests" };
    const garbled = { kind: "unanswered", why: "garbled_reply", details: `HTTP ${status}` } as const;
    let found: unknown;
    try {
      found = JSON.parse(text);
    } catch {
      return garbled;
    }
    const parsed = v.safeParse(envelopeSchema, found);
    if (!parsed.success || status >= 500) return garbled;
    const { code, data, msg, responseTime } = parsed.output;
    if (code === "SUCCESS") return { kind: "data", data, tsVenueMs: timeOf(responseTime ?? "") };
    return {
      kind: "refused",
      code: cutCode(this.#withoutSecrets(code)),
      text: this.#withoutSecrets(msg === null || msg === undefined ? "" : shownText(msg, maxText)),
    };
  }

  #withoutSecrets(text: string): string {
    let told = text;
    for (const secret of this.#options.account?.secrets ?? []) told = told.replaceAll(secret, "…");
    return told;
  }
}

function searchOf(content: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(content)) search.set(key, String(value));
  return search.size === 0 ? "" : `?${search}`;
}

export const answerInvalid = (request: string, reason: string) =>
  new BerthError("VENUE_ANSWER_INVALID", { venue: "edgex", request, reason });

/** A question that was not answered, as an error. */
export function errorOf(
  request: string,
  result: Exclude<RestResult, { readonly kind: "data" }>,
): BerthError<"VENUE_REFUSED"> | BerthError<"VENUE_UNREACHABLE"> {
  switch (result.kind) {
    case "unanswered": {
      const reason = `${result.why}: ${result.details}`;
      return new BerthError("VENUE_UNREACHABLE", { venue: "edgex", request, reason });
    }
    case "unsent": {
      const reason = `not sent: ${result.details}`;
      return new BerthError("VENUE_UNREACHABLE", { venue: "edgex", request, reason, code: "rate_limited" });
    }
    case "refused": {
      const { code: venueCode, text } = result;
      const code = rejectCodeOf(venueCode);
      const venueText = text === "" ? "no text" : text;
      return isBusy(venueCode)
        ? new BerthError("VENUE_UNREACHABLE", {
          venue: "edgex",
          request,
          reason: `${venueCode} ${venueText}`,
          code,
        })
        : new BerthError("VENUE_REFUSED", { venue: "edgex", request, venueCode, venueText, code });
    }
    default:
      return result satisfies never;
  }
}
