/**
 * Telegram's Bot API, `sendMessage` (https://core.telegram.org/bots/api#sendmessage): at most 4096 characters; one
 * message a second to a chat and 20 a minute to a group (https://core.telegram.org/bots/faq#broadcasting-to-users).
 * Errors are `{ok: false, error_code, description, parameters?: {retry_after?, migrate_to_chat_id?}}`.
 */
import type { AlertNote } from "../alert.ts";
import type { Channel, ChannelSurroundings, Delivery } from "./channel.ts";
import { type Answer, deliveryOf, fieldsOf, post, secondsOf } from "./http_post.ts";
import { escapedWithin, plainText } from "./texts.ts";

export interface TelegramSettings {
  /** Without a slash at its end: Telegram's own, or that of a Bot API server of one's own. */
  readonly apiUrl: string;
  readonly token: string;
  /** A number (groups' are negative) or `@channelname`. */
  readonly chatId: string;
}

const maxCharacters = 4096;

export function telegramChannel(settings: TelegramSettings, { sender }: ChannelSurroundings): Channel {
  const { apiUrl, token, chatId } = settings;
  const isPrivate = /^\d+$/.test(chatId);
  return {
    spacingMs: isPrivate ? 1_000 : 3_000,
    async deliver(note: AlertNote, signal: AbortSignal): Promise<Delivery> {
      const answer = await post({
        url: `${apiUrl}/bot${token}/sendMessage`,
        secrets: [token],
        signal,
        body: JSON.stringify({
          chat_id: chatId,
          // No parse_mode: the text is shown as it is, there is no markup to break out of.
          text: escapedWithin(plainText(note, sender), maxCharacters, (part) => part),
          link_preview_options: { is_disabled: true },
          disable_notification: note.severity === "notice" || note.kind === "resolved",
        }),
      });
      return answer.kind === "failed" ? answer : meaningOf(answer);
    },
  };
}

function meaningOf(answer: Answer): Delivery {
  const { ok, parameters, description } = fieldsOf(answer.text);
  const { retry_after: seconds, migrate_to_chat_id: newChatId }: Readonly<Record<string, unknown>> = Object(
    parameters,
  );
  const delivery = deliveryOf(answer);
  if (delivery.kind === "sent") {
    return ok === true ? delivery : { kind: "failed", reason: `status ${answer.status} without "ok"` };
  }
  if (delivery.kind === "limited") {
    return { kind: "limited", afterMs: secondsOf(seconds) ?? delivery.afterMs };
  }
  // 400 of a chat that is not there, or a group that became a supergroup: no other text would help.
  if (delivery.kind !== "rejected" || !/chat|group|user|bot|peer/i.test(String(description))) return delivery;
  const hint = typeof newChatId === "number" ? ` (its chatId is ${newChatId} now)` : "";
  return { kind: "misconfigured", reason: answer.reason + hint };
}
