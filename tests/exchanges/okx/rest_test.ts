/** Requests as they leave: what is signed, what demo trading adds, how long they wait, what is never sent twice. */
import { assert, assertEquals } from "@std/assert";
import { RequestLimits } from "../../../exchanges/okx/request_limits.ts";
import { RestClient } from "../../../exchanges/okx/rest.ts";
import { signText } from "../../../exchanges/okx/signing.ts";
import { VirtualTime } from "./fakes.ts";

interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly atMs: number;
}

function bench(
  options: {
    readonly isDemo?: boolean;
    readonly answer?: (signal: AbortSignal | null | undefined) => Promise<Response>;
  } = {},
) {
  const time = new VirtualTime();
  const sent: Sent[] = [];
  const client = new RestClient({
    baseUrls: ["https://okx.test"],
    limits: new RequestLimits({ clock: time, scheduler: time }, 1),
    fetch: (url, init) => {
      sent.push({
        url,
        headers: new Headers(init.headers),
        body: typeof init.body === "string" ? init.body : "",
        atMs: time.monotonicMs(),
      });
      return options.answer?.(init.signal) ??
        Promise.resolve(Response.json({ code: "0", msg: "", data: [] }));
    },
    venueNowMs: () => time.epochMs() + 1_234,
    scheduler: time,
    keys: { apiKey: "key", secretKey: "SECRET", passphrase: "phrase" },
    isDemo: options.isDemo ?? false,
  });
  return { time, client, sent };
}

Deno.test("a private question is signed over its path with the query exactly as sent, by the venue's time", async () => {
  const { client, sent } = bench();
  await client.get("/api/v5/trade/fills", { begin: "1", after: "a b" }, { isPrivate: true });
  const [one] = sent;
  assert(one !== undefined);
  const timestamp = one.headers.get("OK-ACCESS-TIMESTAMP") ?? "";
  assertEquals(timestamp, "2025-10-02T10:13:21.234Z");
  const requestPath = one.url.replace("https://okx.test", "");
  assertEquals(one.headers.get("OK-ACCESS-SIGN"), signText("SECRET", `${timestamp}GET${requestPath}`));
  assertEquals([one.headers.get("OK-ACCESS-KEY"), one.headers.get("OK-ACCESS-PASSPHRASE")], [
    "key",
    "phrase",
  ]);
});

Deno.test("an order is signed over the very text that is sent; a public question is not signed", async () => {
  const { client, sent } = bench();
  await client.post("/api/v5/trade/order", { instId: "BTC-USDT-SWAP", px: "1" });
  await client.get("/api/v5/public/time", {}, { isPrivate: false });
  const [order, question] = sent;
  assert(order !== undefined && question !== undefined);
  const timestamp = order.headers.get("OK-ACCESS-TIMESTAMP") ?? "";
  assertEquals(
    order.headers.get("OK-ACCESS-SIGN"),
    signText("SECRET", `${timestamp}POST/api/v5/trade/order${order.body}`),
  );
  assertEquals([...question.headers.keys()].filter((name) => name.startsWith("ok-")), []);
});

for (const isDemo of [true, false]) {
  Deno.test(`${isDemo ? "demo" : "live"} trading is told apart by a header on every request`, async () => {
    const { client, sent } = bench({ isDemo });
    await client.get("/api/v5/public/time", {}, { isPrivate: false });
    await client.post("/api/v5/trade/order", {});
    assertEquals(
      sent.map(({ headers }) => headers.get("x-simulated-trading")),
      isDemo ? ["1", "1"] : [null, null],
    );
  });
}

Deno.test("a request that no one answers ends after ten seconds as unanswered, sent once", async () => {
  const { time, client, sent } = bench({
    answer: (signal) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted")))),
  });
  const asked = client.post("/api/v5/trade/order", {});
  await time.advance(60_000);
  assertEquals((await asked).kind, "unanswered");
  assertEquals(sent.length, 1);
});

Deno.test('questions are spread over the venue\'s limit, orders never wait, and "too many" makes an endpoint rest', async () => {
  let isRefusing = false;
  const refusal = { code: "50011", msg: "Rate limit reached", data: [] };
  const { time, client, sent } = bench({
    answer: () => Promise.resolve(Response.json(isRefusing ? refusal : { code: "0", msg: "", data: [] })),
  });
  const settle = async () => {
    for (let i = 0; i < 100; i++) {
      await time.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  const startMs = time.monotonicMs();
  const asked = Array.from(
    { length: 25 },
    () => client.get("/api/v5/account/balance", {}, { isPrivate: true }),
  );
  const orders = Array.from({ length: 25 }, () => client.post("/api/v5/trade/order", {}));
  await settle();
  assert((await Promise.all([...asked, ...orders])).every(({ kind }) => kind === "rows"));
  const timesOf = (path: string) =>
    sent.filter(({ url }) => url.endsWith(path)).map(({ atMs }) => atMs - startMs);
  // 10 at once, then one each 200 ms.
  const balances = timesOf("/account/balance");
  assertEquals([balances[9], balances.length], [0, 25]);
  assert((balances[24] ?? 0) >= 2_900 && (balances[24] ?? 0) <= 3_300, String(balances[24]));
  assert(timesOf("/trade/order").every((ms) => ms === 0));

  isRefusing = true;
  await settle();
  const refused = client.get("/api/v5/account/balance", {}, { isPrivate: true });
  await settle();
  assertEquals((await refused).kind, "error");
  isRefusing = false;
  const before = sent.length;
  void client.get("/api/v5/account/balance", {}, { isPrivate: true });
  await settle();
  assertEquals(sent.length, before + 1);
});
