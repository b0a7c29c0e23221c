/** Outcomes of requests from answers in every form that a venue may give them. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type AmendRequest,
  BerthError,
  clientOrderId,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  sizeLots,
  venueOrderId,
} from "@berth/sdk";
import { AccountLists } from "../../../exchanges/okx/account_lists.ts";
import { OrderChannel } from "../../../exchanges/okx/order_channel.ts";
import { RequestLimits } from "../../../exchanges/okx/request_limits.ts";
import { TriggerOrders } from "../../../exchanges/okx/trigger_orders.ts";
import { OkxTrading } from "../../../exchanges/okx/orders.ts";
import { AccountReader } from "../../../exchanges/okx/private_stream.ts";
import { OrderBudget } from "../../../exchanges/okx/rate_budget.ts";
import { RestClient } from "../../../exchanges/okx/rest.ts";
import { bookOf, defaultSettings, okxInstrument } from "./builders.ts";
import { VirtualTime } from "./fakes.ts";

const signal = new AbortController().signal;
const btc = parseInstrumentId("okx:BTC-PERP");
const key = { instrument: btc, clientOrderId: clientOrderId("desk1"), venueOrderId: undefined };
const order: OrderRequest = {
  instrument: btc,
  clientOrderId: clientOrderId("desk1"),
  side: "buy",
  sizeLots: sizeLots(1),
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: priceTicks(600_000), timeInForce: "GTC", postOnly: false },
};
const amend: AmendRequest = {
  ...key,
  side: "buy",
  sizeLots: sizeLots(2),
  limitPriceTicks: priceTicks(600_000),
};

/** Trading whose venue answers by path with these bodies, one after the other. */
function bench(answers: Readonly<Record<string, readonly unknown[]>>) {
  const time = new VirtualTime();
  const instruments = bookOf(
    okxInstrument(),
    okxInstrument({ instType: "FUTURES", instId: "BTC-USDT-261225" }),
  );
  const requests: string[] = [];
  const left = new Map(Object.entries(answers).map(([path, bodies]) => [path, [...bodies]]));
  const rest = new RestClient({
    baseUrls: ["http://okx"],
    limits: new RequestLimits({ clock: time, scheduler: time }, 1),
    fetch: (url, init) => {
      const { pathname, search } = new URL(url);
      requests.push(`${init.method} ${pathname}${search}`);
      const body = left.get(pathname)?.shift() ?? { code: "0", msg: "", data: [] };
      return Promise.resolve(new Response(typeof body === "string" ? body : JSON.stringify(body)));
    },
    venueNowMs: time.epochMs,
    scheduler: time,
    keys: { apiKey: "k", secretKey: "s", passphrase: "p" },
    isDemo: false,
  });
  const reader = new AccountReader(instruments);
  const lists = new AccountLists({ rest, instruments, reader, clock: time });
  const trading = new OkxTrading({
    rest,
    channel: new OrderChannel({
      rest,
      socketRequest: () => undefined,
      budget: new OrderBudget(time, 1),
    }),
    lists,
    triggers: new TriggerOrders({ rest, lists, reader, clock: time, settings: defaultSettings }),
    instruments,
    reader,
    positionMode: () => "net_mode",
    clock: time,
    settings: defaultSettings,
  });
  return { trading, requests, time };
}
const item = (change: Readonly<Record<string, unknown>>) => ({
  code: "0",
  msg: "",
  data: [{ ordId: "1", clOrdId: "desk1", sCode: "0", sMsg: "", ts: "1785096000101", ...change }],
});

Deno.test("an acknowledgement without an order id is unknown, not a thrown error", async () => {
  for (const ordId of ["", "1 2", "x".repeat(200)]) {
    const { trading } = bench({ "/api/v5/trade/order": [item({ ordId })] });
    const outcome = await trading.submit(order, signal);
    assertEquals(outcome.kind, "unknown", ordId);
  }
});

Deno.test("an acknowledgement without a time is stamped here", async () => {
  for (const ts of ["", "never", "9".repeat(40)]) {
    const { trading, time } = bench({ "/api/v5/trade/order": [item({ ts })] });
    const outcome = await trading.submit(order, signal);
    assert(outcome.kind === "acknowledged");
    assertEquals(outcome.tsVenueMs, time.epochMs());
  }
});

Deno.test("a change that is acknowledged without an order id keeps the one that is known", async () => {
  const nameless = { "/api/v5/trade/amend-order": [item({ ordId: "" })] };
  assertEquals(await bench(nameless).trading.amend({ ...amend, venueOrderId: venueOrderId("77") }, signal), {
    kind: "acknowledged",
    venueOrderId: venueOrderId("77"),
  });
  assertEquals((await bench(nameless).trading.amend(amend, signal)).kind, "unknown");
});

Deno.test("the venue's text is cut to what the host takes", async () => {
  const long = "x".repeat(5_000);
  const refused = await bench({ "/api/v5/trade/order": [item({ sCode: long, sMsg: long })] }).trading.submit(
    order,
    signal,
  );
  assert(refused.kind === "rejected");
  assertEquals([refused.venueCode.length, refused.venueText.length], [200, 1_000]);
  const done = await bench({ "/api/v5/trade/cancel-order": [item({ sCode: "51401", sMsg: long })] }).trading
    .cancel(key, signal);
  assert(done.kind === "already_done");
  assertEquals(done.venueText.length, 1_000);
  const late = await bench({ "/api/v5/trade/order": [item({ sCode: "50004", sMsg: long })] }).trading.submit(
    order,
    signal,
  );
  assert(late.kind === "unknown");
  assertEquals(late.details.length, 1_000);
  const query = await bench({ "/api/v5/trade/order": [{ code: "1", msg: long, data: [] }] }).trading
    .queryOrder(key, signal);
  assert(query.kind === "failed");
  assertEquals(query.details.length, 1_000);
  const all = await bench({ "/api/v5/trade/orders-pending": [{ code: "51000", msg: long, data: [] }] })
    .trading
    .cancelAll(btc, signal);
  assert(all.kind === "rejected");
  assertEquals(all.venueText.length <= 1_000, true);
});

Deno.test("a question about an order of an instrument that is gone is answered: there is none", async () => {
  for (const code of ["51001", "51603"]) {
    const { trading } = bench({ "/api/v5/trade/order": [{ code, msg: "gone", data: [] }] });
    assertEquals(await trading.queryOrder(key, signal), { kind: "not_found" });
  }
});

Deno.test("old fills are asked for of every type that is traded", async () => {
  const { trading, requests } = bench({});
  await trading.fills(0, signal);
  assertEquals(requests.map((one) => new URL(`http://okx${one.slice(4)}`).searchParams.get("instType")), [
    "SWAP",
    "FUTURES",
  ]);
  assert(requests.every((one) => one.startsWith("GET /api/v5/trade/fills-history?")));
});

Deno.test("a list with a row that can't be read is no list", async () => {
  const { trading } = bench({
    "/api/v5/account/positions": [{
      code: "0",
      msg: "",
      data: [{ instId: "BTC-USDT-SWAP", pos: "x", uTime: "1" }],
    }],
  });
  await assertRejects(() => trading.positions(signal), BerthError);
});
