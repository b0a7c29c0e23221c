import { assertEquals } from "@std/assert";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { RestClient } from "../../../exchanges/paradex/rest.ts";
import { RestQuotes } from "../../../exchanges/paradex/rest_quotes.ts";
import { btcInstrument, recordingLog, recordingPublish, VirtualTime } from "./fakes.ts";

function bench(answer: () => Response) {
  const time = new VirtualTime();
  const publish = recordingPublish();
  const paths: string[] = [];
  const rest = new RestClient("https://venue.test/v1", (url) => {
    paths.push(new URL(url).pathname);
    return Promise.resolve(answer());
  }, time);
  const budget = new RateBudget(time, [{ requests: 1_500, perMs: 60_000 }]);
  const log = recordingLog();
  const quotes = new RestQuotes({ rest, budget, publish, clock: time, scheduler: time, log });
  return { time, publish, paths, quotes, log };
}
const bbo = () =>
  new Response(
    '{"market":"BTC-USD-PERP","bid":"30112.2","bid_size":"0.04","ask":"","ask_size":"","last_updated_at":5,"seq_no":2}',
  );
const listed = (index: number) => ({ instrument: btcInstrument, index });

Deno.test("a market's quote is asked for and published as one by REST, a missing side as NaN", async () => {
  const { paths, publish, quotes, time } = bench(bbo);
  await quotes.pass([listed(7)], () => true);
  assertEquals(paths, ["/v1/bbo/BTC-USD-PERP"]);
  assertEquals(publish.of("quote"), [[7, 30112.2, 0.04, Number.NaN, 0, 5, time.epochUs(), "rest"]]);
});

Deno.test("what comes after the stream is back is not published", async () => {
  const { paths, publish, quotes } = bench(bbo);
  await quotes.pass([listed(7)], () => false);
  assertEquals([paths.length, publish.published.length], [1, 0]);
});

Deno.test("many markets take turns, ten a pass; a failing one holds up no other", async () => {
  let count = 0;
  const { log, publish, quotes } = bench(() => ++count === 3 ? new Response("", { status: 502 }) : bbo());
  const markets = Array.from({ length: 25 }, (_, index) => listed(index));
  for (let pass = 0; pass < 3; pass++) await quotes.pass(markets, () => true);
  const indexes = publish.of("quote").map((quote) => Array.isArray(quote) ? quote[0] : undefined);
  assertEquals(indexes.length, 29);
  assertEquals(new Set(indexes).size, 25); // the third was missed at first, and met again in the third pass
  assertEquals(log.lines.length, 1);
  await quotes.pass([], () => true);
});
