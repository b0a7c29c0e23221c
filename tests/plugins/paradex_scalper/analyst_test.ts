/** The analyst's word: permission, opinions, silence and nonsense. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  analystHosts,
  analystUrl,
  askAnalyst,
  type Question,
} from "../../../plugins/paradex_scalper/analyst.ts";
import scalper from "../../../plugins/paradex_scalper/mod.ts";

const question: Question = {
  url: "http://127.0.0.1:1/signal",
  instrument: "paradex:BTC-PERP",
  signal: {
    side: "buy",
    score: 50,
    confidence: 80,
    price: 100,
    votes: [],
    reasons: ["RSI 12.0"],
    rejections: [],
  },
  timeoutMs: 1_000,
  onSilence: "skip",
};
const answering = (body: unknown, status = 200): typeof fetch => () =>
  Promise.resolve(new Response(typeof body === "string" ? body : JSON.stringify(body), { status }));

Deno.test("without an analyst the scalper asks for no permission", () => {
  assertEquals(analystUrl, "");
  assertEquals(scalper.manifest.permissions, undefined);
});

const hosts = [
  { url: "", expected: [] },
  { url: "http://127.0.0.1:8080/signal", expected: ["127.0.0.1:8080"] },
  { url: "https://analyst.example/x", expected: ["analyst.example:443"] },
  { url: "http://analyst.example", expected: ["analyst.example:80"] },
];
for (const { url, expected } of hosts) {
  Deno.test(`analystHosts(${JSON.stringify(url)})`, () => assertEquals(analystHosts(url), expected));
}

const answers: readonly {
  readonly name: string;
  readonly send: typeof fetch;
  readonly decision: string;
  readonly scale: number;
  readonly reason: RegExp;
}[] = [
  { name: "a yes", send: answering({ decision: "take" }), decision: "take", scale: 1, reason: /^$/ },
  {
    name: "a smaller yes",
    send: answering({ decision: "take", scale: 0.5, reason: "thin" }),
    decision: "take",
    scale: 0.5,
    reason: /^thin$/,
  },
  {
    name: "a no",
    send: answering({ decision: "veto", reason: "news" }),
    decision: "veto",
    scale: 1,
    reason: /^news$/,
  },
  {
    name: "a scale beyond 1",
    send: answering({ decision: "take", scale: 3 }),
    decision: "veto",
    scale: 1,
    reason: /can't be read/,
  },
  {
    name: "another word",
    send: answering({ decision: "moon" }),
    decision: "veto",
    scale: 1,
    reason: /can't be read/,
  },
  { name: "no JSON", send: answering("<html>"), decision: "veto", scale: 1, reason: /no answer/ },
  {
    name: "an error of its server",
    send: answering({}, 500),
    decision: "veto",
    scale: 1,
    reason: /HTTP 500/,
  },
  {
    name: "a refused connection",
    send: () => Promise.reject(new TypeError("connection refused")),
    decision: "veto",
    scale: 1,
    reason: /connection refused/,
  },
];
for (const { name, send, decision, scale, reason } of answers) {
  Deno.test(`askAnalyst(): ${name}`, async () => {
    const opinion = await askAnalyst(question, send);
    assertEquals([opinion.decision, opinion.scale], [decision, scale]);
    assertMatch(opinion.reason, reason);
  });
}

Deno.test("askAnalyst() does not wait longer than it may, and then does as the settings say", async () => {
  const never: typeof fetch = (_url, init) =>
    new Promise((_resolve, reject) =>
      init?.signal?.addEventListener("abort", () => reject(new DOMException("timed out", "TimeoutError")))
    );
  const opinion = await askAnalyst({ ...question, timeoutMs: 5, onSilence: "take" }, never);
  assertEquals([opinion.decision, opinion.scale], ["take", 1]);
  assertMatch(opinion.reason, /timed out/);
});
