import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";
import { instrumentId } from "@berth/sdk";
import {
  feeBps,
  instrumentList,
  readMarket,
  statusOfSystem,
} from "../../../exchanges/paradex/instruments.ts";
import { marketListSchema } from "../../../exchanges/paradex/wire/json.ts";
import { btcInstrument } from "./fakes.ts";
import { readVectors, skippedWithoutVectors } from "./vectors.ts";
import { usualNames } from "../../support/venue_fakes.ts";

const row = {
  symbol: "BTC-USD-PERP",
  base_currency: "BTC",
  quote_currency: "USD",
  settlement_currency: "USDC",
  order_size_increment: "0.00001",
  price_tick_size: "0.1",
  min_notional: "10",
  max_order_size: "100",
  open_at: 1_698_756_879_745,
  asset_kind: "PERP",
  market_kind: "cross",
  trading_mode: "STANDARD",
  funding_period_hours: 8,
  delta1_cross_margin_params: { imf_base: "0.02", imf_shift: "0", imf_factor: "0", mmf_factor: "0.5" },
};
const options = {
  venue: "paradex",
  symbols: ["*"],
  symbolFor: usualNames,
  fees: undefined,
  fallbackFees: { maker: "0", taker: "0.00045" },
  status: "trading",
  nowMs: 1_759_400_000_000,
} as const;

Deno.test("a market of the venue becomes an instrument", () => {
  assertEquals(readMarket(row, options), { kind: "instrument", instrument: btcInstrument });
});

for (
  const { name, change, extra, expected } of [
    {
      name: "the account's fees come first",
      change: { fee_config: { api_fee: { maker_fee: { fee: "0.0001" }, taker_fee: { fee: "0.0004" } } } },
      extra: { fees: { maker: "-0.00005", taker: "0.0003" } },
      expected: { makerFeeBps: -0.5, takerFeeBps: 3 },
    },
    {
      name: "then the market's own",
      change: { fee_config: { api_fee: { maker_fee: { fee: "0.0001" }, taker_fee: { fee: "0.0004" } } } },
      extra: {},
      expected: { makerFeeBps: 1, takerFeeBps: 4 },
    },
    {
      name: "no largest size is none",
      change: { max_order_size: "" },
      extra: {},
      expected: { maxSizeLots: Number.MAX_SAFE_INTEGER },
    },
    {
      name: "a market that opens later is halted",
      change: { open_at: 1_759_400_000_001 },
      extra: {},
      expected: { status: "halted" },
    },
    {
      name: "the system's state is every market's",
      change: {},
      extra: { status: "cancel_only" as const },
      expected: { status: "cancel_only" },
    },
    {
      name: "leverage is one over the margin fraction",
      change: { delta1_cross_margin_params: { imf_base: "0.1" } },
      extra: {},
      expected: { maxLeverage: 10 },
    },
    {
      name: "without a margin fraction there is no leverage",
      change: { delta1_cross_margin_params: null },
      extra: {},
      expected: { maxLeverage: 1 },
    },
    {
      name: "thousand-unit coins keep their letter",
      change: { symbol: "kPEPE-USD-PERP", base_currency: "kPEPE" },
      extra: {},
      expected: {
        symbol: "kPEPE-PERP",
        id: instrumentId("paradex", "kPEPE-PERP"),
        venueSymbol: "kPEPE-USD-PERP",
        baseAsset: "kPEPE",
      },
    },
  ]
) {
  Deno.test(`instrument: ${name}`, () => {
    const reading = readMarket({ ...row, ...change }, { ...options, ...extra });
    assertEquals<unknown>(reading, { kind: "instrument", instrument: { ...btcInstrument, ...expected } });
  });
}

for (
  const [name, change] of [
    ["an option", { asset_kind: "OPTION" }],
    ["a spot market", { asset_kind: "SPOT" }],
    ["a market for quotes on request", { trading_mode: "RFQ_ONLY" }],
  ] as const
) {
  Deno.test(`${name} is none of ours`, () =>
    assertEquals(readMarket({ ...row, ...change }, options), { kind: "other" }));
}

Deno.test("a market that can't be read exactly is a misfit, not a guess", () => {
  for (
    const change of [
      { price_tick_size: "0" },
      { order_size_increment: "x" },
      { max_order_size: "0.000001" },
      { symbol: 5 },
    ]
  ) {
    assertEquals(readMarket({ ...row, ...change }, options).kind, "misfit", JSON.stringify(change));
  }
});

Deno.test("system states are statuses, an unknown one halts", () => {
  assertEquals(["ok", "post_only", "cancel_only", "maintenance", "?"].map(statusOfSystem), [
    "trading",
    "post_only",
    "cancel_only",
    "halted",
    "halted",
  ]);
});

Deno.test("fee fractions are bps without the float's last digits", () => {
  assertEquals(["0.00045", "0.0003", "-0.00005", "0"].map(feeBps), [4.5, 3, -0.5, 0]);
});

Deno.test("the list finds by both names", () => {
  const list = instrumentList();
  list.add({ instrument: btcInstrument, index: 3 });
  assertEquals(list.byName("BTC-USD-PERP")?.index, 3);
  assertEquals(list.byId(btcInstrument.id)?.index, 3);
  assertEquals([list.byName("BTC-PERP"), list.all().length], [undefined, 1]);
});

const restFile = v.object({ items: v.array(v.object({ path: v.string(), response: v.unknown() })) });
const recorded = readVectors("rest_responses.json", (value) => v.parse(restFile, value));
Deno.test({
  name: recorded === undefined ? `recorded markets ${skippedWithoutVectors}` : "recorded markets can be read",
  ignore: recorded === undefined,
  fn() {
    const body = recorded?.items.find((item) => item.path === "/markets")?.response;
    const { results } = v.parse(marketListSchema, body);
    const [reading] = results.map((market) => readMarket(market, options));
    assert(reading?.kind === "instrument");
    assertEquals([
      reading.instrument.lot.text,
      reading.instrument.minNotional,
      reading.instrument.maxSizeLots,
    ], ["0.001", 500, 100_000]);
  },
});
