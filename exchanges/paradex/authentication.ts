/**
 * The short-lived token that private requests carry. It lives for five minutes and can't be extended, so a new one
 * is fetched before the old one ends; an account that never called the venue is onboarded on the way.
 *
 * @see https://docs.paradex.trade "API Authentication" (2026-08)
 */
import { BerthError, type Log, type Random, type Scheduler } from "@berth/sdk";
import { backoffMs } from "@berth/sdk/venue/backoff.ts";
import { withDeadline } from "@berth/sdk/venue/waiting.ts";
import { refusedError, type RestAnswer, type RestClient } from "./rest.ts";
import type { Identity } from "./credentials.ts";
import { hex } from "./signing.ts";
import { jwtSchema } from "./wire/json.ts";
import { read } from "./wire/records.ts";

/** The venue recommends a new token after about three of its five minutes. */
const refreshBeforeEndMs = 110_000;
/** Assumed when a token does not say when it ends. */
const assumedLifeMs = 240_000;
/** How long the signature may be exchanged for tokens; not the token's life. */
const signatureLifeS = 1800;
const requestTimeoutMs = 10_000;

export interface AuthenticationOptions {
  readonly rest: RestClient;
  /** Who asks; known once the venue's configuration is. */
  readonly identity: () => Identity;
  /** The venue's time, for signatures. */
  readonly venueNowMs: () => number;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: Log;
  /** L1 address for onboarding where the identity knows none; "" when the account is onboarded for certain. */
  readonly ethereumAddress: string;
}

/** Where requests get the token that they carry. */
export interface TokenSource {
  /** @throws {BerthError} when there is none to be had */
  token(): Promise<string>;
  /** The venue did not take this token. */
  reject(token: string): void;
}

interface Token {
  readonly text: string;
  readonly endsMs: number;
}

/** A long-lived token that only reads: it is not renewed, and a refusal of it is final. */
export function readOnlyToken(token: string): TokenSource {
  let isRefused = false;
  return {
    token: () =>
      isRefused
        ? Promise.reject(
          new BerthError("VENUE_REFUSED", {
            venue: "paradex",
            request: "the read-only token",
            venueCode: "INVALID_TOKEN",
            venueText: "it is over or was revoked; make a new one at Paradex",
            code: "authentication",
          }),
        )
        : Promise.resolve(token),
    reject: (refused) => {
      isRefused ||= refused === token;
    },
  };
}

export class Authentication implements TokenSource {
  readonly #options: AuthenticationOptions;
  #token: Token | undefined;
  #pending: Promise<Token> | undefined;
  #cancelRefresh: () => void = () => {};
  #failures = 0;
  #isStopped = false;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
  }

  /**
   * A token that is good for another minute at least; at most one request for it is under way.
   * @throws {BerthError} VENUE_REFUSED for wrong keys and the like, VENUE_UNREACHABLE, VENUE_ANSWER_INVALID
   */
  async token(): Promise<string> {
    const nowMs = this.#options.venueNowMs();
    if (this.#token !== undefined && this.#token.endsMs - nowMs > 60_000) return this.#token.text;
    this.#pending ??= withDeadline(this.#options.scheduler, requestTimeoutMs, (signal) => this.#fetch(signal))
      .finally(() => this.#pending = undefined);
    return (await this.#pending).text;
  }

  /** The venue did not take this token: the next request fetches another. */
  reject(token: string): void {
    if (this.#token?.text === token) this.#token = undefined;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRefresh();
  }

  async #fetch(signal: AbortSignal): Promise<Token> {
    let answer = await this.#requestToken(signal);
    if (answer.kind === "refused" && answer.code === "NOT_ONBOARDED") {
      await this.#onboard(signal);
      answer = await this.#requestToken(signal);
    }
    const body = requireOk("POST /auth", answer);
    const parsed = read(jwtSchema, body);
    if (parsed.kind === "misfit") {
      throw new BerthError("VENUE_ANSWER_INVALID", {
        venue: "paradex",
        request: "POST /auth",
        reason: parsed.details,
      });
    }
    const text = parsed.value.jwt_token;
    const token = { text, endsMs: tokenEndMs(text) ?? this.#options.venueNowMs() + assumedLifeMs };
    this.#token = token;
    this.#failures = 0;
    this.#scheduleRefresh(token.endsMs - this.#options.venueNowMs() - refreshBeforeEndMs);
    return token;
  }

  #requestToken(signal: AbortSignal): Promise<RestAnswer> {
    const { identity, rest, venueNowMs } = this.#options;
    const { account, publicKey, signer } = identity();
    const timestampS = Math.floor(venueNowMs() / 1000);
    const expirationS = timestampS + signatureLifeS;
    return rest.send({
      method: "POST",
      // With the public key in the path a subkey is checked against itself, and the main key works too.
      path: `/auth/${hex(publicKey)}`,
      headers: {
        "PARADEX-STARKNET-ACCOUNT": hex(account),
        "PARADEX-STARKNET-SIGNATURE": signer.auth({ timestampS, expirationS }),
        "PARADEX-TIMESTAMP": String(timestampS),
        "PARADEX-SIGNATURE-EXPIRATION": String(expirationS),
      },
      signal,
    });
  }

  async #onboard(signal: AbortSignal): Promise<void> {
    const { identity, log, rest } = this.#options;
    const { account, publicKey, signer, ethereumAddress } = identity();
    log.info("onboarding the account", { account: hex(account) });
    const answer = await rest.send({
      method: "POST",
      path: "/onboarding",
      headers: {
        "PARADEX-ETHEREUM-ACCOUNT": ethereumAddress === "" ? this.#options.ethereumAddress : ethereumAddress,
        "PARADEX-STARKNET-ACCOUNT": hex(account),
        "PARADEX-STARKNET-SIGNATURE": signer.onboarding(),
      },
      body: { public_key: hex(publicKey) },
      signal,
    });
    requireOk("POST /onboarding", answer);
  }

  #scheduleRefresh(delayMs: number): void {
    this.#cancelRefresh();
    if (this.#isStopped) return;
    this.#cancelRefresh = this.#options.scheduler.after(Math.max(1_000, delayMs), () => {
      this.#token = undefined;
      this.token().catch((error: unknown) => {
        this.#failures += 1;
        this.#options.log.warn("token refresh failed", {
          failures: this.#failures,
          reason: error instanceof Error ? error.message : String(error),
        });
        this.#scheduleRefresh(backoffMs(this.#failures, this.#options.random));
      });
    });
  }
}

function requireOk(request: string, answer: RestAnswer): unknown {
  switch (answer.kind) {
    case "ok":
      return answer.body;
    case "refused":
      throw refusedError(request, answer);
    case "unknown":
      throw new BerthError("VENUE_UNREACHABLE", { venue: "paradex", request, reason: answer.details });
    default:
      return answer satisfies never;
  }
}

/** The `exp` claim in milliseconds; undefined when the token has none that can be read. */
export function tokenEndMs(token: string): number | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const exp = typeof claims === "object" && claims !== null && "exp" in claims ? claims.exp : undefined;
    return typeof exp === "number" && Number.isFinite(exp) ? exp * 1000 : undefined;
  } catch (error) {
    // A token is opaque by contract: SyntaxError from JSON, InvalidCharacterError from Base64.
    if (error instanceof SyntaxError || error instanceof DOMException) return undefined;
    throw error;
  }
}
