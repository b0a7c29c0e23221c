/** Samples of the venue's own answers and frames, and a recorded session, read by the adapter's parsers. */
import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";
import { formatMoney, parseInstrumentId, venueOrderId } from "@berth/sdk";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import {
  feesOf,
  type OkxInstrument,
  preferredSwaps,
  toInstrument,
} from "../../../exchanges/okx/instruments.ts";
import { MarketDataReader } from "../../../exchanges/okx/market_data.ts";
import { OkxQueries } from "../../../exchanges/okx/market_queries.ts";
import type { TextFrameMisfit } from "@berth/sdk/venue/misfits.ts";
import { submitOutcome } from "../../../exchanges/okx/outcomes.ts";
import { AccountReader } from "../../../exchanges/okx/private_stream.ts";
import { RequestLimits } from "../../../exchanges/okx/request_limits.ts";
import { RestClient } from "../../../exchanges/okx/rest.ts";
import {
  feeRowSchema,
  instrumentRowSchema,
  itemAnswerSchema,
  orderReplySchema,
} from "../../../exchanges/okx/wire.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";
import { bookOf, instrumentRow, okxInstrument } from "./builders.ts";
import { Published, recordingLog, VirtualTime } from "./fakes.ts";

type Record_ = Readonly<Record<string, unknown>>;
const signal = new AbortController().signal;
const btc = parseInstrumentId("okx:BTC-PERP");

/** A test on a shared file; skipped by name where it is absent. */
function onShared(path: string, name: string, test: (text: string) => void | Promise<void>): void {
  const found = sharedPath(path);
  Deno.test({
    name: found === undefined ? `${name} ${sharedDataMissing}` : name,
    ignore: found === undefined,
    fn: async () => await test(await Deno.readTextFile(found ?? "")),
  });
}
const onVector = (file: string, name: string, test: (found: Record_) => void | Promise<void>): void =>
  onShared(`vectors/okx/${file}`, `${file}: ${name}`, (text) => test(JSON.parse(text)));
const rowsOf = ({ data }: Record_): readonly unknown[] => (Array.isArray(data) ? data : []);

const swap = okxInstrument();
const spot = okxInstrument({
  instType: "SPOT",
  instId: "BTC-USDT",
  ctVal: "",
  ctMult: "",
  tickSz: "0.01",
  lotSz: "0.00000001",
  minSz: "0.00001",
  baseCcy: "BTC",
  quoteCcy: "USDT",
});
const account = () => new AccountReader(bookOf(swap, spot));

// The account ----------------------------------------------------------------------------------------------------------------

onVector("nt_ws_orders.json", "a filled order with its one fill, whose fee is the order's", (frame) => {
  const reader = account();
  const { values: [report], misfits } = reader.orders(rowsOf(frame));
  assertEquals(misfits, []);
  assertEquals<unknown>([report?.instrument, report?.status, report?.sizeLots, report?.filledLots], [
    btc,
    "filled",
    3,
    3,
  ]);
  const { values: [fill], misfits: fillMisfits } = reader.pushedFills(rowsOf(frame), 1);
  assertEquals(fillMisfits, []);
  assertEquals<unknown>([fill?.priceTicks, fill?.liquidity, fill && formatMoney(fill.fee), fill?.feeAsset], [
    1_036_989,
    "maker",
    "0.021776769",
    "USDT",
  ]);
});

onVector("nt_ws_orders_ioc.json", "an order of a market that nobody trades here is read too", (frame) => {
  const { values, misfits } = account().orders(rowsOf(frame));
  assertEquals([values.length, misfits], [1, []]);
});

onVector("nt_ws_orders_liquidation.json", "a liquidation is a fill without an id of ours", (frame) => {
  const { values: [fill], misfits } = account().pushedFills(rowsOf(frame), 1);
  assertEquals(misfits, []);
  assertEquals<unknown>([fill?.clientOrderId, fill?.side, fill?.sizeLots, fill && formatMoney(fill.fee)], [
    undefined,
    "sell",
    50,
    "20",
  ]);
});

onVector("nt_http_get_orders_pending.json", "orders that rest", (answer) => {
  const { values, misfits } = account().orders(rowsOf(answer));
  assertEquals([values.length, misfits], [rowsOf(answer).length, []]);
});

onVector("nt_http_get_positions.json", "a long side of long/short mode is a positive position", (answer) => {
  const { values: [position], misfits } = account().allPositions(rowsOf(answer));
  assertEquals(misfits, []);
  assertEquals<unknown>(
    [position?.positionLots, position?.entryPrice, position?.liquidationPrice, position?.leverage],
    [
      50,
      10_000,
      9_000,
      10,
    ],
  );
});

for (const file of ["nt_http_get_account_balance.json", "nt_ws_account.json"]) {
  onVector(file, "every asset of the account has a balance", (answer) => {
    const details = rowsOf(answer).flatMap((row) =>
      typeof row === "object" && row !== null ? Reflect.get(row, "details") : []
    );
    const { values, misfits } = account().balances(rowsOf(answer));
    assertEquals([values.length, misfits], [details.length, []]);
    assert(values.length > 0);
  });
}

onVector("nt_http_place_order_response.json", "an acknowledgement names the order", (row) => {
  const outcome = submitOutcome({ kind: "item", item: v.parse(itemAnswerSchema, row) }, 1);
  assertEquals(outcome, {
    kind: "acknowledged",
    venueOrderId: venueOrderId(String(row["ordId"])),
    tsVenueMs: 1,
  });
});

onShared("vectors/okx/ws_frames.json", "ws_frames.json: answers to order entry are outcomes", (text) => {
  const frames: readonly { readonly dir: string; readonly frame?: Record_ }[] = JSON.parse(text);
  const outcomes = frames.filter(({ dir, frame }) => dir === "in" && frame?.["op"] === "order").map(
    ({ frame }) => {
      const [item] = v.parse(orderReplySchema, frame).data;
      assert(item !== undefined);
      const outcome = submitOutcome({ kind: "item", item }, 1);
      return outcome.kind === "rejected" ? outcome.code : outcome.kind;
    },
  );
  assertEquals(outcomes, ["acknowledged", "insufficient_margin"]);
});

// Metadata and history ---------------------------------------------------------------------------------------------------------

onVector("nt_http_get_instruments_swap.json", "contract sizes of linear and inverse swaps", (answer) => {
  const rows = rowsOf(answer).map((row) => v.parse(instrumentRowSchema, row));
  const preferred = preferredSwaps(rows, ["USDT"], new Map());
  const found = rows.map((row) => toInstrument(row, preferred, { maker: 2, taker: 5 }).instrument);
  assertEquals(
    found.map((
      one,
    ) => [one.symbol, one.settlement, one.lot.text, one.contractMultiplier, one.settlementAsset]),
    [
      ["BTC-USD-PERP", "inverse", "100", "100", "BTC"],
      ["ETH-PERP", "linear", "0.001", "0.1", "USDT"],
      ["BTC-PERP", "linear", "0.0001", "0.01", "USDT"],
    ],
  );
});

onVector("nt_http_get_trade_fee_response.json", "rates that are charged are positive", (answer) => {
  const fees = v.parse(feeRowSchema, rowsOf(answer)[0]);
  assertEquals(feesOf(instrumentRow(), fees, { maker: 2, taker: 5 }), { maker: 8, taker: 10 });
});

/** Questions whose answers are this text. */
function queriesOf(text: string): OkxQueries {
  const time = new VirtualTime();
  let isFirst = true;
  const rest = new RestClient({
    baseUrls: ["http://okx"],
    limits: new RequestLimits({ clock: time, scheduler: time }, 1),
    fetch: () => {
      const body = isFirst ? text : JSON.stringify({ code: "0", msg: "", data: [] });
      isFirst = false;
      return Promise.resolve(new Response(body));
    },
    venueNowMs: time.epochMs,
    scheduler: time,
    keys: undefined,
    isDemo: false,
  });
  return new OkxQueries({ rest, instruments: bookOf(swap), venueNowMs: time.epochMs, isDemo: false });
}
const always = { fromMs: 0, toMs: 2_000_000_000_000 };

onShared(
  "vectors/okx/nt_http_get_candlesticks_full.json",
  "nt_http_get_candlesticks_full.json: klines, oldest first",
  async (text) => {
    const klines = await queriesOf(text).klines(btc, "1m", always, signal);
    assertEquals(klines, [
      {
        tsOpenMs: 1_747_093_980_000,
        openPrice: 102_806,
        highPrice: 102_820.5,
        lowPrice: 102_783.1,
        closePrice: 102_806.1,
        volumeBase: 71.6404,
      },
      {
        tsOpenMs: 1_747_094_040_000,
        openPrice: 102_806.1,
        highPrice: 102_820.4,
        lowPrice: 102_806.1,
        closePrice: 102_820.4,
        volumeBase: 10.4037,
      },
    ]);
  },
);

onShared(
  "vectors/okx/nt_http_get_funding_rate_history.json",
  "nt_http_get_funding_rate_history.json: rates that were paid",
  async (text) => {
    assertEquals(await queriesOf(text).fundingRates(btc, always, signal), [
      { fundingRate: -0.00002, intervalHours: undefined, tsVenueMs: 1_704_038_400_000 },
      { fundingRate: 0.00015, intervalHours: 8, tsVenueMs: 1_704_067_200_000 },
    ]);
  },
);

// Market data ------------------------------------------------------------------------------------------------------------------

function market(...instruments: readonly OkxInstrument[]) {
  const time = new VirtualTime();
  const published = new Published();
  const misfits = new Misfits<TextFrameMisfit>(time, recordingLog());
  const gaps: string[] = [];
  const reader = new MarketDataReader({
    publish: published.port,
    statistics: new FeedStatistics(time),
    misfits,
    onBookGap: (instId) => void gaps.push(instId),
    onFundingInterval: () => {},
  });
  for (const one of instruments) reader.set(one, published.port.instrument(one.instrument), 1);
  const take = (text: string): void => {
    if (!reader.onHotText(text, 1)) reader.onFrame(JSON.parse(text), 1);
  };
  return { published, misfits, gaps, take };
}

onVector("nt_ws_bbo_tbt.json", "a quote", (frame) => {
  const { published, misfits, take } = market(spot);
  take(JSON.stringify(frame));
  assertEquals([published.of("quote").length, misfits.count()], [1, 0]);
});

onVector("nt_ws_funding_rate.json", "a funding rate", (frame) => {
  const { published, misfits, take } = market(swap);
  take(JSON.stringify(frame));
  const [mark] = published.of("mark");
  assert(mark !== undefined && Number.isFinite(mark.fundingRate));
  assertEquals(misfits.count(), 0);
});

onVector("nt_ws_trades.json", "a trade", (frame) => {
  const { published, misfits, take } = market(okxInstrument({ instId: "BTC-USD", instType: "SPOT" }));
  take(JSON.stringify(frame));
  assertEquals([published.of("trade").length, misfits.count()], [1, 0]);
});

onVector(
  "nt_ws_books_snapshot.json",
  "its checksum was made up: the book is not taken, and asked for anew",
  (frame) => {
    const { gaps, published, take } = market(spot);
    take(JSON.stringify(frame));
    assertEquals([published.of("book").map(({ value }) => value.kind), gaps], [["invalid"], ["BTC-USDT"]]);
    // With the checksum as it is since June 2026 it counts.
    const row = rowsOf(frame)[0];
    const today = { ...frame, data: [{ ...(typeof row === "object" ? row : {}), checksum: 0 }] };
    take(JSON.stringify(today));
    assertEquals(published.of("book").at(-1)?.value.kind, "snapshot");
  },
);

const recording = sharedPath("recordings/okx-ws-public-2022-05-13.jsonl");
onShared(
  "recordings/okx-instruments-2022-05-13.json",
  "a recorded session of 2022: every frame is read, every checksum holds",
  async (metadata) => {
    const listed: unknown = JSON.parse(metadata);
    const rows = (Array.isArray(listed) ? listed : Object.values(Object(listed))).flat(3)
      .flatMap((row) => "data" in Object(row) ? rowsOf(row) : [row])
      .flatMap((row) => {
        const parsed = v.safeParse(instrumentRowSchema, row);
        return parsed.success ? [parsed.output] : [];
      });
    assert(rows.length === 3, `${rows.length} instruments`);
    const instruments = rows.map((row) => toInstrument(row, new Map(), { maker: 2, taker: 5 }));
    const { gaps, misfits, published, take } = market(...instruments);
    let checksums = 0;
    for (const line of (await Deno.readTextFile(recording ?? "")).trim().split("\n")) {
      const entry: { readonly dir: string; readonly frame?: string } = JSON.parse(line);
      if (entry.dir !== "recv" || entry.frame === undefined || !entry.frame.includes('"data"')) continue;
      if (/"checksum":-?[1-9]/.test(entry.frame)) checksums += 1;
      take(entry.frame);
    }
    assertEquals([misfits.count(), gaps], [0, []]);
    assert(checksums > 100, `${checksums} checksums`);
    assertEquals(published.of("book").some(({ value }) => value.kind === "invalid"), false);
    assert(published.of("quote").length > 20 && published.of("trade").length > 5);
  },
);
