import { assertEquals } from "@std/assert";
import type { ConnectionState } from "@berth/sdk";
import { QuotePoller } from "../../../exchanges/paradex/quote_poller.ts";
import { RateBudget } from "../../../exchanges/paradex/rate_budget.ts";
import { RestClient } from "../../../exchanges/paradex/rest.ts";
import { btcInstrument, recordingLog, recordingPublish, VirtualTime } from "./fakes.ts";

function bench(answer: () => Response) {
  const time = new VirtualTime();
  const publish = recordingPublish();
  const paths: string[] = [];
  const stream: { state: ConnectionState } = { state: "connected" };
  const rest = new RestClient("https://venue.test/v1", (url) => {
    paths.push(new URL(url).pathname);
    return Promise.resolve(answer());
  }, time);
  const poller = new QuotePoller({
    rest,
    budget: new RateBudget(time, [{ requests: 1_500, perMs: 60_000 }]),
    publish,
    wanted: () => [{ instrument: btcInstrument, index: 7 }],
    streamState: () => stream.state,
    clock: time,
    scheduler: time,
    log: recordingLog(),
  });
  return { time, publish, paths, stream, poller };
}
const bbo = () =>
  new Response(
    '{"market":"BTC-USD-PERP","bid":"30112.2","bid_size":"0.04","ask":"","ask_size":"","last_updated_at":5,"seq_no":2}',
  );

Deno.test("quotes are asked for by REST only while the stream is down for longer than a reconnect takes", async () => {
  const { paths, poller, publish, stream, time } = bench(bbo);
  poller.start();
  await time.advance(10_000);
  assertEquals(paths, []);
  stream.state = "reconnecting";
  await time.advance(3_000);
  assertEquals(paths, []);
  await time.advance(1_000);
  assertEquals(paths, ["/v1/bbo/BTC-USD-PERP"]);
  assertEquals(publish.of("quote"), [[7, 30112.2, 0.04, Number.NaN, 0, 5, time.epochUs(), "rest"]]);
  stream.state = "connected";
  await time.advance(5_000);
  assertEquals(paths.length, 1);
  poller.stop();
});

Deno.test("a failing venue is asked again a second later; stop() ends it", async () => {
  const { paths, poller, publish, stream, time } = bench(() => new Response("", { status: 502 }));
  stream.state = "reconnecting";
  poller.start();
  await time.advance(6_000);
  assertEquals([paths.length, publish.published.length], [4, 0]);
  poller.stop();
  await time.advance(6_000);
  assertEquals(paths.length, 4);
});
