import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "@berth/sdk";
import * as v from "valibot";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { delay, withDeadline } from "@berth/sdk/venue/waiting.ts";
import { RestClient } from "../../../exchanges/paradex/rest.ts";
import { settle, VirtualTime } from "./fakes.ts";

const never = new AbortController().signal;

Deno.test("a request has the token, the query without absent values, and its body as JSON", async () => {
  const seen: unknown[] = [];
  const client = new RestClient("https://venue.test/v1", (url, init) => {
    seen.push([url, init.method, Object.fromEntries(new Headers(init.headers)), init.body]);
    return Promise.resolve(new Response("{}"));
  }, new VirtualTime());
  await client.send({
    method: "POST",
    path: "/orders",
    query: { market: "A B&C", cursor: undefined, n: 1 },
    body: { a: 1 },
    token: "jwt",
    signal: never,
  });
  assertEquals(seen, [[
    "https://venue.test/v1/orders?market=A+B%26C&n=1",
    "POST",
    { accept: "application/json", authorization: "Bearer jwt", "content-type": "application/json" },
    '{"a":1}',
  ]]);
});

Deno.test("long integers in a body keep their digits", async () => {
  const client = new RestClient(
    "https://venue.test",
    () =>
      Promise.resolve(
        new Response('{"seq_no":1721903808521364144,"n":12,"f":1.5,"id":"1721903808500201709220290000"}'),
      ),
    new VirtualTime(),
  );
  assertEquals(await client.send({ method: "GET", path: "/", signal: never }), {
    kind: "ok",
    body: { seq_no: 1721903808521364144n, n: 12, f: 1.5, id: "1721903808500201709220290000" },
  });
});

Deno.test("Retry-After empties the budget for as long as it says", async () => {
  const time = new VirtualTime();
  let answers = 0;
  const client = new RestClient("https://venue.test", () => {
    answers += 1;
    return Promise.resolve(
      answers === 1
        ? new Response("", { status: 429, headers: { "retry-after": "3" } })
        : new Response('"fine"'),
    );
  }, time);
  const budget = new RateBudget(time, [{ requests: 10, perMs: 1_000 }]);
  const options = { signal: never, budget };
  assertEquals(
    (await assertRejects(() => client.get(v.string(), "/x", options), BerthError)).code,
    "VENUE_UNREACHABLE",
  );
  const second = client.get(v.string(), "/x", options);
  await time.advance(2_999);
  assertEquals(answers, 1);
  await time.advance(1);
  assertEquals([await second, answers], ["fine", 2]);
});

Deno.test("waiting for the budget ends at the deadline", async () => {
  const time = new VirtualTime();
  const client = new RestClient(
    "https://venue.test",
    () => Promise.reject(new Error("must not be sent")),
    time,
  );
  const budget = new RateBudget(time, [{ requests: 1, perMs: 60_000 }]);
  assert(budget.tryTake());
  const waiting = withDeadline(time, 1_000, (signal) => client.get(v.string(), "/x", { signal, budget }));
  const failed = assertRejects(() => waiting, BerthError);
  await time.advance(1_000);
  assertEquals((await failed).code, "VENUE_UNREACHABLE");
});

Deno.test("an answer of another form is invalid, and the error does not repeat it", async () => {
  const time = new VirtualTime();
  const client = new RestClient(
    "https://venue.test",
    () => Promise.resolve(new Response('{"a":"secret"}')),
    time,
  );
  const budget = new RateBudget(time, [{ requests: 1, perMs: 1 }]);
  const schema = v.object({ a: v.number() });
  const error = await assertRejects(() => client.get(schema, "/x", { signal: never, budget }), BerthError);
  assertEquals([error.code, error.message.includes("secret")], ["VENUE_ANSWER_INVALID", false]);
});

Deno.test("delay() ends early when the signal fires", async () => {
  const time = new VirtualTime();
  const controller = new AbortController();
  let isDone = false;
  const waiting = delay(time, 1_000, controller.signal).then(() => isDone = true);
  await settle();
  assertEquals(isDone, false);
  controller.abort();
  await waiting;
});
