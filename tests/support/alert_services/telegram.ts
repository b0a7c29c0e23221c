/**
 * The Bot API's sendMessage as https://core.telegram.org/bots/api describes it: one path, one token, chats that exist or
 * do not, texts of 1 to 4096 characters, one message a second to a chat, and errors with `error_code` and `description`.
 */
import { jsonBodyOf, type LoopbackService, serve, type ServiceClock, Window } from "./service.ts";

export const telegramToken = "123456789:AAExampleOnly_notARealBotToken0000000";

export interface TelegramDouble extends LoopbackService {
  /** What chats got. */
  readonly texts: string[];
  readonly silent: boolean[];
  limited: number;
}

/** Parameters of sendMessage; others would be a typing mistake, which Telegram silently ignores. */
const parameters = [
  "business_connection_id",
  "chat_id",
  "message_thread_id",
  "text",
  "parse_mode",
  "entities",
  "link_preview_options",
  "disable_notification",
  "protect_content",
  "allow_paid_broadcast",
  "message_effect_id",
  "reply_parameters",
  "reply_markup",
];

export function telegramDouble(
  clock: ServiceClock,
  chats: Readonly<Record<string, "open" | "blocked" | "upgraded">>,
): TelegramDouble {
  const windows = new Map<string, Window>();
  const refuse = (
    status: number,
    description: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Response => Response.json({ ok: false, error_code: status, description, ...more }, { status });
  const service = serve(async (request) => {
    const { pathname } = new URL(request.url);
    const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(pathname) ?? [];
    if (token !== telegramToken) return refuse(401, "Unauthorized");
    if (method !== "sendMessage") return refuse(404, "Not Found");
    if (request.headers.get("content-type") !== "application/json") {
      return refuse(400, "Bad Request: message text is empty");
    }
    const body = await jsonBodyOf(request);
    if (body === undefined) return refuse(400, "Bad Request: can't parse JSON object");
    const stray = Object.keys(body).find((name) => !parameters.includes(name));
    if (stray !== undefined) return new Response(`no parameter ${stray}`, { status: 599 });
    const chat = String(body.chat_id);
    const state = chats[chat];
    if (state === undefined) return refuse(400, "Bad Request: chat not found");
    if (state === "blocked") return refuse(403, "Forbidden: bot was blocked by the user");
    if (state === "upgraded") {
      return refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", {
        parameters: { migrate_to_chat_id: -1001234567890 },
      });
    }
    const text = typeof body.text === "string" ? body.text : "";
    if (text.trim() === "") return refuse(400, "Bad Request: message text is empty");
    if (text.length > 4096) return refuse(400, "Bad Request: message is too long");
    const window = windows.get(chat) ??
      new Window(chat.startsWith("-") ? 20 : 1, chat.startsWith("-") ? 60_000 : 1_000);
    windows.set(chat, window);
    const waitMs = window.take(clock.nowMs);
    if (waitMs > 0) {
      double.limited += 1;
      const seconds = Math.ceil(waitMs / 1000);
      return refuse(429, `Too Many Requests: retry after ${seconds}`, {
        parameters: { retry_after: seconds },
      });
    }
    double.texts.push(text);
    double.silent.push(body.disable_notification === true);
    const type = chat.startsWith("-") ? "supergroup" : "private";
    return Response.json({
      ok: true,
      result: {
        message_id: double.texts.length,
        date: Math.floor(clock.nowMs / 1000),
        chat: { id: Number(chat), type },
        text,
      },
    });
  });
  const double: TelegramDouble = { ...service, texts: [], silent: [], limited: 0 };
  return double;
}
