/**
 * Slack's incoming webhooks (https://api.slack.com/messaging/webhooks): `{text}` answered by `ok`, or by a word such as
 * `invalid_payload` or `no_service`; one message a second, else 429 with `Retry-After`
 * (https://api.slack.com/docs/rate-limits). `&`, `<` and `>` are escaped, which also disarms `<!channel>`.
 */
import type { AlertNote } from "../alert.ts";
import type { Channel, ChannelSurroundings, Delivery } from "./channel.ts";
import { deliveryOf, post } from "./http_post.ts";
import { escapedWithin, plainText } from "./texts.ts";

export interface SlackSettings {
  /** With the webhook's token in it: a secret. */
  readonly url: string;
}

/** Slack cuts texts beyond this in the middle of a sentence. */
const maxCharacters = 4000;

export function slackChannel({ url }: SlackSettings, { sender }: ChannelSurroundings): Channel {
  return {
    spacingMs: 1_000,
    async deliver(note: AlertNote, signal: AbortSignal): Promise<Delivery> {
      const answer = await post({
        url,
        secrets: [new URL(url).pathname],
        signal,
        body: JSON.stringify({
          text: escapedWithin(plainText(note, sender), maxCharacters, escapeSlack),
          mrkdwn: false, // asterisks and backticks are shown as they are
          unfurl_links: false,
          unfurl_media: false,
        }),
      });
      return answer.kind === "failed" ? answer : deliveryOf(answer);
    },
  };
}

export const escapeSlack = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
