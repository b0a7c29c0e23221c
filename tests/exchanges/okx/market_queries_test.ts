/** Klines and funding rates over many pages, against a venue that answers as OKX's documents say. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError, intervalMs, type KlineInterval, klineIntervals, parseInstrumentId } from "@berth/sdk";
import { OkxQueries } from "../../../exchanges/okx/market_queries.ts";
import { RequestLimits } from "../../../exchanges/okx/request_limits.ts";
import { RestClient } from "../../../exchanges/okx/rest.ts";
import { bookOf, okxInstrument } from "./builders.ts";
import { VirtualTime } from "./fakes.ts";

const btc = parseInstrumentId("okx:BTC-PERP");
const signal = new AbortController().signal;
const minuteMs = 60_000;

/** Candles for ever back, of which `candles` knows the newest 1,440; funding every 8 hours. */
function bench() {
  const time = new VirtualTime();
  const nowMs = time.epochMs();
  const requests: string[] = [];
  const answer = (url: URL): readonly unknown[] => {
    const limit = Number(url.searchParams.get("limit"));
    const after = Number(url.searchParams.get("after") ?? Infinity);
    const isFunding = url.pathname.endsWith("funding-rate-history");
    const isRecent = url.pathname.endsWith("/candles");
    const stepMs = isFunding ? 8 * 60 * minuteMs : minuteMs;
    const most = isFunding ? 400 : isRecent ? 300 : 100;
    const oldestMs = isRecent ? nowMs - 1_439 * stepMs : isFunding ? nowMs - 90 * 86_400_000 : 0;
    const rows: unknown[] = [];
    let at = Math.floor(Math.min(nowMs, after - 1) / stepMs) * stepMs;
    for (; at >= oldestMs && rows.length < Math.min(limit, most); at -= stepMs) {
      const price = String(100 + (at / stepMs) % 50);
      rows.push(
        isFunding
          ? {
            instId: "BTC-USDT-SWAP",
            fundingRate: "0.0002",
            realizedRate: "0.0001",
            fundingTime: String(at),
          }
          : [String(at), price, price, price, price, "10", "0.1", "1", at === nowMs ? "0" : "1"],
      );
    }
    return rows;
  };
  const rest = new RestClient({
    baseUrls: ["http://okx"],
    limits: new RequestLimits({ clock: time, scheduler: time }, 1),
    fetch: (url) => {
      const parsed = new URL(url);
      requests.push(`${parsed.pathname.split("/").at(-1)} ${parsed.searchParams.get("bar") ?? ""}`);
      return Promise.resolve(new Response(JSON.stringify({ code: "0", msg: "", data: answer(parsed) })));
    },
    venueNowMs: time.epochMs,
    scheduler: time,
    keys: undefined,
    isDemo: false,
  });
  const queries = new OkxQueries({
    rest,
    instruments: bookOf(okxInstrument()),
    venueNowMs: time.epochMs,
    isDemo: false,
  });
  /** Time goes by while pages wait for their limits. */
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    promise.then(() => (isSettled = true), () => (isSettled = true));
    while (!isSettled) {
      await time.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return await promise;
  };
  return { nowMs, queries, requests, settled };
}

for (
  const [name, fromBars, toBars, pages] of [
    ["of one page", 200, 0, { candles: 1, "history-candles": 0 }],
    ["of several recent pages", 1_000, 0, { candles: 4, "history-candles": 0 }],
    ["that goes on in the archive", 2_000, 0, { candles: 5, "history-candles": 5 }],
    ["in the archive alone", 3_000, 2_500, { candles: 0, "history-candles": 5 }],
  ] as const
) {
  Deno.test(`klines ${name} come whole, once each, oldest first`, async () => {
    const { nowMs, queries, requests, settled } = bench();
    const range = { fromMs: nowMs - fromBars * minuteMs, toMs: nowMs - toBars * minuteMs + 1 };
    const klines = await settled(queries.klines(btc, "1m", range, signal));
    const firstMs = Math.ceil(range.fromMs / minuteMs) * minuteMs;
    const expected = [];
    for (let at = firstMs; at < range.toMs; at += minuteMs) expected.push(at);
    assertEquals(klines.map(({ tsOpenMs }) => tsOpenMs), expected);
    for (const [path, count] of Object.entries(pages)) {
      const asked = requests.filter((one) => one.startsWith(`${path} `)).length;
      assert(Math.abs(asked - count) <= 1, `${asked} pages of ${path}, about ${count} expected`);
    }
  });
}

Deno.test("every interval that the venue has is asked for by its own name, days beginning at midnight UTC", async () => {
  const { nowMs, queries, requests, settled } = bench();
  for (const interval of queries.klineIntervals) {
    const range = { fromMs: nowMs - 2 * intervalMs(interval), toMs: nowMs + 1 };
    await settled(queries.klines(btc, interval, range, signal));
  }
  const names = [...new Set(requests.map((one) => one.split(" ")[1] ?? ""))];
  assertEquals(names, [
    "1m",
    "3m",
    "5m",
    "15m",
    "30m",
    "1H",
    "2H",
    "4H",
    "6Hutc",
    "12Hutc",
    "1Dutc",
    "3Dutc",
    "1Wutc",
    "1Mutc",
  ]);
  const missing = klineIntervals.filter((one) => !queries.klineIntervals.includes(one));
  assertEquals(missing, ["8h"] satisfies readonly KlineInterval[]);
  const error = await assertRejects(
    () => queries.klines(btc, "8h", { fromMs: 0, toMs: nowMs }, signal),
    BerthError,
  );
  assertEquals(error.code, "VENUE_REFUSED");
});

Deno.test("past funding rates are those that were paid, with the hours they stood for", async () => {
  const { nowMs, queries, settled } = bench();
  const rates = await settled(
    queries.fundingRates(btc, { fromMs: nowMs - 60 * 86_400_000, toMs: nowMs }, signal),
  );
  assertEquals(rates.length, 180);
  assertEquals(new Set(rates.map(({ fundingRate }) => fundingRate)), new Set([0.0001]));
  assertEquals(rates.slice(0, 2).map(({ intervalHours }) => intervalHours), [undefined, 8]);
});
