/**
 * Discord's Execute Webhook as https://discord.com/developers/docs/resources/webhook#execute-webhook describes it: five
 * calls in two seconds, told by headers; contents of at most 2000 characters; and what a reader would see of it: who is
 * pinged, and the text once its Markdown is rendered.
 */
import { jsonBodyOf, type LoopbackService, serve, type ServiceClock, Window } from "./service.ts";

export const discordPath =
  "/api/webhooks/223704706495545344/ExampleOnly-3d89bb7572e0fb30d8128367b3b1b44fecd1726de";

export interface DiscordDouble extends LoopbackService {
  readonly contents: string[];
  /** As a reader sees them. */
  readonly rendered: string[];
  pings: number;
  limited: number;
}

const fields = [
  "content",
  "username",
  "avatar_url",
  "tts",
  "embeds",
  "allowed_mentions",
  "components",
  "flags",
  "thread_name",
  "applied_tags",
  "poll",
];

export function discordDouble(clock: ServiceClock): DiscordDouble {
  const window = new Window(5, 2_000);
  const refuse = (status: number, code: number, message: string, more = {}): Response =>
    Response.json({ message, code, ...more }, { status });
  const service = serve(async (request) => {
    const url = new URL(request.url);
    const [, id, token] = /^\/api\/webhooks\/(\d+)\/([\w-]+)$/.exec(url.pathname) ?? [];
    const [, ownId, ownToken] = /^\/api\/webhooks\/(\d+)\/([\w-]+)$/.exec(discordPath) ?? [];
    if (id !== ownId) return refuse(404, 10015, "Unknown Webhook");
    if (token !== ownToken) return refuse(401, 50027, "Invalid Webhook Token");
    const waitMs = window.take(clock.nowMs);
    const headers = {
      "x-ratelimit-limit": "5",
      "x-ratelimit-remaining": String(window.left),
      "x-ratelimit-reset-after": (window.resetMs(clock.nowMs) / 1000).toFixed(3),
      "x-ratelimit-bucket": "abcd1234",
    };
    if (waitMs > 0) {
      double.limited += 1;
      const retryAfter = waitMs / 1000;
      return Response.json(
        { message: "You are being rate limited.", retry_after: retryAfter, global: false },
        {
          status: 429,
          headers: { ...headers, "retry-after": String(Math.ceil(retryAfter)), "x-ratelimit-scope": "user" },
        },
      );
    }
    if (request.headers.get("content-type") !== "application/json") {
      return refuse(400, 50006, "Cannot send an empty message");
    }
    const body = await jsonBodyOf(request);
    if (body === undefined) return refuse(400, 50109, "The request body contains invalid JSON.");
    const stray = Object.keys(body).find((name) => !fields.includes(name));
    if (stray !== undefined) return new Response(`no field ${stray}`, { status: 599 });
    const content = typeof body.content === "string" ? body.content : "";
    if (content.trim() === "") return refuse(400, 50006, "Cannot send an empty message");
    if ([...content].length > 2000) {
      return refuse(400, 50035, "Invalid Form Body", {
        errors: {
          content: {
            _errors: [{ code: "BASE_TYPE_MAX_LENGTH", message: "Must be 2000 or fewer in length." }],
          },
        },
      });
    }
    const parse = allowedOf(body.allowed_mentions);
    if (parse.includes("everyone") && /@(everyone|here)/.test(content)) double.pings += 1;
    if (parse.includes("users") && /<@!?\d+>/.test(content)) double.pings += 1;
    if (parse.includes("roles") && /<@&\d+>/.test(content)) double.pings += 1;
    double.contents.push(content);
    double.rendered.push(rendered(content));
    // Without `wait` the answer comes before anybody has looked at the message.
    if (url.searchParams.get("wait") !== "true") return new Response(null, { status: 204, headers });
    return Response.json({ id: "1", type: 0, content, mentions: [] }, { headers });
  });
  const double: DiscordDouble = { ...service, contents: [], rendered: [], pings: 0, limited: 0 };
  return double;
}

/** Kinds of mentions that ping; all of them when nothing is said. */
function allowedOf(value: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null) return ["everyone", "users", "roles"];
  const { parse } = { parse: ["everyone", "users", "roles"] as unknown, ...value };
  return Array.isArray(parse) ? parse : [];
}

/** Markdown as far as a stranger could misuse it: marks what would be formatted, then takes the backslashes away. */
function rendered(content: string): string {
  return content
    .replaceAll(/(?<!\\)\[([^\]]*)(?<!\\)\]\((\S+?)(?<!\\)\)/g, "LINK($1 → $2)")
    .replaceAll(/(?<!\\)(\*\*|__|~~|\|\||`+)(.+?)(?<!\\)\1/g, "FORMAT($2)")
    .replaceAll(/(?<!\\)([*_])(\S.*?)(?<!\\)\1/g, "FORMAT($2)")
    .replaceAll(/^(?<!\\)(#{1,3} |> |- )/gm, "BLOCK ")
    .replaceAll(/(?<!\\)<(@[!&]?\d+|#\d+|a?:\w+:\d+|t:\d+)>/g, "TAG($1)")
    .replaceAll(/(?<![\\/])\bhttps?:\/\/\S+/g, "URL")
    .replaceAll(/\\([\\*_~`|>#\-+[\]()<:.!])/g, "$1");
}
