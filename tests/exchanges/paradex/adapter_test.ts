import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BerthError, type ExchangeContext } from "@berth/sdk";
import { ParadexAdapter } from "../../../exchanges/paradex/adapter.ts";
import paradex from "../../../exchanges/paradex/mod.ts";
import { settings } from "../../../exchanges/paradex/settings.ts";
import {
  btcInstrument,
  constantRandom,
  FakeSockets,
  recordingLog,
  recordingPublish,
  settle,
  VirtualTime,
} from "./fakes.ts";
import { usualNames } from "../../support/venue_fakes.ts";

const market = {
  symbol: "BTC-USD-PERP",
  base_currency: "BTC",
  quote_currency: "USD",
  settlement_currency: "USDC",
  order_size_increment: "0.00001",
  price_tick_size: "0.1",
  min_notional: "10",
  max_order_size: "100",
  asset_kind: "PERP",
  delta1_cross_margin_params: { imf_base: "0.02" },
};
const secrets: Readonly<Record<string, string>> = {
  PARADEX_ACCOUNT: "0x1234",
  PARADEX_PRIVATE_KEY: "0x5678",
};
type Settings = ExchangeContext<typeof settings>["settings"];
const defaults: Settings = {
  sbeSchemaVersion: "1",
  quoteChannel: "api",
  bookChannel: "deltas",
  fundingChannel: false,
  cancelOnDisconnect: true,
  recvWindowMs: 10_000,
  rateLimitShare: 0.5,
  makerFeeBps: 0,
  takerFeeBps: 4.5,
  ethereumAddress: "",
};

function bench(options: {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly symbols?: readonly string[];
  readonly settings?: Partial<Settings>;
  /** Undefined: the venue's ordinary answer. */
  readonly answer?: (path: string) => Response | Error | undefined;
} = {}) {
  const time = new VirtualTime();
  const sockets = new FakeSockets();
  const publish = recordingPublish();
  const log = recordingLog();
  const paths: string[] = [];
  const state = { status: "ok" };
  const ordinary = (path: string): unknown => {
    switch (path.split("/")[2]) {
      case "system":
        if (path.endsWith("/time")) return { server_time: String(time.epochMs() + 1_500) };
        if (path.endsWith("/state")) return state;
        return { starknet_chain_id: "PRIVATE_SN_POTC_SEPOLIA" };
      case "markets":
        return {
          results: [market, { ...market, symbol: "ETH-USD-PERP", base_currency: "ETH" }, { symbol: 5 }],
        };
      case "auth":
        return { jwt_token: "jwt" };
      default:
        return { results: [{ account: "0x1234", fees: { maker_rate: "-0.00005", taker_rate: "0.0003" } }] };
    }
  };
  const adapter = new ParadexAdapter({
    venue: "paradex",
    environment: "sim",
    endpoints: { rest: "https://venue.test/v1", ws: "wss://venue.test/v1" },
    symbols: options.symbols ?? ["BTC-PERP"],
    symbolFor: usualNames,
    secret: (name) => options.secrets?.[name],
    settings: { ...defaults, ...options.settings },
    publish,
    clock: time,
    scheduler: time,
    random: constantRandom,
    log,
    gauge: () => {},
  }, {
    openSocket: sockets.open,
    fetch: (url) => {
      const path = new URL(url).pathname;
      paths.push(path);
      const answer = options.answer?.(path) ?? new Response(JSON.stringify(ordinary(path)));
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  return { adapter, time, sockets, publish, log, paths, state };
}
const never = new AbortController().signal;

Deno.test("without secrets it starts for market data only", async () => {
  const { adapter, paths, publish, sockets } = bench();
  await adapter.start(never);
  assertEquals(adapter.trading, undefined);
  assertEquals(paths.some((path) => path.includes("auth")), false);
  assertEquals(publish.of("instrument"), [btcInstrument]);
  assertEquals(sockets.opened.map((socket) => socket.url), [
    "wss://venue.test/v1?sbeSchemaId=1&sbeSchemaVersion=1",
  ]);
  await adapter.stop();
  assert(sockets.last.isClosed);
});

Deno.test("with secrets it proves the key, takes the account's fees and opens a second connection", async () => {
  const { adapter, publish, sockets } = bench({ secrets });
  await adapter.start(never);
  await settle();
  assertEquals(publish.of("instrument"), [{ ...btcInstrument, makerFeeBps: -0.5, takerFeeBps: 3 }]);
  assertEquals(sockets.opened.length, 2);
  const [publicSocket, privateSocket] = sockets.opened;
  publicSocket?.handlers.onOpen();
  privateSocket?.handlers.onOpen();
  await settle();
  // One cheap channel keeps the venue from closing the connection.
  assertEquals(publicSocket?.sent.map((frame) => frame.params["channel"]).toSorted(), [
    "markets",
    "markets_summary.BTC-USD-PERP",
  ]);
  assertEquals(privateSocket?.sent.map((frame) => frame.params), [{ bearer: "jwt" }]);
  for (let round = 0; round < 2; round++) {
    privateSocket?.acknowledgeAll();
    await settle();
  }
  assertEquals(privateSocket?.sent.map((frame) => [frame.method, frame.params]), [
    ["order.cancel_on_disconnect", { enabled: true }],
  ]);
  assertEquals(publish.of("restored").length, 1);
  await adapter.stop();
});

Deno.test("settings reach the venue: cancel on disconnect and the fees where nobody states any", async () => {
  const { adapter, publish, sockets } = bench({
    secrets,
    settings: { cancelOnDisconnect: false, makerFeeBps: 1, takerFeeBps: 6 },
    answer: (path) => path.endsWith("/account/info") ? new Response('{"results":[]}') : undefined,
  });
  await adapter.start(never);
  await settle();
  assertEquals(adapter.capabilities.deadMansSwitch, false);
  assertEquals(publish.of("instrument"), [{ ...btcInstrument, makerFeeBps: 1, takerFeeBps: 6 }]);
  const socket = sockets.opened[1];
  socket?.handlers.onOpen();
  for (let round = 0; round < 3; round++) {
    await settle();
    if (round < 2) socket?.acknowledgeAll();
  }
  assertEquals(socket?.sent[0]?.params, { enabled: false });
  await adapter.stop();
});

Deno.test("cancel on disconnect is set again until the venue confirms it", async () => {
  const { adapter, publish, sockets, time } = bench({ secrets });
  await adapter.start(never);
  await settle();
  const socket = sockets.opened[1];
  socket?.handlers.onOpen();
  for (let round = 0; round < 2; round++) {
    await settle();
    socket?.acknowledgeAll();
  }
  await settle();
  const armings = () => (socket?.sent ?? []).filter((frame) => frame.method === "order.cancel_on_disconnect");
  const told = (): unknown => {
    const health = publish.of("health").at(-1);
    const isRecord = typeof health === "object" && health !== null && "deadMansSwitch" in health;
    return isRecord ? health.deadMansSwitch : undefined;
  };
  socket?.refuse(armings()[0]?.id ?? 0, 42901, "rate limit exceeded");
  await time.advance(2_000);
  assertEquals(told(), "not_armed");
  assertEquals(armings().length, 2);
  socket?.reply(armings()[1]?.id ?? 0, { enabled: true });
  await time.advance(10_000);
  assertEquals(armings().length, 2);
  assertEquals(told(), "armed");
  await adapter.stop();
});

Deno.test("a key that the venue refuses ends the start with its words", async () => {
  const { adapter } = bench({
    secrets,
    answer: (path) =>
      path.includes("/auth/")
        ? new Response('{"error":"STARKNET_SIGNATURE_VERIFICATION_FAILED","message":"bad signature"}', {
          status: 401,
        })
        : undefined,
  });
  const error = await assertRejects(() => adapter.start(never), BerthError);
  assertEquals(error.code, "VENUE_REFUSED");
  assert(error.message.includes("STARKNET_SIGNATURE_VERIFICATION_FAILED"));
});

Deno.test("a venue that is away is tried until it is there, or until the signal fires", async () => {
  let attempts = 0;
  const { adapter, publish, time } = bench({
    answer: (path) =>
      path.endsWith("/system/time") && ++attempts < 4 ? new Error("connection refused") : undefined,
  });
  const started = adapter.start(never);
  await time.advance(5_000);
  await started;
  assertEquals([attempts, publish.of("instrument").length], [4, 1]);
  await adapter.stop();

  const away = bench({ answer: () => new Error("connection refused") });
  const controller = new AbortController();
  const failed = assertRejects(() => away.adapter.start(controller.signal), BerthError);
  await away.time.advance(5_000);
  controller.abort();
  assertEquals((await failed).code, "VENUE_UNREACHABLE");
});

Deno.test("secrets and endpoints that can't be are refused when it is made", () => {
  const wrong = (given: Readonly<Record<string, string>>) =>
    assertThrows(() => bench({ secrets: given }), BerthError).code;
  assertEquals(wrong({ ...secrets, PARADEX_ACCOUNT: "me" }), "CONFIG_INVALID");
  assertEquals(wrong({ ...secrets, PARADEX_PRIVATE_KEY: "zz" }), "CONFIG_INVALID");
});

Deno.test("health is reported every second, the system's state follows within fifteen", async () => {
  const { adapter, log, publish, sockets, state, time } = bench();
  await adapter.start(never);
  sockets.last.handlers.onOpen();
  await settle();
  sockets.last.acknowledgeAll();
  await settle();
  await time.advance(1_000);
  assertEquals(publish.of("health").at(-1), {
    marketData: "connected",
    privateStream: undefined,
    heartbeatAgeMs: 1_000,
    updatesPerSecond: 0,
    latencyAverageMs: undefined,
    latencyP99Ms: undefined,
    gaps: 0,
    reconnects: 0,
    failedAttempts: 0,
  });
  await time.advance(600_000);
  assertEquals(publish.of("instrument").length, 1); // unchanged ones are not announced again
  state.status = "cancel_only";
  await time.advance(15_000);
  assertEquals(publish.of("instrument").at(-1), { ...btcInstrument, status: "cancel_only" });
  sockets.last.handlers.onClose("1006");
  assertEquals(log.lines.some((line) => line.message === "connection lost"), true);
  await adapter.stop();
});

Deno.test("news of listings make it read them again, once for a burst", async () => {
  const { adapter, paths, sockets, time } = bench();
  await adapter.start(never);
  sockets.last.handlers.onOpen();
  await settle();
  sockets.last.acknowledgeAll();
  await settle();
  const loads = () => paths.filter((path) => path.endsWith("/markets")).length;
  const before = loads();
  for (const event_type of ["CREATED", "UPDATED", "DELETED"]) {
    sockets.last.push("markets", { symbol: "X-USD-PERP", event_type, changed_fields: {}, updated_at: 1 });
  }
  await time.advance(1_000);
  assertEquals(loads(), before + 1);
  await adapter.stop();
});

Deno.test("a market that is listed no more is halted", async () => {
  let isListed = true;
  const { adapter, publish, time } = bench({
    answer: (path) => path.endsWith("/markets") && !isListed ? new Response('{"results":[]}') : undefined,
  });
  await adapter.start(never);
  isListed = false;
  await time.advance(600_001);
  assertEquals(publish.of("instrument"), [btcInstrument, { ...btcInstrument, status: "halted" }]);
  await adapter.stop();
});

Deno.test("a strange market is passed over with a line, clock skew is told", async () => {
  const { adapter, log, publish } = bench({ symbols: ["*"] });
  await adapter.start(never);
  assertEquals(publish.of("instrument").length, 2);
  assertEquals(log.lines.filter((line) => line.level === "warn").map((line) => line.message), [
    "this machine's clock differs from the venue's",
    "a market can't be read",
  ]);
  await adapter.stop();
});

Deno.test("the manifest names what the process may reach and load", () => {
  const { manifest } = paradex;
  assertEquals([manifest.id, manifest.venue, manifest.kind], ["paradex", "paradex", "exchange"]);
  assertEquals(manifest.packages, ["@noble/curves", "@noble/hashes", "valibot"]);
  assertEquals(Object.keys(manifest.endpoints.live), Object.keys(manifest.endpoints.testnet ?? {}));
  assertEquals<unknown>(
    Object.fromEntries(Object.entries(manifest.settings).map(([name, setting]) => [name, setting.default])),
    defaults,
  );
});
