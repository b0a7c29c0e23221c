/**
 * A webhook of the operator's own: JSON, signed as Standard Webhooks has it
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): HMAC-SHA256 over
 * `id.timestamp.body`, so that a receiver with any of its libraries knows the sender, refuses what is old, and drops
 * what it has seen.
 */
import { type AlertNote, headlineOf } from "../alert.ts";
import type { Channel, ChannelSurroundings, Delivery } from "./channel.ts";
import { deliveryOf, post } from "./http_post.ts";

export interface WebhookSettings {
  readonly url: string;
  /** `whsec_` and the key in base64, of 24 to 64 bytes. */
  readonly signingKey: string;
}

/** Undefined for what is no signing key. */
export function keyBytes(signingKey: string): Uint8Array<ArrayBuffer> | undefined {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(signingKey) ?? [];
  if (text === undefined || text.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.fromBase64(text);
  return bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
}

/** The note as a receiver gets it. */
export interface WebhookBody {
  readonly type: `alert.${AlertNote["kind"]}`;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly data: Omit<AlertNote, "kind" | "tsMs"> & {
    readonly headline: string;
    readonly sender: string;
    readonly environment: string;
  };
}

export function webhookChannel(
  { url, signingKey }: WebhookSettings,
  { sender, epochMs }: ChannelSurroundings,
): Channel {
  return {
    spacingMs: 0,
    async deliver(note: AlertNote, signal: AbortSignal): Promise<Delivery> {
      const { kind, tsMs, ...data } = note;
      const message: WebhookBody = {
        type: `alert.${kind}`,
        timestamp: new Date(tsMs).toISOString(),
        data: {
          ...data,
          headline: headlineOf(note, sender),
          sender: sender.name,
          environment: sender.environment,
        },
      };
      const body = JSON.stringify(message);
      const timestamp = Math.floor(epochMs() / 1000);
      const answer = await post({
        url,
        secrets: [signingKey],
        signal,
        body,
        headers: {
          "webhook-id": note.id,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": await signatureOf(signingKey, note.id, timestamp, body),
        },
      });
      return answer.kind === "failed" ? answer : deliveryOf(answer);
    },
  };
}

/** `v1,` and the HMAC in base64. */
async function signatureOf(signingKey: string, id: string, timestamp: number, body: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = keyBytes(signingKey) ?? new Uint8Array();
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  return `v1,${new Uint8Array(await crypto.subtle.sign(algorithm.name, key, signed)).toBase64()}`;
}
