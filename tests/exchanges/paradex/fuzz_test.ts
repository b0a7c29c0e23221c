/**
 * What a venue could send at its worst: sound messages with fields of a wrong type, huge, absent, null or unknown, cut
 * texts and cut frames. No reader throws, what can't be read is counted, and what is published can be true.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BerthError, type OrderRequest } from "@berth/sdk";
import { clientOrderId, priceTicks, sizeLots, venueOrderId } from "@berth/sdk";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { AccountQueries } from "../../../exchanges/paradex/account_queries.ts";
import { readOnlyToken, tokenEndMs } from "../../../exchanges/paradex/authentication.ts";
import { CommandChannel } from "../../../exchanges/paradex/command_channel.ts";
import type { CallResult } from "../../../exchanges/paradex/connection.ts";
import { VenueConnection } from "../../../exchanges/paradex/connection.ts";
import { readMarket } from "../../../exchanges/paradex/instruments.ts";
import { channelNames, MarketDataFeed } from "../../../exchanges/paradex/market_data.ts";
import { ParadexQueries } from "../../../exchanges/paradex/market_queries.ts";
import { ParadexTrading } from "../../../exchanges/paradex/orders.ts";
import { PrivateStream } from "../../../exchanges/paradex/private_stream.ts";
import { RestClient } from "../../../exchanges/paradex/rest.ts";
import {
  btcInstrument,
  btcOnly,
  constantRandom,
  FakeSockets,
  misfitsOf,
  recordingLog,
  recordingPublish,
  settle,
  VirtualTime,
} from "./fakes.ts";
import {
  account,
  assertAnswer,
  assertPublished,
  assertSound,
  bigText,
  broken,
  fill,
  frames,
  type Json,
  market,
  never,
  odd,
  order,
  payment,
  position,
  pushes,
} from "./noise.ts";
import { usualNames } from "../../support/venue_fakes.ts";

function privateBench() {
  const time = new VirtualTime();
  const publish = recordingPublish();
  const log = recordingLog();
  const misfits = misfitsOf(time, log);
  const statistics = new FeedStatistics(time);
  const stream = new PrivateStream({ publish, instruments: btcOnly(), statistics, misfits, log });
  return { misfits, publish, stream, time };
}

Deno.test("private pushes: never a throw, never a number that can't be, and a count for what was not read", () => {
  let misread = 0;
  let read = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...pushes).chain(([channel, sound]) => fc.tuple(fc.constant(channel), broken(sound))),
      ([channel, data]) => {
        const { misfits, publish, stream } = privateBench();
        stream.onPush(channel, data, 9);
        for (const { kind, value } of publish.published) {
          assertSound(value);
          assertPublished(kind, value);
        }
        misread += misfits.count();
        read += publish.published.length;
      },
    ),
    { numRuns: 3_000 },
  );
  assert(misread > 500 && read > 300, `${misread} misread, ${read} read`);
});

Deno.test("binary frames of every template with extreme values, cut or damaged: never a throw", () => {
  let misread = 0;
  fc.assert(
    fc.property(fc.array(frames, { minLength: 1, maxLength: 4 }), (views) => {
      const { misfits, publish, stream, time } = privateBench();
      const log = recordingLog();
      const feed = new MarketDataFeed({
        channels: { state: "connected", subscribe() {}, unsubscribe() {}, resubscribe() {} },
        names: channelNames({ quoteChannel: "api", bookChannel: "deltas", fundingChannel: true }),
        clock: time,
        scheduler: time,
        random: constantRandom,
        publish,
        instruments: btcOnly(),
        statistics: new FeedStatistics(time),
        misfits,
        log,
      });
      feed.subscribe([{ instrument: btcInstrument.id, kinds: ["quotes", "trades", "marks", "books"] }]);
      for (const view of views) {
        feed.onBinary(view, 9);
        stream.onBinary(view, 9);
      }
      for (const { kind, value } of publish.published) {
        if (!["quote", "mark"].includes(kind)) assertSound(value, kind); // NaN there is "not stated"
        assertPublished(kind, value);
      }
      misread += misfits.count();
    }),
    { numRuns: 1_500 },
  );
  assert(misread > 500, `${misread} misread`);
});

Deno.test("text frames, whole or cut: never a throw, what is no frame is counted", async () => {
  const time = new VirtualTime();
  const sockets = new FakeSockets();
  const misfits = misfitsOf(time, recordingLog());
  const connection = new VenueConnection({
    name: "fuzz",
    urls: ["wss://venue.test/v1"],
    openSocket: sockets.open,
    clock: time,
    scheduler: time,
    random: constantRandom,
    log: recordingLog(),
    misfits,
    requiredChannels: [],
    onPush: () => {},
    onBinary: () => {},
    onState: () => {},
  });
  connection.start();
  await settle();
  sockets.last.handlers.onOpen();
  await settle();
  const texts = pushes.map(([channel, data]) =>
    JSON.stringify({ jsonrpc: "2.0", method: "subscription", params: { channel, data } })
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(fc.constantFrom(...texts), fc.nat(400)).map(([text, cut]) => text.slice(0, cut)),
        fc.string({ maxLength: 100 }),
        fc.json(),
        broken({ jsonrpc: "2.0", id: 1, result: {}, usIn: 1 }).map((frame) => JSON.stringify(frame, bigText)),
        broken({ jsonrpc: "2.0", id: 1, error: { code: 1, message: "x" } }).map((frame) =>
          JSON.stringify(frame, bigText)
        ),
      ),
      (text) => sockets.last.handlers.onText(text),
    ),
    { numRuns: 2_000 },
  );
  assert(misfits.count("text_frame") > 300);
  assertEquals(connection.state, "connected");
  connection.stop();
});

Deno.test("answers by REST, broken or cut, end as a typed error or as what can be true", async () => {
  const lists: Readonly<Record<string, Json>> = {
    "/orders": order,
    "/fills": fill,
    "/positions": position,
    "/funding/payments": payment,
    "/funding/data": { market: "BTC-USD-PERP", funding_rate: "0.1", funding_period_hours: 8, created_at: 5 },
  };
  let typed = 0;
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(lists), "/account", "/markets/klines", "/system/time", "/system/state"),
      fc.nat(1_000),
      fc.constantFrom(200, 200, 200, 201, 400, 404, 429, 500, 503),
      fc.infiniteStream(odd),
      fc.boolean(),
      async (path, cut, status, odds, isCut) => {
        const [first, second] = [odds.next().value, odds.next().value];
        const row = lists[path] ?? account;
        const names = Object.keys(row);
        const damaged = { ...row, [names[cut % names.length] ?? ""]: first };
        const body = path === "/account"
          ? damaged
          : path.startsWith("/system")
          ? { server_time: first, status: second }
          : path === "/markets/klines"
          ? { results: [[5, 1, 2, 0.5, first, second], [first]] }
          : { next: null, results: [row, damaged, second].slice(0, 1 + (cut % 3)) };
        const text = JSON.stringify(body, bigText);
        const time = new VirtualTime();
        const rest = new RestClient(
          "https://venue.test/v1",
          () => Promise.resolve(new Response(isCut ? text.slice(0, cut) : text, { status })),
          time,
        );
        const budget = new RateBudget(time, [{ requests: 1e6, perMs: 1 }]);
        const { stream } = privateBench();
        const instruments = btcOnly();
        const queries = new AccountQueries({
          rest,
          tokens: readOnlyToken("a.b.c"),
          instruments,
          stream,
          budget,
          clock: time,
        });
        const markets = new ParadexQueries({ rest, budget, instruments });
        const range = { fromMs: 0, toMs: 60_000 };
        const asked: Readonly<Record<string, () => Promise<Json>>> = {
          "/orders": async () => ({ kind: "open_orders", orders: await queries.openOrders(never) }),
          "/fills": async () => ({ kind: "fills", fills: await queries.fills(0, never) }),
          "/positions": async () => ({ kind: "positions", positions: await queries.positions(never) }),
          "/funding/payments": async () => ({
            kind: "funding_payments",
            payments: await queries.fundingPayments(0, never),
          }),
          "/account": async () => ({ kind: "balances", balances: await queries.balances(never) }),
          "/funding/data": async () => ({
            kind: "funding_rates",
            rates: await markets.fundingRates(btcInstrument.id, range, never),
          }),
          "/markets/klines": async () => ({
            kind: "klines",
            klines: await markets.klines(btcInstrument.id, "1m", range, never),
          }),
          "/system/time": async () => ({ kind: "server_time", tsVenueMs: await markets.serverTimeMs(never) }),
          "/system/state": async () => ({ kind: "venue_status", status: await markets.venueStatus(never) }),
        };
        try {
          assertAnswer(await asked[path]?.() ?? {});
          answered += 1;
        } catch (error) {
          if (!(error instanceof BerthError)) throw error;
          typed += 1;
        }
      },
    ),
    { numRuns: 2_000 },
  );
  assert(typed > 500 && answered > 100, `${typed} typed, ${answered} answered`);
});

Deno.test("answers to orders, broken over either transport, end as one outcome an order", async () => {
  const outcomes = new Set<string>();
  const request: OrderRequest = {
    instrument: btcInstrument.id,
    clientOrderId: clientOrderId("b7x2"),
    side: "sell",
    sizeLots: sizeLots(1_000),
    reduceOnly: false,
    pricing: { kind: "limit", limitPriceTicks: priceTicks(620_000), timeInForce: "GTC", postOnly: false },
  };
  const key = { ...request, venueOrderId: venueOrderId("5") };
  await fc.assert(
    fc.asyncProperty(
      broken(order),
      odd,
      fc.constantFrom("ws", "rest"),
      fc.nat(6),
      async (row, value, by, shape) => {
        const bodies: readonly unknown[] = [
          { order: row },
          row,
          { results: [{ order: row }, { error: value }] },
          { orders: [row, value], errors: [{ error: value, message: "no" }] },
          { results: [{ id: value, client_id: "b7x2", status: "NOT_FOUND" }, value] },
          {
            results: [{ id: "5", client_id: "", status: "ALREADY_CLOSED" }, {
              id: value,
              status: "ODD",
            }],
          },
          value,
        ];
        const body = bodies[shape];
        const result: CallResult = by === "ws"
          ? { kind: "result", result: body }
          : { kind: "not_sent", details: "connecting" };
        const time = new VirtualTime();
        const rest = new RestClient(
          "https://venue.test/v1",
          () => Promise.resolve(new Response(JSON.stringify(body ?? null, bigText))),
          time,
        );
        const { stream } = privateBench();
        const instruments = btcOnly();
        const tokens = readOnlyToken("a.b.c");
        const budget = new RateBudget(time, [{ requests: 1e6, perMs: 1 }]);
        const trading = new ParadexTrading({
          channel: new CommandChannel({
            entry: { call: () => Promise.resolve(result) },
            rest,
            tokens,
            budget,
          }),
          queries: new AccountQueries({ rest, tokens, instruments, stream, budget, clock: time }),
          signer: { order: () => "[]", modifyOrder: () => "[]", auth: () => "[]", onboarding: () => "[]" },
          instruments,
          stream,
          orderBudget: budget,
          venueNowMs: time.epochMs,
          recvWindowMs: 0,
        });
        const all = [
          await trading.submit(request, never),
          await trading.amend({ ...key, limitPriceTicks: priceTicks(5) }, never),
          await trading.cancel(key, never),
          ...await trading.submitBatch([request, { ...request, clientOrderId: clientOrderId("c1") }], never),
          ...await trading.cancelBatch([key, { ...key, venueOrderId: undefined }], never),
        ];
        assertEquals(all.length, 7);
        for (const { kind } of all) outcomes.add(kind);
      },
    ),
    { numRuns: 1_000 },
  );
  assertEquals([...outcomes].sort(), ["acknowledged", "already_done", "rejected", "unknown"]);
});

Deno.test("rows of markets become an instrument that can be, or are told apart", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(broken(market), (row) => {
      const reading = readMarket(row, {
        venue: "paradex",
        symbols: ["*"],
        symbolFor: usualNames,
        fees: undefined,
        fallbackFees: { maker: "0", taker: "0.00045" },
        status: "trading",
        nowMs: 10,
      });
      kinds.add(reading.kind);
      if (reading.kind === "instrument") assertPublished("instrument", reading.instrument);
    }),
    { numRuns: 2_000 },
  );
  assertEquals([...kinds].sort(), ["instrument", "misfit", "other"]);
});

Deno.test("a token of any form has an end or none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String().map((text) => `a.${text}.c`)), (token) => {
      const endMs = tokenEndMs(token);
      assert(endMs === undefined || Number.isFinite(endMs));
    }),
    { numRuns: 1_000 },
  );
});
