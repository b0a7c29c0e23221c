/**
 * Discord's webhooks, Execute Webhook with `wait=true`
 * (https://discord.com/developers/docs/resources/webhook#execute-webhook): content of at most 2000 characters. Rate
 * limits are told by `X-RateLimit-Remaining`, `X-RateLimit-Reset-After`, and with 429 by `retry_after` in seconds
 * (https://discord.com/developers/docs/topics/rate-limits).
 */
import type { AlertNote } from "../alert.ts";
import type { Channel, ChannelSurroundings, Delivery } from "./channel.ts";
import { type Answer, deliveryOf, fieldsOf, post, secondsOf } from "./http_post.ts";
import { escapedWithin, plainText } from "./texts.ts";

export interface DiscordSettings {
  /** With the webhook's token in it: a secret. */
  readonly url: string;
}

const maxCharacters = 2000;
/** Flags of a message: no embeds are made of links in it. */
const suppressEmbeds = 1 << 2;

export function discordChannel({ url }: DiscordSettings, { sender }: ChannelSurroundings): Channel {
  const address = new URL(url);
  address.searchParams.set("wait", "true"); // else Discord answers before it has looked at the message
  return {
    spacingMs: 500, // five in two seconds are allowed
    async deliver(note: AlertNote, signal: AbortSignal): Promise<Delivery> {
      const answer = await post({
        url: address.href,
        secrets: [url, address.pathname.split("/").at(-1) ?? ""],
        signal,
        body: JSON.stringify({
          content: escapedWithin(plainText(note, sender), maxCharacters, escapeMarkdown),
          allowed_mentions: { parse: [] }, // nobody is pinged, whatever the text says
          flags: suppressEmbeds,
        }),
      });
      return answer.kind === "failed" ? answer : meaningOf(answer);
    },
  };
}

/** Every character that Discord's Markdown gives a meaning. */
export const escapeMarkdown = (text: string): string => text.replaceAll(/[\\*_~`|>#\-+[\]()<:.!]/g, "\\$&");

function meaningOf(answer: Answer): Delivery {
  const delivery = deliveryOf(answer);
  if (delivery.kind === "sent") {
    const isSpent = answer.headers.get("x-ratelimit-remaining") === "0";
    const resetMs = secondsOf(Number(answer.headers.get("x-ratelimit-reset-after") ?? NaN));
    return { kind: "sent", pauseMs: isSpent ? resetMs ?? 0 : 0 };
  }
  if (delivery.kind !== "limited") return delivery;
  return { kind: "limited", afterMs: secondsOf(fieldsOf(answer.text).retry_after) ?? delivery.afterMs };
}
