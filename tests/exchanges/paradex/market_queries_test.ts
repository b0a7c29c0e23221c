import { assertEquals, assertRejects } from "@std/assert";
import { BerthError, instrumentId } from "@berth/sdk";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { ParadexQueries } from "../../../exchanges/paradex/market_queries.ts";
import { RestClient } from "../../../exchanges/paradex/rest.ts";
import { btcInstrument, btcOnly, VirtualTime } from "./fakes.ts";
import { readVectors, skippedWithoutVectors } from "./vectors.ts";
import * as v from "valibot";

const never = new AbortController().signal;
const btc = btcInstrument.id;

function bench(answer: (url: URL) => unknown) {
  const time = new VirtualTime();
  const urls: URL[] = [];
  const rest = new RestClient("https://venue.test/v1", (url) => {
    urls.push(new URL(url));
    return Promise.resolve(new Response(JSON.stringify(answer(new URL(url)))));
  }, time);
  const budget = new RateBudget(time, [{ requests: 1_000, perMs: 1_000 }]);
  return { queries: new ParadexQueries({ rest, budget, instruments: btcOnly() }), urls };
}

Deno.test("a long range of klines is asked for in pages, in order and without repeats", async () => {
  const minute = 60_000;
  const { queries, urls } = bench((url) => {
    const from = Number(url.searchParams.get("start_at"));
    // The venue answers newest first, and repeats the bar at the page's edge.
    return {
      results: [[from + minute, 2, 3, 1, 2.5, 10], [from, 1, 2, 0.5, 1.5, null], [
        from - minute,
        1,
        1,
        1,
        1,
        0,
      ]],
    };
  });
  const klines = await queries.klines(btc, "1m", { fromMs: minute, toMs: 701 * minute }, never);
  assertEquals(urls.map(({ pathname, search }) => pathname + search), [
    "/v1/markets/klines?symbol=BTC-USD-PERP&resolution=1&start_at=60000&end_at=30060000",
    "/v1/markets/klines?symbol=BTC-USD-PERP&resolution=1&start_at=30060000&end_at=42060000",
  ]);
  assertEquals(klines.map(({ tsOpenMs }) => tsOpenMs / minute), [1, 2, 500, 501, 502]);
  assertEquals(klines[0], {
    tsOpenMs: minute,
    openPrice: 1,
    highPrice: 2,
    lowPrice: 0.5,
    closePrice: 1.5,
    volumeBase: NaN,
  });
});

Deno.test("past funding rates come oldest first over all pages, with the market's own period", async () => {
  const row = (created_at: number) => ({
    market: "BTC-USD-PERP",
    funding_rate: "-0.00014969570582",
    funding_period_hours: 4,
    created_at,
  });
  const { queries, urls } = bench((url) =>
    url.searchParams.get("cursor") === null
      ? { next: "more", results: [row(99), row(50)] }
      : { next: null, results: [row(20), row(5)] }
  );
  const rates = await queries.fundingRates(btc, { fromMs: 10, toMs: 99 }, never);
  assertEquals(urls.map(({ searchParams }) => searchParams.get("cursor")), [null, "more"]);
  assertEquals(rates, [
    { fundingRate: -0.00014969570582, intervalHours: 4, tsVenueMs: 20 },
    { fundingRate: -0.00014969570582, intervalHours: 4, tsVenueMs: 50 },
  ]);
});

Deno.test("time and status are the venue's", async () => {
  const { queries } = bench((url) =>
    url.pathname.endsWith("/time") ? { server_time: "1721281853309" } : { status: "cancel_only" }
  );
  assertEquals(await queries.serverTimeMs(never), 1_721_281_853_309);
  assertEquals(await queries.venueStatus(never), "cancel_only");
});

Deno.test("what is not listed is refused before anything is sent; nonsense is an invalid answer", async () => {
  const { queries, urls } = bench(() => ({ results: [["now", 1, 2, 3, 4, 5]] }));
  const range = { fromMs: 0, toMs: 60_000 };
  const codeOf = async (asked: Promise<unknown>) => {
    const error = await assertRejects(() => asked, BerthError);
    return error instanceof BerthError ? error.code : undefined;
  };
  assertEquals(
    await codeOf(queries.klines(instrumentId("paradex", "ETH-PERP"), "1m", range, never)),
    "VENUE_REFUSED",
  );
  assertEquals(await codeOf(queries.klines(btc, "1d", range, never)), "VENUE_REFUSED");
  assertEquals(urls.length, 0);
  assertEquals(await codeOf(queries.klines(btc, "1m", range, never)), "VENUE_ANSWER_INVALID");
  assertEquals(await codeOf(queries.fundingRates(btc, range, never)), "VENUE_ANSWER_INVALID");
});

const recorded = readVectors(
  "rest_responses.json",
  (value) =>
    v.parse(v.object({ items: v.array(v.object({ path: v.string(), response: v.unknown() })) }), value).items,
);
if (recorded === undefined) {
  Deno.test({ name: `rest_responses.json ${skippedWithoutVectors}`, ignore: true, fn: () => {} });
} else {
  Deno.test("klines and time that the live venue answered are read", async () => {
    const find = (start: string) => recorded.find(({ path }) => path.startsWith(start))?.response;
    const { queries } = bench((url) => find(url.pathname.replace("/v1", "")));
    const range = { fromMs: 1_719_993_600_000, toMs: 1_719_993_720_000 };
    assertEquals((await queries.klines(btc, "1m", range, never)).map(({ closePrice }) => closePrice), [
      60823.3,
    ]);
    assertEquals(await queries.serverTimeMs(never), 1_721_281_853_309);
    assertEquals(await queries.venueStatus(never), "trading");
  });
}
