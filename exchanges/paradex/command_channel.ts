/**
 * Requests that change something: each is sent once, by WebSocket while that is connected and by REST otherwise, and
 * has one reply. Nothing is retried here: silence after sending is `unknown`, and the host asks.
 */
import type { RejectCode, Rejection, UnknownWhy } from "@berth/sdk";
import type { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { unlessAborted } from "@berth/sdk/venue/waiting.ts";
import type { TokenSource } from "./authentication.ts";
import type { CallResult } from "./connection.ts";
import { knownWordIn, rejectCodeOf } from "./reject_codes.ts";
import type { RestClient, RestRequest } from "./rest.ts";

/** What orders need of the private connection. */
export interface OrderEntry {
  call(method: string, params: unknown, signal: AbortSignal): Promise<CallResult>;
}

/** Either transport's answer to a request that changes something. */
export type Reply =
  | { readonly kind: "ok"; readonly body: unknown }
  | Rejection
  | { readonly kind: "unknown"; readonly why: UnknownWhy; readonly details: string };

export type RestCommand = Pick<RestRequest, "method" | "path" | "query" | "body">;

/** The same request for both transports. */
export interface Command {
  readonly method: string;
  readonly params: unknown;
  readonly rest: RestCommand;
}

export interface CommandChannelOptions {
  readonly entry: OrderEntry;
  readonly rest: RestClient;
  readonly tokens: TokenSource;
  readonly budget: RateBudget;
}

/** JSON-RPC's "internal error". */
const internalError = -32603;
const defaultPauseMs = 1_000;

/** Refused here: nothing was sent. */
export function localRefusal(code: RejectCode, venueText: string): Rejection {
  return { kind: "rejected", code, venueCode: "LOCAL", venueText };
}

export class CommandChannel {
  readonly #options: CommandChannelOptions;

  constructor(options: CommandChannelOptions) {
    this.#options = options;
  }

  async send(command: Command, signal: AbortSignal): Promise<Reply> {
    const result = await this.#options.entry.call(command.method, command.params, signal);
    switch (result.kind) {
      case "result":
        return { kind: "ok", body: result.result };
      case "error": {
        // The server's own trouble: as with HTTP 500, the request may have been done.
        if (result.code === internalError) {
          return { kind: "unknown", why: "garbled_reply", details: `${result.code} ${result.message}` };
        }
        const code = rejectCodeOf("", result.message, result.code);
        if (code === "rate_limited") this.#options.budget.pause(defaultPauseMs);
        const venueCode = knownWordIn(result.message) ?? String(result.code);
        return { kind: "rejected", code, venueCode, venueText: result.message };
      }
      case "unknown":
        return result;
      case "not_sent":
        return await this.sendByRest(command.rest, signal);
      default:
        return result satisfies never;
    }
  }

  async sendByRest(request: RestCommand, signal: AbortSignal): Promise<Reply> {
    const { budget, rest, tokens } = this.#options;
    let token: string | undefined;
    try {
      token = signal.aborted ? undefined : await unlessAborted(tokens.token(), signal);
    } catch (error) {
      return localRefusal("authentication", error instanceof Error ? error.message : String(error));
    }
    if (token === undefined) return localRefusal("not_sent", "the deadline passed before anything was sent");
    const answer = await rest.send({ ...request, token, signal });
    if (answer.kind !== "refused") return answer;
    if (answer.status === 401) tokens.reject(token);
    if (answer.status === 429) budget.pause(answer.retryAfterMs ?? defaultPauseMs);
    const code = rejectCodeOf(answer.code, answer.text);
    return { kind: "rejected", code, venueCode: answer.code, venueText: answer.text };
  }
}
