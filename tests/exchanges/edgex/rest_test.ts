/** What answers come to: by their words, their status, or nothing at all. */
import { assertEquals } from "@std/assert";
import { RequestBudget } from "../../../exchanges/edgex/request_budget.ts";
import { RestClient } from "../../../exchanges/edgex/rest.ts";
import { RequestSigner } from "../../../exchanges/edgex/signing.ts";
import { VirtualTime } from "../../support/venue_fakes.ts";

const keys = {
  accountId: "7",
  apiKey: "made-up-key",
  apiSecret: "made-up-secret",
  passphrase: "made-up-words",
};

function client(answer: () => Promise<Response>) {
  const time = new VirtualTime();
  const budget = new RequestBudget({
    clock: time,
    scheduler: time,
    ordersPerMinute: 240,
    questionsPerMinute: 300,
  });
  const rest = new RestClient({
    baseUrl: "https://edgex.test",
    fetch: answer,
    scheduler: time,
    budget,
    account: {
      signer: new RequestSigner(keys),
      accountId: keys.accountId,
      venueNowMs: () => time.epochMs(),
      secrets: [keys.apiKey, keys.apiSecret, keys.passphrase],
    },
  });
  return { rest, budget, time };
}
const json = (body: unknown, status = 200) => () => Promise.resolve(Response.json(body, { status }));

Deno.test("an answer is data, a no, or nothing that can be told", async () => {
  const garbled = (status: number) => ({
    kind: "unanswered",
    why: "garbled_reply",
    details: `HTTP ${status}`,
  } as const);
  const cases = [
    [json({ code: "SUCCESS", data: 1, responseTime: "5" }), { kind: "data", data: 1, tsVenueMs: 5 }],
    [json({ code: "ORDER_NOT_FOUND", msg: "no" }), { kind: "refused", code: "ORDER_NOT_FOUND", text: "no" }],
    [json({ code: "INVALID_API_KEY", msg: "invalid apiKey : made-up-key" }, 401), {
      kind: "refused",
      code: "INVALID_API_KEY",
      text: "invalid apiKey : …",
    }],
    [json({ code: "SUCCESS", data: 1 }, 502), garbled(502)],
    [json({ status: "fine" }), garbled(200)],
    [() => Promise.resolve(new Response("<html>")), garbled(200)],
    [() => Promise.resolve(new Response("", { status: 429 })), {
      kind: "refused",
      code: "HTTP_429",
      text: "too many requests",
    }],
    [() => Promise.reject(new TypeError("connection reset")), {
      kind: "unanswered",
      why: "disconnected",
      details: "connection reset",
    }],
  ] as const;
  for (const [answer, expected] of cases) {
    const { rest } = client(answer);
    assertEquals(await rest.post("/api/v2/private/order/createOrder", {}), expected);
  }
});

Deno.test("after a 429 orders and questions wait, and a question that waits too long never leaves", async () => {
  let asked = 0;
  const { budget, rest, time } = client(() => {
    asked += 1;
    return Promise.resolve(new Response("", { status: 429 }));
  });
  await rest.post("/x", {});
  assertEquals(budget.tryOrder(false), false);
  const ending = new AbortController();
  const question = rest.get("/y", {}, ending.signal);
  await time.advance(500);
  ending.abort();
  assertEquals((await question).kind, "unsent");
  assertEquals(asked, 1);
  await time.advance(2_000);
  assertEquals(budget.tryOrder(false), true);
});

Deno.test("orders leave a fifth to those that reduce; the account's own limit counts where it is lower", () => {
  const { budget } = client(() => Promise.reject(new Error("not asked")));
  budget.setAccountLimit(60);
  let opened = 0;
  while (budget.tryOrder(false)) opened += 1;
  let closed = 0;
  while (budget.tryOrder(true)) closed += 1;
  assertEquals([opened, closed], [4, 1]);
});
