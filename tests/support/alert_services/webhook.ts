/** A receiver that checks signatures with the library of Standard Webhooks, and drops what it has seen. */
import { Webhook } from "standardwebhooks";
import { type LoopbackService, serve } from "./service.ts";

/** 32 bytes that count from 0. */
export const webhookKey = `whsec_${new Uint8Array(32).map((_, at) => at).toBase64()}`;

export interface ReceivedNote {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface WebhookDouble extends LoopbackService {
  readonly received: ReceivedNote[];
  readonly refused: string[];
  /** What the next calls are answered instead of being looked at. */
  readonly answers: Response[];
  /** What comes while this is true is not answered until the end. */
  isHanging: boolean;
}

export function webhookDouble(key = webhookKey): WebhookDouble {
  const seen = new Set<string>();
  const over = Promise.withResolvers<void>();
  const service = serve(async (request) => {
    if (double.isHanging) {
      await over.promise;
      return new Response(null, { status: 503 });
    }
    const answer = double.answers.shift();
    if (answer !== undefined) return answer;
    const body = await request.text();
    try {
      new Webhook(key).verify(body, Object.fromEntries(request.headers));
    } catch (error) {
      double.refused.push(error instanceof Error ? error.message : String(error));
      return new Response("who are you?", { status: 401 });
    }
    const id = request.headers.get("webhook-id") ?? "";
    if (!seen.has(id)) double.received.push(JSON.parse(body));
    seen.add(id);
    return new Response(null, { status: 204 });
  });
  const double: WebhookDouble = {
    ...service,
    received: [],
    refused: [],
    answers: [],
    isHanging: false,
    async [Symbol.asyncDispose]() {
      over.resolve();
      await service[Symbol.asyncDispose]();
    },
  };
  return double;
}
