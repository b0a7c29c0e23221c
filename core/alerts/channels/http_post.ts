/**
 * One POST to a service outside: bounded in time and in what is read of the answer, without redirects (they would carry
 * the secret of an address elsewhere), and with reasons that never name the address.
 */
import { redactor } from "../../terminal/redaction.ts";
import type { Delivery } from "./channel.ts";

const timeoutMs = 10_000;
/** Telegram and Discord repeat the message in their answer. */
const maxAnswerBytes = 65_536;
const maxReasonLength = 200;

export interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Besides the address itself: what no reason may contain. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: Headers;
  /** At most 64 KiB of it. */
  readonly text: string;
  /** `status 400: what it said`, without secrets. */
  readonly reason: string;
}

type NoAnswer = Extract<Delivery, { readonly kind: "failed" }>;

/** The service's answer, or why there is none. */
export async function post({ url, body, headers = {}, secrets, signal }: Post): Promise<Answer | NoAnswer> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
      redirect: "manual",
      signal: AbortSignal.any([signal, deadline]),
    });
    const text = await beginningOf(response);
    const said = redactor([url, ...secrets])(text).replaceAll(/\s+/g, " ").trim().slice(0, maxReasonLength);
    const reason = `status ${response.status}${said === "" ? "" : `: ${said}`}`;
    return { kind: "answer", status: response.status, headers: response.headers, text, reason };
  } catch (error) {
    return {
      kind: "failed",
      reason: deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : whyNot(error),
    };
  }
}

async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) { // leaving the loop cancels the rest
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maxAnswerBytes) break;
  }
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("").slice(0, maxAnswerBytes);
}

const causes: readonly (readonly [RegExp, string])[] = [
  [/dns|resolve|name or service|ENOTFOUND|EAI_AGAIN/i, "its name can't be resolved"],
  [/refused/i, "the connection was refused"],
  [/certificate|tls|ssl|handshake/i, "its certificate is not trusted, or it speaks no TLS"],
  [/reset|closed|broken pipe|EOF|ECONNRESET/i, "the connection was broken off"],
  [/unreach/i, "there is no way to it"],
  [/timed? ?out|ETIMEDOUT/i, "no answer in time"],
];

/** The cause in words of ours: what the platform says about a failed request contains its address. */
export function whyNot(error: unknown): string {
  const { code, originalCode }: { code?: unknown; originalCode?: unknown } = Object(error);
  const said = `${
    error instanceof Error ? `${error.message} ${error.cause ?? ""}` : ""
  } ${code} ${originalCode}`;
  return causes.find(([pattern]) => pattern.test(said))?.[1] ?? "it can't be reached";
}

/** Of `Retry-After` in seconds; undefined when there is none that can be read. */
export function retryAfterMs(headers: Headers): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? NaN);
  return seconds >= 0 && seconds < 86_400 ? Math.ceil(seconds * 1000) : undefined;
}

/** Seconds as a service's JSON states them, in milliseconds; undefined for anything that can't be meant. */
export const secondsOf = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 && value < 86_400 ? Math.ceil(value * 1000) : undefined;

/** What is no JSON object has no fields. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** What most services mean by a status that is none of their special cases. */
export function deliveryOf({ status, headers, reason }: Answer): Delivery {
  if (status >= 200 && status < 300) return { kind: "sent", pauseMs: 0 };
  if (status === 429) return { kind: "limited", afterMs: retryAfterMs(headers) ?? 5_000 };
  if (status === 401 || status === 403 || status === 404 || status === 410) {
    return { kind: "misconfigured", reason };
  }
  // A redirect is not followed: the address has moved, and only the operator can say whether to trust the new one.
  if (status >= 300 && status < 400) return { kind: "misconfigured", reason };
  return status >= 500 || status === 408 ? { kind: "failed", reason } : { kind: "rejected", reason };
}
