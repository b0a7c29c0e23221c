/** What each answer of the venue's means for a request, and what never left. */
import { assert, assertEquals } from "@std/assert";
import { RequestBudget } from "../../../exchanges/aster/request_budget.ts";
import { errorOf, RestClient } from "../../../exchanges/aster/rest.ts";
import { RequestSigner } from "../../../exchanges/aster/signing.ts";
import { VirtualTime } from "../../support/venue_fakes.ts";

const privateKey = `0x${"12".repeat(32)}`;

function client(answer: () => Promise<Response>) {
  const time = new VirtualTime();
  const sent: { readonly url: string; readonly init: RequestInit }[] = [];
  let stale = 0;
  let nonce = 1_759_400_000_000_000;
  const rest = new RestClient({
    baseUrl: "https://aster.test",
    fetch: (url, init) => {
      sent.push({ url, init });
      return answer();
    },
    scheduler: time,
    budget: new RequestBudget(time, 1),
    signer: new RequestSigner({
      privateKey,
      user: `0x${"ab".repeat(20)}`,
      network: "testnet",
      nextNonce: () => ++nonce,
    }),
    onStale: () => void stale++,
  });
  return { rest, sent, time, stale: () => stale };
}

const reply = (status: number, body: unknown, headers: Record<string, string> = {}) => () =>
  Promise.resolve(new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers }));
const options = { isSigned: true, weight: 1, urgency: "order" } as const;

Deno.test("an answer is data, a refusal, or nothing that says whether it took effect", async () => {
  const cases = [
    [200, { orderId: 1 }, "data", ""],
    [200, { code: "200", msg: "done" }, "data", ""],
    [200, { code: 200, msg: "success" }, "data", ""],
    [200, { code: -2011, msg: "Unknown order sent." }, "error", "-2011"],
    [400, { code: -1121, msg: "Invalid symbol." }, "error", "-1121"],
    [401, { code: -2015, msg: "Invalid API-key" }, "error", "-2015"],
    [403, "<html>Forbidden</html>", "error", "HTTP 403"],
    [404, "<html>Not Found</html>", "error", "HTTP 404"],
    [429, { code: -1003, msg: "Too many requests." }, "error", "-1003"],
    [418, "", "error", "-1003"],
    [400, { code: -1006, msg: "Execution status unknown." }, "unanswered", ""],
    [400, { code: -1007, msg: "Timeout" }, "unanswered", ""],
    [500, "<html>Internal</html>", "unanswered", ""],
    [503, { code: -1121, msg: "whatever it says" }, "unanswered", ""],
    [200, "<html>", "unanswered", ""],
  ] as const;
  for (const [status, body, kind, code] of cases) {
    const { rest } = client(reply(status, body));
    const result = await rest.request("POST", "/fapi/v3/order", { symbol: "BTCUSDT" }, options);
    assertEquals(
      [result.kind, result.kind === "error" ? result.code : ""],
      [kind, code],
      `${status} ${body}`,
    );
    if (result.kind !== "data") assert(errorOf("POST", result).message.length > 0);
  }
});

Deno.test("what was signed is what is sent, in the body, or behind the address of a question", async () => {
  const { rest, sent } = client(reply(200, {}));
  await rest.request("POST", "/fapi/v3/order", { a: "x y", b: "[1]" }, options);
  await rest.request("GET", "/fapi/v3/order", { a: "1" }, options);
  await rest.request("GET", "/fapi/v3/time", {}, { isSigned: false, weight: 1 });
  const [post, get, open] = sent;
  assert(
    /^a=x\+y&b=%5B1%5D&nonce=\d+&user=0x\w+&signer=0x\w+&signature=0x\w{130}$/.test(String(post?.init.body)),
  );
  assertEquals(post?.url, "https://aster.test/fapi/v3/order");
  assert(
    /^https:\/\/aster\.test\/fapi\/v3\/order\?a=1&nonce=\d+&.*&signature=0x\w{130}$/.test(get?.url ?? ""),
  );
  assertEquals([get?.init.body, open?.url], [undefined, "https://aster.test/fapi/v3/time"]);
});

Deno.test("an address that can't be reached is named without what was signed", async () => {
  const { rest, sent } = client(() => Promise.reject(new TypeError(`can't reach ${sent.at(-1)?.url}`)));
  const result = await rest.request("GET", "/fapi/v3/order", { a: "1" }, options);
  assert(
    result.kind === "unanswered" && result.details.includes("aster.test/fapi/v3/order?…"),
    JSON.stringify(result),
  );
  assertEquals(/signature|nonce/.test(result.details), false);
});

Deno.test("after a 429 orders don't leave until the venue's time, questions wait for it; a stale nonce has the clock read", async () => {
  let next = reply(429, { code: -1003, msg: "" }, { "retry-after": "5" });
  const { rest, sent, stale, time } = client(() => next());
  const order = () => rest.request("POST", "/fapi/v3/order", {}, options);
  await order();
  assertEquals([(await order()).kind, sent.length], ["unsent", 1]);
  next = reply(200, {});
  const question = rest.request("GET", "/fapi/v3/balance", {}, { isSigned: true, weight: 5 });
  await time.advance(4_000);
  assertEquals(sent.length, 1);
  await time.advance(1_500);
  assertEquals([(await question).kind, sent.length], ["data", 2]);
  next = reply(400, { code: -4225, msg: "Nonce Expired" });
  await order();
  assertEquals(stale(), 1);
});
