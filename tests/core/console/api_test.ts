/**
 * The interface, tested from its own OpenAPI document: every operation is asked rightly and wrongly. What it answers is
 * held against the schema that the document was made from.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as v from "valibot";
import { endpoints } from "../../../core/console/endpoints.ts";
import { maxBodyBytes, securityHeaders } from "../../../core/console/guard.ts";
import { openApiDocument } from "../../../core/console/openapi.ts";
import { problemSchema } from "../../../core/console/problems.ts";
import { openJournalReader } from "../../../core/journal/reader.ts";
import { openJournal } from "../../../core/journal/writer.ts";
import { systemClock } from "../../../core/host/system_clock.ts";
import { type Bench, consoleBench, ownHost, somePicture, token } from "./bench.ts";

const documentSchema = v.object({
  openapi: v.literal("3.1.0"),
  paths: v.record(
    v.string(),
    v.record(
      v.string(),
      v.looseObject({
        operationId: v.string(),
        parameters: v.array(v.looseObject({ name: v.string(), in: v.string(), required: v.boolean() })),
        requestBody: v.optional(v.unknown()),
        security: v.optional(v.unknown()),
        responses: v.record(
          v.string(),
          v.union([
            v.looseObject({ description: v.string() }),
            v.strictObject({ $ref: v.pipe(v.string(), v.regex(/^#\/components\/responses\/Problem\d{3}$/)) }),
          ]),
        ),
      }),
    ),
  ),
});

/** What each operation is asked with when it is asked rightly. */
const examples: Readonly<
  Record<
    string,
    { readonly params?: Record<string, string>; readonly query?: string; readonly body?: unknown }
  >
> = {
  getVenue: { params: { venue: "alpha" } },
  getPlugin: { params: { id: "maker" } },
  approvePlugin: { params: { id: "maker" }, body: { fingerprint: "ab".repeat(32) } },
  startPlugin: { params: { id: "maker" } },
  stopPlugin: { params: { id: "maker" } },
  reloadPlugin: { params: { id: "maker" } },
  configurePlugin: { params: { id: "maker" }, body: { settings: { edgeBps: 5 } } },
  cancelOrder: { params: { clientOrderId: "t1abc" } },
  cancelOrders: { body: { scope: "plugin/maker" } },
  flatten: { body: { scope: "global" } },
  listFills: { query: "?limit=10&instrument=alpha:BTC-PERP" },
  tightenLimits: { body: { scope: "global", limits: { maxOpenOrders: 5 } } },
  loosenLimits: { body: { scope: "account/alpha", limits: { maxLeverage: null }, reason: "larger book" } },
  tightenMarketLimits: { body: { limits: { maxQuoteAgeMs: 500 } } },
  loosenMarketLimits: { body: { limits: { maxQuoteAgeMs: 5_000 }, reason: "slow line" } },
  takeOverHost: { body: { venue: "alpha", tag: "k3f9", reason: "gone" } },
  setLeverage: { body: { instrument: "alpha:BTC-PERP", leverage: 3, marginMode: "cross" } },
  setTradingState: { body: { scope: "plugin/maker", state: "reducing", reason: "maintenance" } },
  resume: { body: { scope: "global", reason: "seen" } },
  kill: { body: { flatten: true } },
  steerReplay: { body: { action: "pause" } },
  listRecords: { query: "?kind=fill,order&limit=5&fromUs=1" },
  listRuns: { query: "?limit=3" },
  explain: { query: "?id=fill/alpha/1" },
  listLogs: { query: "?level=warn&text=WIDE&limit=5" },
  getSpreadHistory: { query: "?symbol=BTC-PERP" },
  getPnlHistory: { query: "?scope=plugin/maker" },
};

const document = v.parse(documentSchema, openApiDocument(endpoints, "1.2.3"));

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly template: string;
  readonly hasBody: boolean;
  readonly isChange: boolean;
  readonly body: unknown;
  readonly statuses: readonly string[];
}

const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([template, item]) =>
  Object.entries(item).map(([method, operation]) => {
    const { params = {}, query = "", body } = examples[operation.operationId] ?? {};
    const path = Object.entries(params).reduce(
      (text, [name, value]) => text.replace(`{${name}}`, value),
      template,
    );
    return {
      id: operation.operationId,
      method: method.toUpperCase(),
      path: path + query,
      template,
      hasBody: operation.requestBody !== undefined,
      isChange: method !== "get",
      body,
      statuses: Object.keys(operation.responses),
    };
  })
);

const withToken = { authorization: `Bearer ${token}` };
const asJson = { "content-type": "application/json" };

function ask(
  bench: Bench,
  operation: Operation,
  headers: Record<string, string> = {},
  body = operation.body,
) {
  return bench.ask(operation.path, {
    method: operation.method,
    headers: { ...(operation.hasBody ? asJson : {}), ...headers },
    ...(operation.hasBody ? { body: JSON.stringify(body) } : {}),
  });
}

async function assertProblem(response: Response, status: number, words = /./): Promise<void> {
  const text = await response.text();
  assertEquals(response.status, status, text);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  const problem = v.parse(problemSchema, JSON.parse(text));
  assertEquals(problem.status, status);
  assertMatch(`${problem.title}. ${problem.detail}`, words);
  for (const [name, value] of Object.entries(securityHeaders)) {
    assertEquals(response.headers.get(name), value);
  }
}

const killReport = {
  by: "http",
  isFlattening: true,
  startedUs: 1,
  endedUs: 2,
  isClean: true,
  unresolvedOrders: [],
  venues: [],
};

/** What the host answers to commands whose answer says more than that they are done. */
const values: Readonly<Record<string, unknown>> = {
  kill: killReport,
  steerReplay: { isPaused: true, atMs: 1_700_000_000_000, share: 0.5 },
  reloadAlerts: { changes: ["rule fill: enabled true → false"] },
};

/** A journal with a fill in it. */
async function inJournal(run: (file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/journal.db`;
  const journal = await openJournal({
    path,
    clock: systemClock(),
    durability: "process_crash",
    onFailure: (error) => {
      throw error;
    },
  });
  journal.startRun({ runId: "r1", environment: "sim", seed: 1, version: "1.2.3", tsStartMs: 1 });
  const fill = {
    instrument: "alpha:BTC-PERP",
    fillId: "1",
    clientOrderId: "t1abc",
    venueOrderId: "v1",
    side: "buy",
    priceTicks: 500_000,
    sizeLots: 10,
    liquidity: "taker",
    fee: 250_000_000_000_000_000n,
    feeAsset: "USDC",
    tsVenueMs: 1_700_000_000_000,
    tsRecvUs: 1_700_000_000_000_000,
  };
  journal.append({
    id: "fill/alpha/1",
    kind: "fill",
    tsUs: 5,
    plugin: "maker",
    venue: "alpha",
    instrument: "alpha:BTC-PERP",
    body: { kind: "fill", plugin: "maker", ref: "r1", fill },
  });
  const minuteAgoUs = somePicture().engine.tsUs - 60_000_000;
  journal.append({
    id: "curves/1",
    kind: "curves",
    tsUs: minuteAgoUs,
    body: { pnl: [{ scope: "global", totalUsd: 42, drawdownUsd: 1 }], quotes: [] },
  });
  journal.append({ id: "curves/2", kind: "curves", tsUs: minuteAgoUs + 1, body: { pnl: "torn" } });
  journal.append({
    id: "opportunity/maker/1",
    kind: "opportunity",
    tsUs: minuteAgoUs,
    plugin: "maker",
    body: {
      opportunity: {
        symbol: "BTC-PERP",
        buy: "alpha:BTC-PERP",
        sell: "beta:BTC-PERP",
        netBps: 7.5,
        isTaken: true,
      },
    },
  });
  await journal.close({ isClean: true });
  try {
    await run(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the document names every endpoint once, with the statuses that each may have", () => {
  assertEquals(new Set(operations.map(({ id }) => id)).size, operations.length);
  assertEquals(operations.length, endpoints.length + 2); // events and metrics besides
  const text = JSON.stringify(openApiDocument(endpoints, "1.2.3"));
  for (const [, kind = "", name = ""] of text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)) {
    assert(text.includes(`"${name}":{`), `${kind}/${name} is referred to and not there`);
  }
  for (const { id, method, path } of endpoints) {
    assert(operations.some((one) => one.id === id && one.method === method && one.template === path), id);
  }
  for (const operation of operations) {
    assert(["200", "401", "403", "429"].every((status) => operation.statuses.includes(status)), operation.id);
    if (operation.isChange && operation.hasBody) {
      assert(operation.body !== undefined, `${operation.id}: no example`);
    }
    assert(!operation.path.includes("{"), `${operation.id}: no example of its parameters`);
  }
});

Deno.test("every operation, asked rightly, answers as its schema says; changes reach the host and nothing else does", async () => {
  await inJournal(async (file) => {
    const bench = await consoleBench({ journal: () => openJournalReader(file) });
    for (const operation of operations) {
      const before = bench.commands.length;
      bench.result = { kind: "done", value: values[operation.id] ?? null };
      const response = await ask(bench, operation, operation.isChange ? withToken : {});
      if (operation.id === "followEvents") {
        assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
        await response.body?.cancel();
        continue;
      }
      const text = await response.text();
      assertEquals(response.status, 200, `${operation.id}: ${text}`);
      const isCommand = operation.isChange && operation.id !== "checkToken";
      assertEquals(bench.commands.length - before, isCommand ? 1 : 0, operation.id);
      const answer = endpoints.find(({ id }) => id === operation.id)?.answer;
      if (answer === undefined) continue;
      const parsed = v.safeParse(answer, JSON.parse(text));
      assert(
        parsed.success,
        `${operation.id}: ${JSON.stringify(parsed.issues?.[0]?.message)} ${text.slice(0, 300)}`,
      );
      for (const [name, value] of Object.entries(securityHeaders)) {
        assertEquals(response.headers.get(name), value);
      }
    }
  });
});

Deno.test("fills come from the journal with prices, sizes and exact fees", async () => {
  await inJournal(async (file) => {
    const bench = await consoleBench({ journal: () => openJournalReader(file) });
    const { items } = await (await bench.ask("/api/v1/fills")).json();
    assertEquals(items, [{
      id: "fill/alpha/1",
      tsMs: 1_700_000_000_000,
      plugin: "maker",
      instrument: "alpha:BTC-PERP",
      side: "buy",
      price: 50_000,
      sizeBase: 0.01,
      sizeLots: 10,
      liquidity: "taker",
      fee: "0.25",
      feeAsset: "USDC",
      clientOrderId: "t1abc",
    }]);
    assertEquals((await (await bench.ask("/api/v1/fills?plugin=other")).json()).items, []);
  });
});

Deno.test("curves and opportunities go back over restarts, as far as the journal can be read", async () => {
  await inJournal(async (file) => {
    const bench = await consoleBench({ journal: () => openJournalReader(file) });
    const curve = await (await bench.ask("/api/v1/history/pnl?scope=global")).json();
    assertEquals([curve.totalUsd.slice(0, 2), curve.totalUsd.length, curve.pastProblem], [
      [42, null],
      3,
      null,
    ]);
    const { items } = await (await bench.ask("/api/v1/history/opportunities")).json();
    const words = "buy alpha, sell beta";
    assertEquals(items.map(({ tsMs: _at, ...one }: Record<string, unknown>) => one), [
      { plugin: "maker", symbol: "BTC-PERP", words, edgeBps: 7.5, isTaken: true },
    ]);
  });
  const without = await consoleBench();
  const curve = await (await without.ask("/api/v1/history/pnl?scope=global")).json();
  assertEquals(curve.totalUsd.length, 1);
  assertMatch(curve.pastProblem, /journal/);
});

for (const operation of operations.filter(({ isChange }) => isChange)) {
  Deno.test(`${operation.id} needs the token`, async () => {
    const bench = await consoleBench();
    await assertProblem(await ask(bench, operation), 401, /Authorization: Bearer/);
    for (
      const wrong of [`Bearer ${token}x`, `Bearer ${token.slice(1)}`, "Bearer ", `Basic ${token}`, token]
    ) {
      await assertProblem(await ask(bench, operation, { authorization: wrong }), 401);
    }
    assertEquals(bench.commands, []);
  });
}

for (const operation of operations.filter(({ hasBody }) => hasBody)) {
  Deno.test(`${operation.id} takes no malformed, foreign or oversized body`, async () => {
    const bench = await consoleBench();
    const send = (body: BodyInit, headers: Record<string, string> = asJson) =>
      bench.ask(operation.path, { method: operation.method, headers: { ...withToken, ...headers }, body });
    await assertProblem(await send("{"), 400, /no JSON/);
    await assertProblem(await send(new Uint8Array([0xff, 0xfe])), 400, /no JSON/);
    await assertProblem(await send("[]"), 400);
    await assertProblem(await send("null"), 400);
    await assertProblem(
      await ask(bench, operation, withToken, { ...Object(operation.body), surprise: 1 }),
      400,
    );
    await assertProblem(await ask(bench, operation, withToken, { scope: "../../etc", flatten: "yes" }), 400);
    await assertProblem(await send("{}", { "content-type": "text/plain" }), 415);
    await assertProblem(await send("a=b", { "content-type": "application/x-www-form-urlencoded" }), 415);
    await assertProblem(await send(`"${"x".repeat(maxBodyBytes)}"`), 413);
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(8_192).fill(32)),
    });
    await assertProblem(await send(endless), 413);
    assertEquals(bench.commands, []);
  });
}

for (const operation of operations) {
  Deno.test(`${operation.id} is not answered under a foreign name, nor to a foreign site`, async () => {
    const bench = await consoleBench();
    for (
      const host of [
        "evil.example",
        "evil.example:8117",
        "127.0.0.1",
        "127.0.0.1:80",
        "localhost.evil:8117",
        "",
      ]
    ) {
      await assertProblem(await ask(bench, operation, { ...withToken, host }), 403, /own/);
    }
    for (
      const origin of ["https://evil.example", "null", "http://127.0.0.1:3000", `http://${ownHost}.evil`]
    ) {
      await assertProblem(await ask(bench, operation, { ...withToken, origin }), 403, /other sites/);
    }
    for (const site of ["cross-site", "same-site"]) {
      await assertProblem(await ask(bench, operation, { ...withToken, "sec-fetch-site": site }), 403);
    }
    assertEquals(bench.commands, []);
  });
}

Deno.test("its own names and its own pages are taken", async () => {
  const bench = await consoleBench({ allowedHosts: ["berth.lan"] });
  for (const host of [ownHost, "localhost:8117", "[::1]:8117", "LOCALHOST:8117", "berth.lan:8117"]) {
    assertEquals((await bench.ask("/api/v1/health", { headers: { host } })).status, 200, host);
  }
  const headers = { origin: `http://${ownHost}`, "sec-fetch-site": "same-origin" };
  assertEquals((await bench.ask("/api/v1/status", { headers })).status, 200);
  // A link from elsewhere may open the page; it can't read it, and it changes nothing.
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  assertEquals((await bench.ask("/docs", { headers: link })).status, 200);
  await assertProblem(await bench.ask("/api/v1/kill", { method: "POST", headers: link }), 403);
});

Deno.test("from another machine reading needs the token too", async () => {
  const bench = await consoleBench({ address: "192.168.1.5", allowedHosts: ["berth.lan"] });
  const from = { address: "192.168.1.9" };
  const headers = { host: "berth.lan:8117" };
  const notOpen = [
    "/api/v1/status",
    "/api/v1/events",
    "/metrics",
    "/docs",
    "/page/../metrics",
    "/page/x/main.js",
  ];
  for (const path of notOpen) {
    await assertProblem(await bench.ask(path, { ...from, headers }), 401);
  }
  for (const path of ["/", "/page/main.js"]) {
    assertEquals((await bench.ask(path, { ...from, headers })).status, 200, `${path} has no figure in it`);
  }
  const known = await bench.ask("/api/v1/status", { ...from, headers: { ...headers, ...withToken } });
  assertEquals(known.status, 200);
});

Deno.test("what is not there, and what can't be done there, is said", async () => {
  const bench = await consoleBench();
  await assertProblem(await bench.ask("/api/v1/nothing"), 404);
  await assertProblem(await bench.ask("/api/v1/venues/beta"), 404, /no venue beta/);
  await assertProblem(await bench.ask("/api/v1/venues/..%2f"), 400);
  await assertProblem(await bench.ask("/api/v1/fills"), 404, /journal/);
  await assertProblem(await bench.ask("/api/v1/journal?limit=0"), 400);
  await assertProblem(await bench.ask("/api/v1/journal?limit=1001"), 400);
  await assertProblem(await bench.ask("/api/v1/journal?drop=tables"), 400);
  await assertProblem(await bench.ask("/api/v1/events?topics=secrets"), 400, /secrets/);
  const wrongMethod = await bench.ask("/api/v1/risk", { method: "DELETE", headers: withToken });
  assertEquals(wrongMethod.headers.get("allow"), "GET");
  await assertProblem(wrongMethod, 405);
  await assertProblem(await bench.ask("/page/secrets.js"), 404);
});

Deno.test("a host's no is handed on with its status and its words", async () => {
  const bench = await consoleBench();
  for (const status of [404, 409, 422, 501] as const) {
    bench.result = { kind: "refused", status, title: "No", detail: "because" };
    const body = JSON.stringify({ scope: "global" });
    const init = { method: "POST", headers: { ...withToken, ...asJson }, body };
    await assertProblem(await bench.ask("/api/v1/orders/cancel", init), status, /No: because/);
  }
});

Deno.test("before the host's first picture it is not ready, and says when to ask again", async () => {
  const bench = await consoleBench();
  bench.picture = undefined;
  assertEquals((await bench.ask("/api/v1/health")).status, 200);
  for (const path of ["/api/v1/ready", "/api/v1/status", "/api/v1/quotes"]) {
    const response = await bench.ask(path);
    assertEquals(response.headers.get("retry-after"), "1");
    await assertProblem(response, 503);
  }
});

Deno.test("a host that can't trade is not ready, and says why", async () => {
  const bench = await consoleBench();
  assertEquals((await bench.ask("/api/v1/ready")).status, 200);
  const { picture } = bench;
  if (picture === undefined) throw new Error("no picture");
  bench.picture = {
    ...picture,
    run: { ...picture.run, isStopping: true },
    engine: {
      ...picture.engine,
      venues: picture.engine.venues.map((venue) => ({ ...venue, isReconciled: false })),
    },
  };
  const response = await bench.ask("/api/v1/ready");
  assertEquals(response.status, 503);
  const { reasons } = await response.json();
  assertEquals(reasons, ["alpha: the account is not reconciled", "the host is stopping"]);
});

Deno.test("commands say through which door they came", async () => {
  const bench = await consoleBench();
  const body = JSON.stringify({ scope: "global" });
  const headers = { ...withToken, ...asJson };
  await bench.ask("/api/v1/orders/cancel", { method: "POST", headers, body });
  await bench.ask("/api/v1/orders/cancel", {
    method: "POST",
    headers: { ...headers, "x-berth-door": "cli" },
    body,
  });
  await bench.ask("/api/v1/orders/cancel", {
    method: "POST",
    headers: { ...headers, "x-berth-door": "file" },
    body,
  });
  assertEquals(bench.commands.map(({ by }) => by), ["http", "cli", "http"]);
});

Deno.test("wrong tokens and changes are slowed down, and time heals it", async () => {
  const bench = await consoleBench();
  const change = (headers: Record<string, string>) =>
    bench.ask("/api/v1/plugins/maker/stop", { method: "POST", headers });
  const statuses: number[] = [];
  for (let count = 0; count < 12; count++) statuses.push((await change({})).status);
  assertEquals(statuses, [...new Array(10).fill(401), 429, 429]);
  bench.nowMs += 1_000;
  const limited = await change({});
  assertEquals(limited.status, 401);
  bench.nowMs += 60_000;
  const right: number[] = [];
  for (let count = 0; count < 42; count++) right.push((await change(withToken)).status);
  assertEquals(right, [...new Array(40).fill(200), 429, 429]);
  const told = await change(withToken);
  assertEquals(told.headers.get("retry-after"), "1");
  await assertProblem(told, 429);
});

Deno.test("a venue shows how each of its channels is doing, absent figures as null", async () => {
  const bench = await consoleBench();
  const { picture } = bench;
  if (picture === undefined) throw new Error("no picture");
  const channel = {
    instrument: undefined,
    channel: "orders",
    updates: 3,
    updatesPerSecond: 0.6,
    heartbeatAgeMs: 1_200,
    latencyAverageMs: undefined,
    latencyP50Ms: undefined,
    latencyP99Ms: undefined,
    latencyMaxMs: undefined,
    gaps: 0,
  };
  const venues = picture.engine.venues.map((venue) => ({ ...venue, channels: [channel] }));
  bench.picture = { ...picture, engine: { ...picture.engine, venues } };
  const answer = await (await bench.ask("/api/v1/venues/alpha")).json();
  assertEquals(answer.channels, [{
    ...channel,
    instrument: null,
    latencyAverageMs: null,
    latencyP50Ms: null,
    latencyP99Ms: null,
    latencyMaxMs: null,
  }]);
});
