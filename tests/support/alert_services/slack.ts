/**
 * Slack's incoming webhooks as https://api.slack.com/messaging/webhooks describes them: `ok` or a word that says what is
 * wrong, one message a second, and what a channel would make of the text: control sequences in angle brackets.
 */
import { jsonBodyOf, type LoopbackService, serve, type ServiceClock, Window } from "./service.ts";

export const slackPath = "/services/T00000000/B00000000/ExampleOnlyXXXXXXXXXXXXXX";

export interface SlackDouble extends LoopbackService {
  /** As a reader sees them. */
  readonly texts: string[];
  /** Mentions and links that the text would have made. */
  controls: number;
  limited: number;
  state: "open" | "archived" | "prohibited";
}

export function slackDouble(clock: ServiceClock): SlackDouble {
  const window = new Window(1, 1_000);
  const say = (status: number, word: string, headers: Readonly<Record<string, string>> = {}): Response =>
    new Response(word, { status, headers: { "content-type": "text/html", ...headers } });
  const service = serve(async (request) => {
    if (new URL(request.url).pathname !== slackPath) return say(404, "no_service");
    if (double.state === "archived") return say(410, "channel_is_archived");
    if (double.state === "prohibited") return say(403, "action_prohibited");
    const waitMs = window.take(clock.nowMs);
    if (waitMs > 0) {
      double.limited += 1;
      return say(429, "rate_limited", { "retry-after": String(Math.ceil(waitMs / 1000)) });
    }
    const body = await jsonBodyOf(request);
    if (body === undefined || request.headers.get("content-type") !== "application/json") {
      return say(400, "invalid_payload");
    }
    const text = typeof body.text === "string" ? body.text : "";
    if (text === "") return say(400, "no_text");
    if (text.length > 40_000) return say(400, "msg_too_long");
    double.controls += (text.match(/<[^<>]+>/g) ?? []).length;
    if (body.mrkdwn !== false && /[*_~`]/.test(text)) double.controls += 1;
    double.texts.push(text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
    return say(200, "ok");
  });
  const double: SlackDouble = { ...service, texts: [], controls: 0, limited: 0, state: "open" };
  return double;
}
